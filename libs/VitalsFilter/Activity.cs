namespace ElderBand.VitalsFilter
{
    /// <summary>How lively a minute was.</summary>
    public enum ActivityClass : byte
    {
        /// <summary>Sitting, lying, asleep.</summary>
        Still = 0,

        /// <summary>Moving about the room.</summary>
        Light = 1,

        /// <summary>Walking or more.</summary>
        Moderate = 2,
    }

    /// <summary>
    /// Steps, the class of the last full minute, and the time without movement. Steps: the magnitude between a 0.24 s and a
    /// 2 s average (about 0.25 to 2.5 Hz), crossing 36 mg upwards, 0.4 to 2 s apart; four in a row before any counts.
    /// </summary>
    public sealed class Activity
    {
        private const int ThresholdMg = 36;
        private const int ConfirmSteps = 4;
        private const int StillDeviationMg = 20;
        private const int LightMg = 15;
        private const int ModerateMg = 60;

        private readonly int _rateHz;
        private readonly int _shortest;
        private readonly int _longest;
        private readonly int _fastShift;
        private readonly int _slowShift;

        private bool _started;
        private int _magnitude = 1000;
        private int _fastX256;
        private int _slowX256;
        private bool _above;
        private int _sinceStep;
        private int _candidates;
        private int _steps;
        private int _secondSamples;
        private int _secondSum;
        private int _seconds;
        private int _minuteSum;

        /// <param name="rateHz">25 or 50.</param>
        public Activity(int rateHz)
        {
            _rateHz = rateHz < 38 ? 25 : 50;
            _shortest = 2 * _rateHz / 5;
            _longest = 2 * _rateHz;
            _fastShift = _rateHz == 25 ? 1 : 2;
            _slowShift = _rateHz == 25 ? 5 : 6;
        }

        /// <summary>Class of the last full minute.</summary>
        public ActivityClass MinuteClass { get; private set; }

        /// <summary>Seconds since anything moved.</summary>
        public int StillSeconds { get; private set; }

        /// <summary>Takes one sample, milli-g.</summary>
        public void Push(int x, int y, int z)
        {
            x = IntegerMath.Clamp(x, -16000, 16000);
            y = IntegerMath.Clamp(y, -16000, 16000);
            z = IntegerMath.Clamp(z, -16000, 16000);
            int magnitude = IntegerMath.IsqrtNear((x * x) + (y * y) + (z * z), _magnitude);
            _magnitude = magnitude;
            if (!_started)
            {
                _started = true;
                _fastX256 = magnitude * 256;
                _slowX256 = magnitude * 256;
            }

            _fastX256 += ((magnitude * 256) - _fastX256) >> _fastShift;
            _slowX256 += ((magnitude * 256) - _slowX256) >> _slowShift;
            int swing = (_fastX256 - _slowX256) >> 8;
            _secondSum += swing < 0 ? -swing : swing;
            if (_sinceStep <= _longest)
            {
                _sinceStep++;
            }

            if (_above)
            {
                _above = swing > 0;
            }
            else if (swing > ThresholdMg)
            {
                _above = true;
                Candidate();
            }

            if (++_secondSamples == _rateHz)
            {
                CloseSecond();
            }
        }

        /// <summary>Steps since the last call.</summary>
        public int TakeSteps()
        {
            int steps = _steps;
            _steps = 0;
            return steps;
        }

        private void Candidate()
        {
            if (_sinceStep < _shortest)
            {
                return;
            }

            _candidates = _sinceStep > _longest ? 1 : _candidates + 1;
            _sinceStep = 0;
            if (_candidates == ConfirmSteps)
            {
                _steps += ConfirmSteps;
            }
            else if (_candidates > ConfirmSteps)
            {
                _steps++;
                _candidates = ConfirmSteps + 1;
            }
        }

        private void CloseSecond()
        {
            int mean = _secondSum / _rateHz;
            _secondSamples = 0;
            _secondSum = 0;
            _minuteSum += mean;
            if (mean > StillDeviationMg)
            {
                StillSeconds = 0;
            }
            else if (StillSeconds < int.MaxValue)
            {
                StillSeconds++;
            }

            if (++_seconds == 60)
            {
                int level = _minuteSum / 60;
                MinuteClass = level < LightMg ? ActivityClass.Still : level < ModerateMg ? ActivityClass.Light : ActivityClass.Moderate;
                _seconds = 0;
                _minuteSum = 0;
            }
        }
    }
}

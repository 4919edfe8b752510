namespace ElderBand.VitalsFilter
{
    /// <summary>How much the wearer moved in a minute.</summary>
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
    /// Steps, the class of the last full minute, and the time without movement. A step is an upward crossing of 36 mg
    /// by the magnitude, band-passed to about 0.25 to 2.5 Hz (the 80 ms average minus the 1.3 s average). Steps are 0.4
    /// to 2 s apart, and the first four in a row count only when the fourth arrives. The magnitude is computed as
    /// (|a|^2 - 1)/2 in place of |a| - 1, which is nearly equal around 1 g and needs no square root. Rhythmic movements
    /// of the hand, such as brushing teeth, and a ride on a rough road count as steps: a wrist sensor cannot tell them
    /// from walking.
    /// </summary>
    public sealed class Activity
    {
        private const int TickMs = 80;
        // levels in eighths of a milli-g; rounding to whole ones would be only 47 dB below a walker's signal
        private const int Scale = 8;
        private const int ThresholdMg = 36;
        private const int ConfirmSteps = 4;
        private const int Shortest = 400 / TickMs;
        private const int Longest = 2000 / TickMs;
        private const int SlowShift = 4; // average over 16 ticks, stored times 16
        private const int BlockS = 2;
        private const int BlockTicks = BlockS * 1000 / TickMs;
        private const int StillDeviationMg = 20;
        private const int LightMg = 15;
        private const int ModerateMg = 60;

        private readonly int _tickSamples;
        private readonly int _divisor;

        private int _samplesLeft;
        private int _quarters;
        private int _slowX16 = 500 * Scale * 16;
        private bool _above;
        private int _sinceStep;
        private int _candidates;
        private int _steps;
        private int _ticksLeft = BlockTicks;
        private int _blockSum;
        private int _blocks;
        private int _minuteSum;

        /// <param name="rateHz">25 or 50.</param>
        public Activity(int rateHz)
        {
            _tickSamples = rateHz < 38 ? 2 : 4;
            _divisor = 2000 * _tickSamples / (4 * Scale);
            _samplesLeft = _tickSamples;
        }

        /// <summary>Class of the last full minute.</summary>
        public ActivityClass MinuteClass { get; private set; }

        /// <summary>Seconds since the last movement.</summary>
        public int StillSeconds { get; private set; }

        /// <summary>Takes one sample.</summary>
        /// <param name="square">Square of the magnitude, milli-g squared, 0..805,306,368
        /// (<see cref="FallDetector.Square"/>).</param>
        public void Push(int square)
        {
            _quarters += square >> 2;
            if (_samplesLeft != 1)
            {
                _samplesLeft--;
                return;
            }

            Tick(_quarters);
            _quarters = 0;
            _samplesLeft = _tickSamples;
        }

        /// <summary>Takes samples as <see cref="Push"/> does.</summary>
        /// <param name="squares">Squares of the magnitudes, milli-g squared.</param>
        /// <param name="begin">The first one to take.</param>
        /// <param name="end">Behind the last one.</param>
        public void PushBatch(int[] squares, int begin, int end)
        {
            int quarters = _quarters;
            int left = _samplesLeft;
            for (int i = begin; i < end; i++)
            {
                quarters += squares[i] >> 2;
                if (--left == 0)
                {
                    Tick(quarters);
                    quarters = 0;
                    left = _tickSamples;
                }
            }

            _quarters = quarters;
            _samplesLeft = left;
        }

        /// <summary>Steps since the last call.</summary>
        public int TakeSteps()
        {
            int steps = _steps;
            _steps = 0;
            return steps;
        }

        private void Tick(int quarters)
        {
            int level = quarters / _divisor;
            int swing = level - (_slowX16 >> SlowShift);
            _slowX16 += swing;
            _blockSum += swing < 0 ? -swing : swing;
            _sinceStep++;
            if (_above)
            {
                _above = swing > 0;
            }
            else if (swing > ThresholdMg * Scale)
            {
                _above = true;
                Candidate();
            }

            if (--_ticksLeft == 0)
            {
                CloseBlock();
            }
        }

        private void Candidate()
        {
            if (_sinceStep < Shortest)
            {
                return;
            }

            _candidates = _sinceStep > Longest ? 1 : _candidates + 1;
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

        private void CloseBlock()
        {
            int mean = _blockSum / (BlockTicks * Scale);
            _ticksLeft = BlockTicks;
            if (_sinceStep > Longest)
            {
                _sinceStep = Longest + 1;
            }

            _blockSum = 0;
            _minuteSum += mean;
            if (mean > StillDeviationMg)
            {
                StillSeconds = 0;
            }
            else if (StillSeconds < int.MaxValue - BlockS)
            {
                StillSeconds += BlockS;
            }

            if (++_blocks == 60 / BlockS)
            {
                int level = _minuteSum / (60 / BlockS);
                MinuteClass = level < LightMg
                    ? ActivityClass.Still : level < ModerateMg ? ActivityClass.Light : ActivityClass.Moderate;
                _blocks = 0;
                _minuteSum = 0;
            }
        }
    }
}

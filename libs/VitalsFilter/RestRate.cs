namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The heart rate of an arm at rest. The channels of a window are judged one after the other; the channel that gave
    /// the last rate comes first. The first channel whose rate can be reported gives the rate. Where no channel's rate
    /// can be reported, the channel with the highest confidence gives the guess. No allocation after construction.
    /// </summary>
    public sealed class RestRate
    {
        /// <summary>Two methods whose rates differ by more than this disagree, bpm x10.</summary>
        public const int AgreeX10 = 60;

        private const int MinPerfusionX100000 = 100; // AC peak to peak 0.1 % of DC

        // A systolic edge takes a quarter of a second at any heart rate; the rise of a breath takes a second. With the
        // wave scaled to a mean deviation of 333, a sine of 30 a minute rises by 260 within 160 ms, a slow pulse by
        // more than 500.
        private const int EdgeMin = 500;
        // 1 in 100 resting pulses of the development recordings is below 1250
        private const int SteepnessMinX1000 = 1200;

        private const int HoldS = 30;

        private readonly int _rateHz;
        private readonly int _channels;
        private readonly RestPulse _pulse;

        private int _best;
        private int _tried;
        private int _foundAt;
        private int _channelBpmX10;
        private int _channelConfidence;
        private int _shownBpmX10;
        private int _shownAt;

        /// <param name="rateHz">Sample rate before folding, Hz.</param>
        /// <param name="channels">1..3.</param>
        /// <param name="window">The window that will be judged; its length is fixed.</param>
        public RestRate(int rateHz, int channels, PulseWindow window)
        {
            _rateHz = rateHz;
            _channels = channels;
            _pulse = new RestPulse(rateHz, window.Fold, window.Length);
            Reset();
        }

        /// <summary>The best guess, bpm x10; 0 where there is none.</summary>
        public int BpmX10 { get; private set; }

        /// <summary>Confidence of <see cref="BpmX10"/>, 0..100.</summary>
        public int Confidence { get; private set; }

        /// <summary>Why <see cref="BpmX10"/> must not be reported, or None.</summary>
        public HeartRefusal Refusal { get; private set; }

        /// <summary>Begins with the channel that gave the last rate.</summary>
        public void Begin()
        {
            _tried = 0;
            _pulse.Begin();
            _foundAt = _best;
            BpmX10 = 0;
            Confidence = -1;
            Refusal = HeartRefusal.SensorFault;
        }

        /// <summary>Does the next slice.</summary>
        /// <param name="window">The frozen window.</param>
        /// <param name="hasLevel">The channels carry the level of the light.</param>
        /// <returns>True when the answer is ready.</returns>
        public bool Step(PulseWindow window, bool hasLevel)
        {
            int index = _best - _tried < 0 ? _best - _tried + _channels : _best - _tried;
            int[] channel = window.Channel(index);
            bool isFrozen = PulseWindow.IsConstant(channel);
            if (!isFrozen && !_pulse.Step(channel, hasLevel))
            {
                return false;
            }

            _channelConfidence = 0;
            _channelBpmX10 = 0;
            HeartRefusal why = isFrozen ? HeartRefusal.SensorFault : JudgeChannel(channel, hasLevel);
            if (why == HeartRefusal.None || (why != HeartRefusal.SensorFault && _channelConfidence > Confidence))
            {
                _foundAt = index;
                Confidence = _channelConfidence;
                BpmX10 = _channelBpmX10;
                Refusal = why;
            }

            if (why != HeartRefusal.None && ++_tried < _channels)
            {
                _pulse.Begin();
                return false;
            }

            _best = _foundAt;
            Confidence = Confidence < 0 ? 0 : Confidence;
            return true;
        }

        /// <summary>Smooths a rate over time, because a heart rate at rest does not jump. A reported rate becomes the
        /// mean of itself and the last reported rate, if that one is less than 8 s old. A refused guess stays near the
        /// last reported rate for 30 s. A change of a sixth or more is followed at once.</summary>
        /// <param name="bpmX10">The answer.</param>
        /// <param name="isReported">True where the rate is reported.</param>
        /// <param name="now">Time of the estimate, samples.</param>
        public int Smooth(int bpmX10, bool isReported, int now)
        {
            int since = now - _shownAt;
            if (isReported)
            {
                if (since < _rateHz * PulseWindow.Seconds
                    && IntegerMath.Distance(bpmX10, _shownBpmX10) * 6 < _shownBpmX10)
                {
                    bpmX10 = (bpmX10 + _shownBpmX10 + 1) >> 1;
                }

                _shownBpmX10 = bpmX10;
                _shownAt = now;
            }
            else if (_shownBpmX10 > 0 && since < _rateHz * HoldS)
            {
                bool isNear = IntegerMath.Distance(bpmX10, _shownBpmX10) * 5 < _shownBpmX10;
                _shownBpmX10 += isNear ? (bpmX10 - _shownBpmX10) / 4 : 0;
                bpmX10 = _shownBpmX10;
            }

            return bpmX10;
        }

        /// <summary>Forgets the last answers.</summary>
        public void Reset()
        {
            _best = _channels - 1;
            _shownBpmX10 = 0;
            _shownAt = 0;
        }

        private HeartRefusal JudgeChannel(int[] channel, bool hasLevel)
        {
            if (_pulse.PeriodBpmX10 == 0)
            {
                return HeartRefusal.NoSignal;
            }

            int beatBpmX10 = _pulse.BeatBpmX10;
            bool agree = beatBpmX10 > 0 && IntegerMath.Distance(beatBpmX10, _pulse.PeriodBpmX10) <= AgreeX10;
            bool isHalf = IntegerMath.Distance(beatBpmX10, 2 * _pulse.PeriodBpmX10) <= 2 * AgreeX10;
            _channelBpmX10 = agree || isHalf ? beatBpmX10 : _pulse.PeriodBpmX10;

            // The autocorrelation of a clean pulse at rest is 0.8 or more; below 0.5 the signal need not be a pulse.
            int regular = IntegerMath.Clamp((_pulse.PeriodicityX1000 - 400) / 5, 0, 100);
            int even = IntegerMath.Clamp(100 - (4 * _pulse.ChangePercent), 0, 100);
            _channelConfidence = agree ? Smaller(regular, even) : Smaller(regular, HeartRate.ReportConfidence - 10);
            if (hasLevel && Perfusion(channel) < MinPerfusionX100000)
            {
                return HeartRefusal.LowPerfusion;
            }

            if (_pulse.PeriodicityX1000 < 500 || _pulse.Edge < EdgeNeeded(_pulse.PeriodBpmX10)
                || _pulse.SteepnessX1000 < SteepnessMinX1000)
            {
                return HeartRefusal.NoSignal;
            }

            if (!agree || _pulse.HalfwayX1000 * 2 > _pulse.PeriodicityX1000)
            {
                return HeartRefusal.Disagree;
            }

            return _channelConfidence >= HeartRate.ReportConfidence ? HeartRefusal.None
                : even < regular ? HeartRefusal.Irregular : HeartRefusal.NoSignal;
        }

        private static int EdgeNeeded(int bpmX10)
        {
            return bpmX10 < EdgeMin ? (2 * EdgeMin) - bpmX10 : EdgeMin;
        }

        private static int Smaller(int a, int b)
        {
            return a < b ? a : b;
        }

        // Perfusion in 1/100000: peak to peak of the wave, about four times its mean absolute value, relative to the
        // level.
        private int Perfusion(int[] channel)
        {
            int level = IntegerMath.Mean(channel);
            return level <= 0 ? 0 : (int)((long)_pulse.Swing * 100000 / level);
        }
    }
}

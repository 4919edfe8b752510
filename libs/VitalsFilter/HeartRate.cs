namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Heart rate and SpO2 from the last 8 s of a reflectance PPG sensor. At rest two methods must agree: the period of
    /// the autocorrelation, and the median of the last 8 beat intervals (slope sum of the systolic edge, fractional
    /// timing). In motion: <see cref="MotionTracker"/>. An uncertain estimate is refused. An estimate is made in
    /// slices, so that the key is served between them (F3): <see cref="BeginEstimate"/> copies the window, and samples
    /// may arrive between slices. No clock, no allocation after construction, integers only.
    /// </summary>
    public sealed class HeartRate
    {
        /// <summary>An estimate with a confidence below this is not reported.</summary>
        public const int ReportConfidence = 60;

        private const int WindowS = PulseWindow.Seconds;
        private const int MotionDeviationMg = 30;
        private const int OxygenDeviationMg = 15;
        private readonly int _rateHz;
        private readonly int _channels;
        private readonly int _samples;
        private readonly PulseWindow _window;
        private readonly RestRate _rest;
        private readonly Oxygen _oxygen = new Oxygen();
        private readonly ArmMotion _motion = new ArmMotion();
        private readonly MotionTracker _tracker = new MotionTracker();

        private int _contactMin = 5000;
        private bool _hasLevel = true;
        private int _trackedAt;
        private int _heldBpmX10;

        // The estimate under way.
        private int _beganAt;
        private EstimateStage _stage;
        private bool _moves;
        private bool _isStill;
        private bool _isShort;
        private int _guessBpmX10;
        private int _confidence;
        private HeartRefusal _refusal;
        private HeartRefusal _oxygenRefusal;

        /// <param name="rateHz">Sample rate of <see cref="Push"/>, 25..125; limited to that range.</param>
        /// <param name="channelCount">1: red. 2: red and infrared (MAX30102). 3: red, infrared and green (MAX30101);
        /// green has the stronger pulse at the wrist.</param>
        public HeartRate(int rateHz, int channelCount)
        {
            _rateHz = IntegerMath.Clamp(rateHz, 25, 125);
            _channels = IntegerMath.Clamp(channelCount, 1, 3);
            _samples = _rateHz * WindowS;
            _window = new PulseWindow(_rateHz, _channels);
            _rest = new RestRate(_rateHz, _channels, _window);
            Reset();
        }

        private enum EstimateStage : byte
        {
            None,
            Track,
            Judge,
            Rest,
            Conclude,
            Publish,
        }

        /// <summary>Heart rate x10, 300..2400; 0 when refused.</summary>
        public int BpmX10 { get; private set; }

        /// <summary>The best guess x10, also of a refused estimate; 0 for none. For evaluation, never shown.</summary>
        public int GuessBpmX10 { get; private set; }

        /// <summary>0..100 of the last estimate; below <see cref="ReportConfidence"/> it was refused.</summary>
        public int Confidence { get; private set; }

        /// <summary>Why the last estimate was refused.</summary>
        public HeartRefusal Refusal { get; private set; }

        /// <summary>Oxygen saturation x10 in steps of 10, 700..1000, an estimate; 0 when refused.</summary>
        public int Spo2X10
        {
            get { return _oxygen.Spo2X10; }
        }

        /// <summary>Why there is no SpO2.</summary>
        public HeartRefusal Spo2Refusal { get; private set; }

        /// <summary><see cref="Oxygen.RatioX1000"/> of the last estimate.</summary>
        public int RatioX1000
        {
            get { return _oxygen.RatioX1000; }
        }

        /// <summary>The arm moved by more than 30 mg at the last estimate: the rate is the tracker's.</summary>
        public bool IsMoving { get; private set; }

        /// <summary>True from <see cref="BeginEstimate"/> until <see cref="StepEstimate"/> has returned true.</summary>
        public bool IsEstimating
        {
            get { return _stage != EstimateStage.None; }
        }

        /// <summary>The tracker of the rate in motion: for training and evaluation.</summary>
        public MotionTracker Tracker
        {
            get { return _tracker; }
        }

        /// <summary>Describes the optics.</summary>
        /// <param name="contactMinCounts">Level below which the sensor is uncovered, 18-bit counts.</param>
        /// <param name="hasLevel">False for recordings that were band-passed at the source: then contact, saturation
        /// and perfusion cannot be judged, and SpO2 is never reported.</param>
        public void ConfigureOptics(int contactMinCounts, bool hasLevel)
        {
            _contactMin = contactMinCounts;
            _hasLevel = hasLevel;
        }

        /// <summary><see cref="Oxygen.ConfigureCurve"/> for the ratio of ratios; Maxim's own by default.</summary>
        public void ConfigureOxygenCurve(int constantX1000, int linearX1000, int squareX1000)
        {
            _oxygen.ConfigureCurve(false, constantX1000, linearX1000, squareX1000);
        }

        /// <summary><see cref="Oxygen.ConfigureCurve"/> for a camera. Not for the band.</summary>
        public void ConfigureOxygenTrend(int constantX1000, int linearX1000, int squareX1000)
        {
            _oxygen.ConfigureCurve(true, constantX1000, linearX1000, squareX1000);
        }

        /// <summary>Takes one sample, 0..262143; channels beyond the channel count are ignored.</summary>
        public void Push(int red, int ir, int green)
        {
            if (_window.Push(red, ir, green))
            {
                _motion.CloseSecond();
                if (_window.Now >= PulseWindow.ClockLimit)
                {
                    Reset();
                }
            }
        }

        /// <summary>Tells that samples were lost before the next one. A straight line, which makes no beat, fills a gap
        /// shorter than <see cref="PulseWindow.ForgottenHoleMs"/>. While lines are more than a tenth of the last 8 s,
        /// nothing is reported. A longer gap forgets all samples.</summary>
        /// <param name="samples">How many were lost, at the rate of <see cref="Push"/>.</param>
        public void Gap(int samples)
        {
            if (!_window.Gap(samples))
            {
                int held = _heldBpmX10;
                Reset();
                _heldBpmX10 = held;
            }
        }

        /// <summary>Takes one accelerometer sample (milli-g), at whatever rate that sensor runs.</summary>
        public void PushMotion(int xMg, int yMg, int zMg)
        {
            _motion.Push(xMg, yMg, zMg);
            _tracker.PushMotion(xMg, yMg, zMg);
        }

        /// <summary>Begins an estimate from the last 8 s. Without effect while one is under way.</summary>
        public void BeginEstimate()
        {
            if (_stage != EstimateStage.None)
            {
                return;
            }

            _window.Freeze();
            _beganAt = _window.Now;
            _moves = _motion.DeviationMg(WindowS) > MotionDeviationMg;
            _isStill = _motion.DeviationMg(ArmMotion.Seconds) <= OxygenDeviationMg;
            _isShort = !_window.IsFull || _window.Bridged * 10 > _samples;
            _guessBpmX10 = 0;
            _confidence = 0;
            _refusal = JudgeWindow();

            // An update of the tracker costs 400,000 instructions and needs half a window, so there is one every 2 s,
            // even if estimates are more frequent.
            _stage = EstimateStage.Judge;
            int steps = (IntegerMath.Clamp(_beganAt - _trackedAt, 0, 8 * _samples) + (_rateHz / 2)) * 1000 / (
                MotionTracker.StepMs * _rateHz);
            if (steps > 0 && _window.IsHalfFull)
            {
                _tracker.Begin(_channels, steps);
                _trackedAt = _beganAt;
                _stage = EstimateStage.Track;
            }
        }

        /// <summary>Does the next slice of an estimate.</summary>
        /// <returns>True when the answer is ready, or where no estimate is under way.</returns>
        public bool StepEstimate()
        {
            switch (_stage)
            {
                case EstimateStage.None:
                    return true;
                case EstimateStage.Track:
                    if (_tracker.Step(_window))
                    {
                        _stage = EstimateStage.Judge;
                    }

                    return false;
                case EstimateStage.Judge:
                    _stage = EstimateStage.Conclude;
                    if (_refusal == HeartRefusal.None && _moves)
                    {
                        JudgeMotion();
                        EndJudgement();
                    }
                    else if (_refusal == HeartRefusal.None)
                    {
                        _rest.Begin();
                        _stage = EstimateStage.Rest;
                    }

                    return false;
                case EstimateStage.Rest:
                    if (_rest.Step(_window, _hasLevel))
                    {
                        _guessBpmX10 = _rest.BpmX10;
                        _confidence = _rest.Confidence;
                        _refusal = _rest.Refusal;
                        EndJudgement();
                        _stage = EstimateStage.Conclude;
                    }

                    return false;
                case EstimateStage.Conclude:
                    Conclude();
                    _stage = EstimateStage.Publish;
                    return false;
                default:
                    Publish();
                    _stage = EstimateStage.None;
                    return true;
            }
        }

        /// <summary>Estimates in one go; ends the estimate that is under way, if there is one.</summary>
        /// <returns>True if a heart rate is reported; otherwise <see cref="Refusal"/> says why not.</returns>
        public bool TryEstimate()
        {
            BeginEstimate();
            while (!StepEstimate())
            {
            }

            return Refusal == HeartRefusal.None;
        }

        /// <summary>Forgets all samples and the estimate under way. The configuration stays.</summary>
        public void Reset()
        {
            _window.Reset();
            _trackedAt = 0;
            _heldBpmX10 = 0;
            _stage = EstimateStage.None;
            _rest.Reset();
            _motion.Reset();
            _tracker.Reset();
            BpmX10 = 0;
            GuessBpmX10 = 0;
            Confidence = 0;
            _oxygen.Reset();
            Refusal = HeartRefusal.Warmup;
            Spo2Refusal = HeartRefusal.Warmup;
        }

        // Refusals that the samples alone decide.
        private HeartRefusal JudgeWindow()
        {
            if (!_window.IsHalfFull)
            {
                return HeartRefusal.Warmup;
            }

            if (_hasLevel)
            {
                if (_window.HasImpossible)
                {
                    return HeartRefusal.SensorFault;
                }

                if (IntegerMath.Lowest(_window.Channel(_channels - 1)) < _contactMin * _window.Fold)
                {
                    return HeartRefusal.NotWorn;
                }

                if (_window.HasSaturated)
                {
                    return HeartRefusal.Saturated;
                }
            }

            return _motion.IsSilent ? HeartRefusal.SensorFault : HeartRefusal.None;
        }

        // While the arm moves, motion artefacts hide the beats, so only the tracker can give a rate.
        private void JudgeMotion()
        {
            if (_window.IsFrozen)
            {
                _refusal = HeartRefusal.SensorFault;
                return;
            }

            _guessBpmX10 = _tracker.BpmX10;
            _confidence = _tracker.Confidence;
            _refusal = _confidence >= ReportConfidence ? HeartRefusal.None : HeartRefusal.Motion;
        }

        private void EndJudgement()
        {
            if (_refusal != HeartRefusal.SensorFault && _isShort)
            {
                _refusal = HeartRefusal.Warmup;
            }
        }

        private void Conclude()
        {
            if (!_moves)
            {
                if (_refusal == HeartRefusal.None && _tracker.Confidence >= ReportConfidence
                    && IntegerMath.Distance(_guessBpmX10, _tracker.BpmX10) > RestRate.AgreeX10)
                {
                    _refusal = HeartRefusal.Disagree; // both are sure and they contradict each other: one is wrong
                }

                _guessBpmX10 = _rest.Smooth(_guessBpmX10, _refusal == HeartRefusal.None, _beganAt);
                if (_refusal != HeartRefusal.None && _guessBpmX10 > 0 && _tracker.Confidence >= ReportConfidence)
                {
                    _guessBpmX10 = _tracker.BpmX10; // still refused, but a better guess than the last reported rate
                }
            }

            if (_guessBpmX10 > 0)
            {
                _heldBpmX10 = _guessBpmX10;
            }
            else if (_refusal == HeartRefusal.Warmup)
            {
                _guessBpmX10 = _heldBpmX10; // the last rate, across a gap
            }

            _oxygenRefusal = JudgeOxygen();
        }

        private void Publish()
        {
            BpmX10 = _refusal == HeartRefusal.None ? _guessBpmX10 : 0;
            GuessBpmX10 = _guessBpmX10;
            Confidence = _confidence;
            Refusal = _refusal;
            IsMoving = _moves;
            _oxygen.Clear();
            Spo2Refusal = _oxygenRefusal == HeartRefusal.None ? EstimateOxygen() : _oxygenRefusal;
        }

        private HeartRefusal JudgeOxygen()
        {
            if (!_hasLevel || (_channels < 2 && !_oxygen.IsTrend))
            {
                return HeartRefusal.NoSignal;
            }

            if (_refusal != HeartRefusal.None && _refusal != HeartRefusal.Irregular)
            {
                return _refusal; // SpO2 can be estimated from an irregular pulse too
            }

            if (!_isStill)
            {
                return HeartRefusal.Motion;
            }

            int contact = _contactMin * _window.Fold;
            bool isBare = !_oxygen.IsTrend
                && (IntegerMath.Lowest(_window.Channel(0)) < contact
                    || IntegerMath.Lowest(_window.Channel(1)) < contact);
            return isBare ? HeartRefusal.NotWorn : HeartRefusal.None;
        }

        private HeartRefusal EstimateOxygen()
        {
            return _oxygen.IsTrend
                ? _oxygen.FollowLevel(_window.Channel(0))
                : _oxygen.Estimate(_window.Channel(0), _window.Channel(1), _rateHz * 600 / (1000 * _window.Fold));
        }
    }
}

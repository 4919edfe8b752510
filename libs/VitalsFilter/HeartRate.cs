namespace ElderBand.VitalsFilter
{
    /// <summary>Why there is no heart rate (or no SpO2). Four bits on the wire.</summary>
    public enum HeartRefusal : byte
    {
        /// <summary>Reported, not refused.</summary>
        None = 0,

        /// <summary>Too little light comes back: nothing on the sensor.</summary>
        NotWorn = 1,

        /// <summary>The arm moves too much.</summary>
        Motion = 2,

        /// <summary>There is contact, but the pulse is too weak to trust.</summary>
        LowPerfusion = 3,

        /// <summary>Samples at the end of the converter's range.</summary>
        Saturated = 4,

        /// <summary>Beats, but too unevenly spaced for one number.</summary>
        Irregular = 5,

        /// <summary>Not enough signal since contact began.</summary>
        Warmup = 6,

        /// <summary>Nothing that repeats like a pulse.</summary>
        NoSignal = 7,

        /// <summary>Two ways of counting disagree, so one of them may be half or double the truth.</summary>
        Disagree = 8,

        /// <summary>Values the chip cannot produce, a frozen signal, or a silent accelerometer.</summary>
        SensorFault = 9,
    }

    /// <summary>
    /// Heart rate from a reflectance PPG sensor, and a cautious SpO2, from the last 8 s. At rest: period from the
    /// autocorrelation, beats from the slope sum of the systolic edge with fractional timing, median of the last 8 intervals;
    /// both must agree. In motion: <see cref="MotionTracker"/>. Refusing is the normal answer to doubt. An estimate is made in
    /// slices, so that a key can be served between them (F3): <see cref="BeginEstimate"/> copies the window, samples may arrive
    /// between the slices, and the answer is that of the moment of the copy.
    /// No clock, no allocation after construction, integers only. Not for several threads.
    /// </summary>
    public sealed class HeartRate
    {
        /// <summary>Below this confidence nothing is reported.</summary>
        public const int ReportConfidence = 60;

        /// <summary>A shorter hole is bridged by <see cref="Gap"/>, ms: fewer than 10 samples at 25 Hz.</summary>
        public const int ForgottenHoleMs = 400;

        private const int WindowS = PulseWindow.Seconds;
        private const int HoldS = 30;
        private const int MinRateHz = 25;
        private const int MaxRateHz = 125;
        private const int FullScale = 262143; // 18 bits (MAX30102 datasheet, table 1)
        private const int SaturatedAbove = 261000;
        private const int MotionDeviationMg = 30;
        private const int OxygenDeviationMg = 15;
        private const int ClockLimit = 1 << 30;

        private readonly int _rateHz;
        private readonly int _channels;
        private readonly int _samples;
        private readonly PulseWindow _window;
        private readonly RestRate _rest;
        private readonly Oxygen _oxygen = new Oxygen();
        private readonly ArmMotion _motion = new ArmMotion();
        private readonly MotionTracker _tracker = new MotionTracker();
        private readonly byte[] _bridged = new byte[WindowS + 1];

        private int _contactMin = 5000;
        private bool _hasLevel = true;

        // Times in samples since the last reset.
        private int _now;
        private int _saturatedAt;
        private int _impossibleAt;
        private int _trackedAt;
        private int _shownAt;
        private int _beganAt;

        private int _gap;
        private int _secondSamples;
        private int _second;
        private int _shownBpmX10;
        private int _heldBpmX10;

        // The estimate under way, as it stood when it began.
        private EstimateStage _stage;
        private int _steps;
        private bool _moves;
        private bool _isStill;
        private bool _isShort;
        private int _guessBpmX10;
        private int _confidence;
        private HeartRefusal _refusal;

        /// <param name="rateHz">Sample rate of <see cref="Push"/>, 25..125; limited to that range.</param>
        /// <param name="channelCount">1..3: one channel arrives as red; two are red and infrared (MAX30102); three add
        /// green (MAX30101), which is the better one at the wrist and is then used for the pulse.</param>
        public HeartRate(int rateHz, int channelCount)
        {
            _rateHz = IntegerMath.Clamp(rateHz, MinRateHz, MaxRateHz);
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
            Publish,
        }

        /// <summary>Heart rate x10, 300..2400; 0 when refused.</summary>
        public int BpmX10 { get; private set; }

        /// <summary>The best guess x10 even when refused, 0 if there is none: for evaluation, never for a screen.</summary>
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

        /// <summary>What the curve made the SpO2 of the last estimate from, x1000, 0 if there is none: the ratio of ratios, or a
        /// camera's relative red level.</summary>
        public int RatioX1000
        {
            get { return _oxygen.RatioX1000; }
        }

        /// <summary>The arm moved more than 30 mg at the last estimate: the tracker answered.</summary>
        public bool IsMoving { get; private set; }

        /// <summary>True from <see cref="BeginEstimate"/> until <see cref="StepEstimate"/> has returned true.</summary>
        public bool IsEstimating
        {
            get { return _stage != EstimateStage.None; }
        }

        /// <summary>What follows the rate while the arm moves: for training and evaluation.</summary>
        public MotionTracker Tracker
        {
            get { return _tracker; }
        }

        /// <summary>Describes the optics.</summary>
        /// <param name="contactMinCounts">Level under which nothing is on the sensor, 18-bit counts.</param>
        /// <param name="hasLevel">False for recordings that were band-passed at the source: contact, saturation and
        /// perfusion then cannot be judged and SpO2 is never given.</param>
        public void ConfigureOptics(int contactMinCounts, bool hasLevel)
        {
            _contactMin = contactMinCounts;
            _hasLevel = hasLevel;
        }

        /// <summary>SpO2 (percent) = constant + linear R + square R^2, each x1000, R being the ratio of ratios. Published curves
        /// differ by 4.8 points at R = 0.7, so it belongs to the device. Default: Maxim's recommendation for its own modules.</summary>
        public void ConfigureOxygenCurve(int constantX1000, int linearX1000, int squareX1000)
        {
            _oxygen.ConfigureCurve(false, constantX1000, linearX1000, squareX1000);
        }

        /// <summary>For a camera instead: the same form, R being the red level as a share of its best since contact. It takes the
        /// wearer's best for normal and shows only a fall from there, down to 90 %. Not for the band.</summary>
        public void ConfigureOxygenTrend(int constantX1000, int linearX1000, int squareX1000)
        {
            _oxygen.ConfigureCurve(true, constantX1000, linearX1000, squareX1000);
        }

        /// <summary>Takes one sample of raw counts (0..262143); channels beyond the channel count are ignored.</summary>
        public void Push(int red, int ir, int green)
        {
            if (_gap != 0)
            {
                Bridge(red, ir, green);
            }

            int worst = red;
            bool impossible = red < 0 || red > FullScale;
            if (_channels > 1)
            {
                impossible |= ir < 0 || ir > FullScale;
                worst = ir > worst ? ir : worst;
                if (_channels > 2)
                {
                    impossible |= green < 0 || green > FullScale;
                    worst = green > worst ? green : worst;
                }
            }

            if (worst >= SaturatedAbove)
            {
                _saturatedAt = _now;
            }

            if (impossible)
            {
                _impossibleAt = _now;
            }

            _window.Push(red, ir, green);
            _now++;
            if (++_secondSamples == _rateHz)
            {
                CloseSecond();
            }
        }

        /// <summary>Tells that samples were lost before the next one. Those of a hole shorter than <see cref="ForgottenHoleMs"/> are
        /// replaced by a line to the next sample, which makes no beat; while more than a tenth of the last 8 s is such lines
        /// nothing is reported. A longer hole forgets all samples.</summary>
        /// <param name="samples">How many were lost, at the rate of <see cref="Push"/>.</param>
        public void Gap(int samples)
        {
            _gap += IntegerMath.Clamp(samples, 0, _samples);
            if (_gap * 1000 >= ForgottenHoleMs * _rateHz || _window.IsEmpty)
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

        /// <summary>Begins an estimate from the last 8 s; ask every 1 to 10 s. Without effect while one is under way.</summary>
        public void BeginEstimate()
        {
            if (_stage != EstimateStage.None)
            {
                return;
            }

            _window.Freeze();
            _tracker.Freeze();
            _beganAt = _now;
            _moves = _motion.DeviationMg(WindowS) > MotionDeviationMg;
            _isStill = _motion.DeviationMg(ArmMotion.Seconds) <= OxygenDeviationMg;
            _isShort = !_window.IsFull || Bridged() * 10 > _samples;
            _guessBpmX10 = 0;
            _confidence = 0;
            _refusal = JudgeWindow();

            // The tracker lives in steps of 2 s, however often it is asked for, because each costs 400,000 instructions; from
            // half a window on it has something to look at.
            _steps = (_now - _trackedAt + (_rateHz / 2)) * 1000 / (MotionTracker.StepMs * _rateHz);
            _stage = _steps > 0 && _window.IsHalfFull ? EstimateStage.Track : EstimateStage.Judge;
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
                    _tracker.Update(_window.Channel(0), _window.Channel(1), _window.Channel(2), 0, _steps);
                    _trackedAt = _beganAt;
                    _stage = EstimateStage.Judge;
                    return false;
                case EstimateStage.Judge:
                    _stage = EstimateStage.Publish;
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
                        _stage = EstimateStage.Publish;
                    }

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

        /// <summary>Forgets all samples and the estimate that is under way; the configuration stays.</summary>
        public void Reset()
        {
            _window.Reset();
            _now = 0;
            _saturatedAt = -_samples - 1;
            _impossibleAt = -_samples - 1;
            _trackedAt = 0;
            _shownAt = 0;
            _gap = 0;
            _secondSamples = 0;
            for (int i = 0; i < _bridged.Length; i++)
            {
                _bridged[i] = 0;
            }

            _shownBpmX10 = 0;
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

        private void Bridge(int red, int ir, int green)
        {
            int count = _gap;
            _gap = 0;
            _bridged[_second] += (byte)count;
            int fromRed = _window.Last(0);
            int fromIr = _window.Last(1);
            int fromGreen = _window.Last(2);
            for (int i = 1; i <= count; i++)
            {
                Push(
                    fromRed + ((red - fromRed) * i / (count + 1)),
                    fromIr + ((ir - fromIr) * i / (count + 1)),
                    fromGreen + ((green - fromGreen) * i / (count + 1)));
            }
        }

        private int Bridged()
        {
            int sum = 0;
            for (int i = 0; i < _bridged.Length; i++)
            {
                sum += _bridged[i];
            }

            return sum;
        }

        private void CloseSecond()
        {
            _secondSamples = 0;
            _motion.CloseSecond();
            _second = _second == WindowS ? 0 : _second + 1;
            _bridged[_second] = 0;
            if (_now >= ClockLimit)
            {
                Rebase();
            }
        }

        // Once in months: the times stay differences of small numbers.
        private void Rebase()
        {
            int back = _now - (_rateHz * 60);
            _now -= back;
            _saturatedAt = Rebased(_saturatedAt, back);
            _impossibleAt = Rebased(_impossibleAt, back);
            _trackedAt = Rebased(_trackedAt, back);
            _shownAt = Rebased(_shownAt, back);
            _beganAt = Rebased(_beganAt, back);
        }

        private int Rebased(int at, int back)
        {
            return at < back - _samples ? -_samples - 1 : at - back;
        }

        // What can be told from the samples as such.
        private HeartRefusal JudgeWindow()
        {
            if (!_window.IsHalfFull)
            {
                return HeartRefusal.Warmup;
            }

            if (_hasLevel)
            {
                if (_now - _impossibleAt <= _samples)
                {
                    return HeartRefusal.SensorFault;
                }

                if (IntegerMath.Lowest(_window.Channel(_channels - 1)) < _contactMin * _window.Fold)
                {
                    return HeartRefusal.NotWorn;
                }

                if (_now - _saturatedAt <= _samples)
                {
                    return HeartRefusal.Saturated;
                }
            }

            return _motion.IsSilent ? HeartRefusal.SensorFault : HeartRefusal.None;
        }

        // While the arm moves its wave hides the beats: only the tracker can answer.
        private void JudgeMotion()
        {
            bool alive = false;
            for (int i = 0; i < _channels && !alive; i++)
            {
                alive = !RestRate.IsFrozen(_window.Channel(i));
            }

            if (!alive)
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

        private void Publish()
        {
            if (!_moves)
            {
                if (_refusal == HeartRefusal.None && _tracker.Confidence >= ReportConfidence
                    && IntegerMath.Distance(_guessBpmX10, _tracker.BpmX10) > RestRate.AgreeX10)
                {
                    _refusal = HeartRefusal.Disagree; // two sure witnesses who contradict each other: one is wrong
                }

                Smooth();
                if (_refusal != HeartRefusal.None && _guessBpmX10 > 0 && _tracker.Confidence >= ReportConfidence)
                {
                    _guessBpmX10 = _tracker.BpmX10; // still refused, but a better guess than the last rate held
                }
            }

            if (_guessBpmX10 > 0)
            {
                _heldBpmX10 = _guessBpmX10;
            }
            else if (_refusal == HeartRefusal.Warmup)
            {
                _guessBpmX10 = _heldBpmX10; // across a hole
            }

            BpmX10 = _refusal == HeartRefusal.None ? _guessBpmX10 : 0;
            GuessBpmX10 = _guessBpmX10;
            Confidence = _confidence;
            Refusal = _refusal;
            IsMoving = _moves;
            _oxygen.Clear();
            Spo2Refusal = JudgeOxygen();
        }

        // A heart at rest does not jump: a reported rate is the mean of the new one and what was reported within the window, and
        // a refused guess stays near it. A change of a sixth and more is followed at once.
        private void Smooth()
        {
            int sinceShown = _beganAt - _shownAt;
            if (_refusal == HeartRefusal.None)
            {
                if (sinceShown < _samples && IntegerMath.Distance(_guessBpmX10, _shownBpmX10) * 6 < _shownBpmX10)
                {
                    _guessBpmX10 = (_guessBpmX10 + _shownBpmX10 + 1) >> 1;
                }

                _shownBpmX10 = _guessBpmX10;
                _shownAt = _beganAt;
            }
            else if (_shownBpmX10 > 0 && sinceShown < _rateHz * HoldS)
            {
                bool isNear = IntegerMath.Distance(_guessBpmX10, _shownBpmX10) * 5 < _shownBpmX10;
                _shownBpmX10 += isNear ? (_guessBpmX10 - _shownBpmX10) / 4 : 0;
                _guessBpmX10 = _shownBpmX10;
            }
        }

        private HeartRefusal JudgeOxygen()
        {
            if (!_hasLevel || (_channels < 2 && !_oxygen.IsTrend))
            {
                return HeartRefusal.NoSignal;
            }

            if (Refusal != HeartRefusal.None && Refusal != HeartRefusal.Irregular)
            {
                return Refusal; // an uneven pulse carries oxygen all the same
            }

            if (!_isStill)
            {
                return HeartRefusal.Motion;
            }

            int[] red = _window.Channel(0);
            if (_oxygen.IsTrend)
            {
                return _oxygen.FollowLevel(red);
            }

            int[] ir = _window.Channel(1);
            int contact = _contactMin * _window.Fold;
            if (IntegerMath.Lowest(red) < contact || IntegerMath.Lowest(ir) < contact)
            {
                return HeartRefusal.NotWorn;
            }

            return _oxygen.Estimate(red, ir, 0, _rateHz * 600 / (1000 * _window.Fold));
        }
    }
}

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
    /// Heart rate at rest from a reflectance pulse sensor, and a cautious SpO2. The last 8 s are kept at 25 to 50 Hz; an
    /// estimate looks at them as a whole: period from the autocorrelation, beats from the slope sum of the systolic edge
    /// with fractional timing, median of the last 8 intervals; both must agree. Refusing is the normal answer to doubt.
    /// No clock, no allocation after construction, integers only. Not for several threads.
    /// </summary>
    public sealed class HeartRate
    {
        /// <summary>Below this confidence nothing is reported.</summary>
        public const int ReportConfidence = 60;

        private const int WindowS = 8;
        private const int HoldS = 30;
        private const int MinRateHz = 25;
        private const int MaxRateHz = 125;
        private const int FullScale = 262143; // 18 bits (MAX30102 datasheet, table 1)
        private const int SaturatedAbove = 261000;
        private const int AgreeX10 = 60;
        private const int MinPerfusionX100000 = 100; // AC peak to peak 0.1 % of DC
        private const int MotionDeviationMg = 30;

        // A heart fills the vessels within a quarter of a second, however slowly it beats; breathing takes a second. With the
        // wave scaled to a mean deviation of 333, a sine of 30 a minute rises 260 within 160 ms, a slow pulse over 500.
        private const int EdgeMin = 500;
        private const int SteepnessMinX1000 = 1200; // 1 in 100 resting pulses of the development recordings is below 1250
        private const int OxygenDeviationMg = 15;

        private readonly int _rateHz;
        private readonly int _channels;
        private readonly int _fold;
        private readonly int _length;
        private readonly int[] _red;
        private readonly int[] _ir;
        private readonly int[] _green;
        private readonly RestPulse _pulse;
        private readonly Oxygen _oxygen = new Oxygen();
        private readonly ArmMotion _motion = new ArmMotion();
        private readonly MotionTracker _tracker = new MotionTracker();

        private int _contactMin = 5000;
        private bool _hasLevel = true;

        private int _at;
        private int _filled;
        private int _folded;
        private int _sumRed;
        private int _sumIr;
        private int _sumGreen;
        private int _sinceSaturated;
        private int _sinceImpossible;
        private int _secondSamples;
        private int _best;
        private int _shownBpmX10;
        private int _sinceShown;
        private int _lost;
        private int _sinceLost;
        private int _sinceTracked;
        private int _heldBpmX10;
        private bool _moves;

        /// <param name="rateHz">Sample rate of <see cref="Push"/>, 25..125; limited to that range.</param>
        /// <param name="channelCount">1..3: one channel arrives as red; two are red and infrared (MAX30102); three add
        /// green (MAX30101), which is the better one at the wrist and is then used for the pulse.</param>
        public HeartRate(int rateHz, int channelCount)
        {
            _rateHz = IntegerMath.Clamp(rateHz, MinRateHz, MaxRateHz);
            _channels = IntegerMath.Clamp(channelCount, 1, 3);
            _fold = _rateHz / MinRateHz;
            _length = WindowS * _rateHz / _fold;
            _red = new int[_length];
            _ir = new int[_channels > 1 ? _length : 0];
            _green = new int[_channels > 2 ? _length : 0];
            _pulse = new RestPulse(_rateHz, _fold, _length);
            Reset();
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
        public bool IsMoving
        {
            get { return _moves; }
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
            int worst = red;
            bool impossible = red < 0 || red > FullScale;
            _sumRed += red;
            if (_channels > 1)
            {
                _sumIr += ir;
                impossible |= ir < 0 || ir > FullScale;
                worst = ir > worst ? ir : worst;
                if (_channels > 2)
                {
                    _sumGreen += green;
                    impossible |= green < 0 || green > FullScale;
                    worst = green > worst ? green : worst;
                }
            }

            if (_hasLevel)
            {
                _sinceSaturated = worst >= SaturatedAbove ? 0 : _sinceSaturated + 1;
                _sinceImpossible = impossible ? 0 : _sinceImpossible + 1;
            }

            if (++_folded == _fold)
            {
                _red[_at] = _sumRed;
                _sumRed = 0;
                if (_channels > 1)
                {
                    _ir[_at] = _sumIr;
                    _sumIr = 0;
                    if (_channels > 2)
                    {
                        _green[_at] = _sumGreen;
                        _sumGreen = 0;
                    }
                }

                _folded = 0;
                _at = _at + 1 == _length ? 0 : _at + 1;
                if (_filled < _length)
                {
                    _filled++;
                }
            }

            _sinceLost++;
            _sinceTracked++;
            _sinceShown++;
            if (++_secondSamples == _rateHz)
            {
                _secondSamples = 0;
                _motion.CloseSecond();
            }
        }

        /// <summary>Keeps the time where samples were lost: the light counts as unchanged meanwhile, which makes no beat. While
        /// more than a tenth of the last 8 s is missing nothing is reported, and after a whole second it begins anew.</summary>
        /// <param name="count">How many samples are missing.</param>
        public void SkipLost(int count)
        {
            if (_filled == 0 || count + (_sinceLost == 0 ? _lost : 0) >= _rateHz)
            {
                int held = _heldBpmX10;
                Reset();
                _heldBpmX10 = held;
                return;
            }

            int last = _at == 0 ? _length - 1 : _at - 1;
            int red = _red[last] / _fold;
            int ir = _channels > 1 ? _ir[last] / _fold : 0;
            int green = _channels > 2 ? _green[last] / _fold : 0;
            for (int i = 0; i < count; i++)
            {
                Push(red, ir, green);
            }

            _lost = _sinceLost < _rateHz * WindowS ? _lost + count : count;
            _sinceLost = 0;
        }

        /// <summary>Takes one accelerometer sample (milli-g), at whatever rate that sensor runs.</summary>
        public void PushMotion(int xMg, int yMg, int zMg)
        {
            _motion.Push(xMg, yMg, zMg);
            _tracker.PushMotion(xMg, yMg, zMg);
        }

        /// <summary>Estimates from the last 8 s. Call it every 1 to 10 s.</summary>
        /// <returns>True if a heart rate is reported; otherwise <see cref="Refusal"/> says why not.</returns>
        public bool TryEstimate()
        {
            BpmX10 = 0;
            GuessBpmX10 = 0;
            Confidence = 0;
            _oxygen.Clear();
            _moves = _motion.DeviationMg(WindowS) > MotionDeviationMg;
            Track();
            Refusal = Judge();
            if (!_moves)
            {
                if (Refusal == HeartRefusal.None && _tracker.Confidence >= ReportConfidence
                    && IntegerMath.Distance(GuessBpmX10, _tracker.BpmX10) > AgreeX10)
                {
                    Refusal = HeartRefusal.Disagree; // two sure witnesses who contradict each other: one is wrong
                }

                Follow();
                if (Refusal != HeartRefusal.None && GuessBpmX10 > 0 && _tracker.Confidence >= ReportConfidence)
                {
                    GuessBpmX10 = _tracker.BpmX10; // still refused, but a better guess than the last rate held
                }
            }

            if (Refusal == HeartRefusal.None)
            {
                BpmX10 = GuessBpmX10;
            }

            if (GuessBpmX10 > 0)
            {
                _heldBpmX10 = GuessBpmX10;
            }
            else if (Refusal == HeartRefusal.Warmup)
            {
                GuessBpmX10 = _heldBpmX10; // across a hole
            }

            Spo2Refusal = JudgeOxygen();
            return Refusal == HeartRefusal.None;
        }

        /// <summary>Forgets all samples; the configuration stays.</summary>
        public void Reset()
        {
            _at = 0;
            _filled = 0;
            _folded = 0;
            _sumRed = 0;
            _sumIr = 0;
            _sumGreen = 0;
            _sinceSaturated = _rateHz * WindowS;
            _sinceImpossible = _rateHz * WindowS;
            _secondSamples = 0;
            _best = _channels - 1;
            _shownBpmX10 = 0;
            _sinceShown = 0;
            _lost = 0;
            _sinceLost = _rateHz * WindowS;
            _motion.Reset();
            _tracker.Reset();
            _sinceTracked = 0;
            _heldBpmX10 = 0;
            BpmX10 = 0;
            GuessBpmX10 = 0;
            Confidence = 0;
            _oxygen.Reset();
            Refusal = HeartRefusal.Warmup;
            Spo2Refusal = HeartRefusal.Warmup;
        }

        // The light counts as unchanged before the first sample, so that half a window already gives a guess.
        private void FillUp()
        {
            for (int i = _filled; i < _length; i++)
            {
                _red[i] = _red[0];
                if (_channels > 1)
                {
                    _ir[i] = _ir[0];
                    if (_channels > 2)
                    {
                        _green[i] = _green[0];
                    }
                }
            }
        }

        // The tracker lives in steps of 2 s, however often it is asked for, because each costs 400,000 instructions; from half a
        // window on it has something to look at.
        private void Track()
        {
            int steps = (_sinceTracked + (_rateHz / 2)) * 1000 / (MotionTracker.StepMs * _rateHz);
            if (steps > 0 && _filled * 2 >= _length)
            {
                _tracker.Update(_red, _ir, _green, _at, steps);
                _sinceTracked = 0;
            }
        }

        private HeartRefusal Judge()
        {
            int window = _rateHz * WindowS;
            if (_filled < _length / 2)
            {
                return HeartRefusal.Warmup;
            }

            FillUp();
            if (_hasLevel)
            {
                if (_sinceImpossible < window)
                {
                    return HeartRefusal.SensorFault;
                }

                if (IntegerMath.Lowest(Channel(_channels - 1)) < _contactMin * _fold)
                {
                    return HeartRefusal.NotWorn;
                }

                if (_sinceSaturated < window)
                {
                    return HeartRefusal.Saturated;
                }
            }

            if (_motion.IsSilent)
            {
                return HeartRefusal.SensorFault;
            }

            HeartRefusal refusal = _moves ? JudgeMotion() : JudgeChannels();
            if (refusal != HeartRefusal.SensorFault && (_filled < _length || (_sinceLost < window && _lost * 10 > window)))
            {
                return HeartRefusal.Warmup;
            }

            return refusal;
        }

        // While the arm moves the beats are lost in its wave; the tracker answers, or nobody.
        private HeartRefusal JudgeMotion()
        {
            bool alive = false;
            for (int i = 0; i < _channels && !alive; i++)
            {
                alive = !IsFrozen(Channel(i));
            }

            if (!alive)
            {
                return HeartRefusal.SensorFault;
            }

            GuessBpmX10 = _tracker.BpmX10;
            Confidence = _tracker.Confidence;
            return Confidence >= ReportConfidence ? HeartRefusal.None : HeartRefusal.Motion;
        }

        // The channel that served last comes first; only where it fails the others cost an analysis each.
        private HeartRefusal JudgeChannels()
        {
            HeartRefusal refusal = HeartRefusal.SensorFault;
            int best = _best;
            int bestConfidence = -1;
            int bestBpmX10 = 0;
            for (int i = 0; i < _channels; i++)
            {
                int tried = _best - i < 0 ? _best - i + _channels : _best - i;
                HeartRefusal why = JudgeChannel(Channel(tried));
                if (why == HeartRefusal.None || (why != HeartRefusal.SensorFault && Confidence > bestConfidence))
                {
                    best = tried;
                    bestConfidence = Confidence;
                    bestBpmX10 = GuessBpmX10;
                    refusal = why;
                }

                if (why == HeartRefusal.None)
                {
                    break;
                }
            }

            _best = best;
            Confidence = bestConfidence < 0 ? 0 : bestConfidence;
            GuessBpmX10 = bestBpmX10;
            return refusal;
        }

        private HeartRefusal JudgeChannel(int[] channel)
        {
            Confidence = 0;
            GuessBpmX10 = 0;
            if (IsFrozen(channel))
            {
                return HeartRefusal.SensorFault; // 8 s without a single count of noise: not a living converter
            }

            _pulse.Analyse(channel, _at, _hasLevel);
            if (_pulse.PeriodBpmX10 == 0)
            {
                return HeartRefusal.NoSignal;
            }

            int beatBpmX10 = _pulse.BeatBpmX10;
            bool agree = beatBpmX10 > 0 && IntegerMath.Distance(beatBpmX10, _pulse.PeriodBpmX10) <= AgreeX10;
            bool isHalf = IntegerMath.Distance(beatBpmX10, 2 * _pulse.PeriodBpmX10) <= 2 * AgreeX10;
            GuessBpmX10 = agree || isHalf ? beatBpmX10 : _pulse.PeriodBpmX10;

            // A clean pulse at rest repeats itself to 0.8 and more; below 0.5 it could be anything.
            int regular = IntegerMath.Clamp((_pulse.PeriodicityX1000 - 400) / 5, 0, 100);
            int even = IntegerMath.Clamp(100 - (4 * _pulse.ChangePercent), 0, 100);
            Confidence = agree ? Smaller(regular, even) : Smaller(regular, ReportConfidence - 10);
            if (_hasLevel && Perfusion(channel) < MinPerfusionX100000)
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

            return Confidence >= ReportConfidence ? HeartRefusal.None
                : even < regular ? HeartRefusal.Irregular : HeartRefusal.NoSignal;
        }

        // A heart at rest does not jump: a reported rate is the mean of the new one and what was reported within the window, and
        // a refused guess stays near it. A change of a sixth and more is followed at once.
        private void Follow()
        {
            if (Refusal == HeartRefusal.None)
            {
                if (_sinceShown < _rateHz * WindowS && IntegerMath.Distance(GuessBpmX10, _shownBpmX10) * 6 < _shownBpmX10)
                {
                    GuessBpmX10 = (GuessBpmX10 + _shownBpmX10 + 1) >> 1;
                }

                _shownBpmX10 = GuessBpmX10;
                _sinceShown = 0;
            }
            else if (_shownBpmX10 > 0 && _sinceShown < _rateHz * HoldS)
            {
                bool isNear = IntegerMath.Distance(GuessBpmX10, _shownBpmX10) * 5 < _shownBpmX10;
                _shownBpmX10 += isNear ? (GuessBpmX10 - _shownBpmX10) / 4 : 0;
                GuessBpmX10 = _shownBpmX10;
            }
        }

        private int[] Channel(int index)
        {
            return index == 2 ? _green : index == 1 ? _ir : _red;
        }

        private static bool IsFrozen(int[] channel)
        {
            for (int i = 1; i < channel.Length; i++)
            {
                if (channel[i] != channel[0])
                {
                    return false;
                }
            }

            return true;
        }

        private static int EdgeNeeded(int bpmX10)
        {
            return bpmX10 < EdgeMin ? (2 * EdgeMin) - bpmX10 : EdgeMin;
        }

        private static int Smaller(int a, int b)
        {
            return a < b ? a : b;
        }

        // Mean absolute pulse wave x 4 is near its peak-to-peak swing; relative to the level, in 1/100000.
        private int Perfusion(int[] channel)
        {
            int level = IntegerMath.Mean(channel);
            return level <= 0 ? 0 : (int)((long)_pulse.Swing * 100000 / level);
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

            if (_motion.DeviationMg(ArmMotion.Seconds) > OxygenDeviationMg)
            {
                return HeartRefusal.Motion;
            }

            if (_oxygen.IsTrend)
            {
                return _oxygen.FollowLevel(_red);
            }

            int contact = _contactMin * _fold;
            if (IntegerMath.Lowest(_red) < contact || IntegerMath.Lowest(_ir) < contact)
            {
                return HeartRefusal.NotWorn;
            }

            return _oxygen.Estimate(_red, _ir, _at, _rateHz * 600 / (1000 * _fold));
        }
    }
}

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
        private const int MinRateHz = 25;
        private const int MaxRateHz = 125;
        private const int FullScale = 262143; // 18 bits (MAX30102 datasheet, table 1)
        private const int SaturatedAbove = 261000;
        private const int SlowestMs = 2000; // 30 bpm
        private const int FastestMs = 250; // 240 bpm
        private const int GapMs = 360; // a dicrotic wave comes within it
        private const int AgreeX10 = 60;
        private const int MinPerfusionX100000 = 100; // AC peak to peak 0.1 % of DC
        private const int MotionDeviationMg = 30;

        // A heart fills the vessels within a quarter of a second, however slowly it beats; breathing takes a second. With the
        // wave scaled to a mean deviation of 333, a sine of 30 a minute rises 260 within 160 ms, a slow pulse over 500.
        private const int EdgeMin = 400;
        private const int OxygenDeviationMg = 15;
        private const int MotionBlocks = 10;

        private readonly int _rateHz;
        private readonly int _channels;
        private readonly int _fold;
        private readonly int _length;
        private readonly int[] _red;
        private readonly int[] _ir;
        private readonly int[] _green;
        private readonly int[] _pulse;
        private readonly int[] _work;
        private readonly int[] _intervals;
        private readonly int _shortest;
        private readonly int _longest;

        private int _contactMin = 5000;
        private bool _hasLevel = true;
        private int _curveConstantX1000 = 112690;
        private int _curveLinearX1000 = -34660;
        private int _curveSquareX1000 = 1596;

        private int _at;
        private int _filled;
        private int _folded;
        private int _sumRed;
        private int _sumIr;
        private int _sumGreen;
        private int _sinceSaturated;
        private int _sinceImpossible;

        // One-second blocks of the accelerometer, closed by the pulse samples' count: the two run at their own rates.
        private readonly int[] _blockVariance = new int[MotionBlocks];
        private int _blockAt;
        private int _blocks;
        private int _blockSamples;
        private int _motionCount;
        private int _motionX;
        private int _motionY;
        private int _motionZ;
        private long _motionSquares;
        private int _silentBlocks;
        private bool _motionKnown;

        // What an analysis of _pulse leaves behind.
        private int _periodicityX1000;
        private int _halfwayX1000;
        private int _periodX256;
        private int _spreadPercent;
        private int _beatBpmX10;
        private int _swing;
        private int _edge;

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
            _pulse = new int[_length];
            _work = new int[_length];
            _intervals = new int[WindowS * 1000 / FastestMs];
            _shortest = FastestMs * _rateHz / (1000 * _fold);
            _longest = SlowestMs * _rateHz / (1000 * _fold);
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
        public int Spo2X10 { get; private set; }

        /// <summary>Why there is no SpO2.</summary>
        public HeartRefusal Spo2Refusal { get; private set; }

        /// <summary>Ratio of ratios x1000 behind the SpO2 of the last estimate, 0 if there is none.</summary>
        public int RatioX1000 { get; private set; }

        /// <summary>Describes the optics.</summary>
        /// <param name="contactMinCounts">Level under which nothing is on the sensor, 18-bit counts.</param>
        /// <param name="hasLevel">False for recordings that were band-passed at the source: contact, saturation and
        /// perfusion then cannot be judged and SpO2 is never given.</param>
        public void ConfigureOptics(int contactMinCounts, bool hasLevel)
        {
            _contactMin = contactMinCounts;
            _hasLevel = hasLevel;
        }

        /// <summary>SpO2 (percent) = constant + linear R + square R^2, each x1000. Published curves differ by 4.8 points at
        /// R = 0.7, so it belongs to the device. Default: Maxim's recommendation for its own modules.</summary>
        public void ConfigureOxygenCurve(int constantX1000, int linearX1000, int squareX1000)
        {
            _curveConstantX1000 = constantX1000;
            _curveLinearX1000 = linearX1000;
            _curveSquareX1000 = squareX1000;
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

            if (++_blockSamples == _rateHz)
            {
                CloseMotionBlock();
            }
        }

        /// <summary>Takes one accelerometer sample (milli-g), at whatever rate that sensor runs.</summary>
        public void PushMotion(int xMg, int yMg, int zMg)
        {
            int x = IntegerMath.Clamp(xMg, -16000, 16000);
            int y = IntegerMath.Clamp(yMg, -16000, 16000);
            int z = IntegerMath.Clamp(zMg, -16000, 16000);
            _motionKnown = true;
            _motionCount++;
            _motionX += x;
            _motionY += y;
            _motionZ += z;
            _motionSquares += (x * x) + (y * y) + (z * z);
        }

        /// <summary>Estimates from the last 8 s. Call it every 1 to 10 s.</summary>
        /// <returns>True if a heart rate is reported; otherwise <see cref="Refusal"/> says why not.</returns>
        public bool TryEstimate()
        {
            BpmX10 = 0;
            GuessBpmX10 = 0;
            Confidence = 0;
            Spo2X10 = 0;
            RatioX1000 = 0;
            Refusal = Judge();
            if (Refusal == HeartRefusal.None)
            {
                BpmX10 = GuessBpmX10;
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
            _blockAt = 0;
            _blocks = 0;
            _blockSamples = 0;
            _motionCount = 0;
            _motionX = 0;
            _motionY = 0;
            _motionZ = 0;
            _motionSquares = 0;
            _silentBlocks = 0;
            _motionKnown = false;
            BpmX10 = 0;
            GuessBpmX10 = 0;
            Confidence = 0;
            Spo2X10 = 0;
            RatioX1000 = 0;
            Refusal = HeartRefusal.Warmup;
            Spo2Refusal = HeartRefusal.Warmup;
        }

        private HeartRefusal Judge()
        {
            int window = _rateHz * WindowS;
            if (_filled < _length)
            {
                return HeartRefusal.Warmup;
            }

            if (_hasLevel)
            {
                if (_sinceImpossible < window)
                {
                    return HeartRefusal.SensorFault;
                }

                int lowest = Lowest(PulseChannel()) / _fold;
                if (lowest < _contactMin)
                {
                    return HeartRefusal.NotWorn;
                }

                if (_sinceSaturated < window)
                {
                    return HeartRefusal.Saturated;
                }
            }

            if (_motionKnown && _silentBlocks >= 3)
            {
                return HeartRefusal.SensorFault;
            }

            int[] channel = PulseChannel();
            if (Lowest(channel) == Highest(channel))
            {
                return HeartRefusal.SensorFault; // 8 s without a single count of noise: not a living converter
            }

            Shape(channel);
            FindPeriod();
            FindBeats();
            if (_periodX256 == 0)
            {
                return HeartRefusal.NoSignal;
            }

            int scaledRate = 600 * 256 * _rateHz / _fold;
            int periodBpmX10 = scaledRate / _periodX256;
            bool agree = _beatBpmX10 > 0 && Distance(_beatBpmX10, periodBpmX10) <= AgreeX10;
            GuessBpmX10 = agree ? _beatBpmX10 : periodBpmX10;

            // A clean pulse at rest repeats itself to 0.8 and more; below 0.5 it could be anything.
            int regular = IntegerMath.Clamp((_periodicityX1000 - 400) / 5, 0, 100);
            int even = IntegerMath.Clamp(100 - (3 * _spreadPercent), 0, 100);
            Confidence = agree ? (regular < even ? regular : even) : Smaller(regular, ReportConfidence - 10);

            if (Deviation(WindowS) > MotionDeviationMg)
            {
                return HeartRefusal.Motion;
            }

            if (_hasLevel && Perfusion(channel) < MinPerfusionX100000)
            {
                return HeartRefusal.LowPerfusion;
            }

            if (_periodicityX1000 < 500 || _edge < EdgeMin)
            {
                return HeartRefusal.NoSignal;
            }

            if (!agree || _halfwayX1000 * 2 > _periodicityX1000)
            {
                return HeartRefusal.Disagree;
            }

            return Confidence >= ReportConfidence ? HeartRefusal.None
                : even < regular ? HeartRefusal.Irregular : HeartRefusal.NoSignal;
        }

        private int[] PulseChannel()
        {
            return _channels == 3 ? _green : _channels == 2 ? _ir : _red;
        }

        private static int Smaller(int a, int b)
        {
            return a < b ? a : b;
        }

        private static int Distance(int a, int b)
        {
            return a < b ? b - a : a - b;
        }

        private int Lowest(int[] ring)
        {
            int lowest = ring[0];
            for (int i = 1; i < _length; i++)
            {
                if (ring[i] < lowest)
                {
                    lowest = ring[i];
                }
            }

            return lowest;
        }

        private int Highest(int[] ring)
        {
            int highest = ring[0];
            for (int i = 1; i < _length; i++)
            {
                if (ring[i] > highest)
                {
                    highest = ring[i];
                }
            }

            return highest;
        }

        private int Level(int[] ring)
        {
            long sum = 0;
            for (int i = 0; i < _length; i++)
            {
                sum += ring[i];
            }

            return (int)(sum / _length);
        }

        // Mean absolute pulse wave x 4 is near its peak-to-peak swing; relative to the level, in 1/100000.
        private int Perfusion(int[] channel)
        {
            int level = Level(channel);
            return level <= 0 ? 0 : (int)((long)_swing * 100000 / level);
        }

        // The ring in order, turned over (more blood = less light), smoothed over 120 ms, without its mean over 1.2 s, limited
        // to three times its mean deviation so that one step of ambient light does not own the window, scaled to +-1000.
        private void Shape(int[] ring)
        {
            int at = _at;
            for (int i = 0; i < _length; i++)
            {
                _work[i] = -ring[at];
                at = at + 1 == _length ? 0 : at + 1;
            }

            int half = _rateHz * 600 / (1000 * _fold);
            int halfShort = _rateHz * 60 / (1000 * _fold);
            long sum = 0;
            int count = 0;
            long sumShort = 0;
            int countShort = 0;
            for (int i = 0; i < half; i++)
            {
                sum += _work[i];
                count++;
            }

            for (int i = 0; i < halfShort; i++)
            {
                sumShort += _work[i];
                countShort++;
            }

            for (int i = 0; i < _length; i++)
            {
                Slide(i, half, ref sum, ref count);
                Slide(i, halfShort, ref sumShort, ref countShort);

                // 16 times, so that folding and averaging do not round a weak pulse away; in long, as 5 x 18 bits x 16 is 25 bits.
                _pulse[i] = (int)((sumShort * 16 / countShort) - (sum * 16 / count));
            }

            long absolute = 0;
            for (int i = 0; i < _length; i++)
            {
                absolute += _pulse[i] < 0 ? -_pulse[i] : _pulse[i];
            }

            int mean = (int)(absolute / _length);
            _swing = mean / 4; // mean deviation x 4, without the 16
            int limit = mean * 3;
            for (int i = 0; i < _length; i++)
            {
                int clipped = IntegerMath.Clamp(_pulse[i], -limit, limit);
                _pulse[i] = limit == 0 ? 0 : (int)((long)clipped * 1000 / limit);
            }
        }

        private void Slide(int i, int half, ref long sum, ref int count)
        {
            if (i + half < _length)
            {
                sum += _work[i + half];
                count++;
            }

            if (i - half - 1 >= 0)
            {
                sum -= _work[i - half - 1];
                count--;
            }
        }

        // The first strong peak of the autocorrelation: the lowest lag that reaches nearly the highest value, so that two
        // beats are not taken for one (half the rate); a dicrotic notch does not get that high (double the rate).
        private void FindPeriod()
        {
            int[] pulse = _pulse; // a local: this loop is most of what an estimate costs
            int headEnergy = 0;
            for (int i = 0; i < _length; i++)
            {
                headEnergy += pulse[i] * pulse[i]; // at most 392 x 1000^2
            }

            int tailEnergy = headEnergy;
            int highest = 0;
            for (int lag = 0; lag <= _longest + 1; lag++)
            {
                int product = 0;
                int end = _length - lag;
                for (int i = 0; i < end; i++)
                {
                    product += pulse[i] * pulse[i + lag];
                }

                long norm = IntegerMath.IsqrtLong((long)headEnergy * tailEnergy);
                _work[lag] = norm == 0 ? 0 : (int)((long)product * 1000 / norm);
                headEnergy -= pulse[end - 1] * pulse[end - 1];
                tailEnergy -= pulse[lag] * pulse[lag];
                if (lag >= _shortest && lag <= _longest && _work[lag] > highest && IsPeak(lag))
                {
                    highest = _work[lag];
                }
            }

            _periodX256 = 0;
            _periodicityX1000 = highest;
            for (int lag = _shortest; lag <= _longest; lag++)
            {
                if (_work[lag] * 100 >= highest * 85 && highest > 0 && _work[lag] >= _work[lag + 1] && _work[lag] > _work[lag - 1])
                {
                    _periodicityX1000 = _work[lag];
                    _halfwayX1000 = HighestBetween((lag * 2 / 5) - 1, (lag * 3 / 5) + 1);
                    _periodX256 = (lag * 256) + VertexX256(_work[lag - 1], _work[lag], _work[lag + 1]);
                    return;
                }
            }
        }

        // The highest peak strictly between two lags: two beats taken for one repeat nearly as well at half of the period.
        private int HighestBetween(int fromLag, int toLag)
        {
            int highest = 0;
            for (int lag = fromLag < 1 ? 1 : fromLag; lag < toLag; lag++)
            {
                if (_work[lag] > highest && _work[lag] >= _work[lag + 1] && _work[lag] > _work[lag - 1])
                {
                    highest = _work[lag];
                }
            }

            return highest;
        }

        // Judged when the lag's right neighbour is not there yet: rising into it is enough for the highest value.
        private bool IsPeak(int lag)
        {
            return _work[lag] > _work[lag - 1];
        }

        // Where the parabola through three points has its top, in 1/256 of their distance, -128..128.
        private static int VertexX256(int before, int top, int after)
        {
            int curve = before - (2 * top) + after;
            return curve >= 0 ? 0 : IntegerMath.Clamp(128 * (before - after) / curve, -128, 128);
        }

        // Beats: the steepest point of each systolic edge whose slope sum stands out; between them, fractional intervals.
        private void FindBeats()
        {
            _beatBpmX10 = 0;
            _spreadPercent = 100;
            int window = _rateHz * 160 / (1000 * _fold);

            // Found without help from the period, or the two would always agree: only for a quick heart it shortens the gap.
            int gap = GapMs * _rateHz / (1000 * _fold);
            int share = _periodX256 * 6 / 2560;
            if (share > 0 && share < gap)
            {
                gap = share < _shortest ? _shortest : share;
            }

            int slopeSum = 0;
            for (int i = 0; i < _length; i++)
            {
                slopeSum += Rise(i);
                if (i >= window)
                {
                    slopeSum -= Rise(i - window);
                }

                _work[i] = slopeSum;
            }

            int threshold = SlopeThreshold();
            int last = -1;
            int lastX256 = 0;
            int intervals = 0;
            for (int i = 1; i < _length - 1; i++)
            {
                if (_work[i] < threshold || _work[i] < _work[i - 1] || _work[i] <= _work[i + 1] || !Stands(i, gap))
                {
                    continue;
                }

                int steepest = Steepest(i, window);
                int nowX256 = (steepest * 256) + VertexX256(Rise(steepest - 1), Rise(steepest), Rise(steepest + 1));
                if (last >= 0 && intervals < _intervals.Length)
                {
                    _intervals[intervals++] = nowX256 - lastX256;
                }

                last = i;
                lastX256 = nowX256;
            }

            if (intervals < 3)
            {
                return;
            }

            int first = intervals > 8 ? intervals - 8 : 0;
            int count = intervals - first;
            for (int i = 0; i < count; i++)
            {
                _intervals[i] = _intervals[first + i];
            }

            IntegerMath.Sort(_intervals, count);
            int medianX2 = _intervals[(count - 1) / 2] + _intervals[count / 2];
            if (medianX2 <= 0)
            {
                return;
            }

            int spread = 0;
            for (int i = 0; i < count; i++)
            {
                spread += Distance(2 * _intervals[i], medianX2);
            }

            _spreadPercent = IntegerMath.Clamp((int)((long)spread * 100 / ((long)medianX2 * count)), 0, 100);
            _beatBpmX10 = 600 * 512 * _rateHz / (_fold * medianX2);
        }

        private int Rise(int i)
        {
            if (i <= 0 || i >= _length)
            {
                return 0;
            }

            int d = _pulse[i] - _pulse[i - 1];
            return d > 0 ? d : 0;
        }

        // Half the median of the highest slope sums of four 2 s parts: one artefact cannot raise it, one pause cannot lower it.
        private int SlopeThreshold()
        {
            int part = _length / 4;
            for (int p = 0; p < 4; p++)
            {
                int highest = 0;
                for (int i = p * part; i < (p + 1) * part; i++)
                {
                    if (_work[i] > highest)
                    {
                        highest = _work[i];
                    }
                }

                _intervals[p] = highest;
            }

            IntegerMath.Sort(_intervals, 4);
            _edge = (_intervals[1] + _intervals[2]) / 2;
            return 1 + (_edge / 2);
        }

        // No higher slope sum within the gap on either side.
        private bool Stands(int i, int gap)
        {
            int end = i + gap < _length ? i + gap : _length;
            for (int j = i - gap > 0 ? i - gap : 0; j < end; j++)
            {
                if (_work[j] > _work[i])
                {
                    return false;
                }
            }

            return true;
        }

        private int Steepest(int i, int window)
        {
            int best = i;
            for (int j = i - window; j <= i; j++)
            {
                if (Rise(j) > Rise(best))
                {
                    best = j;
                }
            }

            return best;
        }

        private void CloseMotionBlock()
        {
            _blockSamples = 0;
            if (_motionCount > 0)
            {
                long mean = ((long)_motionX * _motionX) + ((long)_motionY * _motionY) + ((long)_motionZ * _motionZ);
                long variance = (_motionSquares - (mean / _motionCount)) / _motionCount;
                _blockVariance[_blockAt] = variance > int.MaxValue ? int.MaxValue : (int)variance;
                _blockAt = _blockAt + 1 == MotionBlocks ? 0 : _blockAt + 1;
                _blocks = _blocks < MotionBlocks ? _blocks + 1 : MotionBlocks;
                _silentBlocks = 0;
            }
            else
            {
                _silentBlocks = _silentBlocks < 1000 ? _silentBlocks + 1 : 1000;
            }

            _motionCount = 0;
            _motionX = 0;
            _motionY = 0;
            _motionZ = 0;
            _motionSquares = 0;
        }

        // Root of the mean variance of the last seconds, mg: each second around its own mean, so that holding the arm another
        // way is not motion.
        private int Deviation(int seconds)
        {
            int count = seconds < _blocks ? seconds : _blocks;
            if (count == 0)
            {
                return 0;
            }

            long sum = 0;
            int at = _blockAt;
            for (int i = 0; i < count; i++)
            {
                at = at == 0 ? MotionBlocks - 1 : at - 1;
                sum += _blockVariance[at];
            }

            return (int)IntegerMath.IsqrtLong(sum / count);
        }

        private HeartRefusal JudgeOxygen()
        {
            if (_channels < 2 || !_hasLevel)
            {
                return HeartRefusal.NoSignal;
            }

            if (Refusal != HeartRefusal.None)
            {
                return Refusal;
            }

            if (Deviation(MotionBlocks) > OxygenDeviationMg)
            {
                return HeartRefusal.Motion;
            }

            long levelRed = Level(_red);
            long levelIr = Level(_ir);
            if (levelRed < (long)_contactMin * _fold || levelIr < (long)_contactMin * _fold)
            {
                return HeartRefusal.NotWorn;
            }

            Shape(_ir);
            if (Perfusion(_ir) < MinPerfusionX100000)
            {
                return HeartRefusal.LowPerfusion;
            }

            // R by regression of the red wave on the infrared one, over the window and over its quarters.
            long crossAll = 0;
            long irAll = 0;
            long redAll = 0;
            int lowest = int.MaxValue;
            int highest = 0;
            int quarter = _length / 4;
            for (int q = 0; q < 4; q++)
            {
                long cross = 0;
                long irSquares = 0;
                int start = (_at + (q * quarter)) % _length;
                long meanRed = MeanFrom(_red, start, quarter);
                long meanIr = MeanFrom(_ir, start, quarter);
                int at = start;
                for (int i = 0; i < quarter; i++)
                {
                    long r = ((long)_red[at] * 16) - meanRed;
                    long s = ((long)_ir[at] * 16) - meanIr;
                    cross += r * s;
                    irSquares += s * s;
                    redAll += r * r;
                    at = at + 1 == _length ? 0 : at + 1;
                }

                crossAll += cross;
                irAll += irSquares;
                int ratio = Ratio(cross, irSquares, levelRed, levelIr);
                lowest = ratio < lowest ? ratio : lowest;
                highest = ratio > highest ? ratio : highest;
            }

            long norm = IntegerMath.IsqrtLong(irAll) * IntegerMath.IsqrtLong(redAll);
            if (norm == 0 || crossAll / (1 + (norm / 1000)) < 900)
            {
                return HeartRefusal.NoSignal;
            }

            RatioX1000 = Ratio(crossAll, irAll, levelRed, levelIr);
            if (highest - lowest > 150)
            {
                return HeartRefusal.Disagree;
            }

            long r1000 = RatioX1000;
            long percentX1000 = _curveConstantX1000 + (_curveLinearX1000 * r1000 / 1000)
                + (_curveSquareX1000 * r1000 * r1000 / 1000000);
            if (percentX1000 < 70000 || percentX1000 > 101000)
            {
                return HeartRefusal.NoSignal; // the curve was never fitted there
            }

            int percent = (int)((percentX1000 + 500) / 1000);
            Spo2X10 = (percent > 100 ? 100 : percent) * 10;
            return HeartRefusal.None;
        }

        private long MeanFrom(int[] ring, int start, int count)
        {
            long sum = 0;
            int at = start;
            for (int i = 0; i < count; i++)
            {
                sum += ring[at];
                at = at + 1 == _length ? 0 : at + 1;
            }

            return sum * 16 / count;
        }

        private static int Ratio(long cross, long irSquares, long levelRed, long levelIr)
        {
            if (irSquares <= 0 || cross <= 0)
            {
                return 0;
            }

            // cross / irSquares x 10^6 without leaving 63 bits, then the two levels.
            while (cross > 1L << 40 || irSquares > 1L << 40)
            {
                cross >>= 1;
                irSquares >>= 1;
            }

            long slope = irSquares == 0 ? 0 : cross * 1000000 / irSquares;
            return (int)(slope * levelIr / levelRed / 1000);
        }
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// What the forest looks at: one pass of integer features over the samples around an impact.
    /// All of them are in milli-g, milliseconds or cosines x1000, so one table serves 25 and 50 Hz, and none has the sign
    /// of an axis, so the left and the right wrist, and a band worn upside down, are the same.
    /// </summary>
    public sealed class FallFeatures
    {
        /// <summary>Milliseconds of signal kept before the impact.</summary>
        public const int BeforeMs = 2600;

        /// <summary>Milliseconds of signal awaited after the impact; this is most of the delay of a verdict.</summary>
        public const int AfterMs = 3000;

        /// <summary>Number of features.</summary>
        public const int Count = 36;

        /// <summary>Each axis is cut here before any feature: part of the training recordings clips at 4 g, and a
        /// feature above it would tell the recordings apart instead of the movements.</summary>
        public const int AxisLimitMg = 4000;

        private const int ImpactMg = 1500;

        private readonly int _rateHz;
        private readonly int _step;
        private readonly int _impact;
        private readonly int _length;
        private readonly short[] _x;
        private readonly short[] _y;
        private readonly short[] _z;
        private readonly short[] _m;
        private readonly int[] _values = new int[Count];

        // The mean vector, per axis, of the window that Average looked at last.
        private int _meanX;
        private int _meanY;
        private int _meanZ;

        /// <summary>Scratch for one detector at 25 or 50 Hz.</summary>
        public FallFeatures(int rateHz)
        {
            _rateHz = rateHz;
            _step = rateHz / 25;
            _impact = Samples(BeforeMs);
            _length = _impact + Samples(AfterMs);
            _x = new short[_length];
            _y = new short[_length];
            _z = new short[_length];
            _m = new short[_length];
        }

        /// <summary>Samples needed: the window before the impact, the impact, and the window after it.</summary>
        public int Length
        {
            get { return _length; }
        }

        /// <summary>The features of the last <see cref="Compute"/>; owned by this object.</summary>
        public int[] Values
        {
            get { return _values; }
        }

        /// <summary>Computes all features from a ring whose oldest sample is at <paramref name="oldest"/>; the impact lies
        /// <see cref="AfterMs"/> before the newest.</summary>
        public void Compute(short[] ringX, short[] ringY, short[] ringZ, int oldest)
        {
            int at = oldest;
            int magnitude = 1000;
            for (int i = 0; i < _length; i++)
            {
                int x = IntegerMath.Clamp(ringX[at], -AxisLimitMg, AxisLimitMg);
                int y = IntegerMath.Clamp(ringY[at], -AxisLimitMg, AxisLimitMg);
                int z = IntegerMath.Clamp(ringZ[at], -AxisLimitMg, AxisLimitMg);
                _x[i] = (short)x;
                _y[i] = (short)y;
                _z[i] = (short)z;
                magnitude = IntegerMath.IsqrtNear((x * x) + (y * y) + (z * z), magnitude);
                _m[i] = (short)magnitude;
                at = at + 1 == _length ? 0 : at + 1;
            }

            int[] f = _values;
            f[0] = Highest(-200, 200);
            f[1] = Lowest(-1000, 0);
            f[2] = Shortfall(-1000, 0);
            f[3] = Higher(Highest(-1000, -240), Highest(240, 1600));
            f[4] = Highest(1000, 3000);
            f[5] = MillisecondsAbove(-1000, 1600);
            f[6] = MillisecondsAbove(-2600, -1000);
            f[7] = Crossings(-1000, 1600);
            f[8] = MeanDeviation(-320, 320);
            f[9] = HighestJerk(-320, 320);
            f[10] = Path(-1000, 1000);
            f[11] = AxisRanges(-520, 520);
            f[12] = Excess(0, 1000);
            f[13] = Excess(-400, 200);
            f[14] = FallingSpeed(-1000, 0);
            f[15] = HighestMean(-520, 520, 120);
            f[16] = MeanDeviation(-2600, -1200);
            f[17] = MeanDeviation(600, 1400);
            f[18] = MeanDeviation(1400, 2200);
            f[19] = MeanDeviation(2200, 3000);

            f[20] = Average(-2600, -1400);
            int beforeX = _meanX;
            int beforeY = _meanY;
            int beforeZ = _meanZ;
            f[21] = Average(-1000, -400);
            int fallX = _meanX;
            int fallY = _meanY;
            int fallZ = _meanZ;
            f[22] = Average(-400, 0);
            int hitX = _meanX;
            int hitY = _meanY;
            int hitZ = _meanZ;
            f[23] = Average(120, 720);
            int thenX = _meanX;
            int thenY = _meanY;
            int thenZ = _meanZ;
            f[24] = Average(1000, 2000);
            int afterX = _meanX;
            int afterY = _meanY;
            int afterZ = _meanZ;
            f[25] = Average(2000, 3000);
            f[26] = IntegerMath.CosineX1000(beforeX, beforeY, beforeZ, _meanX, _meanY, _meanZ);
            f[27] = IntegerMath.CosineX1000(beforeX, beforeY, beforeZ, hitX, hitY, hitZ);
            f[28] = IntegerMath.CosineX1000(hitX, hitY, hitZ, _meanX, _meanY, _meanZ);
            f[29] = IntegerMath.CosineX1000(fallX, fallY, fallZ, thenX, thenY, thenZ);
            f[30] = IntegerMath.CosineX1000(thenX, thenY, thenZ, _meanX, _meanY, _meanZ);
            f[31] = IntegerMath.CosineX1000(afterX, afterY, afterZ, _meanX, _meanY, _meanZ);
            f[32] = TurnPath(-1200, 1200);
            f[33] = TurnPath(1000, 3000);
            f[34] = Path(1000, 3000);
            f[35] = MillisecondsFromLowest(-1000);
        }

        private static int Higher(int a, int b)
        {
            return a > b ? a : b;
        }

        private int Samples(int ms)
        {
            return ms * _rateHz / 1000;
        }

        private int Index(int ms)
        {
            return IntegerMath.Clamp(_impact + Samples(ms), 0, _length);
        }

        private int Highest(int fromMs, int toMs)
        {
            int end = Index(toMs);
            int highest = 0;
            for (int i = Index(fromMs); i < end; i++)
            {
                if (_m[i] > highest)
                {
                    highest = _m[i];
                }
            }

            return highest;
        }

        private int Lowest(int fromMs, int toMs)
        {
            int end = Index(toMs);
            int lowest = 8000;
            for (int i = Index(fromMs); i < end; i++)
            {
                if (_m[i] < lowest)
                {
                    lowest = _m[i];
                }
            }

            return lowest;
        }

        // How long before the impact the magnitude was lowest, ms.
        private int MillisecondsFromLowest(int fromMs)
        {
            int lowest = 8000;
            int where = _impact;
            for (int i = Index(fromMs); i < _impact; i++)
            {
                if (_m[i] < lowest)
                {
                    lowest = _m[i];
                    where = i;
                }
            }

            return (_impact - where) * 1000 / _rateHz;
        }

        // Mean of what is missing to 800 mg: weightlessness, weighted by its depth.
        private int Shortfall(int fromMs, int toMs)
        {
            int begin = Index(fromMs);
            int end = Index(toMs);
            int sum = 0;
            for (int i = begin; i < end; i++)
            {
                if (_m[i] < 800)
                {
                    sum += 800 - _m[i];
                }
            }

            return sum / (end - begin);
        }

        private int MillisecondsAbove(int fromMs, int toMs)
        {
            int end = Index(toMs);
            int count = 0;
            for (int i = Index(fromMs); i < end; i++)
            {
                if (_m[i] > ImpactMg)
                {
                    count++;
                }
            }

            return count * 1000 / _rateHz;
        }

        private int Crossings(int fromMs, int toMs)
        {
            int end = Index(toMs);
            int count = 0;
            bool above = false;
            for (int i = Index(fromMs); i < end; i++)
            {
                bool now = above ? _m[i] > ImpactMg - 200 : _m[i] > ImpactMg;
                if (now && !above)
                {
                    count++;
                }

                above = now;
            }

            return count;
        }

        // Mean absolute deviation of the magnitude from its own mean.
        private int MeanDeviation(int fromMs, int toMs)
        {
            int begin = Index(fromMs);
            int end = Index(toMs);
            int sum = 0;
            for (int i = begin; i < end; i++)
            {
                sum += _m[i];
            }

            int mean = sum / (end - begin);
            sum = 0;
            for (int i = begin; i < end; i++)
            {
                int d = _m[i] - mean;
                sum += d < 0 ? -d : d;
            }

            return sum / (end - begin);
        }

        // Largest change of the vector within 40 ms: the same step at both rates.
        private int HighestJerk(int fromMs, int toMs)
        {
            int end = Index(toMs);
            int highest = 0;
            for (int i = Index(fromMs); i < end; i++)
            {
                int dx = _x[i] - _x[i - _step];
                int dy = _y[i] - _y[i - _step];
                int dz = _z[i] - _z[i - _step];
                int square = (dx * dx) + (dy * dy) + (dz * dz);
                if (square > highest)
                {
                    highest = square;
                }
            }

            return IntegerMath.Isqrt(highest);
        }

        // Mean change of the magnitude within 40 ms.
        private int Path(int fromMs, int toMs)
        {
            int begin = Index(fromMs);
            int end = Index(toMs);
            int sum = 0;
            for (int i = begin; i < end; i++)
            {
                int d = _m[i] - _m[i - _step];
                sum += d < 0 ? -d : d;
            }

            return sum / (end - begin);
        }

        private int AxisRanges(int fromMs, int toMs)
        {
            return Range(_x, fromMs, toMs) + Range(_y, fromMs, toMs) + Range(_z, fromMs, toMs);
        }

        private int Range(short[] axis, int fromMs, int toMs)
        {
            int begin = Index(fromMs);
            int end = Index(toMs);
            int low = axis[begin];
            int high = low;
            for (int i = begin + 1; i < end; i++)
            {
                if (axis[i] < low)
                {
                    low = axis[i];
                }
                else if (axis[i] > high)
                {
                    high = axis[i];
                }
            }

            return high - low;
        }

        // Mean distance of the magnitude from 1 g.
        private int Excess(int fromMs, int toMs)
        {
            int begin = Index(fromMs);
            int end = Index(toMs);
            int sum = 0;
            for (int i = begin; i < end; i++)
            {
                int d = _m[i] - 1000;
                sum += d < 0 ? -d : d;
            }

            return sum / (end - begin);
        }

        // The largest loss of (|a| - 1 g) integrated over time before the impact, in mm/s times about 102: how fast it was falling.
        private int FallingSpeed(int fromMs, int toMs)
        {
            int end = Index(toMs);
            int sum = 0;
            int deepest = 0;
            for (int i = Index(fromMs); i < end; i++)
            {
                sum += _m[i] - 1000;
                if (sum > 0)
                {
                    sum = 0;
                }
                else if (sum < deepest)
                {
                    deepest = sum;
                }
            }

            return -deepest / _rateHz;
        }

        // The highest mean over a short window: an impact's weight rather than its sharpest sample.
        private int HighestMean(int fromMs, int toMs, int windowMs)
        {
            int begin = Index(fromMs);
            int end = Index(toMs);
            int window = Samples(windowMs);
            int sum = 0;
            int highest = 0;
            for (int i = begin; i < end; i++)
            {
                sum += _m[i];
                if (i - begin >= window)
                {
                    sum -= _m[i - window];
                }

                if (sum > highest)
                {
                    highest = sum;
                }
            }

            return highest / window;
        }

        // Mean vector of a window (kept in _mean*) and, returned, the deviation of the vector around it.
        private int Average(int fromMs, int toMs)
        {
            int begin = Index(fromMs);
            int end = Index(toMs);
            int count = end - begin;
            int sumX = 0;
            int sumY = 0;
            int sumZ = 0;
            for (int i = begin; i < end; i++)
            {
                sumX += _x[i];
                sumY += _y[i];
                sumZ += _z[i];
            }

            _meanX = sumX / count;
            _meanY = sumY / count;
            _meanZ = sumZ / count;
            long squares = 0;
            for (int i = begin; i < end; i++)
            {
                int dx = _x[i] - _meanX;
                int dy = _y[i] - _meanY;
                int dz = _z[i] - _meanZ;
                squares += (dx * dx) + (dy * dy) + (dz * dz);
            }

            return (int)IntegerMath.IsqrtLong(squares / count);
        }

        // How far the direction of the acceleration wandered: the sum of (1000 - cosine) between neighbouring 200 ms means.
        private int TurnPath(int fromMs, int toMs)
        {
            int path = 0;
            Mean(fromMs);
            for (int ms = fromMs + 200; ms < toMs; ms += 200)
            {
                int x = _meanX;
                int y = _meanY;
                int z = _meanZ;
                Mean(ms);
                path += 1000 - IntegerMath.CosineX1000(x, y, z, _meanX, _meanY, _meanZ);
            }

            return path;
        }

        private void Mean(int fromMs)
        {
            int begin = Index(fromMs);
            int end = Index(fromMs + 200);
            int sumX = 0;
            int sumY = 0;
            int sumZ = 0;
            for (int i = begin; i < end; i++)
            {
                sumX += _x[i];
                sumY += _y[i];
                sumZ += _z[i];
            }

            _meanX = sumX / (end - begin);
            _meanY = sumY / (end - begin);
            _meanZ = sumZ / (end - begin);
        }
    }
}

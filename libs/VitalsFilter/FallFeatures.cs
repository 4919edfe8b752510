namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// What the forest looks at: integer features of the signal around an impact, in milli-g, milliseconds, cosines x1000 or
    /// ratios x1000, so one table serves 25 and 50 Hz. None has the sign of an axis, so the left and the right wrist, and a band
    /// worn upside down, are the same. One pass over the samples leaves sums of 200 ms blocks; most features are made of those.
    /// </summary>
    public sealed class FallFeatures
    {
        /// <summary>Milliseconds of signal kept before the impact.</summary>
        public const int BeforeMs = 2600;

        /// <summary>Milliseconds of signal awaited after the impact; this is most of the delay of a verdict.</summary>
        public const int AfterMs = 3000;

        /// <summary>Number of features.</summary>
        public const int Count = 26;

        /// <summary>Each axis is cut here before any feature: part of the training recordings clips at 4 g, and a
        /// feature above it would tell the recordings apart instead of the movements.</summary>
        public const int AxisLimitMg = 4000;

        private const int HighestRatio = 20000;
        private const int BlockMs = 200;
        private const int Blocks = (BeforeMs + AfterMs) / BlockMs;
        private const int Bins = 64;
        private const int BinShift = 7;

        private readonly int _rateHz;
        private readonly int _step;
        private readonly int _impact;
        private readonly int _length;
        private readonly int _perBlock;

        // Magnitude and change of the vector within 40 ms (sum over the axes), a value a sample.
        private readonly short[] _m;
        private readonly short[] _change;

        // A value a block: mean vector and its length, sums of the magnitude, of its change and of the
        // vector's, and the mean square of the magnitude.
        private readonly short[] _meanX = new short[Blocks];
        private readonly short[] _meanY = new short[Blocks];
        private readonly short[] _meanZ = new short[Blocks];
        private readonly short[] _norm = new short[Blocks];
        private readonly int[] _sum = new int[Blocks];
        private readonly int[] _squares = new int[Blocks];
        private readonly int[] _path = new int[Blocks];
        private readonly int[] _changes = new int[Blocks];
        private readonly byte[] _histogram = new byte[Bins];
        private readonly int[] _values = new int[Count];

        // Mean vector of the window that Average looked at last, and the deviation of the samples around it.
        private int _x;
        private int _y;
        private int _z;
        private int _deviation;

        /// <summary>Scratch for one detector at 25 or 50 Hz.</summary>
        public FallFeatures(int rateHz)
        {
            _rateHz = rateHz;
            _step = rateHz / 25;
            _perBlock = Samples(BlockMs);
            _impact = Samples(BeforeMs);
            _length = _impact + Samples(AfterMs);
            _m = new short[_length];
            _change = new short[_length];
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
            SumBlocks(ringX, ringY, ringZ, oldest);
            int rangeX = Range(ringX, oldest);
            int rangeY = Range(ringY, oldest);
            int rangeZ = Range(ringZ, oldest);

            int[] f = _values;
            f[0] = Highest(_change, -320, 320);
            f[1] = rangeX + rangeY + rangeZ;
            f[2] = Lower(rangeX, Lower(rangeY, rangeZ));
            Average(-400, 0);
            int hitX = _x;
            int hitY = _y;
            int hitZ = _z;
            int hitDeviation = _deviation;
            f[3] = Average(-2600, -1400);
            int beforeX = _x;
            int beforeY = _y;
            int beforeZ = _z;
            Average(1000, 2000);
            f[4] = Cosine(beforeX, beforeY, beforeZ);
            f[5] = Average(2000, 3000);
            f[6] = Cosine(beforeX, beforeY, beforeZ);
            f[7] = Cosine(hitX, hitY, hitZ);
            f[8] = Ratio(f[5], hitDeviation);
            f[9] = Average(-1000, -400);
            int fallX = _x;
            int fallY = _y;
            int fallZ = _z;
            f[10] = Average(200, 800);
            f[11] = Cosine(fallX, fallY, fallZ);
            f[12] = Turned(-1000, -600, 1400, 2000);
            f[13] = Turned(-2600, -1600, 1400, 2200);
            f[14] = TurnPath(-2600, -1000);
            f[15] = Mean(_changes, -1000, 1000);
            f[16] = Mean(_changes, 1000, 3000);
            f[17] = Ratio(Mean(_path, 1000, 3000), Mean(_path, -1000, 1000));
            int begin = Index(-320);
            int end = Index(320);
            int around = MeanDeviation(begin, end, 1, MeanMagnitude(begin, end));
            f[18] = Ratio(around, Highest(_m, -200, 200));
            f[19] = Ratio(around, MeanDeviation(0, _length, _step, Mean(_sum, -BeforeMs, AfterMs)));
            f[20] = Mean(_sum, -800, -200);
            f[21] = NearlyHighest();
            f[22] = Swing(-600, 600, 40);
            f[23] = Swing(-600, 600, 80);
            f[24] = SlowSwing(-600, 600);
            f[25] = SlowSwing(600, 2600);
        }

        private static int Lower(int a, int b)
        {
            return a < b ? a : b;
        }

        private static int Ratio(int part, int whole)
        {
            return Lower(part * 1000 / (whole < 16 ? 16 : whole), HighestRatio);
        }

        private int Samples(int ms)
        {
            return ms * _rateHz / 1000;
        }

        private int Index(int ms)
        {
            return _impact + Samples(ms);
        }

        private static int Block(int ms)
        {
            return (BeforeMs + ms) / BlockMs;
        }

        // The costliest part of an event: values in locals, the root found from the one before (a call costs the interpreter 20 adds).
        private void SumBlocks(short[] ringX, short[] ringY, short[] ringZ, int oldest)
        {
            short[] m = _m;
            short[] changes = _change;
            int length = _length;
            int perBlock = _perBlock;
            bool everyOther = _step == 2;
            int at = oldest;
            int i = 0;
            int magnitude = 1000;
            int nearX = IntegerMath.Clamp(ringX[at], -AxisLimitMg, AxisLimitMg);
            int nearY = IntegerMath.Clamp(ringY[at], -AxisLimitMg, AxisLimitMg);
            int nearZ = IntegerMath.Clamp(ringZ[at], -AxisLimitMg, AxisLimitMg);
            int nearMagnitude = IntegerMath.Isqrt((nearX * nearX) + (nearY * nearY) + (nearZ * nearZ));
            int farX = nearX;
            int farY = nearY;
            int farZ = nearZ;
            int farMagnitude = nearMagnitude;
            for (int block = 0; block < Blocks; block++)
            {
                int sumX = 0;
                int sumY = 0;
                int sumZ = 0;
                int sum = 0;
                int squares = 0;
                int path = 0;
                int change = 0;
                for (int end = i + perBlock; i < end; i++)
                {
                    int x = ringX[at];
                    int y = ringY[at];
                    int z = ringZ[at];
                    if (++at == length)
                    {
                        at = 0;
                    }

                    x = x > AxisLimitMg ? AxisLimitMg : x < -AxisLimitMg ? -AxisLimitMg : x;
                    y = y > AxisLimitMg ? AxisLimitMg : y < -AxisLimitMg ? -AxisLimitMg : y;
                    z = z > AxisLimitMg ? AxisLimitMg : z < -AxisLimitMg ? -AxisLimitMg : z;
                    int square = ((x * x) + (y * y) + (z * z)) | 1;
                    squares += square;

                    // Newton's step never lands below the root; from there it only descends. The bit above keeps it from 0.
                    int root = magnitude < 256 ? 256 : magnitude;
                    int next = (root + (square / root)) >> 1;
                    do
                    {
                        root = next;
                        next = (root + (square / root)) >> 1;
                    }
                    while (next < root);

                    magnitude = root;
                    m[i] = (short)root;
                    sum += root;
                    sumX += x;
                    sumY += y;
                    sumZ += z;
                    int d = root - farMagnitude;
                    path += d < 0 ? -d : d;
                    d = x - farX;
                    int vector = d < 0 ? -d : d;
                    d = y - farY;
                    vector += d < 0 ? -d : d;
                    d = z - farZ;
                    vector += d < 0 ? -d : d;
                    changes[i] = (short)vector;
                    change += vector;
                    if (everyOther)
                    {
                        farX = nearX;
                        farY = nearY;
                        farZ = nearZ;
                        farMagnitude = nearMagnitude;
                        nearX = x;
                        nearY = y;
                        nearZ = z;
                        nearMagnitude = root;
                    }
                    else
                    {
                        farX = x;
                        farY = y;
                        farZ = z;
                        farMagnitude = root;
                    }
                }

                sumX /= perBlock;
                sumY /= perBlock;
                sumZ /= perBlock;
                _meanX[block] = (short)sumX;
                _meanY[block] = (short)sumY;
                _meanZ[block] = (short)sumZ;
                _norm[block] = (short)IntegerMath.IsqrtNear((sumX * sumX) + (sumY * sumY) + (sumZ * sumZ), 1000);
                _sum[block] = sum;
                _squares[block] = squares / perBlock;
                _path[block] = path;
                _changes[block] = change;
            }
        }

        // Extent of one axis around the impact.
        private int Range(short[] ring, int oldest)
        {
            int at = oldest + Index(-520);
            int left = Samples(1040);
            at = at >= _length ? at - _length : at;
            int length = _length;
            int low = ring[at];
            int high = low;
            for (; left > 0; left--)
            {
                int value = ring[at];
                if (++at == length)
                {
                    at = 0;
                }

                if (value < low)
                {
                    low = value;
                }
                else if (value > high)
                {
                    high = value;
                }
            }

            return IntegerMath.Clamp(high, -AxisLimitMg, AxisLimitMg) - IntegerMath.Clamp(low, -AxisLimitMg, AxisLimitMg);
        }

        private int Highest(short[] of, int fromMs, int toMs)
        {
            int end = Index(toMs);
            int highest = 0;
            for (int i = Index(fromMs); i < end; i++)
            {
                if (of[i] > highest)
                {
                    highest = of[i];
                }
            }

            return highest;
        }

        // Mean a sample over whole blocks.
        private int Mean(int[] sums, int fromMs, int toMs)
        {
            int end = Block(toMs);
            int begin = Block(fromMs);
            int sum = 0;
            for (int block = begin; block < end; block++)
            {
                sum += sums[block];
            }

            return sum / ((end - begin) * _perBlock);
        }

        // Mean vector of whole blocks and, returned, the deviation of the samples around it.
        private int Average(int fromMs, int toMs)
        {
            int begin = Block(fromMs);
            int end = Block(toMs);
            int count = end - begin;
            int x = 0;
            int y = 0;
            int z = 0;
            int squares = 0;
            for (int block = begin; block < end; block++)
            {
                x += _meanX[block];
                y += _meanY[block];
                z += _meanZ[block];
                squares += _squares[block];
            }

            _x = x / count;
            _y = y / count;
            _z = z / count;
            _deviation = IntegerMath.IsqrtNear((squares / count) - ((_x * _x) + (_y * _y) + (_z * _z)), 256);
            return _deviation;
        }

        // Mean absolute deviation of the magnitude from a mean, looking at every step-th sample.
        private int MeanDeviation(int begin, int end, int step, int mean)
        {
            short[] m = _m;
            int sum = 0;
            for (int i = begin; i < end; i += step)
            {
                int d = m[i] - mean;
                sum += d < 0 ? -d : d;
            }

            return sum * step / (end - begin);
        }

        private int MeanMagnitude(int begin, int end)
        {
            short[] m = _m;
            int sum = 0;
            for (int i = begin; i < end; i++)
            {
                sum += m[i];
            }

            return sum / (end - begin);
        }

        // Cosine x1000 between this vector and the mean vector that Average left.
        private int Cosine(int x, int y, int z)
        {
            int a = IntegerMath.IsqrtNear((x * x) + (y * y) + (z * z), 1000);
            int b = IntegerMath.IsqrtNear((_x * _x) + (_y * _y) + (_z * _z), 1000);
            return CosineOf((x * _x) + (y * _y) + (z * _z), a * b);
        }

        // Both are under 48,000,000: vectors within 4 g an axis.
        private static int CosineOf(int dot, int norm)
        {
            return norm == 0 ? 1000 : IntegerMath.Clamp((int)((long)dot * 1000 / norm), -1000, 1000);
        }

        // Cosine between the mean vectors of two windows.
        private int Turned(int fromMs, int toMs, int thenMs, int untilMs)
        {
            Average(fromMs, toMs);
            int x = _x;
            int y = _y;
            int z = _z;
            Average(thenMs, untilMs);
            return Cosine(x, y, z);
        }

        // How far the direction of the acceleration wandered: the sum of (1000 - cosine) between neighbouring blocks.
        private int TurnPath(int fromMs, int toMs)
        {
            int end = Block(toMs);
            int path = 0;
            for (int block = Block(fromMs) + 1; block < end; block++)
            {
                int dot = (_meanX[block] * _meanX[block - 1]) + (_meanY[block] * _meanY[block - 1]) + (_meanZ[block] * _meanZ[block - 1]);
                path += 1000 - CosineOf(dot, _norm[block] * _norm[block - 1]);
            }

            return path;
        }

        // The magnitude that a twentieth of the samples within a second of the impact passes, in steps of 128 mg: the impact's
        // weight rather than its sharpest sample.
        private int NearlyHighest()
        {
            byte[] histogram = _histogram;
            short[] m = _m;
            int begin = Index(-1000);
            int end = Index(1000);
            for (int i = 0; i < Bins; i++)
            {
                histogram[i] = 0;
            }

            for (int i = begin; i < end; i++)
            {
                histogram[m[i] >> BinShift]++;
            }

            int bin = Bins;
            for (int left = (end - begin + 19) / 20; left > 0;)
            {
                left -= histogram[--bin];
            }

            return bin << BinShift;
        }

        // Mean difference between the magnitude's means of two neighbouring windows: how strongly it swings at that time scale.
        private int Swing(int fromMs, int toMs, int windowMs)
        {
            short[] m = _m;
            int width = Samples(windowMs);
            int begin = Index(fromMs) + width;
            int end = Index(toMs) - width;
            int difference = 0;
            for (int i = begin - width; i < begin; i++)
            {
                difference += m[i + width] - m[i];
            }

            int sum = 0;
            for (int i = begin; i < end; i++)
            {
                sum += difference < 0 ? -difference : difference;
                difference += m[i + width] - m[i] - m[i] + m[i - width];
            }

            return sum / ((end - begin) * width);
        }

        // The same for windows of 400 ms, from the blocks.
        private int SlowSwing(int fromMs, int toMs)
        {
            int begin = Block(fromMs);
            int end = Block(toMs) - 3;
            int sum = 0;
            for (int block = begin; block < end; block++)
            {
                int d = _sum[block] + _sum[block + 1] - _sum[block + 2] - _sum[block + 3];
                sum += d < 0 ? -d : d;
            }

            return sum / ((end - begin) * 2 * _perBlock);
        }
    }
}

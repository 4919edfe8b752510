namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The forest's input: integer features of the signal around an impact. Their units are milli-g, milliseconds,
    /// cosines x1000 and ratios x1000, so one table serves 25 and 50 Hz. No feature depends on the sign of an axis, so
    /// left wrist, right wrist and a band worn upside down give the same values. Most features are computed from sums
    /// over blocks of 200 ms (<see cref="FallBlocks"/>).
    /// </summary>
    public sealed class FallFeatures
    {
        /// <summary>Number of features.</summary>
        public const int Count = 26;

        private const int HighestRatio = 20000;
        private const int BeforeMs = FallBlocks.BeforeMs;
        private const int AfterMs = FallBlocks.AfterMs;
        private const int BlockMs = FallBlocks.BlockMs;
        private const int AxisLimitMg = FallBlocks.AxisLimitMg;
        private const int Bins = 64;
        private const int BinShift = 7;

        private readonly int _rateHz;
        private readonly int _step;
        private readonly int _impact;
        private readonly int _length;
        private readonly int _perBlock;

        // The blocks' arrays (FallBlocks).
        private readonly short[] _m;
        private readonly short[] _change;
        private readonly short[] _meanX;
        private readonly short[] _meanY;
        private readonly short[] _meanZ;
        private readonly short[] _norm;
        private readonly int[] _sum;
        private readonly int[] _squares;
        private readonly int[] _path;
        private readonly int[] _changes;
        private readonly byte[] _histogram = new byte[Bins];
        private readonly int[] _values = new int[Count];

        // Mean vector of the window of the last call of Average, and the deviation of the samples around that mean.
        private int _x;
        private int _y;
        private int _z;
        private int _deviation;

        /// <param name="rateHz">25 or 50.</param>
        /// <param name="blocks">The signal in blocks.</param>
        public FallFeatures(int rateHz, FallBlocks blocks)
        {
            _rateHz = rateHz;
            _step = rateHz / 25;
            _perBlock = Samples(BlockMs);
            _impact = Samples(BeforeMs);
            _length = blocks.Length;
            _m = blocks.Magnitudes;
            _change = blocks.Changes;
            _meanX = blocks.MeanX;
            _meanY = blocks.MeanY;
            _meanZ = blocks.MeanZ;
            _norm = blocks.Norms;
            _sum = blocks.MagnitudeSums;
            _squares = blocks.MeanSquares;
            _path = blocks.MagnitudePaths;
            _changes = blocks.ChangeSums;
        }

        /// <summary>The features of the last <see cref="Compute"/>; owned by this object.</summary>
        public int[] Values
        {
            get { return _values; }
        }

        /// <summary>Computes all features from complete blocks and from the ring of their samples, whose oldest sample
        /// is at <paramref name="oldest"/>.</summary>
        public void Compute(short[] ringX, short[] ringY, short[] ringZ, int oldest)
        {
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

            return IntegerMath.Clamp(high, -AxisLimitMg, AxisLimitMg) - IntegerMath.Clamp(
                low, -AxisLimitMg, AxisLimitMg);
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

        // Mean per sample over whole blocks.
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

        // Computes the mean vector of whole blocks; returns the deviation of the samples around that mean.
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

        // Mean absolute deviation of the magnitude from a mean, over every step-th sample.
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

        // Cosine x1000 between this vector and the mean vector of the last call of Average.
        private int Cosine(int x, int y, int z)
        {
            int a = IntegerMath.IsqrtNear((x * x) + (y * y) + (z * z), 1000);
            int b = IntegerMath.IsqrtNear((_x * _x) + (_y * _y) + (_z * _z), 1000);
            return CosineOf((x * _x) + (y * _y) + (z * _z), a * b);
        }

        // Both arguments are below 48,000,000, because each axis is within 4 g.
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

        // Total change of the acceleration's direction: the sum of (1000 - cosine) between neighbouring blocks.
        private int TurnPath(int fromMs, int toMs)
        {
            int end = Block(toMs);
            int path = 0;
            for (int block = Block(fromMs) + 1; block < end; block++)
            {
                int dot = (_meanX[block] * _meanX[block - 1]) + (_meanY[block] * _meanY[block - 1])
                    + (_meanZ[block] * _meanZ[block - 1]);
                path += 1000 - CosineOf(dot, _norm[block] * _norm[block - 1]);
            }

            return path;
        }

        // The 95th percentile of the magnitude within a second of the impact, in steps of 128 mg. Unlike the highest
        // sample, the percentile does not depend on a single sharp sample.
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

        // Mean difference between the mean magnitudes of neighbouring windows: how strongly the magnitude varies at
        // that time scale.
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

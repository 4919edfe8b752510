namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The 5.6 s of signal around an impact, summed up in blocks of 200 ms. The blocks are computed one at a time while
    /// the samples of the last second arrive, so that no single step pays for all of them (F3). No allocation after
    /// construction.
    /// </summary>
    public sealed class FallBlocks
    {
        /// <summary>Milliseconds of signal kept before the impact.</summary>
        public const int BeforeMs = 2600;

        /// <summary>Milliseconds of signal awaited after the impact; this is most of the delay of a verdict.</summary>
        public const int AfterMs = 3000;

        /// <summary>Length of a block, ms.</summary>
        public const int BlockMs = 200;

        /// <summary>Number of blocks.</summary>
        public const int Count = (BeforeMs + AfterMs) / BlockMs;

        /// <summary>Each axis is limited to this before any feature is computed, because some training recordings clip
        /// at 4 g. Without the limit, a feature would learn which recording it sees instead of which
        /// movement.</summary>
        public const int AxisLimitMg = 4000;

        private readonly int _perBlock;
        private readonly int _length;
        private readonly bool _everyOther;
        private readonly short[] _m;
        private readonly short[] _change;
        private readonly short[] _meanX = new short[Count];
        private readonly short[] _meanY = new short[Count];
        private readonly short[] _meanZ = new short[Count];
        private readonly short[] _norm = new short[Count];
        private readonly int[] _sum = new int[Count];
        private readonly int[] _squares = new int[Count];
        private readonly int[] _path = new int[Count];
        private readonly int[] _changes = new int[Count];
        private readonly int[] _blockSquares;

        // The next block, the index of its first sample in the ring, and the one or two samples before that sample.
        private int _block;
        private int _at;
        private int _nearX;
        private int _nearY;
        private int _nearZ;
        private int _farX;
        private int _farY;
        private int _farZ;
        private int _firstMagnitude;

        /// <param name="rateHz">25 or 50.</param>
        public FallBlocks(int rateHz)
        {
            _perBlock = BlockMs * rateHz / 1000;
            _length = Count * _perBlock;
            _everyOther = rateHz == 50;
            _blockSquares = new int[_perBlock];
            _m = new short[_length];
            _change = new short[_length];
        }

        /// <summary>Samples needed: the window before the impact, the impact, and the window after it.</summary>
        public int Length
        {
            get { return _length; }
        }

        /// <summary>Magnitude of each sample, mg.</summary>
        public short[] Magnitudes
        {
            get { return _m; }
        }

        /// <summary>Change of the vector within 40 ms at each sample, sum over the axes, mg.</summary>
        public short[] Changes
        {
            get { return _change; }
        }

        /// <summary>Mean of each block, mg.</summary>
        public short[] MeanX
        {
            get { return _meanX; }
        }

        /// <summary>Mean of each block, mg.</summary>
        public short[] MeanY
        {
            get { return _meanY; }
        }

        /// <summary>Mean of each block, mg.</summary>
        public short[] MeanZ
        {
            get { return _meanZ; }
        }

        /// <summary>Length of the mean vector of each block, mg.</summary>
        public short[] Norms
        {
            get { return _norm; }
        }

        /// <summary>Sum of the magnitudes of each block.</summary>
        public int[] MagnitudeSums
        {
            get { return _sum; }
        }

        /// <summary>Mean square of the magnitude of each block.</summary>
        public int[] MeanSquares
        {
            get { return _squares; }
        }

        /// <summary>Sum of the changes of the magnitude within 40 ms of each block.</summary>
        public int[] MagnitudePaths
        {
            get { return _path; }
        }

        /// <summary>Sum of <see cref="Changes"/> of each block.</summary>
        public int[] ChangeSums
        {
            get { return _changes; }
        }

        /// <summary>Begins with the first block.</summary>
        /// <param name="oldest">Index of the window's first sample in the ring.</param>
        public void Begin(int oldest)
        {
            _at = oldest;
            _block = 0;
        }

        /// <summary>Sums up the next block, if one is left. All samples of the block must be in the ring.</summary>
        public void Add(short[] ringX, short[] ringY, short[] ringZ)
        {
            if (_block == 0)
            {
                BeginPast(ringX, ringY, ringZ);
            }

            if (_block < Count)
            {
                Sum(ringX, ringY, ringZ, _block);
                _block++;
            }
        }

        /// <summary>Sums up all remaining blocks, where fewer samples than blocks arrived in the last second.</summary>
        public void Finish(short[] ringX, short[] ringY, short[] ringZ)
        {
            while (_block < Count)
            {
                Add(ringX, ringY, ringZ);
            }
        }

        private void BeginPast(short[] ringX, short[] ringY, short[] ringZ)
        {
            _nearX = IntegerMath.Clamp(ringX[_at], -AxisLimitMg, AxisLimitMg);
            _nearY = IntegerMath.Clamp(ringY[_at], -AxisLimitMg, AxisLimitMg);
            _nearZ = IntegerMath.Clamp(ringZ[_at], -AxisLimitMg, AxisLimitMg);
            _firstMagnitude = IntegerMath.Isqrt((_nearX * _nearX) + (_nearY * _nearY) + (_nearZ * _nearZ));
            _farX = _nearX;
            _farY = _nearY;
            _farZ = _nearZ;
        }

        // The loop uses locals, because each instruction in it runs 140 times an event.
        private void Sum(short[] ringX, short[] ringY, short[] ringZ, int block)
        {
            short[] changes = _change;
            int[] blockSquares = _blockSquares;
            bool everyOther = _everyOther;
            int farX = _farX;
            int farY = _farY;
            int farZ = _farZ;
            int at = _at;
            int sumX = 0;
            int sumY = 0;
            int sumZ = 0;
            int change = 0;
            int begin = block * _perBlock;
            int end = begin + _perBlock;
            for (int i = begin; i < end; i++)
            {
                int x = ringX[at];
                int y = ringY[at];
                int z = ringZ[at];
                if (++at == _length)
                {
                    at = 0;
                }

                x = x > AxisLimitMg ? AxisLimitMg : x < -AxisLimitMg ? -AxisLimitMg : x;
                y = y > AxisLimitMg ? AxisLimitMg : y < -AxisLimitMg ? -AxisLimitMg : y;
                z = z > AxisLimitMg ? AxisLimitMg : z < -AxisLimitMg ? -AxisLimitMg : z;
                blockSquares[i - begin] = ((x * x) + (y * y) + (z * z)) | 1; // not 0, so no root is 0
                sumX += x;
                sumY += y;
                sumZ += z;
                int vector = (x < farX ? farX - x : x - farX) + (y < farY ? farY - y : y - farY)
                    + (z < farZ ? farZ - z : z - farZ);
                changes[i] = (short)vector;
                change += vector;
                farX = everyOther ? _nearX : x;
                farY = everyOther ? _nearY : y;
                farZ = everyOther ? _nearZ : z;
                if (everyOther)
                {
                    _nearX = x;
                    _nearY = y;
                    _nearZ = z;
                }
            }

            _at = at;
            _farX = farX;
            _farY = farY;
            _farZ = farZ;
            _changes[block] = change;
            StoreMean(block, sumX / _perBlock, sumY / _perBlock, sumZ / _perBlock);
            SumMagnitudes(block, begin, end);
        }

        // Computes each root from the one before and inline: a call costs the interpreter as much as 20 additions.
        private void SumMagnitudes(int block, int begin, int end)
        {
            short[] m = _m;
            int[] blockSquares = _blockSquares;
            int step = _everyOther ? 2 : 1;
            int magnitude = begin > 0 ? m[begin - 1] : _firstMagnitude;
            int sum = 0;
            int squares = 0;
            int path = 0;
            for (int i = begin; i < end; i++)
            {
                int square = blockSquares[i - begin];
                squares += square;

                // Newton's method for the square root: whatever the guess, the first step gives the root or more, and
                // each further step comes down until the root is reached.
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
                int d = root - (i < step ? _firstMagnitude : m[i - step]);
                path += d < 0 ? -d : d;
            }

            _sum[block] = sum;
            _squares[block] = squares / _perBlock;
            _path[block] = path;
        }

        private void StoreMean(int block, int x, int y, int z)
        {
            _meanX[block] = (short)x;
            _meanY[block] = (short)y;
            _meanZ[block] = (short)z;
            _norm[block] = (short)IntegerMath.IsqrtNear((x * x) + (y * y) + (z * z), 1000);
        }
    }
}

using System;

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The last 5.6 s of acceleration, from which the features of an impact are computed, and the sums of the current
    /// second, from which its variance is computed. No allocation after construction.
    /// </summary>
    public sealed class AccelerationRing
    {
        private readonly int _rateHz;
        private readonly int _length;
        private readonly short[] _x;
        private readonly short[] _y;
        private readonly short[] _z;

        private int _at;
        private bool _isFull;
        private int _secondEnd;
        private int _last;
        private int _sumX;
        private int _sumY;
        private int _sumZ;
        private long _sumSquares;

        /// <param name="rateHz">Samples a second.</param>
        /// <param name="length">Samples to keep.</param>
        public AccelerationRing(int rateHz, int length)
        {
            _rateHz = rateHz;
            _length = length;
            _x = new short[length];
            _y = new short[length];
            _z = new short[length];
            BeginSecond();
        }

        /// <summary>The samples of this axis, mg.</summary>
        public short[] X
        {
            get { return _x; }
        }

        /// <summary>The samples of this axis, mg.</summary>
        public short[] Y
        {
            get { return _y; }
        }

        /// <summary>The samples of this axis, mg.</summary>
        public short[] Z
        {
            get { return _z; }
        }

        /// <summary>Index of the next sample to be written; in a full ring, the index of the oldest sample.</summary>
        public int At
        {
            get { return _at; }
        }

        /// <summary>True where every place holds a sample.</summary>
        public bool IsFull
        {
            get { return _isFull; }
        }

        /// <summary>Takes one sample.</summary>
        /// <param name="xMg">-16,384..16,383.</param>
        /// <param name="yMg">The same.</param>
        /// <param name="zMg">The same.</param>
        /// <param name="square">Square of the magnitude.</param>
        /// <returns>True when a second is complete: then <see cref="TakeVariance"/> must be called.</returns>
        public bool Push(int xMg, int yMg, int zMg, int square)
        {
            int at = _at;
            _x[at] = (short)xMg;
            _y[at] = (short)yMg;
            _z[at] = (short)zMg;
            _at = at + 1;
            _sumX += xMg;
            _sumY += yMg;
            _sumZ += zMg;
            _sumSquares += square;
            return at == _last && IsSecondOverAtLast();
        }

        /// <summary>Takes samples in one loop. The loop ends at the first sample whose square reaches the limit, at the
        /// end of the second, or at the end of the ring.</summary>
        /// <param name="x">Milli-g.</param>
        /// <param name="y">Milli-g.</param>
        /// <param name="z">Milli-g.</param>
        /// <param name="begin">The first sample to take.</param>
        /// <param name="end">Behind the last one.</param>
        /// <param name="limit">A sample with this square or more is not taken, milli-g squared.</param>
        /// <param name="squares">Gets the squares of the samples taken, at their indices.</param>
        /// <param name="isSecondOver">True when a second is complete: then <see cref="TakeVariance"/> must be
        /// called.</param>
        /// <returns>Behind the last sample taken.</returns>
        public int PushBelow(
            short[] x, short[] y, short[] z, int begin, int end, int limit, int[] squares, out bool isSecondOver)
        {
            int room = _last + 1 - _at;
            end = end - begin < room ? end : begin + room;
            int sumX = 0;
            int sumY = 0;
            int sumZ = 0;
            int sum = 0;
            int i = begin;
            for (; i < end; i++)
            {
                int xMg = x[i];
                int yMg = y[i];
                int zMg = z[i];
                int square = unchecked((xMg * xMg) + (yMg * yMg) + (zMg * zMg));
                if (unchecked((uint)square) >= (uint)limit)
                {
                    break;
                }

                squares[i] = square;
                sumX += xMg;
                sumY += yMg;
                sumZ += zMg;
                sum += square; // a second of samples below 1.5 g is 27 bits
            }

            isSecondOver = false;
            int count = i - begin;
            if (count > 0)
            {
                Array.Copy(x, begin, _x, _at, count);
                Array.Copy(y, begin, _y, _at, count);
                Array.Copy(z, begin, _z, _at, count);
                _sumX += sumX;
                _sumY += sumY;
                _sumZ += sumZ;
                _sumSquares += sum;
                _at += count;
                isSecondOver = count == room && IsSecondOverAtLast();
            }

            return i;
        }

        /// <summary>Returns the variance of the completed second, all axes together, milli-g squared, and begins the
        /// next second.</summary>
        public long TakeVariance()
        {
            long mean = ((long)_sumX * _sumX) + ((long)_sumY * _sumY) + ((long)_sumZ * _sumZ);
            long variance = (_sumSquares - (mean / _rateHz)) / _rateHz;
            BeginSecond();
            return variance;
        }

        /// <summary>Forgets all samples.</summary>
        public void Clear()
        {
            _at = 0;
            _isFull = false;
            BeginSecond();
        }

        private void BeginSecond()
        {
            _secondEnd = _at + _rateHz;
            if (_secondEnd >= _length)
            {
                _secondEnd -= _length;
            }

            _last = (_secondEnd > _at ? _secondEnd : _length) - 1;
            _sumX = 0;
            _sumY = 0;
            _sumZ = 0;
            _sumSquares = 0;
        }

        // The last place is the end of the ring or of the second, whichever comes first.
        private bool IsSecondOverAtLast()
        {
            if (_at == _length)
            {
                _at = 0;
                _isFull = true;
            }

            _last = (_secondEnd > _at ? _secondEnd : _length) - 1;
            return _at == _secondEnd;
        }
    }
}

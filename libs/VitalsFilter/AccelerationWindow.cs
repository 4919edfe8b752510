using System;

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The last 8 s of acceleration at 12.5 Hz: a ring that takes samples, and a copy of the ring, oldest sample first.
    /// An update of the tracker works on the copy while further samples arrive. No allocation after construction.
    /// </summary>
    public sealed class AccelerationWindow
    {
        private const int Points = Spectrum.Samples; // 12.5 Hz for 8 s
        private const int Fold = 2; // the accelerometer's 25 Hz
        private const int LimitMg = 4000;

        private readonly short[] _x = new short[Points];
        private readonly short[] _y = new short[Points];
        private readonly short[] _z = new short[Points];
        private readonly short[] _frozenX = new short[Points];
        private readonly short[] _frozenY = new short[Points];
        private readonly short[] _frozenZ = new short[Points];

        private int _at;
        private int _folded;
        private int _sumX;
        private int _sumY;
        private int _sumZ;
        private int _meanX;
        private int _meanY;
        private int _meanZ;
        private int _shift;

        /// <summary>Number of bits by which <see cref="Read"/> shifts all three axes to the right.</summary>
        public int Shift
        {
            get { return _shift; }
        }

        /// <summary>Takes one accelerometer sample, milli-g, at 25 Hz.</summary>
        public void Push(int xMg, int yMg, int zMg)
        {
            _sumX += xMg;
            _sumY += yMg;
            _sumZ += zMg;
            if (++_folded < Fold)
            {
                return;
            }

            _x[_at] = (short)IntegerMath.Clamp(_sumX / Fold, -LimitMg, LimitMg);
            _y[_at] = (short)IntegerMath.Clamp(_sumY / Fold, -LimitMg, LimitMg);
            _z[_at] = (short)IntegerMath.Clamp(_sumZ / Fold, -LimitMg, LimitMg);
            _at = _at + 1 == Points ? 0 : _at + 1;
            _folded = 0;
            _sumX = 0;
            _sumY = 0;
            _sumZ = 0;
        }

        /// <summary>Copies the ring.</summary>
        public void Freeze()
        {
            Copy(_x, _frozenX);
            Copy(_y, _frozenY);
            Copy(_z, _frozenZ);
        }

        /// <summary>Computes the means of the copied axes, and the shift that brings all three within
        /// <see cref="Spectrum.Limit"/>.</summary>
        public void Scale()
        {
            _meanX = Mean(_frozenX);
            _meanY = Mean(_frozenY);
            _meanZ = Mean(_frozenZ);
            int largest = Largest(_frozenX, _meanX, 0);
            largest = Largest(_frozenY, _meanY, largest);
            largest = Largest(_frozenZ, _meanZ, largest);
            _shift = 0;
            while (largest >> _shift >= Spectrum.Limit)
            {
                _shift++;
            }
        }

        /// <summary>Writes one axis of the copy without its mean, divided by 2 to the power of
        /// <see cref="Shift"/>.</summary>
        /// <param name="axis">0 x, 1 y, 2 z.</param>
        /// <param name="points">Gets <see cref="Spectrum.Samples"/> values within +-1000.</param>
        public void Read(int axis, int[] points)
        {
            short[] values = axis == 0 ? _frozenX : axis == 1 ? _frozenY : _frozenZ;
            int mean = axis == 0 ? _meanX : axis == 1 ? _meanY : _meanZ;
            int shift = _shift;
            for (int i = 0; i < Points; i++)
            {
                points[i] = (values[i] - mean) >> shift;
            }
        }

        private static int Mean(short[] values)
        {
            int sum = 0;
            for (int i = 0; i < Points; i++)
            {
                sum += values[i];
            }

            return sum / Points;
        }

        private static int Largest(short[] values, int mean, int largest)
        {
            for (int i = 0; i < Points; i++)
            {
                int value = values[i] - mean;
                value = value < 0 ? -value : value;
                largest = value > largest ? value : largest;
            }

            return largest;
        }

        private void Copy(short[] ring, short[] frozen)
        {
            Array.Copy(ring, _at, frozen, 0, Points - _at);
            Array.Copy(ring, 0, frozen, Points - _at, _at);
        }
    }
}

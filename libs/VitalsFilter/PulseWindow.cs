using System;

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The last 8 s of one to three PPG channels: a ring that takes samples, and a copy of it, oldest sample first, that an
    /// estimate works on while further samples arrive. From 50 Hz on neighbouring samples are added, so that the window has 25
    /// to 50 values a second. No allocation after construction.
    /// </summary>
    public sealed class PulseWindow
    {
        /// <summary>Length, s.</summary>
        public const int Seconds = 8;

        private const int MinRateHz = 25;

        private readonly int _channels;
        private readonly int _fold;
        private readonly int _length;
        private readonly int[] _red;
        private readonly int[] _ir;
        private readonly int[] _green;
        private readonly int[] _frozenRed;
        private readonly int[] _frozenIr;
        private readonly int[] _frozenGreen;

        private int _at;
        private int _filled;
        private int _folded;
        private int _sumRed;
        private int _sumIr;
        private int _sumGreen;

        /// <param name="rateHz">Sample rate of <see cref="Push"/>, 25..125.</param>
        /// <param name="channels">1..3.</param>
        public PulseWindow(int rateHz, int channels)
        {
            _channels = channels;
            _fold = rateHz / MinRateHz;
            _length = Seconds * rateHz / _fold;
            _red = new int[_length];
            _ir = new int[channels > 1 ? _length : 0];
            _green = new int[channels > 2 ? _length : 0];
            _frozenRed = new int[_red.Length];
            _frozenIr = new int[_ir.Length];
            _frozenGreen = new int[_green.Length];
        }

        /// <summary>Samples of the sensor added into one value.</summary>
        public int Fold
        {
            get { return _fold; }
        }

        /// <summary>Values of a channel.</summary>
        public int Length
        {
            get { return _length; }
        }

        /// <summary>At least half of the window has been measured.</summary>
        public bool IsHalfFull
        {
            get { return _filled >= _length / 2; }
        }

        /// <summary>All of the window has been measured.</summary>
        public bool IsFull
        {
            get { return _filled == _length; }
        }

        /// <summary>Nothing has been measured.</summary>
        public bool IsEmpty
        {
            get { return _filled == 0; }
        }

        /// <summary>A channel of the last <see cref="Freeze"/>, oldest value first; empty where there is no such channel.</summary>
        /// <param name="index">0 red, 1 infrared, 2 green.</param>
        public int[] Channel(int index)
        {
            return index == 2 ? _frozenGreen : index == 1 ? _frozenIr : _frozenRed;
        }

        /// <summary>The last value of a channel, as one sample; not for an empty window.</summary>
        /// <param name="index">0 red, 1 infrared, 2 green.</param>
        public int Last(int index)
        {
            int[] ring = index == 2 ? _green : index == 1 ? _ir : _red;
            return ring.Length == 0 ? 0 : ring[_at == 0 ? _length - 1 : _at - 1] / _fold;
        }

        /// <summary>Takes one sample; channels beyond the channel count are ignored.</summary>
        public void Push(int red, int ir, int green)
        {
            _sumRed += red;
            if (_channels > 1)
            {
                _sumIr += ir;
                if (_channels > 2)
                {
                    _sumGreen += green;
                }
            }

            if (++_folded != _fold)
            {
                return;
            }

            int at = _at;
            _red[at] = _sumRed;
            _sumRed = 0;
            if (_channels > 1)
            {
                _ir[at] = _sumIr;
                _sumIr = 0;
                if (_channels > 2)
                {
                    _green[at] = _sumGreen;
                    _sumGreen = 0;
                }
            }

            _folded = 0;
            at++;
            _at = at == _length ? 0 : at;
            if (_filled < _length)
            {
                _filled++;
            }
        }

        /// <summary>Copies the ring for <see cref="Channel"/>.</summary>
        public void Freeze()
        {
            Copy(_red, _frozenRed);
            Copy(_ir, _frozenIr);
            Copy(_green, _frozenGreen);
        }

        /// <summary>Forgets all samples.</summary>
        public void Reset()
        {
            _at = 0;
            _filled = 0;
            _folded = 0;
            _sumRed = 0;
            _sumIr = 0;
            _sumGreen = 0;
        }

        // Before the first sample the level counts as unchanged, so that half a window already gives a guess.
        private void Copy(int[] ring, int[] frozen)
        {
            int length = ring.Length;
            if (length == 0)
            {
                return;
            }

            if (_filled == length)
            {
                Array.Copy(ring, _at, frozen, 0, length - _at);
                Array.Copy(ring, 0, frozen, length - _at, _at);
                return;
            }

            int missing = length - _filled;
            Array.Copy(ring, 0, frozen, missing, _filled);
            for (int i = 0; i < missing; i++)
            {
                frozen[i] = ring[0];
            }
        }
    }
}

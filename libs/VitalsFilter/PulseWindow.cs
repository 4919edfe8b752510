using System;

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The last 8 s of one to three PPG channels: a ring that takes samples, and a copy of the ring, oldest sample
    /// first. An estimate works on the copy while further samples arrive. From 50 Hz on, neighbouring samples are added
    /// (folded), so that the window has 25 to 50 values a second. No allocation after construction.
    /// </summary>
    public sealed class PulseWindow
    {
        /// <summary>Length, s.</summary>
        public const int Seconds = 8;

        /// <summary>A gap shorter than this is filled by a straight line, ms: fewer than 10 samples at 25 Hz.</summary>
        public const int ForgottenHoleMs = 400;

        /// <summary>From this time on the window should be reset, before the time overflows, samples. It is reached
        /// about once a year.</summary>
        public const int ClockLimit = 1 << 30;

        private const int MinRateHz = 25;
        private const int FullScale = 262143; // 18 bits (MAX30102 datasheet, table 1)
        private const int SaturatedAbove = 261000;

        private readonly int _rateHz;
        private readonly int _samples;
        private readonly int _channels;
        private readonly int _fold;
        private readonly int _length;
        private readonly int[] _red;
        private readonly int[] _ir;
        private readonly int[] _green;
        private readonly int[] _frozenRed;
        private readonly int[] _frozenIr;
        private readonly int[] _frozenGreen;

        private readonly byte[] _bridged = new byte[Seconds + 1];

        // Times in samples since the last reset.
        private int _now;
        private int _saturatedAt;
        private int _impossibleAt;

        private int _gap;
        private int _secondSamples;
        private int _second;
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
            _rateHz = rateHz;
            _samples = Seconds * rateHz;
            _channels = channels;
            _fold = rateHz / MinRateHz;
            _length = Seconds * rateHz / _fold;
            _red = new int[_length];
            _ir = new int[channels > 1 ? _length : 0];
            _green = new int[channels > 2 ? _length : 0];
            _frozenRed = new int[_red.Length];
            _frozenIr = new int[_ir.Length];
            _frozenGreen = new int[_green.Length];
            Reset();
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

        /// <summary>True where at least half of the window has been measured.</summary>
        public bool IsHalfFull
        {
            get { return _filled >= _length / 2; }
        }

        /// <summary>True where the whole window has been measured.</summary>
        public bool IsFull
        {
            get { return _filled == _length; }
        }

        /// <summary>Time in samples since the last reset.</summary>
        public int Now
        {
            get { return _now; }
        }

        /// <summary>True where a sample of the window was at the end of the converter's range.</summary>
        public bool HasSaturated
        {
            get { return _now - _saturatedAt <= _samples; }
        }

        /// <summary>True where a sample of the window was a value that the chip cannot produce.</summary>
        public bool HasImpossible
        {
            get { return _now - _impossibleAt <= _samples; }
        }

        /// <summary>Number of samples of the window that were lost and replaced by a line, counted by whole
        /// seconds.</summary>
        public int Bridged
        {
            get
            {
                int sum = 0;
                for (int i = 0; i < _bridged.Length; i++)
                {
                    sum += _bridged[i];
                }

                return sum;
            }
        }

        /// <summary>A channel of the last <see cref="Freeze"/>, oldest value first; empty where there is no such
        /// channel.</summary>
        /// <param name="index">0 red, 1 infrared, 2 green.</param>
        public int[] Channel(int index)
        {
            return index == 2 ? _frozenGreen : index == 1 ? _frozenIr : _frozenRed;
        }

        /// <summary>Takes one sample; channels beyond the channel count are ignored.</summary>
        /// <returns>True when a second is complete.</returns>
        public bool Push(int red, int ir, int green)
        {
            bool isSecondOver = _gap != 0 && Bridge(red, ir, green);
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

            Add(red, ir, green);
            _now++;
            if (++_secondSamples != _rateHz)
            {
                return isSecondOver;
            }

            _secondSamples = 0;
            _second = _second == Seconds ? 0 : _second + 1;
            _bridged[_second] = 0;
            return true;
        }

        /// <summary>Tells that samples were lost before the next one.</summary>
        /// <param name="samples">How many, at the rate of <see cref="Push"/>.</param>
        /// <returns>False where the gap is too long to be filled: then the window must be reset.</returns>
        public bool Gap(int samples)
        {
            _gap += IntegerMath.Clamp(samples, 0, _samples);
            return _filled > 0 && _gap * 1000 < ForgottenHoleMs * _rateHz;
        }

        private bool Bridge(int red, int ir, int green)
        {
            int count = _gap;
            _gap = 0;
            _bridged[_second] += (byte)count;
            int last = _at == 0 ? _length - 1 : _at - 1;
            int fromRed = _red[last] / _fold;
            int fromIr = _channels > 1 ? _ir[last] / _fold : 0;
            int fromGreen = _channels > 2 ? _green[last] / _fold : 0;
            bool isSecondOver = false;
            for (int i = 1; i <= count; i++)
            {
                isSecondOver |= Push(
                    fromRed + ((red - fromRed) * i / (count + 1)),
                    fromIr + ((ir - fromIr) * i / (count + 1)),
                    fromGreen + ((green - fromGreen) * i / (count + 1)));
            }

            return isSecondOver;
        }

        private void Add(int red, int ir, int green)
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

        /// <summary>True where all channels of the last <see cref="Freeze"/> are constant.</summary>
        public bool IsFrozen
        {
            get
            {
                bool isFrozen = true;
                for (int i = 0; i < _channels && isFrozen; i++)
                {
                    isFrozen = IsConstant(Channel(i));
                }

                return isFrozen;
            }
        }

        /// <summary>True where 8 s hold no noise at all: a working converter always shows some.</summary>
        public static bool IsConstant(int[] channel)
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

        /// <summary>Forgets all samples.</summary>
        public void Reset()
        {
            _now = 0;
            _saturatedAt = -_samples - 1;
            _impossibleAt = -_samples - 1;
            _gap = 0;
            _secondSamples = 0;
            for (int i = 0; i < _bridged.Length; i++)
            {
                _bridged[i] = 0;
            }

            _at = 0;
            _filled = 0;
            _folded = 0;
            _sumRed = 0;
            _sumIr = 0;
            _sumGreen = 0;
        }

        // The time before the first sample is filled with the first sample's level, so that half a window already gives
        // a guess.
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

using System;

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Power spectra of 8 s of PPG, summed over its channels, and of acceleration, summed over its three axes. Each
    /// transform takes two signals: first the channels, then the axes. No allocation after construction.
    /// </summary>
    public sealed class MotionSpectra
    {
        /// <summary>The lowest bin that is computed: half of <see cref="MotionTracker.FirstBin"/>.</summary>
        public const int LowestBin = 5;

        private const int Points = Spectrum.Samples;
        private const int Axes = 3;
        private const int HalfMean = 7; // mean over 1.2 s around a point
        private const int PpgUnit = 32768; // a channel's power between 32 and 223 a minute

        private readonly AccelerationWindow _window;
        private readonly Spectrum _spectrum = new Spectrum();
        private readonly int[] _points;
        private readonly int[] _ppg = new int[Spectrum.Bins];
        private readonly int[] _acceleration = new int[Spectrum.Bins];

        private int _channels;
        private int _signal;
        private SpectrumStage _stage;

        /// <param name="window">The acceleration.</param>
        /// <param name="scratch">At least 200 values, overwritten by each slice.</param>
        public MotionSpectra(AccelerationWindow window, int[] scratch)
        {
            _window = window;
            _points = scratch;
        }

        private enum SpectrumStage : byte
        {
            Load,
            Transform,
            Add,
        }

        /// <summary>PPG channels in <see cref="Ppg"/>.</summary>
        public int Channels
        {
            get { return _channels; }
        }

        /// <summary>PPG power, bins 5 to 127 of 0.0488 Hz; every channel has the same total power.</summary>
        public int[] Ppg
        {
            get { return _ppg; }
        }

        /// <summary>Power of the acceleration in the same bins, divided by 4 to the power of
        /// <see cref="AccelerationShift"/>.</summary>
        public int[] Acceleration
        {
            get { return _acceleration; }
        }

        /// <summary>Number of bits by which the acceleration was shifted to the right before the transform.</summary>
        public int AccelerationShift
        {
            get { return _window.Shift; }
        }

        /// <summary>Begins with empty spectra.</summary>
        /// <param name="channels">PPG channels, 1..3.</param>
        public void Begin(int channels)
        {
            _channels = channels;
            _signal = 0;
            _stage = SpectrumStage.Load;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                _ppg[k] = 0;
                _acceleration[k] = 0;
            }
        }

        /// <summary>Does the next slice: loads two signals, does half of their transform, or adds their
        /// spectra.</summary>
        /// <param name="window">The frozen PPG.</param>
        /// <returns>True when both spectra are complete.</returns>
        public bool Step(PulseWindow window)
        {
            switch (_stage)
            {
                case SpectrumStage.Load:
                    if (_signal <= _channels && _signal + 2 > _channels)
                    {
                        _window.Scale(); // before the first axis
                    }

                    Load(_signal, window, false);
                    Load(_signal + 1, window, true);
                    _stage = SpectrumStage.Transform;
                    return false;
                case SpectrumStage.Transform:
                    _spectrum.BeginTransform();
                    _stage = SpectrumStage.Add;
                    return false;
                default:
                    _spectrum.EndTransform();
                    Add(_signal, _spectrum.First);
                    Add(_signal + 1, _spectrum.Second);
                    _signal += 2;
                    _stage = SpectrumStage.Load;
                    return _signal >= _channels + Axes;
            }
        }

        private void Load(int signal, PulseWindow window, bool second)
        {
            if (signal >= _channels + Axes)
            {
                _spectrum.LoadNothing();
                return;
            }

            if (signal < _channels)
            {
                Shape(window.Channel(signal));
            }
            else
            {
                _window.Read(signal - _channels, _points);
            }

            _spectrum.Load(_points, second);
        }

        private void Add(int signal, int[] power)
        {
            if (signal < _channels)
            {
                AddPpg(power);
            }
            else if (signal < _channels + Axes)
            {
                AddAcceleration(power);
            }
        }

        // Prepares one channel: interpolates it to 25 Hz, smooths it, takes every second point (12.5 Hz), subtracts the
        // mean over 1.2 s, limits it to three times its mean deviation so that a single shock does not dominate the
        // window, and scales it to +-1000.
        private void Shape(int[] channel)
        {
            int[] points = _points;
            if (channel.Length == 2 * Points)
            {
                Array.Copy(channel, 0, points, 0, channel.Length);
            }
            else
            {
                Interpolate(channel);
            }

            int level = points[0];
            int before = level;
            for (int i = 0; i < Points; i++)
            {
                int middle = points[2 * i];
                int after = points[(2 * i) + 1];

                // In counts of the window times 4. The sum of five samples of 18 bits has 21 bits.
                points[i] = before + (2 * middle) + after - (4 * level);
                before = after;
            }

            int limit = RemoveMean() * 3 / Points;
            int shift = 0;
            while (limit >> shift >= 1 << 20)
            {
                shift++; // so that 1000 times the value stays within 31 bits
            }

            int scale = (limit >> shift) + 1;
            for (int i = 0; i < Points; i++)
            {
                int wave = points[Points + i];
                wave = wave > limit ? limit : wave < -limit ? -limit : wave;
                points[i] = (wave >> shift) * Spectrum.Limit / scale;
            }
        }

        // Writes the wave behind the points; returns the sum of its absolute values. The sum of 100 values, each of 5
        // samples of 18 bits times 4 and later times 3, has 31 bits.
        private int RemoveMean()
        {
            int[] points = _points;
            int sum = 0;
            int count = HalfMean;
            for (int i = 0; i < HalfMean; i++)
            {
                sum += points[i];
            }

            int absolute = 0;
            for (int i = 0; i < Points; i++)
            {
                if (i + HalfMean < Points)
                {
                    sum += points[i + HalfMean];
                    count++;
                }

                if (i > HalfMean)
                {
                    sum -= points[i - HalfMean - 1];
                    count--;
                }

                int wave = points[i] - (sum / count);
                points[Points + i] = wave;
                absolute += wave < 0 ? -wave : wave;
            }

            return absolute;
        }

        private void Interpolate(int[] channel)
        {
            int length = channel.Length;
            int[] points = _points;
            for (int i = 0; i < 2 * Points; i++)
            {
                int position = i * length;
                int whole = position / (2 * Points);
                int rest = position - (whole * 2 * Points);
                int value = channel[whole];
                if (rest > 0 && whole + 1 < length)
                {
                    value += (channel[whole + 1] - value) * rest / (2 * Points);
                }

                points[i] = value;
            }
        }

        // Every channel is scaled to the same power, so that a brighter one does not count more.
        private void AddPpg(int[] power)
        {
            int sum = 0;
            for (int k = MotionTracker.FirstBin; k < MotionTracker.FirstBin + MotionTracker.Bins; k++)
            {
                sum += power[k];
            }

            int shift = 0;
            while (sum >> shift >= 1 << 16)
            {
                shift++;
            }

            sum >>= shift;
            if (sum == 0)
            {
                return;
            }

            int[] ppg = _ppg;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                int share = power[k] >> shift;
                ppg[k] += share < sum ? share * PpgUnit / sum : PpgUnit;
            }
        }

        private void AddAcceleration(int[] power)
        {
            int[] acceleration = _acceleration;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                acceleration[k] += power[k];
            }
        }
    }
}

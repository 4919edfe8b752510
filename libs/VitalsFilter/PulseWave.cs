namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The pulse wave of 8 s of one PPG channel; more blood is a higher value. The channel is smoothed over 120 ms. The
    /// mean over 1.2 s is subtracted twice, which leaves a twentieth of slow breathing. The wave is limited to three
    /// times its mean deviation, so that one step of ambient light does not dominate the window, and scaled to +-1000.
    /// Computed in two slices, <see cref="Smooth"/> and <see cref="Scale"/>. No allocation after construction.
    /// </summary>
    public sealed class PulseWave
    {
        private readonly int _length;
        private readonly int _smoothing;
        private readonly int _slow;
        private int[] _wave;
        private int[] _other;

        private int _swing;
        private int _steepnessX1000;

        /// <param name="rateHz">Sample rate before folding, Hz.</param>
        /// <param name="fold">Samples of the sensor added into one value of the window.</param>
        /// <param name="length">Values of the window.</param>
        public PulseWave(int rateHz, int fold, int length)
        {
            _length = length;
            _smoothing = rateHz * 60 / (1000 * fold);
            _slow = rateHz * 600 / (1000 * fold);
            _wave = new int[length];
            _other = new int[length];
        }

        /// <summary>The wave.</summary>
        public int[] Values
        {
            get { return _wave; }
        }

        /// <summary>An array of the same length, free for use after <see cref="Scale"/>.</summary>
        public int[] Scratch
        {
            get { return _other; }
        }

        /// <summary>Approximate peak to peak of the wave, in the counts of the window.</summary>
        public int Swing
        {
            get { return _swing; }
        }

        /// <summary>Sum of the squared rising slopes, divided by that of the falling ones, x1000: 1000 for a sine such
        /// as aliased lamp light, 1500 and more for a pulse.</summary>
        public int SteepnessX1000
        {
            get { return _steepnessX1000; }
        }

        /// <summary>Inverts the channel (more blood gives less light), smooths it, and subtracts its mean over 1.2 s
        /// once.</summary>
        /// <param name="channel">Oldest value first.</param>
        public void Smooth(int[] channel)
        {
            for (int i = 0; i < _length; i++)
            {
                // Times 16, so that a weak pulse is not lost by rounding. 5 samples of 18 bits, times 16, have 25 bits.
                // The sums below have at most 30 values where five samples are folded, 59 where none is, so 31 bits are
                // enough.
                _other[i] = -channel[i] * 16;
            }

            MeanAround(_smoothing);
            RemoveMean();
        }

        /// <summary>Subtracts the mean a second time, limits and scales the wave, and compares its slopes.</summary>
        /// <param name="mayTurn">True where the wave may be inverted; then the method corrects it.</param>
        public void Scale(bool mayTurn)
        {
            RemoveMean();
            Limit();
            CompareSlopes(mayTurn);
        }

        private void RemoveMean()
        {
            int[] smooth = _wave;
            _wave = _other;
            _other = smooth;
            MeanAround(_slow);
            for (int i = 0; i < _length; i++)
            {
                _wave[i] = _other[i] - _wave[i];
            }
        }

        private void Limit()
        {
            int[] wave = _wave;
            int length = _length;
            long absolute = 0;
            for (int i = 0; i < length; i++)
            {
                int value = wave[i];
                absolute += value < 0 ? -value : value;
            }

            int mean = (int)(absolute / length);
            _swing = mean / 4; // mean deviation x 4, divided by the 16 above
            int limit = mean * 3;
            int shift = 0;
            while (limit >> shift > int.MaxValue / 1000)
            {
                shift++;
            }

            int scale = limit >> shift;
            for (int i = 0; i < length; i++)
            {
                int value = wave[i];
                wave[i] = scale == 0
                    ? 0 : value > limit ? 1000 : value < -limit ? -1000 : (value >> shift) * 1000 / scale;
            }
        }

        // The mean of each value of _other and its neighbours on both sides; at the ends, of the neighbours that exist.
        private void MeanAround(int neighbours)
        {
            int[] from = _other;
            int[] means = _wave;
            int length = _length;
            int sum = 0;
            int count = 0;
            for (int i = 0; i < length + neighbours; i++)
            {
                if (i < length)
                {
                    sum += from[i];
                    count++;
                }

                int at = i - neighbours;
                if (at > neighbours)
                {
                    sum -= from[at - neighbours - 1];
                    count--;
                }

                if (at >= 0)
                {
                    means[at] = sum / count;
                }
            }
        }

        // A pulse rises faster than it falls, so a wave that falls faster is inverted.
        private void CompareSlopes(bool mayTurn)
        {
            int[] wave = _wave;
            int length = _length;
            int rises = 0;
            int falls = 0;
            for (int i = 1; i < length; i++)
            {
                int d = wave[i] - wave[i - 1];
                if (d > 0)
                {
                    rises += d * d; // the sum is at most 392 x 2000^2, shared between rises and falls
                }
                else
                {
                    falls += d * d;
                }
            }

            if (mayTurn && rises < falls)
            {
                int swap = rises;
                rises = falls;
                falls = swap;
                for (int i = 0; i < length; i++)
                {
                    wave[i] = -wave[i];
                }
            }

            _steepnessX1000 = falls < 1000 ? 0 : rises / (falls / 1000);
        }
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The pulse wave of 8 s of one PPG channel, more blood upwards: smoothed over 120 ms, twice without its mean over
    /// 1.2 s, which leaves a twentieth of slow breathing, limited to three times its mean deviation so that one step of
    /// ambient light does not dominate the window, scaled to +-1000. Made in two slices, <see cref="Smooth"/> and
    /// <see cref="Scale"/>. No allocation after construction.
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

        /// <summary>As many values, free for use once the wave is made.</summary>
        public int[] Scratch
        {
            get { return _other; }
        }

        /// <summary>Peak to peak of the wave, about, in the counts of the window.</summary>
        public int Swing
        {
            get { return _swing; }
        }

        /// <summary>Squared slopes of the rises against those of the falls, x1000: 1000 for a sine such as aliased lamp
        /// light, 1500 and more for a pulse.</summary>
        public int SteepnessX1000
        {
            get { return _steepnessX1000; }
        }

        /// <summary>Turns the channel over (more blood = less light), smooths it and takes its mean over 1.2 s away
        /// once.</summary>
        /// <param name="channel">Oldest value first.</param>
        public void Smooth(int[] channel)
        {
            for (int i = 0; i < _length; i++)
            {
                // 16 times, so that folding and averaging do not round a weak pulse away: 5 x 18 bits x 16 is 25 bits,
                // and the sums below are of 30 samples at most where five are folded, of 59 where none is: 31 bits are
                // enough.
                _other[i] = -channel[i] * 16;
            }

            MeanAround(_smoothing);
            RemoveMean();
        }

        /// <summary>Takes the mean away once more, limits and scales the wave, and compares its slopes.</summary>
        /// <param name="mayTurn">The wave may be upside down; then it is turned.</param>
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
            _swing = mean / 4; // mean deviation x 4, without the 16
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

        // The mean of each value of _other and its neighbours on both sides, as far as there are any.
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

        // A heart fills the vessels faster than they empty; a wave that falls faster is upside down.
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
                    rises += d * d; // at most 392 x 2000^2, on one side only every other
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

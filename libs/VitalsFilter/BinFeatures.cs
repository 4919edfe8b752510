namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Describes each bin of the spectra by 17 bytes, the features that the trees compare; their order is that of the
    /// training (docs/pulse-model.md). An update calls <see cref="ScaleToAmplitudes"/>,
    /// <see cref="CompareWithNeighbours"/> and <see cref="CompareWithWindow"/> in this order, a slice each. No
    /// allocation after construction.
    /// </summary>
    public sealed class BinFeatures
    {
        private const int Bins = MotionTracker.Bins;
        private const int FirstBin = MotionTracker.FirstBin;
        private const int LowestBin = MotionSpectra.LowestBin;
        private const int FullSquare = 255 * 255;
        private const int PastSteps = 2;

        // Power of a sine of 20 mg; below it the acceleration is taken to hold no stride.
        private const int QuietPower = 6600;

        private readonly byte[] _values = new byte[MotionTracker.FeatureCount * Bins];
        private readonly byte[] _pastPpg = new byte[PastSteps * Bins];
        private readonly byte[] _pastClean = new byte[PastSteps * Bins];

        private int _pastAt;
        private int _strideBin;

        /// <summary>One row of <see cref="MotionTracker.Bins"/> bytes for each feature.</summary>
        public byte[] Values
        {
            get { return _values; }
        }

        /// <summary>Forgets the past windows.</summary>
        public void Reset()
        {
            for (int i = 0; i < _pastPpg.Length; i++)
            {
                _pastPpg[i] = 0;
                _pastClean[i] = 0;
            }
        }

        /// <summary>Turns the powers of both spectra into amplitudes in place, 255 for the highest, and finds the
        /// stride's bin.</summary>
        public void ScaleToAmplitudes(MotionSpectra spectra)
        {
            int[] ppg = spectra.Ppg;
            int[] acceleration = spectra.Acceleration;
            int highest = 1;
            for (int i = 0; i < Bins; i++)
            {
                int value = ppg[FirstBin + i] / spectra.Channels;
                highest = value > highest ? value : highest;
            }

            Amplitudes(ppg, highest, spectra.Channels);
            _strideBin = 0;
            int strongest = QuietPower >> (2 * spectra.AccelerationShift);
            for (int i = 0; i < Bins; i++)
            {
                if (acceleration[FirstBin + i] > strongest)
                {
                    strongest = acceleration[FirstBin + i];
                    _strideBin = FirstBin + i;
                }
            }

            int shift = 0;
            while (strongest >> shift >= 1 << 15)
            {
                shift++;
            }

            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                acceleration[k] >>= shift;
            }

            Amplitudes(acceleration, (strongest >> shift) + 1, 1);
        }

        /// <summary>Features 0 to 8: the bin, its harmonics, its neighbours, and its amplitude after weighting by the
        /// acceleration.</summary>
        public void CompareWithNeighbours(MotionSpectra spectra, int[] scratch)
        {
            Harmonics(spectra.Ppg, 0);
            OneAndAHalf(spectra.Ppg);
            Harmonics(spectra.Acceleration, 4);
            ShareOfNeighbours(spectra.Ppg);
            WeightByAcceleration(spectra.Ppg, spectra.Acceleration, scratch);
        }

        /// <summary>Features 9 to 16: the bin's place among the peaks of the window, and the windows 2 and 4 s
        /// ago.</summary>
        public void CompareWithWindow(MotionSpectra spectra, int[] scratch)
        {
            CountHigherPeaks(spectra.Ppg, scratch);
            BinAndWindow(spectra.Ppg);
            PastWindows();
        }

        private static void Amplitudes(int[] powers, int highest, int divisor)
        {
            int root = 1;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                int power = powers[k] / divisor;
                int square = (power > highest ? highest : power) * FullSquare / highest;

                // Newton's method for the square root: whatever the guess, the first step gives the root or more, and
                // each further step comes down until the root is reached. The root of the bin before is a good guess,
                // because neighbouring bins are alike.
                int guess = root < 8 ? 8 : root;
                int next = (guess + (square / guess)) >> 1;
                do
                {
                    root = next;
                    next = root == 0 ? 0 : (root + (square / root)) >> 1;
                }
                while (next < root);

                powers[k] = root;
            }
        }

        // Amplitudes at the bin and at twice and half its frequency.
        private void Harmonics(int[] amplitudes, int feature)
        {
            byte[] values = _values;
            int own = feature * Bins;
            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                values[own + i] = (byte)amplitudes[k];
                values[own + Bins + i] = (byte)(2 * k < Spectrum.Bins ? amplitudes[2 * k] : 0);
                values[own + (2 * Bins) + i] = (byte)((amplitudes[k >> 1] + amplitudes[(k + 1) >> 1]) >> 1);
            }
        }

        // The PPG at one and a half times the bin's frequency.
        private void OneAndAHalf(int[] ppg)
        {
            byte[] values = _values;
            for (int i = 0; i < Bins; i++)
            {
                int k = (FirstBin + i) * 3;
                values[(3 * Bins) + i] = (byte)(k + 1 < 2 * Spectrum.Bins ? (ppg[k >> 1] + ppg[(k + 1) >> 1]) >> 1 : 0);
            }
        }

        // The bin's share of the 13 bins around it.
        private void ShareOfNeighbours(int[] ppg)
        {
            byte[] values = _values;
            int sum = 0;
            for (int k = FirstBin - 6; k < FirstBin + 6; k++)
            {
                sum += ppg[k];
            }

            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                sum += ppg[k + 6];
                int value = ppg[k] * 416 / (sum + 1);
                values[(7 * Bins) + i] = (byte)(value > 255 ? 255 : value);
                sum -= ppg[k - 6];
            }
        }

        // The PPG amplitude times a Wiener weight, which is low where the acceleration of the bin is high, scaled to
        // the highest.
        private void WeightByAcceleration(int[] ppg, int[] acceleration, int[] clean)
        {
            int highest = 0;
            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                int value = ppg[k] * (255 - (acceleration[k] * acceleration[k] / 255)) / 255;
                clean[i] = value;
                highest = value > highest ? value : highest;
            }

            byte[] values = _values;
            for (int i = 0; i < Bins; i++)
            {
                values[(8 * Bins) + i] = (byte)(clean[i] * 255 / (highest + 1));
            }
        }

        // The number of higher peaks in the PPG.
        private void CountHigherPeaks(int[] ppg, int[] peaks)
        {
            int count = 0;
            for (int k = FirstBin; k < FirstBin + Bins; k++)
            {
                int value = ppg[k];
                if (value >= ppg[k - 1] && value > ppg[k + 1])
                {
                    int at = count++;
                    while (at > 0 && peaks[at - 1] < value)
                    {
                        peaks[at] = peaks[at - 1];
                        at--;
                    }

                    peaks[at] = value;
                }
            }

            byte[] values = _values;
            int higher = 0;
            for (int i = 0; i < Bins; i++)
            {
                int value = ppg[FirstBin + i];
                while (higher < count && peaks[higher] > value)
                {
                    higher++;
                }

                while (higher > 0 && peaks[higher - 1] <= value)
                {
                    higher--;
                }

                values[(9 * Bins) + i] = (byte)higher;
            }
        }

        // The bin's number, its frequency as a multiple of the stride's, and the mean of the window.
        private void BinAndWindow(int[] ppg)
        {
            int sum = 0;
            for (int i = 0; i < Bins; i++)
            {
                sum += ppg[FirstBin + i];
            }

            byte[] values = _values;
            byte mean = (byte)(sum / Bins);
            for (int i = 0; i < Bins; i++)
            {
                int strides = _strideBin == 0 ? 0 : (FirstBin + i) * 32 / _strideBin;
                values[(10 * Bins) + i] = (byte)(FirstBin + i);
                values[(11 * Bins) + i] = (byte)(strides > 255 ? 255 : strides);
                values[(12 * Bins) + i] = mean;
            }
        }

        // The PPG and the clean PPG near the bin 2 and 4 s ago.
        private void PastWindows()
        {
            int older = _pastAt * Bins;
            int newer = (PastSteps - 1 - _pastAt) * Bins;
            Recall(_pastPpg, newer, 13);
            Recall(_pastPpg, older, 14);
            Recall(_pastClean, newer, 15);
            Recall(_pastClean, older, 16);
            for (int i = 0; i < Bins; i++)
            {
                _pastPpg[older + i] = _values[i];
                _pastClean[older + i] = _values[(8 * Bins) + i];
            }

            _pastAt = PastSteps - 1 - _pastAt;
        }

        private void Recall(byte[] past, int row, int feature)
        {
            byte[] values = _values;
            int at = feature * Bins;
            int before = 0;
            int here = past[row];
            for (int i = row + 1; i < row + Bins; i++)
            {
                int after = past[i];
                int most = here > before ? here : before;
                values[at++] = (byte)(after > most ? after : most);
                before = here;
                here = after;
            }

            values[at] = (byte)(here > before ? here : before);
        }
    }
}

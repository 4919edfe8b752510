namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Power spectra of two real signals at once, from one complex transform of 256 points (radix 2, decimation in time, 32-bit
    /// integers, twiddles in Q14). The signals are 100 samples long and are padded with zeros; nothing is scaled between the
    /// stages, because 100 windowed samples of +-1000 cannot reach 17 bits.
    /// </summary>
    public sealed class Spectrum
    {
        /// <summary>Samples of a signal.</summary>
        public const int Samples = 100;

        /// <summary>Bins of a power spectrum, from 0 to just below half of the sample rate.</summary>
        public const int Bins = 128;

        /// <summary>What a signal's samples must not exceed.</summary>
        public const int Limit = 1000;

        private const int Size = 256;
        private const int Quarter = 64;

        // sin(2 pi i / 256) in Q14, three quarters of a turn, so that the cosine is the same table from 64 on.
        private static readonly short[] SineQ14 =
        {
            0, 402, 804, 1205, 1606, 2006, 2404, 2801, 3196, 3590, 3981, 4370, 4756, 5139, 5520, 5897,
            6270, 6639, 7005, 7366, 7723, 8076, 8423, 8765, 9102, 9434, 9760, 10080, 10394, 10702, 11003, 11297,
            11585, 11866, 12140, 12406, 12665, 12916, 13160, 13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978,
            15137, 15286, 15426, 15557, 15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379,
            16384, 16379, 16364, 16340, 16305, 16261, 16207, 16143, 16069, 15986, 15893, 15791, 15679, 15557, 15426, 15286,
            15137, 14978, 14811, 14635, 14449, 14256, 14053, 13842, 13623, 13395, 13160, 12916, 12665, 12406, 12140, 11866,
            11585, 11297, 11003, 10702, 10394, 10080, 9760, 9434, 9102, 8765, 8423, 8076, 7723, 7366, 7005, 6639,
            6270, 5897, 5520, 5139, 4756, 4370, 3981, 3590, 3196, 2801, 2404, 2006, 1606, 1205, 804, 402,
            0, -402, -804, -1205, -1606, -2006, -2404, -2801, -3196, -3590, -3981, -4370, -4756, -5139, -5520, -5897,
            -6270, -6639, -7005, -7366, -7723, -8076, -8423, -8765, -9102, -9434, -9760, -10080, -10394, -10702, -11003, -11297,
            -11585, -11866, -12140, -12406, -12665, -12916, -13160, -13395, -13623, -13842, -14053, -14256, -14449, -14635, -14811, -14978,
            -15137, -15286, -15426, -15557, -15679, -15791, -15893, -15986, -16069, -16143, -16207, -16261, -16305, -16340, -16364, -16379,
        };

        // A Hamming-like window, 0.3 + 0.7 sin^2, in Q8, its first half: the tails still count, the side lobes stay 30 dB down.
        private static readonly short[] WindowQ8 =
        {
            77, 77, 78, 79, 80, 82, 84, 87, 89, 92, 96, 99, 103, 107, 111, 116,
            121, 126, 131, 136, 141, 147, 152, 158, 164, 169, 175, 180, 186, 191, 197, 202,
            207, 212, 217, 221, 226, 230, 234, 237, 241, 244, 246, 249, 251, 252, 254, 255,
            256, 256,
        };

        private readonly int[] _real = new int[Size];
        private readonly int[] _imaginary = new int[Size];

        /// <summary>Puts a signal in, windowed.</summary>
        /// <param name="samples">At least 100 of them, each within +-1000.</param>
        /// <param name="second">It is the second of the two.</param>
        public void Load(int[] samples, bool second)
        {
            int[] target = second ? _imaginary : _real;
            for (int i = 0; i < Size; i++)
            {
                target[i] = 0;
            }

            int reversed = 0;
            for (int i = 0; i < Samples; i++)
            {
                int weight = WindowQ8[i < Samples / 2 ? i : Samples - 1 - i];
                target[reversed] = ((samples[i] * weight) + 128) >> 8;
                int bit = Size >> 1;
                while ((reversed & bit) != 0)
                {
                    reversed ^= bit;
                    bit >>= 1;
                }

                reversed |= bit;
            }
        }

        /// <summary>Makes the second signal silent.</summary>
        public void LoadNothing()
        {
            for (int i = 0; i < Size; i++)
            {
                _imaginary[i] = 0;
            }
        }

        /// <summary>Transforms both signals.</summary>
        public void Transform()
        {
            int[] real = _real;
            int[] imaginary = _imaginary;

            // The first two stages turn by quarters only: no multiplication.
            for (int i = 0; i < Size; i += 4)
            {
                int a = real[i];
                int b = real[i + 1];
                int c = real[i + 2];
                int d = real[i + 3];
                int sum = a + b;
                int other = c + d;
                int difference = a - b;
                int realTurned = c - d;
                real[i] = sum + other;
                real[i + 2] = sum - other;
                a = imaginary[i];
                b = imaginary[i + 1];
                c = imaginary[i + 2];
                d = imaginary[i + 3];
                sum = a + b;
                other = c + d;
                imaginary[i] = sum + other;
                imaginary[i + 2] = sum - other;
                sum = a - b;
                other = c - d;
                real[i + 1] = difference + other;
                real[i + 3] = difference - other;
                imaginary[i + 1] = sum - realTurned;
                imaginary[i + 3] = sum + realTurned;
            }

            for (int span = 4; span < Size; span <<= 1)
            {
                int step = Size / 2 / span;
                for (int j = 0; j < span; j++)
                {
                    int cosine = SineQ14[(j * step) + Quarter];
                    int sine = SineQ14[j * step];
                    for (int low = j; low < Size; low += span << 1)
                    {
                        int high = low + span;
                        int x = real[high];
                        int y = imaginary[high];
                        int turnedX = ((x * cosine) + (y * sine) + 8192) >> 14;
                        int turnedY = ((y * cosine) - (x * sine) + 8192) >> 14;
                        x = real[low];
                        y = imaginary[low];
                        real[high] = x - turnedX;
                        real[low] = x + turnedX;
                        imaginary[high] = y - turnedY;
                        imaginary[low] = y + turnedY;
                    }
                }
            }
        }

        /// <summary>Adds the power of one of the two signals, in 1/64 of squared counts, to what is there already.</summary>
        /// <param name="power"><see cref="Bins"/> values; bin 0 stays as it is.</param>
        /// <param name="second">Of the second one.</param>
        public void AddPower(int[] power, bool second)
        {
            int[] even = second ? _imaginary : _real;
            int[] odd = second ? _real : _imaginary;
            for (int k = 1; k < Bins; k++)
            {
                int a = (even[k] + even[Size - k]) >> 4;
                int b = (odd[k] - odd[Size - k]) >> 4;
                power[k] += (a * a) + (b * b);
            }
        }
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Power spectra of two real signals from one complex FFT of 256 points (radix 4, decimation in time, 32-bit
    /// integers, twiddle factors in Q14). The signals are 100 samples long and are padded with zeros. The stages need
    /// no scaling, because the sum of 100 windowed samples of +-1000 stays below 17 bits.
    /// </summary>
    public sealed class Spectrum
    {
        /// <summary>Samples of a signal.</summary>
        public const int Samples = 100;

        /// <summary>Bins of a power spectrum, from 0 to just below half of the sample rate.</summary>
        public const int Bins = 128;

        /// <summary>Highest absolute value of a signal's samples.</summary>
        public const int Limit = 1000;

        private const int Size = 256;
        private const int Quarter = 64;

        // sin(2 pi i / 256) in Q14. The cosine of i is the sine of i + 64. The largest index is 3 x 63 + 64 = 253.
        private static readonly short[] SineQ14 =
        {
            0, 402, 804, 1205, 1606, 2006, 2404, 2801, 3196, 3590, 3981, 4370, 4756, 5139, 5520, 5897,
            6270, 6639, 7005, 7366, 7723, 8076, 8423, 8765, 9102, 9434, 9760, 10080, 10394, 10702, 11003, 11297,
            11585, 11866, 12140, 12406, 12665, 12916, 13160, 13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811,
            14978,
            15137, 15286, 15426, 15557, 15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364,
            16379,
            16384, 16379, 16364, 16340, 16305, 16261, 16207, 16143, 16069, 15986, 15893, 15791, 15679, 15557, 15426,
            15286,
            15137, 14978, 14811, 14635, 14449, 14256, 14053, 13842, 13623, 13395, 13160, 12916, 12665, 12406, 12140,
            11866,
            11585, 11297, 11003, 10702, 10394, 10080, 9760, 9434, 9102, 8765, 8423, 8076, 7723, 7366, 7005, 6639,
            6270, 5897, 5520, 5139, 4756, 4370, 3981, 3590, 3196, 2801, 2404, 2006, 1606, 1205, 804, 402,
            0, -402, -804, -1205, -1606, -2006, -2404, -2801, -3196, -3590, -3981, -4370, -4756, -5139, -5520, -5897,
            -6270, -6639, -7005, -7366, -7723, -8076, -8423, -8765, -9102, -9434, -9760, -10080, -10394, -10702,
            -11003, -11297,
            -11585, -11866, -12140, -12406, -12665, -12916, -13160, -13395, -13623, -13842, -14053, -14256, -14449,
            -14635, -14811, -14978,
            -15137, -15286, -15426, -15557, -15679, -15791, -15893, -15986, -16069, -16143, -16207, -16261, -16305,
            -16340, -16364, -16379,
            -16384, -16379, -16364, -16340, -16305, -16261, -16207, -16143, -16069, -15986, -15893, -15791, -15679,
            -15557, -15426, -15286,
            -15137, -14978, -14811, -14635, -14449, -14256, -14053, -13842, -13623, -13395, -13160, -12916, -12665,
            -12406, -12140, -11866,
            -11585, -11297, -11003, -10702, -10394, -10080, -9760, -9434, -9102, -8765, -8423, -8076, -7723, -7366,
            -7005, -6639,
            -6270, -5897, -5520, -5139, -4756, -4370, -3981, -3590, -3196, -2801, -2404, -2006, -1606, -1205, -804,
            -402,
        };

        // A window like Hamming's, 0.3 + 0.7 sin^2, in Q8: the ends keep some weight, and the side lobes are 30 dB
        // down.
        private static readonly short[] WindowQ8 =
        {
            77, 77, 78, 79, 80, 82, 84, 87, 89, 92, 96, 99, 103, 107, 111, 116, 121, 126, 131, 136,
            141, 147, 152, 158, 164, 169, 175, 180, 186, 191, 197, 202, 207, 212, 217, 221, 226, 230, 234, 237,
            241, 244, 246, 249, 251, 252, 254, 255, 256, 256, 256, 256, 255, 254, 252, 251, 249, 246, 244, 241,
            237, 234, 230, 226, 221, 217, 212, 207, 202, 197, 191, 186, 180, 175, 169, 164, 158, 152, 147, 141,
            136, 131, 126, 121, 116, 111, 107, 103, 99, 96, 92, 89, 87, 84, 82, 80, 79, 78, 77, 77,
        };

        private readonly int[] _real = new int[Size];
        private readonly int[] _imaginary = new int[Size];

        /// <summary>After <see cref="EndTransform"/>: the first signal's power in bins 1 to 127, 1/64 of squared
        /// counts.</summary>
        public int[] First
        {
            get { return _real; }
        }

        /// <summary>The second signal's power, as <see cref="First"/>.</summary>
        public int[] Second
        {
            get { return _imaginary; }
        }

        /// <summary>Loads a signal and multiplies it by the window.</summary>
        /// <param name="samples">At least 100 of them, each within +-1000.</param>
        /// <param name="second">True for the second of the two signals.</param>
        public void Load(int[] samples, bool second)
        {
            int[] target = second ? _imaginary : _real;
            short[] window = WindowQ8;
            for (int i = 0; i < Quarter; i++)
            {
                // The first stage joins four points that are a quarter of the length apart, so the place of point i has
                // the base-4 digits of i reversed. Of these four points, two at most are not padding.
                int place = ((i & 3) << 6) | ((i & 12) << 2) | ((i >> 4) << 2);
                target[place] = ((samples[i] * window[i]) + 128) >> 8;
                int late = Quarter + i;
                target[place + 1] = late < Samples ? ((samples[late] * window[late]) + 128) >> 8 : 0;
            }
        }

        /// <summary>Loads zeros as the second signal.</summary>
        public void LoadNothing()
        {
            for (int i = 0; i < Size; i++)
            {
                _imaginary[i] = 0;
            }
        }

        /// <summary>Does the first three stages of the transform of both signals.</summary>
        public void BeginTransform()
        {
            Start();
            Stage(4);
            Stage(16);
        }

        /// <summary>Does the last stage and computes the powers of both signals.</summary>
        public void EndTransform()
        {
            Stage(Quarter);
            Separate();
        }

        // Radix 4: joins four transforms of "span" points to one transform of four times as many points.
        private void Stage(int span)
        {
            int[] real = _real;
            int[] imaginary = _imaginary;
            short[] sine = SineQ14;
            int step = Quarter / span;
            int apart = span << 2;
            for (int j = 0; j < span; j++)
            {
                int angle = j * step;
                int sine1 = sine[angle];
                int cosine1 = sine[angle + Quarter];
                int sine2 = sine[2 * angle];
                int cosine2 = sine[(2 * angle) + Quarter];
                int sine3 = sine[3 * angle];
                int cosine3 = sine[(3 * angle) + Quarter];
                for (int at0 = j; at0 < Size; at0 += apart)
                {
                    int at1 = at0 + span;
                    int at2 = at1 + span;
                    int at3 = at2 + span;
                    int x = real[at1];
                    int y = imaginary[at1];
                    int x1 = ((x * cosine1) + (y * sine1)) >> 14;
                    int y1 = ((y * cosine1) - (x * sine1)) >> 14;
                    x = real[at2];
                    y = imaginary[at2];
                    int x2 = ((x * cosine2) + (y * sine2)) >> 14;
                    int y2 = ((y * cosine2) - (x * sine2)) >> 14;
                    x = real[at3];
                    y = imaginary[at3];
                    int x3 = ((x * cosine3) + (y * sine3)) >> 14;
                    int y3 = ((y * cosine3) - (x * sine3)) >> 14;
                    // A shift to the right loses half a unit on average; adding 1 compensates two shifts.
                    int oddX = x1 + x3 + 1;
                    int oddY = y1 + y3 + 1;
                    x3 = x1 - x3;
                    y3 = y1 - y3;
                    x = real[at0];
                    y = imaginary[at0];
                    int evenX = x + x2;
                    int evenY = y + y2;
                    x -= x2;
                    y -= y2;
                    real[at0] = evenX + oddX;
                    real[at1] = x + y3;
                    real[at2] = evenX - oddX;
                    real[at3] = x - y3;
                    imaginary[at0] = evenY + oddY;
                    imaginary[at1] = y - x3;
                    imaginary[at2] = evenY - oddY;
                    imaginary[at3] = y + x3;
                }
            }
        }

        // All twiddle factors of the first stage are 1, and its third and fourth inputs are padding.
        private void Start()
        {
            int[] real = _real;
            int[] imaginary = _imaginary;
            for (int i = 0; i < Size; i += 4)
            {
                int x0 = real[i];
                int y0 = imaginary[i];
                int x1 = real[i + 1];
                int y1 = imaginary[i + 1];
                real[i] = x0 + x1;
                real[i + 1] = x0 + y1;
                real[i + 2] = x0 - x1;
                real[i + 3] = x0 - y1;
                imaginary[i] = y0 + y1;
                imaginary[i + 1] = y0 - x1;
                imaginary[i + 2] = y0 - y1;
                imaginary[i + 3] = y0 + x1;
            }
        }

        // Separates the two signals by symmetry around bin 0. The even part of the real values and the odd part of the
        // imaginary values are the first signal's, the rest is the second signal's.
        private void Separate()
        {
            int[] real = _real;
            int[] imaginary = _imaginary;
            for (int k = 1; k < Bins; k++)
            {
                int x = real[k];
                int y = imaginary[k];
                int mirror = Size - k;
                int mirroredX = real[mirror];
                int mirroredY = imaginary[mirror];
                int a = (x + mirroredX) >> 4;
                int b = (y - mirroredY) >> 4;
                real[k] = (a * a) + (b * b);
                a = (y + mirroredY) >> 4;
                b = (x - mirroredX) >> 4;
                imaginary[k] = (a * a) + (b * b);
            }
        }
    }
}

namespace ElderBand.VitalsFilter.DeviceTests
{
    /// <summary>
    /// Invented signals from whole numbers alone: a table of sines and a linear congruential generator. The host and
    /// the device make the same samples, so that the vectors need not carry them.
    /// </summary>
    public sealed class Signal
    {
        // 1000 sin(2 pi i / 64), first quarter and its end.
        private static readonly short[] Quarter =
            { 0, 98, 195, 290, 383, 471, 556, 634, 707, 773, 831, 882, 924, 957, 981, 995, 1000 };

        // Light that a beat takes away, 1/1000 of its depth, over 32 parts of the beat: the steep systolic wave and the
        // dicrotic one.
        private static readonly short[] Beat =
        {
            20, 90, 280, 580, 860, 990, 1000, 930, 820, 700, 590, 500, 430, 390, 380, 390,
            400, 390, 360, 310, 260, 210, 170, 135, 105, 80, 60, 45, 34, 26, 20, 18,
        };

        private readonly int _rateHz;
        private uint _noise;
        private int _sample;
        private int _beatX65536;

        /// <param name="rateHz">Samples a second.</param>
        /// <param name="seed">Same seed, same noise.</param>
        public Signal(int rateHz, int seed)
        {
            _rateHz = rateHz;
            _noise = (uint)seed;
        }

        /// <summary>Acceleration of the last call, milli-g.</summary>
        public int X { get; private set; }

        /// <summary>Acceleration of the last call, milli-g.</summary>
        public int Y { get; private set; }

        /// <summary>Acceleration of the last call, milli-g.</summary>
        public int Z { get; private set; }

        /// <summary>Red of the last call, counts.</summary>
        public int Red { get; private set; }

        /// <summary>Infrared of the last call, counts.</summary>
        public int Ir { get; private set; }

        /// <summary>Green of the last call, counts.</summary>
        public int Green { get; private set; }

        /// <summary>1000 times the sine of a part of a turn.</summary>
        /// <param name="turnX64">64 is a whole turn; any value.</param>
        public static int SineX1000(int turnX64)
        {
            int i = turnX64 & 63;
            return i <= 16 ? Quarter[i] : i <= 32 ? Quarter[32 - i] : -SineX1000(i - 32);
        }

        /// <summary>Walking with a swinging arm.</summary>
        public void Walk()
        {
            int step = 64 * 17 * _sample / (10 * _rateHz);
            X = -950 - (150 * SineX1000(step) / 1000) + Noise(20);
            Y = 150 + (90 * SineX1000(step / 2) / 1000) + Noise(20);
            Z = 270 + (170 * SineX1000((step / 2) + 9) / 1000) + Noise(20);
            _sample++;
        }

        /// <summary>An arm at rest.</summary>
        public void Rest()
        {
            X = 120 + Noise(8);
            Y = 250 + Noise(8);
            Z = 955 + Noise(8);
            _sample++;
        }

        /// <summary>
        /// Walking until the onset; then 0.4 s of falling, the blow and its echoes, and lying on another side.
        /// </summary>
        public void Fall(int onsetMs)
        {
            int ms = (_sample * 1000 / _rateHz) - onsetMs;
            if (ms < 0)
            {
                Walk();
                return;
            }

            if (ms < 400)
            {
                X = (-950 * (400 - ms) / 400) + Noise(60);
                Y = (200 * ms / 400) + Noise(60);
                Z = (300 * (400 - ms) / 400) + Noise(60);
            }
            else
            {
                int blow = Bump(ms - 480, 50);
                int echo = Bump(ms - 680, 70);
                int turn = ms > 1600 ? 1000 : (ms - 400) * 1000 / 1200;
                X = (180 * turn / 1000) + (3200 * blow / 1000) - (900 * echo / 1000) + Noise(12);
                Y = (-930 * turn / 1000) - (4100 * blow / 1000) + (1600 * echo / 1000) + Noise(12);
                Z = 320 + (2300 * blow / 1000) - (700 * echo / 1000) + Noise(12);
            }

            _sample++;
        }

        /// <summary>A worn pulse sensor.</summary>
        /// <param name="bpm">Beats a minute.</param>
        /// <param name="swayX1000">Artefact of a swinging arm, 1/1000 of the level; 0 at rest.</param>
        public void Pulse(int bpm, int swayX1000)
        {
            _beatX65536 = (_beatX65536 + (bpm * 65536 / (60 * _rateHz))) & 65535;
            int at = _beatX65536 >> 11;
            int share = _beatX65536 & 2047;
            int wave = Beat[at] + ((Beat[(at + 1) & 31] - Beat[at]) * share / 2048);
            int sway = 100000 + (swayX1000 * SineX1000(64 * 14 * _sample / (10 * _rateHz)) / 10);
            Red = (int)((long)(88000 - (500 * wave / 1000)) * sway / 100000) + Noise(12);
            Ir = (int)((long)(104000 - (1050 * wave / 1000)) * sway / 100000) + Noise(12);
            Green = (int)((long)(42000 - (1300 * wave / 1000)) * sway / 100000) + Noise(12);
            _sample++;
        }

        // A triangle around 0, 1000 high.
        private static int Bump(int ms, int widthMs)
        {
            int far = ms < 0 ? -ms : ms;
            return far >= widthMs ? 0 : (widthMs - far) * 1000 / widthMs;
        }

        // Evenly from -limit to limit. Constants: Numerical Recipes.
        private int Noise(int limit)
        {
            _noise = unchecked((_noise * 1664525u) + 1013904223u);
            return (int)((_noise >> 16) % (uint)((2 * limit) + 1)) - limit;
        }
    }
}

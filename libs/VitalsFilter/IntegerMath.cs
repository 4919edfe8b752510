namespace ElderBand.VitalsFilter
{
    /// <summary>The few integer functions the filters share. Exact, allocation-free, no exceptions.</summary>
    public static class IntegerMath
    {
        /// <summary>Floor of the square root. <paramref name="value"/> below 0 counts as 0; exact for every
        /// input.</summary>
        public static int Isqrt(int value)
        {
            if (value <= 0)
            {
                return 0;
            }

            int bit = 1 << 30;
            while (bit > value)
            {
                bit >>= 2;
            }

            int root = 0;
            while (bit != 0)
            {
                if (value >= root + bit)
                {
                    value -= root + bit;
                    root = (root >> 1) + bit;
                }
                else
                {
                    root >>= 1;
                }

                bit >>= 2;
            }

            return root;
        }

        /// <summary>Floor of the square root, exact as <see cref="Isqrt"/>, but about five times cheaper where a value
        /// close to the root is known, such as the root of the sample before.</summary>
        /// <param name="value">Below 0 counts as 0.</param>
        /// <param name="guess">Any value up to 1,000,000,000.</param>
        public static int IsqrtNear(int value, int guess)
        {
            if (value <= 0)
            {
                return 0;
            }

            // Newton's method for the square root: whatever the guess, the first step gives the root or more, and each
            // further step comes down until the root is reached. The minimum of 256 keeps the sum within 31 bits.
            int root = guess < 256 ? 256 : guess;
            root = (root + (value / root)) >> 1;
            while (true)
            {
                int next = (root + (value / root)) >> 1;
                if (next >= root)
                {
                    return root;
                }

                root = next;
            }
        }

        /// <summary>Floor of the square root of a 64-bit value; below 0 counts as 0; exact for every input.</summary>
        public static long IsqrtLong(long value)
        {
            if (value <= int.MaxValue)
            {
                return value <= 0 ? 0 : Isqrt((int)value);
            }

            long bit = 1L << 62;
            while (bit > value)
            {
                bit >>= 2;
            }

            long root = 0;
            while (bit != 0)
            {
                if (value >= root + bit)
                {
                    value -= root + bit;
                    root = (root >> 1) + bit;
                }
                else
                {
                    root >>= 1;
                }

                bit >>= 2;
            }

            return root;
        }

        /// <summary>Limits <paramref name="value"/> to <paramref name="low"/>..<paramref name="high"/>.</summary>
        public static int Clamp(int value, int low, int high)
        {
            return value < low ? low : value > high ? high : value;
        }

        /// <summary>Position of the vertex of the parabola through three points, in 1/256 of their distance,
        /// -128..128.</summary>
        public static int VertexX256(int before, int top, int after)
        {
            int curve = before - (2 * top) + after;
            return curve >= 0 ? 0 : Clamp(128 * (before - after) / curve, -128, 128);
        }

        /// <summary>Absolute difference of two values.</summary>
        public static int Distance(int a, int b)
        {
            return a < b ? b - a : a - b;
        }

        /// <summary>The lowest of at least one value.</summary>
        public static int Lowest(int[] values)
        {
            int lowest = values[0];
            for (int i = 1; i < values.Length; i++)
            {
                if (values[i] < lowest)
                {
                    lowest = values[i];
                }
            }

            return lowest;
        }

        /// <summary>The mean of at least one value, rounded towards zero.</summary>
        public static int Mean(int[] values)
        {
            long sum = 0;
            for (int i = 0; i < values.Length; i++)
            {
                sum += values[i];
            }

            return (int)(sum / values.Length);
        }

        /// <summary>Sorts the first <paramref name="count"/> elements in place, ascending (insertion sort: the counts
        /// are small).</summary>
        public static void Sort(int[] values, int count)
        {
            for (int i = 1; i < count; i++)
            {
                int value = values[i];
                int j = i - 1;
                while (j >= 0 && values[j] > value)
                {
                    values[j + 1] = values[j];
                    j--;
                }

                values[j + 1] = value;
            }
        }
    }
}

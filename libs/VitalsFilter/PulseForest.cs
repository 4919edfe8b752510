namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// How much each bin of a spectrum looks like the heart's, by an ensemble of boosted trees that ask the same questions on
    /// each level, so that a tree runs over all bins without a jump. The tables are generated (PulseForest.g.cs); how and
    /// from what is written in their header and in docs/pulse-model.md.
    /// </summary>
    public static partial class PulseForest
    {
        // After every fourth tree the bins that are 3.5 of log-odds and more behind the best drop out with what they have: they
        // would have to catch up with it and do not. It saves two thirds of the work.
        private const int TreesPerRound = 4;
        private const int Hopeless = 224;

        /// <summary>Log-odds of every bin against the others, x64.</summary>
        /// <param name="features">One row of <paramref name="bins"/> bytes for each feature.</param>
        /// <param name="bins">Bins.</param>
        /// <param name="scores">Gets the results.</param>
        /// <param name="open">Scratch, as many as bins.</param>
        public static void Judge(byte[] features, int bins, int[] scores, int[] open)
        {
            for (int i = 0; i < bins; i++)
            {
                scores[i] = 0;
                open[i] = i;
            }

            int count = bins;

            for (int tree = 0; tree < Trees; tree++)
            {
                if (tree > 0 && tree % TreesPerRound == 0)
                {
                    count = Narrow(scores, open, count);
                }

                int question = tree * 3;
                int first = Feature[question] * bins;
                int second = Feature[question + 1] * bins;
                int third = Feature[question + 2] * bins;
                int firstAbove = Threshold[question];
                int secondAbove = Threshold[question + 1];
                int thirdAbove = Threshold[question + 2];
                int leaf = tree * 8;
                for (int n = 0; n < count; n++)
                {
                    int i = open[n];
                    int at = leaf;
                    if (features[first + i] > firstAbove)
                    {
                        at += 4;
                    }

                    if (features[second + i] > secondAbove)
                    {
                        at += 2;
                    }

                    if (features[third + i] > thirdAbove)
                    {
                        at++;
                    }

                    scores[i] += Leaf[at];
                }
            }
        }

        private static int Narrow(int[] scores, int[] open, int count)
        {
            int best = scores[open[0]];
            for (int n = 1; n < count; n++)
            {
                int score = scores[open[n]];
                best = score > best ? score : best;
            }

            int kept = 0;
            for (int n = 0; n < count; n++)
            {
                int i = open[n];
                if (scores[i] > best - Hopeless)
                {
                    open[kept++] = i;
                }
            }

            return kept;
        }
    }
}

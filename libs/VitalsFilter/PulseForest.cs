namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// How much each bin of a spectrum looks like the heart's, by an ensemble of boosted trees that ask the same questions on
    /// each level, so that a tree runs over all bins without a jump. The tables are generated (PulseForest.g.cs); how and
    /// from what is written in their header and in docs/pulse-model.md.
    /// </summary>
    public static partial class PulseForest
    {
        /// <summary>Log-odds of every bin against the others, x64.</summary>
        /// <param name="features">One row of <paramref name="bins"/> bytes for each feature.</param>
        /// <param name="bins">Bins.</param>
        /// <param name="scores">Gets the results.</param>
        public static void Judge(byte[] features, int bins, int[] scores)
        {
            for (int i = 0; i < bins; i++)
            {
                scores[i] = 0;
            }

            for (int tree = 0; tree < Trees; tree++)
            {
                int question = tree * 3;
                int first = Feature[question] * bins;
                int second = Feature[question + 1] * bins;
                int third = Feature[question + 2] * bins;
                int firstAbove = Threshold[question];
                int secondAbove = Threshold[question + 1];
                int thirdAbove = Threshold[question + 2];
                int leaf = tree * 8;
                for (int i = 0; i < bins; i++)
                {
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
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Log-odds that a bin of a spectrum holds the heart rate, by an ensemble of boosted oblivious trees. All nodes of
    /// a level make the same comparison, so one loop applies a tree to all bins. The tables are generated
    /// (PulseForest.g.cs); their header and docs/pulse-model.md say how and from which data.
    /// </summary>
    public static partial class PulseForest
    {
        // After every fourth tree, bins whose log-odds are 3.5 or more below the best drop out and keep their score.
        // Almost none of them would have the highest score in the end. This saves two thirds of the work.
        private const int TreesPerRound = 4;
        private const int DropMargin = 224;

        // Trees times open bins in one slice: about 30,000 instructions.
        private const int SliceWork = 600;

        /// <summary>Begins the scoring of a spectrum: every bin is open.</summary>
        /// <param name="scores">Gets the results.</param>
        /// <param name="open">Gets the open bins; as many elements as bins.</param>
        /// <param name="bins">Bins.</param>
        /// <returns>The number of open bins.</returns>
        public static int Begin(int[] scores, int[] open, int bins)
        {
            for (int i = 0; i < bins; i++)
            {
                scores[i] = 0;
                open[i] = i;
            }

            return bins;
        }

        /// <summary>Does the next slice of the scoring. After all trees, a score is the log-odds of its bin against the
        /// others, x64.</summary>
        /// <param name="features">One row of <paramref name="bins"/> bytes for each feature.</param>
        /// <param name="bins">Bins.</param>
        /// <param name="scores">Gets the results.</param>
        /// <param name="open">The bins that have not dropped out.</param>
        /// <param name="tree">The next tree.</param>
        /// <param name="count">How many bins are open.</param>
        /// <returns>The first tree of the next slice; 0 after the last tree.</returns>
        public static int Judge(byte[] features, int bins, int[] scores, int[] open, int tree, ref int count)
        {
            for (int work = SliceWork; work > 0 && tree < Trees; tree++)
            {
                if (tree > 0 && tree % TreesPerRound == 0)
                {
                    count = Narrow(scores, open, count);
                    work -= count;
                }

                work -= count;
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

            return tree == Trees ? 0 : tree;
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
                if (scores[i] > best - DropMargin)
                {
                    open[kept++] = i;
                }
            }

            return kept;
        }
    }
}

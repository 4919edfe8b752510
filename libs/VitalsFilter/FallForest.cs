namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// An ensemble of boosted integer decision trees. Each tree is complete, and its depth is in the table. Nodes are
    /// stored breadth first: the children of node n are at 2n+1 and 2n+2, so no links are stored. The tables are
    /// generated (FallForest.g.cs); their header and docs/fall-model.md say how and from which data.
    /// </summary>
    public static partial class FallForest
    {
        /// <summary>Sum of the trees' leaves and the bias, in 1/64 of log-odds. Above 0, a fall was the likelier class
        /// in training.</summary>
        /// <param name="features"><see cref="FallFeatures.Count"/> values.</param>
        public static int Margin(int[] features)
        {
            const int nodes = (1 << Depth) - 1;
            int margin = Bias;
            int leaf = 0;
            for (int first = 0; first < Trees * nodes; first += nodes)
            {
                int node = first;
                int end = first + nodes;
                while (node < end)
                {
                    node = node + node - first + (features[Feature[node]] <= Threshold[node] ? 1 : 2);
                }

                margin += Leaf[leaf + node - end];
                leaf += nodes + 1;
            }

            return margin;
        }

        /// <summary>
        /// Score of a margin, 0..100: 50 at the normal threshold of suspicion, and 1 more or less for each 1/8 of
        /// log-odds.
        /// </summary>
        public static int Score(int margin, int strong)
        {
            return IntegerMath.Clamp(50 + ((margin - strong) / 8), 0, 100);
        }
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// An ensemble of boosted integer decision trees. Each tree is complete, of the depth in the table, its nodes
    /// stored breadth first: node n has its children at 2n+1 and 2n+2, so no links are kept. The tables are generated
    /// (FallForest.g.cs); how and from what is written in their header and in docs/fall-model.md.
    /// </summary>
    public static partial class FallForest
    {
        /// <summary>Sum of the trees' leaves and the bias, in 1/64 of log-odds: above 0 is more fall than not in
        /// training.</summary>
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

        /// <summary>0..100, 50 at the normal line of suspicion, 1 for each 1/8 of log-odds beside it.</summary>
        public static int Score(int margin, int strong)
        {
            return IntegerMath.Clamp(50 + ((margin - strong) / 8), 0, 100);
        }
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// An ensemble of boosted integer decision trees. Each tree is complete, of the depth in the table, its nodes stored
    /// breadth first: node n has its children at 2n+1 and 2n+2, so no links are kept. The tables are generated
    /// (FallForest.g.cs); how and from what is written in their header and in docs/fall-model.md.
    /// </summary>
    public static partial class FallForest
    {
        /// <summary>Sum of the trees' leaves and the bias, in 1/64 of log-odds: above 0 is more fall than not in training.</summary>
        /// <param name="features"><see cref="FallFeatures.Count"/> values.</param>
        public static int Margin(int[] features)
        {
            int nodes = (1 << Depth) - 1;
            int leaves = nodes + 1;
            int margin = Bias;
            for (int tree = 0; tree < Trees; tree++)
            {
                int first = tree * nodes;
                int node = 0;
                while (node < nodes)
                {
                    node = (2 * node) + (features[Feature[first + node]] <= Threshold[first + node] ? 1 : 2);
                }

                margin += Leaf[(tree * leaves) + node - nodes];
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

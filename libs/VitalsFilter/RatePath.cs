namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The most likely path of a heart rate through the bins of successive windows (Viterbi). The forest's scores are
    /// the emission. A change of rate has a transition cost, a jump to any rate a restart cost. No allocation after
    /// construction.
    /// </summary>
    public sealed class RatePath
    {
        private const int Bins = MotionTracker.Bins;
        private const int FirstBin = MotionTracker.FirstBin;

        // Costs in 1/64 of log-odds: of a transition by 1..4 bins of 2.93 bpm in 2 s, and of a restart at any bin.
        private const int TransitionOneCost = 9;
        private const int TransitionTwoCost = 30;
        private const int TransitionThreeCost = 65;
        private const int TransitionFourCost = 100;
        private const int RestartCost = 768;
        private const int Reach = 4;
        private const int MostSteps = 4;

        private const int LowestEmission = -384;
        private const int EmissionPercent = 50; // below 100, because successive windows overlap

        // Four of five windows with a moving arm, of people and data sets not trained on, are above this evidence.
        // Noise and drift are below.
        private const int ReportEvidence = 180;
        private const int StrideAmplitude = 100; // of 255 for the strongest bin of the acceleration
        private const int MemorySteps = 30;
        private const int LeapX10 = 60;
        private const int LeapPerStepX10 = 5;

        private readonly int[] _path = new int[Bins];

        private int _apartBpmX10;
        private int _sinceApart;

        /// <summary>Rate at the end of the most likely path, bpm x10; 0 before the first window.</summary>
        public int BpmX10 { get; private set; }

        /// <summary>Recent mean score of the path's bin, 1/64 of log-odds.</summary>
        public int Evidence { get; private set; }

        /// <summary>0..100 (<see cref="MotionTracker.Confidence"/>).</summary>
        public int Confidence { get; private set; }

        /// <summary>Forgets the path.</summary>
        public void Reset()
        {
            for (int i = 0; i < Bins; i++)
            {
                _path[i] = 0;
            }

            BpmX10 = 0;
            Evidence = 0;
            Confidence = 0;
            _apartBpmX10 = 0;
        }

        /// <summary>Advances the path by a new window.</summary>
        /// <param name="scores">The forest's score of each bin.</param>
        /// <param name="acceleration">Amplitudes of the acceleration, by the spectrum's bins, 255 for the
        /// strongest.</param>
        /// <param name="steps">Steps of <see cref="MotionTracker.StepMs"/> since the last window, at least 1.</param>
        /// <param name="scratch">At least 74 values.</param>
        public void Advance(int[] scores, int[] acceleration, int steps, int[] scratch)
        {
            for (int step = 0; step < (steps < MostSteps ? steps : MostSteps); step++)
            {
                Transition(scratch);
            }

            int top = scores[0];
            for (int i = 1; i < Bins; i++)
            {
                top = scores[i] > top ? scores[i] : top;
            }

            int[] path = _path;
            int best = 0;
            for (int i = 0; i < Bins; i++)
            {
                int emission = scores[i] - top;
                path[i] += (emission < LowestEmission ? LowestEmission : emission) * EmissionPercent / 100;
                best = path[i] > path[best] ? i : best;
            }

            int end = path[best];
            for (int i = 0; i < Bins; i++)
            {
                path[i] -= end;
            }

            int peak = Refine(scores, best);
            Evidence += (scores[peak] - Evidence) / 4;
            JudgeStride(acceleration, peak, steps);
        }

        private void JudgeStride(int[] acceleration, int peak, int steps)
        {
            Confidence = IntegerMath.Clamp(HeartRate.ReportConfidence + ((Evidence - ReportEvidence) / 4), 0, 100);
            int k = FirstBin + peak;
            _sinceApart += steps;
            if (acceleration[k - 1] < StrideAmplitude && acceleration[k] < StrideAmplitude
                && acceleration[k + 1] < StrideAmplitude)
            {
                if (Evidence >= ReportEvidence)
                {
                    _apartBpmX10 = BpmX10;
                    _sinceApart = 0;
                }
            }
            else if (_apartBpmX10 == 0 || _sinceApart > MemorySteps
                || IntegerMath.Distance(BpmX10, _apartBpmX10) > LeapX10 + (LeapPerStepX10 * _sinceApart))
            {
                Confidence = IntegerMath.Clamp(Confidence, 0, HeartRate.ReportConfidence - 1);
            }
        }

        // Each bin takes the best score of its possible predecessors: the bin itself, a bin within reach minus the
        // transition cost, or any bin minus the restart cost.
        private void Transition(int[] before)
        {
            int[] path = _path;
            for (int i = 0; i < Reach; i++)
            {
                before[i] = -RestartCost;
                before[Bins + Reach + i] = -RestartCost;
            }

            for (int i = 0; i < Bins; i++)
            {
                before[i + Reach] = path[i];
            }

            for (int i = 0; i < Bins; i++)
            {
                int best = before[i + 4];
                best = best > -RestartCost ? best : -RestartCost;
                int from = (before[i + 3] > before[i + 5] ? before[i + 3] : before[i + 5]) - TransitionOneCost;
                best = from > best ? from : best;
                from = (before[i + 2] > before[i + 6] ? before[i + 2] : before[i + 6]) - TransitionTwoCost;
                best = from > best ? from : best;
                from = (before[i + 1] > before[i + 7] ? before[i + 1] : before[i + 7]) - TransitionThreeCost;
                best = from > best ? from : best;
                from = (before[i] > before[i + 8] ? before[i] : before[i + 8]) - TransitionFourCost;
                path[i] = from > best ? from : best;
            }
        }

        // The path lags behind a fast change by a bin or two. So the newest window chooses among the bins within two of
        // the path's end, and a parabola through three scores interpolates between bins.
        private int Refine(int[] scores, int best)
        {
            int peak = best;
            for (int i = best - 2; i <= best + 2; i++)
            {
                if (i >= 0 && i < Bins && scores[i] > scores[peak])
                {
                    peak = i;
                }
            }

            int fractionX256 = 0;
            if (peak > 0 && peak < Bins - 1)
            {
                fractionX256 = IntegerMath.VertexX256(scores[peak - 1], scores[peak], scores[peak + 1]);
            }

            BpmX10 = (((FirstBin + peak) * 256) + fractionX256) * 7500 / 65536;
            return peak;
        }
    }
}

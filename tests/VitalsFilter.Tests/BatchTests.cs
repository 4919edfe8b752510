using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>Whole FIFO bursts through the fall detector and the activity (F18): the same as sample by sample.</summary>
public sealed class BatchTests
{
    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void A_batch_leads_to_the_same_verdicts_features_and_activity_as_its_samples(int rateHz)
    {
        var verdicts = new HashSet<FallVerdict>();
        var events = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var single = new Band(rateHz);
            var batched = new Band(rateHz);
            foreach (var detector in new[] { single.Fall, batched.Fall })
            {
                detector.Configure((byte)(seed % 3), seed % 2 == 0);
            }

            var samples = Mixture(random, rateHz, seed).Take(200 * rateHz).ToArray();
            for (var from = 0; from < samples.Length;)
            {
                var count = Math.Min(random.Next(1, 33), samples.Length - from);
                var (x, y, z) = (new short[32], new short[32], new short[32]);
                for (var i = 0; i < count; i++)
                {
                    (x[i], y[i], z[i]) = samples[from + i];
                }

                if (random.Next(single.Fall.Phase == FallPhase.Peak ? 20 : 300) == 0)
                {
                    single.Fall.Gap();
                    batched.Fall.Gap();
                }

                single.PushEach(x, y, z, count);
                batched.PushAll(x, y, z, count);
                from += count;
                batched.State().ShouldBe(single.State(), $"seed {seed}, sample {from}");
                batched.Fall.LastFeatures.ShouldBe(single.Fall.LastFeatures);
            }

            batched.Said.ShouldBe(single.Said);
            verdicts.UnionWith(single.Said.Select(static s => s.Verdict));
            events += single.Fall.EventCount;
        }

        verdicts.ShouldBe([FallVerdict.NearFall, FallVerdict.Suspected, FallVerdict.SuspectedLate], ignoreOrder: true);
        events.ShouldBeGreaterThan(300);
    }

    // Rest, a held value, walking, falls, the converter's ends, and everything in between, in pieces of up to 20 s.
    private static IEnumerable<(short X, short Y, short Z)> Mixture(Random random, int rateHz, int seed)
    {
        while (true)
        {
            var kind = random.Next(7);
            var motion = kind switch
            {
                0 or 1 => SyntheticMotion.Resting(rateHz, seed),
                2 => SyntheticMotion.Walking(rateHz, random.Next()),
                _ => SyntheticMotion.FallSequence(rateHz, random.Next(), 2000),
            };
            var (hx, hy, hz) = (random.Next(-700, 701), random.Next(-700, 701), random.Next(-700, 701));
            for (var i = random.Next(rateHz, (kind > 2 ? 45 : 20) * rateHz); i > 0; i--)
            {
                var (x, y, z) = motion.Next();
                yield return kind switch
                {
                    1 => ((short)hx, (short)hy, (short)hz),
                    6 when random.Next(40) == 0 => ((short)random.Next(-32768, 32768),
                        (short)random.Next(-32768, 32768), (short)random.Next(-32768, 32768)),
                    _ => ((short)x, (short)y, (short)z),
                };
            }
        }
    }

    private sealed class Band(int rateHz)
    {
        private readonly int[] _squares = new int[32];

        public FallDetector Fall { get; } = new(rateHz);

        public Activity Activity { get; } = new(rateHz);

        public List<(FallVerdict Verdict, int Score, int Margin, int AgeMs)> Said { get; } = [];

        public void PushEach(short[] x, short[] y, short[] z, int count)
        {
            for (var i = 0; i < count; i++)
            {
                Say(Fall.Push(x[i], y[i], z[i]));
                Activity.Push(Fall.Square);
            }
        }

        public void PushAll(short[] x, short[] y, short[] z, int count)
        {
            for (var i = 0; i < count;)
            {
                var end = Fall.PushBatch(x, y, z, i, count, _squares);
                Say(Fall.Verdict);
                Activity.PushBatch(_squares, i, end);
                i = end;
            }
        }

        public object State() => (
            Fall.EventCount, Fall.LastMargin, Fall.LastScore, Fall.LastImpactAgeMs, Fall.LyingStill, Fall.IsUnderWay,
            Fall.Phase, Fall.Square,
            (Fall.TakeMoved(), Activity.MinuteClass, Activity.StillSeconds, Activity.TakeSteps()));

        private void Say(FallVerdict verdict)
        {
            if (verdict != FallVerdict.None)
            {
                Said.Add((verdict, Fall.LastScore, Fall.LastMargin, Fall.LastImpactAgeMs));
            }
        }
    }
}

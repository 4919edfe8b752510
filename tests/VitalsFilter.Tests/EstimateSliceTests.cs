using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>An estimate in slices (F3): samples arrive between them, and the answer stays that of the moment it
/// began.</summary>
public sealed class EstimateSliceTests
{
    [Theory]
    [InlineData(25, 2, false)]
    [InlineData(25, 3, false)]
    [InlineData(25, 3, true)]
    [InlineData(50, 2, true)]
    [InlineData(50, 3, false)]
    [InlineData(64, 1, false)]
    public void Samples_between_the_slices_do_not_change_the_answer(int rateHz, int channels, bool walks)
    {
        var random = new Random(rateHz + channels);
        var whole = new HeartRate(rateHz, channels);
        var sliced = new HeartRate(rateHz, channels);
        var ppg = new SyntheticPpg(rateHz, 3) { Bpm = 73, Perfusion = 0.01 };
        var arm = walks ? SyntheticMotion.Walking(25, 2) : SyntheticMotion.Resting(25, 2);
        var slices = 0;
        var reported = 0;
        for (var i = 0; i < 90 * rateHz; i++)
        {
            var (x, y, z) = arm.Next();
            var (red, ir, green) = ppg.Next();
            var noise = random.Next(i / (20 * rateHz) == 1 ? 4000 : 2); // 20 s of noise: every channel is tried
            foreach (var heart in new[] { whole, sliced })
            {
                if (i * 25 / rateHz != (i + 1) * 25 / rateHz)
                {
                    heart.PushMotion(x, y, z);
                }

                heart.Push(red + noise, ir + noise, green + noise);
            }

            if (sliced.IsEstimating)
            {
                slices++;
                sliced.StepEstimate().ShouldBe(!sliced.IsEstimating);
                if (!sliced.IsEstimating)
                {
                    Answer(sliced).ShouldBe(Answer(whole), $"sample {i}");
                    reported += sliced.Refusal == HeartRefusal.None ? 1 : 0;
                }
            }

            if (i % (3 * rateHz) == 0 && !sliced.IsEstimating)
            {
                whole.TryEstimate();
                var before = Answer(sliced);
                sliced.BeginEstimate();
                sliced.IsEstimating.ShouldBeTrue();
                Answer(sliced).ShouldBe(before, "the last answer stands until the next is ready");
            }
        }

        slices.ShouldBeGreaterThan(60);
        reported.ShouldBeGreaterThan(walks ? 0 : 5);
    }

    [Fact]
    public void A_reset_and_a_long_hole_end_the_estimate_under_way()
    {
        foreach (var end in new Action<HeartRate>[] { static h => h.Reset(), static h => h.Gap(10) })
        {
            var heart = new HeartRate(25, 2);
            var ppg = new SyntheticPpg(25, 3) { Bpm = 73 };
            for (var i = 0; i < 300; i++)
            {
                var (red, ir, green) = ppg.Next();
                heart.Push(red, ir, green);
            }

            heart.BeginEstimate();
            heart.StepEstimate().ShouldBeFalse();
            end(heart);
            heart.IsEstimating.ShouldBeFalse();
            heart.StepEstimate().ShouldBeTrue("there is nothing to wait for");
            heart.Refusal.ShouldBe(HeartRefusal.Warmup);
            heart.BpmX10.ShouldBe(0);
        }
    }

    private static (int, int, int, HeartRefusal, int, HeartRefusal, int, bool, int, int) Answer(HeartRate h) =>
        (h.BpmX10, h.GuessBpmX10, h.Confidence, h.Refusal, h.Spo2X10, h.Spo2Refusal, h.RatioX1000, h.IsMoving,
            h.Tracker.BpmX10, h.Tracker.Evidence);
}

using ElderBand.VitalsFilter;
using ElderBand.VitalsFilter.DeviceTests;

namespace ElderBand.Tests.VitalsFilter.Checked;

/// <summary>
/// The filters compiled with overflow checks, driven with all that the chips can give: an OverflowException is a sum or
/// product too large for its type. What they compute must be what the unchecked build does.
/// </summary>
public sealed class OverflowTests
{
    private const int FullScale = 262143;
    private const int AxisLimitMg = 16000;

    public static TheoryData<int> Replays { get; } = [.. Enumerable.Range(0, Replay.Names.Length)];

    public static TheoryData<int, int> RatesAndChannels { get; } =
        new(from rateHz in new[] { 25, 32, 50, 64, 100, 125 }
            from channels in new[] { 1, 2, 3 }
            select (
            rateHz, channels));

    [Fact]
    public void This_build_does_watch()
    {
        var limit = int.MaxValue;
        Should.Throw<OverflowException>(() => limit + limit);
    }

    [Theory]
    [MemberData(nameof(Replays))]
    public void With_every_sum_watched_the_filters_compute_the_same(int index) =>
        Replay.Run(index).ShouldBe(FilterVectors.Expected[index], Replay.Names[index]);

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Full_scale_square_waves_on_every_axis_overflow_nothing(int rateHz)
    {
        foreach (var half in new[] { 1, 2, 3, 5, 7, 12, 25, 40, 75, 300 })
        {
            for (var signs = 0; signs < 8; signs++)
            {
                Arm(rateHz, i =>
                    (Square(i, half, signs & 1), Square(i, half, signs & 2), Square(i, half, signs & 4)), 20 * rateHz);
            }
        }

        static int Square(int i, int half, int sign) => i / half % 2 == 0 == (sign == 0) ? AxisLimitMg : -AxisLimitMg;
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Random_and_impossible_accelerations_overflow_nothing(int rateHz)
    {
        var random = new Random(rateHz);
        int[] extremes = [int.MinValue, int.MaxValue, -16385, -16384, 16383, 16384, 0, 1, -1];
        Arm(rateHz, _ =>
            (random.Next(-16384, 16384), random.Next(-16384, 16384), random.Next(-16384, 16384)), 600 * rateHz);
        Arm(rateHz, _ => (extremes[random.Next(9)], extremes[random.Next(9)], extremes[random.Next(9)]), 600 * rateHz);
    }

    [Theory]
    [MemberData(nameof(RatesAndChannels))]
    public void Full_scale_square_waves_of_light_overflow_nothing(int rateHz, int channels)
    {
        foreach (var halfMs in new[] { 40, 100, 250, 400, 600, 1000, 4000 })
        {
            var half = Math.Max(1, halfMs * rateHz / 1000);
            foreach (var hasLevel in new[] { true, false })
            {
                Pulse(rateHz, channels, hasLevel, i =>
                    i / half % 2 == 0 ? (0, 0, 0) : (FullScale, FullScale, FullScale));
                Pulse(rateHz, channels, hasLevel, i =>
                    i / half % 2 == 0 ? (0, FullScale, 0) : (FullScale, 0, FullScale));
                Pulse(rateHz, channels, hasLevel, i =>
                    i / half % 2 == 0 ? (260_000, 6_000, 260_000) : (6_000, 260_000, 6_000));
            }
        }
    }

    [Theory]
    [MemberData(nameof(RatesAndChannels))]
    public void Random_light_overflows_nothing(int rateHz, int channels)
    {
        var random = new Random(rateHz + channels);
        foreach (var hasLevel in new[] { true, false })
        {
            Pulse(rateHz, channels, hasLevel, _ =>
                (random.Next(FullScale + 1), random.Next(FullScale + 1), random.Next(FullScale + 1)));
            Pulse(rateHz, channels, hasLevel, _ =>
                (random.Next(2) * FullScale, random.Next(2) * FullScale, random.Next(2) * FullScale));
            Pulse(rateHz, channels, hasLevel, i => (i % 2, 1 - (i % 2), i % 3));
        }
    }

    private static void Arm(int rateHz, Func<int, (int X, int Y, int Z)> sample, int count)
    {
        var fall = new FallDetector(rateHz);
        var activity = new Activity(rateHz);
        for (var i = 0; i < count; i++)
        {
            var (x, y, z) = sample(i);
            fall.Push(x, y, z);
            fall.Square.ShouldBeGreaterThanOrEqualTo(0);
            activity.Push(fall.Square);
            fall.LastScore.ShouldBeInRange(0, 100);
        }
    }

    private static void Pulse(int rateHz, int channels, bool hasLevel, Func<int, (int Red, int Ir, int Green)> sample)
    {
        var heart = new HeartRate(rateHz, channels);
        heart.ConfigureOptics(0, hasLevel);
        for (var i = 0; i < 20 * rateHz; i++)
        {
            var (red, ir, green) = sample(i);
            heart.Push(red, ir, green);
            if (i * 25 / rateHz != (i + 1) * 25 / rateHz)
            {
                var g = i / 9 % 2 == 0 ? AxisLimitMg : -AxisLimitMg;
                heart.PushMotion(g, -g, g);
            }

            if ((i + 1) % rateHz == 0)
            {
                heart.TryEstimate();
                heart.Confidence.ShouldBeInRange(0, 100);
            }
        }
    }
}

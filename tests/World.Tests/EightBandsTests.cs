using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Swarm;

namespace ElderBand.Tests.Worlds;

/// <summary>Eight bands on one hub, which can hold three links at once; all wearers press within a second.</summary>
public sealed class EightBandsTests(ITestOutputHelper output)
{
    private const int Worlds = 12;
    private const int Bands = 8;

    [Theory]
    [InlineData(0.0, BandMode.Guard)]
    [InlineData(0.3, BandMode.Guard)]
    [InlineData(0.3, BandMode.Daily)]
    public void P10_P53_eight_presses_within_a_second_are_at_the_centre_within_10_s(double loss, BandMode mode)
    {
        var centre = new List<long>();
        var wrist = new List<long>();
        for (var seed = 1; seed <= Worlds; seed++)
        {
            using var swarm = new SwarmWorld(seed, Bands, 1);
            swarm.PowerOn();
            swarm.Bands.ForEach(band => band.SetExternal(mode == BandMode.Guard));
            swarm.World.RunUntil(
                () => swarm.World.NowMs > 90_000 && swarm.Bands.TrueForAll(band => band.Mode == mode), 600_000)
                .ShouldBeTrue($"seed {seed}: all bands are in {mode}");
            swarm.World.RunUntil(swarm.World.NowMs + swarm.World.Random.Next(5000));
            swarm.World.Figures = Figures.Fixed with { Loss = loss };
            var firstFelt = new long[Bands];
            foreach (var (band, i) in swarm.Bands.Select(static (b, i) => (b, i)))
            {
                swarm.World.At(swarm.World.NowMs + swarm.World.Random.Next(1000), () =>
                {
                    var pressedMs = swarm.World.NowMs;
                    swarm.Ledger.Press(band, 300);
                    band.Key.Press(300);
                    band.Wrist.Shown += (felt, atUs) =>
                    {
                        if (firstFelt[i] == 0 && felt is >= Felt.Home and <= Felt.Closed)
                        {
                            firstFelt[i] = (atUs / 1000) - pressedMs;
                        }
                    };
                });
            }

            swarm.World.RunUntil(swarm.World.NowMs + 180_000);
            swarm.Ledger.Findings.ShouldBeEmpty($"seed {seed}");
            swarm.Ledger.Calls.Count.ShouldBe(Bands);
            centre.AddRange(swarm.Ledger.Calls.Select(static c => (c.CommittedMs ?? long.MaxValue) - c.AtMs));
            wrist.AddRange(firstFelt.Select(static ms => ms == 0 ? long.MaxValue : ms));
        }

        centre.Sort();
        wrist.Sort();
        output.WriteLine($"{centre.Count} presses in {mode} at {loss:P0} loss: at the centre median "
            + $"{At(centre, 50)} ms, p95 {At(centre, 95)} ms, slowest {centre[^1]} ms; first word on the "
            + $"wrist median {At(wrist, 50)} ms, p95 {At(wrist, 95)} ms, slowest {wrist[^1]} ms");
        At(centre, 95).ShouldBeLessThanOrEqualTo(10_000);
    }

    private static long At(List<long> sorted, int percent) => sorted[(sorted.Count * percent / 100) - 1];
}

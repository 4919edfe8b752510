using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>What the wrist says in whole worlds, read from the motor, with the flash as slow as it is.</summary>
public class WristTests
{
    [Fact]
    public void P44_twelve_presses_on_one_card_leave_the_wrist_its_stages_and_silence_after_the_end()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            using var town = new VirtualNeighbourhood(seed, Figures.Fixed with { Loss = (seed % 4) / 10.0 });
            town.PowerOn().ShouldBeTrue($"seed {seed}");
            var (band, world) = (town.Residents[0].Band, town.World);
            var felt = new List<Felt>();
            band.Wrist.Shown += (what, _) => felt.Add(what);
            var random = new Random(seed);
            for (var press = 0; press < 12; press++)
            {
                band.Key.Press(100 + random.Next(400));
                world.RunUntil(world.NowMs + 1000 + random.Next(2500));
            }

            world.RunUntil(() => town.Centre.PressEvents.Count == 12, world.NowMs + 60_000)
                .ShouldBeTrue($"seed {seed}: every press is an event of its own");
            var alarm = town.Centre.Alarms.ShouldHaveSingleItem();
            alarm.Presses.ShouldBe(12);
            world.RunUntil(world.NowMs + 20_000);
            foreach (var stage in (Stage[])[Stage.Taken, Stage.Coming, Stage.Closed])
            {
                var before = felt.Count;
                town.Centre.Advance(alarm, stage);
                world.RunUntil(world.NowMs + 30_000);
                felt.Skip(before).ShouldBe([(Felt)stage], $"seed {seed}");
            }

            felt.ShouldNotContain(Felt.Unknown, $"seed {seed}");
            felt.Clear();
            world.RunUntil(world.NowMs + 1_800_000);
            felt.ShouldBeEmpty($"seed {seed}: no tick after the end");
        }
    }

    [Fact]
    public void P46_presses_that_nobody_hears_are_felt_as_ticks_and_as_nothing_else()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            using var town = new VirtualNeighbourhood(seed, Figures.Fixed);
            town.PowerOn().ShouldBeTrue();
            var resident = town.Residents[0];
            foreach (var path in resident.Paths)
            {
                path.SetInRange(false);
            }

            town.World.RunUntil(town.World.NowMs + 40_000);
            var felt = new List<Felt>();
            resident.Band.Wrist.Shown += (what, _) => felt.Add(what);
            var random = new Random(seed);
            for (var press = 0; press < 30; press++)
            {
                resident.Band.Key.Press(100 + random.Next(400));
                town.World.RunUntil(town.World.NowMs + 1000 + random.Next(9000));
            }

            felt.Count.ShouldBeGreaterThan(20);
            felt.ShouldAllBe(what => what == Felt.Tick || what == Felt.Countdown, $"seed {seed}");
        }
    }
}

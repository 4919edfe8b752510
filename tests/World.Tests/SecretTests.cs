using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;
using ElderBand.Simulation;
using ElderBand.Simulator.Swarm;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// P68: a band's secret changes in a home with the service's own code, its hubs and its bands (docs/adr/0097).
/// </summary>
public sealed class SecretTests(ITestOutputHelper output)
{
    private const int MinuteMs = 60_000;

    // The band is enrolled so long before the world begins that its first change is due at its first status.
    private const string Enrolled = "UPDATE band SET created_at_ms=created_at_ms-600000";

    [Fact]
    public void P68_presses_before_during_and_after_the_change_are_at_the_centre_once_and_the_label_is_retired()
    {
        var changedMs = ChangeMs(1);
        output.WriteLine($"the band changes its secret at {changedMs} ms");
        var worlds = 0;
        for (var atMs = changedMs - 4000; atMs <= changedMs + 6000; atMs += 500)
        {
            using var swarm = Home(bands: 1, hubs: 1);
            swarm.PowerOn();
            swarm.World.RunUntil(atMs);
            swarm.Bands[0].Key.Press(200);
            swarm.World.RunUntil(atMs + 15_000);
            swarm.Bands[0].Key.Press(200);
            swarm.World.RunUntil(atMs + 30_000);
            Presses(swarm).ShouldBe(2, $"pressed at {atMs} ms");
            Close(swarm);
            swarm.World.RunUntil(atMs + (3 * MinuteMs));
            IsDone(swarm, 0, $"pressed at {atMs} ms");
            worlds++;
        }

        worlds.ShouldBeGreaterThan(15);
    }

    [Fact]
    public void P17_P68_a_power_cut_at_every_write_of_the_change_loses_no_press_and_the_change_is_made()
    {
        var writes = 0;
        for (var cut = 0; ; cut++)
        {
            using var swarm = Home(bands: 1, hubs: 1);
            var band = swarm.Bands[0];
            var counted = 0;
            var isCut = false;
            band.Flash.Written = write =>
            {
                if (write.File.StartsWith("secret", StringComparison.Ordinal) && counted++ == cut / 2)
                {
                    // The power fails in the middle of the write or just after it.
                    swarm.World.At((write.EndUs / 1000) + (cut % 2 == 0 ? -10 : 1), () =>
                    {
                        isCut = true;
                        band.PowerOff();
                        band.PowerOn();
                    });
                }
            };
            swarm.PowerOn();
            swarm.World.RunUntil(2 * MinuteMs);
            band.Key.Press(200);
            swarm.World.RunUntil(3 * MinuteMs);
            Close(swarm);
            swarm.World.RunUntil(6 * MinuteMs);
            Presses(swarm).ShouldBe(1, $"write {cut / 2}");
            IsDone(swarm, 0, $"write {cut / 2}");
            if (!isCut)
            {
                break;
            }

            writes++;
        }

        output.WriteLine($"{writes} power cuts in and after the writes of a change");
        writes.ShouldBeGreaterThanOrEqualTo(8);
    }

    [Fact]
    public void P68_eight_bands_and_two_hubs_change_one_after_the_other()
    {
        using var swarm = Home(bands: 8, hubs: 2);
        swarm.PowerOn();
        swarm.World.RunUntil(10 * MinuteMs);
        foreach (var band in swarm.Bands)
        {
            band.Key.Press(200);
        }

        swarm.World.RunUntil(11 * MinuteMs);
        Presses(swarm).ShouldBe(8);
        Close(swarm);
        swarm.World.RunUntil(() => Changed(swarm) == 8, 120 * MinuteMs).ShouldBeTrue();
        output.WriteLine($"all eight have changed after {swarm.World.NowMs / 1000} s");
        foreach (var band in swarm.Bands)
        {
            band.Key.Press(200);
        }

        swarm.World.RunUntil(swarm.World.NowMs + MinuteMs);
        Presses(swarm).ShouldBe(16);
        swarm.Centre.Look(static db => db.Number("SELECT count(*) FROM technical WHERE kind='tamper'")).ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P56_P68_a_backup_from_before_the_change_takes_the_presses_under_the_new_secret(bool hubRestarts)
    {
        using var swarm = Home(bands: 1, hubs: 1);
        swarm.Centre.Start();
        using Db backup = swarm.Centre.Backup();
        swarm.PowerOn();
        swarm.World.RunUntil(() => Changed(swarm) == 1, 5 * MinuteMs).ShouldBeTrue();
        swarm.World.RunUntil(swarm.World.NowMs + (2 * MinuteMs));
        IsDone(swarm, 0, "before the restore");
        swarm.Centre.Restore(backup);
        Changed(swarm).ShouldBe(0);
        if (hubRestarts)
        {
            swarm.Hubs[0].PowerOff();
            swarm.Hubs[0].PowerOn();
        }

        swarm.Bands[0].Key.Press(200);
        swarm.World.RunUntil(swarm.World.NowMs + MinuteMs);
        Presses(swarm).ShouldBe(1);
        Changed(swarm).ShouldBe(1, "the frame under the next secret has shown what the band uses");
    }

    [Fact]
    public void P68_a_band_that_was_away_during_the_offer_changes_when_it_is_back_and_loses_no_press()
    {
        using var swarm = Home(bands: 1, hubs: 1);
        var band = swarm.Bands[0];
        swarm.PowerOn();
        swarm.World.RunUntil(() => Offered(swarm) == 1, 5 * MinuteMs).ShouldBeTrue();
        Reach(swarm, false);
        swarm.World.RunUntil(swarm.World.NowMs + (10 * MinuteMs));
        band.Key.Press(200);
        swarm.World.RunUntil(swarm.World.NowMs + MinuteMs);
        Presses(swarm).ShouldBe(0);
        swarm.Hubs[0].PowerOff();
        swarm.Hubs[0].PowerOn();
        swarm.World.RunUntil(swarm.World.NowMs + MinuteMs);
        Reach(swarm, true);
        swarm.World.RunUntil(swarm.World.NowMs + (2 * MinuteMs));
        Presses(swarm).ShouldBe(1);
        Close(swarm);
        swarm.World.RunUntil(swarm.World.NowMs + (10 * MinuteMs));
        IsDone(swarm, 0, "back in reach");
    }

    private static SwarmWorld Home(int bands, int hubs)
    {
        var swarm = new SwarmWorld(1, bands, hubs);
        swarm.Centre.Committed = null;
        swarm.Centre.Look(static db => db.Run(Enrolled)).ShouldBe(bands);
        return swarm;
    }

    private static void Reach(SwarmWorld swarm, bool reaches)
    {
        foreach (var path in swarm.Paths[0])
        {
            path.SetInRange(reaches);
        }
    }

    private static long ChangeMs(int bands)
    {
        using var swarm = Home(bands, hubs: 1);
        swarm.PowerOn();
        swarm.World.RunUntil(() => swarm.Bands[0].Secrets?.Epoch == 1, 5 * MinuteMs).ShouldBeTrue();
        return swarm.World.NowMs;
    }

    private static void IsDone(SwarmWorld swarm, int band, string because)
    {
        var secrets = swarm.Bands[band].Secrets.ShouldNotBeNull(because);
        (secrets.Epoch, secrets.HasOld).ShouldBe((1, false), because);
        Changed(swarm).ShouldBe(1, because);
        swarm.Bands[band].Pending.ShouldBe(0, because);
    }

    private static int Changed(SwarmWorld swarm) =>
        (int)swarm.Centre.Look(static db => db.Number("SELECT count(*) FROM band WHERE key_epoch=1"));

    private static int Offered(SwarmWorld swarm) =>
        (int)swarm.Centre.Look(static db => db.Number("SELECT count(*) FROM band WHERE key_offered=1"));

    private static int Presses(SwarmWorld swarm) => (int)swarm.Centre.Look(
        static db => db.Number("SELECT count(*) FROM event WHERE type=1"));

    private static void Close(SwarmWorld swarm)
    {
        foreach (var id in swarm.Centre.Look(static db => db.All(
            "SELECT id FROM alarm WHERE state IN ('ringing','taken','coming') ORDER BY id", static r => r.Long(0))))
        {
            swarm.Centre.Act(StaffAct.Take, id, 0).ShouldBeTrue();
            swarm.Centre.Act(StaffAct.Close, id, 0).ShouldBeTrue();
        }
    }
}

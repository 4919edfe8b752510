using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>How often the hub restarts its scanner; each restart can stop the radio stack and every thread.</summary>
public sealed class ScannerTests
{
    private const long Unserved = 0xBADBADBAD;

    [Fact]
    public void Many_unserved_advertisers_do_not_restart_the_scanner()
    {
        HubRig rig = HubRig.Ready();
        rig.Run(60_000);
        int before = rig.Radio.Scans;
        for (int second = 0; second < 600; second++)
        {
            for (int i = 0; i < 20; i++)
            {
                rig.Raise(EventKind.Advertisement, Unserved + i, -70, rig.Band.Vitals(tenMinutes: false));
            }

            rig.Run(1000);
        }

        rig.Hub.Strangers.ShouldBe(12_000);
        (rig.Radio.Scans - before).ShouldBeInRange(39, 41, "one in 15 s");
    }

    [Fact]
    public void Eight_bands_that_are_heard_one_after_another_do_not_put_the_restart_off()
    {
        HubRig rig = HubRig.Ready(8);
        foreach (ScriptedBand band in rig.Bands)
        {
            rig.Radio.Unreachable.Add(band.Address);
        }

        rig.Run(60_000);
        long heardMs = rig.World.NowMs;
        int before = rig.Radio.Scans;
        while (rig.Radio.Scans == before && rig.World.NowMs < heardMs + 60_000)
        {
            foreach (ScriptedBand band in rig.Bands)
            {
                rig.Advertise(band, band.Vitals(tenMinutes: false), -90);
                rig.Run(100);
            }
        }

        (rig.World.NowMs - heardMs).ShouldBeInRange(2000, 2900);
    }
}

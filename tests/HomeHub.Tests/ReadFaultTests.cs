using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

public sealed class ReadFaultTests(ITestOutputHelper output)
{
    private const int Acknowledged = 9;
    private const int Lasting = 1_000_000;

    [Fact]
    public void P48_a_read_fault_at_any_read_of_a_hubs_boot_loses_no_acknowledged_press()
    {
        HubRig home = WithWaitingPresses();
        HubRig whole = new(3, home.Flash.Copy());
        Restart(whole);
        Run(whole, 10_000);
        int reads = whole.Flash.Reads;
        int faults = 0;
        for (int at = 0; at < reads; at++)
        {
            foreach (int length in new[] { 1, 2, 5, Lasting })
            {
                int first = at;
                faults += Live(
                    home, $"{length} reads from read {at}", (_, read) => read >= first && read < first + length);
            }
        }

        output.WriteLine($"{reads} reads in a boot, {faults} read faults");
        reads.ShouldBeGreaterThan(50);
    }

    [Fact]
    public void P48_files_of_a_hub_that_cannot_be_read_for_a_while_lose_no_acknowledged_press()
    {
        HubRig home = WithWaitingPresses();
        foreach (string name in home.Flash.Files.Keys)
        {
            Live(home, name, (file, _) => file == name).ShouldBeGreaterThan(0);
        }

        foreach (string prefix in new[] { "alarm", "vitals", "boot", "bands", "time", "uplink" })
        {
            Live(home, prefix, (file, _) => file.StartsWith(prefix, StringComparison.Ordinal)).ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public void P48_a_hub_that_cannot_read_restarts_three_times_at_most_and_tells_staff()
    {
        HubRig rig = new(3, WithWaitingPresses().Flash.Copy());
        rig.Flash.ReadFails = (name, _) => name.StartsWith("alarm", StringComparison.Ordinal);
        Restart(rig).ShouldBe(3);
        Run(rig, 60_000);
        rig.Power.Resets.ShouldBe(3);
        rig.Centre.Rows.Values.Count(row => Frame.TypeOf(row.Frame, 0) == FrameType.HubTechnical
            && Payload.EventDetail(row.Frame, 0) == (byte)TechnicalCode.FlashFault).ShouldBe(1);
    }

    /// <summary>
    /// Nine presses were acknowledged and wait on the hub's flash. The hub boots under the fault and a new press comes;
    /// after 30 s the flash heals. All ten must reach the centre, the new one at once.
    /// </summary>
    private static int Live(HubRig home, string what, Func<string, int, bool> fails)
    {
        HubRig rig = new(3, home.Flash.Copy());
        rig.Flash.ReadFails = fails;
        int boot = home.Hub.Boot;
        Restart(rig).ShouldBeLessThanOrEqualTo(3, what);
        rig.SendTable();
        Run(rig, 2000);
        rig.Band.Reboot();
        byte[] press = rig.Band.Sos();
        rig.Advertise(rig.Band, press);
        Run(rig, 3000);
        Presses(rig).ShouldContain(Convert.ToHexString(press), what);
        Run(rig, 30_000);
        rig.Flash.ReadFails = null;
        Run(rig, 90_000);
        Presses(rig).Count.ShouldBe(Acknowledged + 1, what);
        rig.Hub.WaitingAlarms.ShouldBe(0, what);
        Restart(rig).ShouldBe(0, what);
        rig.Hub.Boot.ShouldBeGreaterThan(boot, $"{what}: the boot count fell back");
        return rig.Flash.ReadFaults;
    }

    private static HashSet<string> Presses(HubRig rig) =>
    [
        .. rig.Centre.Rows.Values.Where(row => Frame.TypeOf(row.Frame, 0) == FrameType.Sos)
            .Select(row => Convert.ToHexString(row.Frame)),
    ];

    private static HubRig WithWaitingPresses()
    {
        HubRig rig = HubRig.Ready(3);
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        for (int i = 0; i < Acknowledged; i++)
        {
            ScriptedBand band = rig.Bands[i % 3];
            byte[] frame = band.Sos(uptimeS: i);
            rig.Advertise(band, frame);
            rig.Run(3000);
            band.HasHeard(frame).ShouldBeTrue();
            for (int note = 0; note < 20; note++)
            {
                // They fill more than one segment.
                rig.Advertise(band, band.Event(FrameType.WearChange));
                rig.Run(300);
            }
        }

        rig.Hub.Outbox.Alarms.SegmentsInUse.ShouldBeGreaterThan(1);
        return rig;
    }

    /// <summary>Runs, and boots again whenever the hub asks for it.</summary>
    private static void Run(HubRig rig, int forMs)
    {
        for (int i = 0; i < forMs; i += 500)
        {
            int asked = rig.Power.Resets;
            rig.Run(500);
            if (rig.Power.Resets > asked)
            {
                Restart(rig);
                rig.SendTable();
            }
        }
    }

    private static int Restart(HubRig rig) => rig.Power.BootUntilItStays(() => rig.Reboot());
}

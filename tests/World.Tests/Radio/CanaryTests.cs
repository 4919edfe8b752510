using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Bluetooth;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds.Radio;

/// <summary>
/// Faults that the radio code once had over upstream's stack. With the code as it is the world has no complaint; with a
/// fault put back it has one. Seven hours in Daily are 84 radio starts; the 63rd was the last that worked.
/// </summary>
public class CanaryTests
{
    private const int Hours = 7;

    [Fact]
    public void F1_F2_F6_F8_Seven_hours_in_Daily_lose_no_write_and_leak_and_restart_no_more_than_they_may()
    {
        using var town = InDaily();
        Complaints(town, Hours).ShouldBeEmpty();
        PressIsStoredMs(town).ShouldBeLessThanOrEqualTo(6000);

        // What it lived with; a world that meets none of it proves nothing (R10).
        foreach (var met in new[]
        {
            Faults.StackStarts, Faults.EndedByConnect, Faults.NameLeaked, Faults.AdvertisementLeaked,
            Faults.DeafWatcher,
        })
        {
            town.World.Counts.GetValueOrDefault(met).ShouldBeGreaterThan(0, met);
        }

        town.Residents[0].Band.Radio.Host!.Starts.ShouldBeGreaterThan(70);
    }

    [Fact]
    public void Canary_F1_a_service_made_at_each_start_is_found_deaf_from_the_64th()
    {
        using var town = InDaily(band: Mutant.Band(
            ("private readonly BluetoothLEServer", "private BluetoothLEServer"),
            ("private readonly GattServiceProvider _", "private GattServiceProvider _"),
            ("private readonly GattServiceProviderAdvertising", "private GattServiceProviderAdvertising"),
            ("private readonly GattLocalCharacteristic", "private GattLocalCharacteristic"),
            ("_inbox = inbox;", "_inbox = inbox; MakeService(); } private void MakeService() {"),
            ("_provider.StopAdvertising();", "_server.Dispose(); MakeService();")));
        Complaints(town, Hours).ShouldContain(
            static line => line.StartsWith(Faults.SubscriptionLost, StringComparison.Ordinal));
        town.World.Counts[Faults.ContextLeaked].ShouldBeGreaterThan(60);
    }

    [Fact]
    public void Canary_F2_a_service_that_is_not_stopped_is_found_by_what_it_leaks()
    {
        using var town = InDaily(band: Mutant.Band(("_provider.StopAdvertising();", "_ = _provider;")));
        var complaints = Complaints(town, 5);
        complaints.ShouldContain(static line => line.StartsWith(Faults.ContextLeaked, StringComparison.Ordinal));
        complaints.ShouldContain(static line => line.Contains("bytes of native memory", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F6_a_device_that_is_disposed_over_its_link_is_found(bool disposes)
    {
        var make = disposes
            ? Mutant.Hub(("peer.Device.Close();", "peer.Device.Dispose();"))
            : static (inbox, clock) => new ElderBand.HomeHub.Board.HubRadio(inbox, clock);
        IHubLink? link = null;
        using var town = new VirtualNeighbourhood(1, Figures.Fixed);
        town.Hubs[0].MakeLink = (inbox, clock) => link = make(inbox, clock);
        town.PowerOn().ShouldBeTrue();
        var linked = town.Residents[0].Band;
        linked.Radio.IsLinked.ShouldBeTrue("on its charger a band keeps its link");
        town.Hubs[0].Radio.Host!.Run(() => link!.Disconnect(linked.Radio.Address));
        town.World.RunUntil(town.World.NowMs + 60_000);
        RadioHealth.Complaints(town.World, [linked], [])
            .Any(static line => line.StartsWith(Faults.DisposedConnected, StringComparison.Ordinal)).ShouldBe(disposes);
        linked.IsTrusted.ShouldBe(!disposes, "the hub connects again only to a device that it has let go in order");
    }

    [Fact]
    public void Canary_F8_a_scanner_that_is_restarted_every_2_s_is_found()
    {
        IHubLink? link = null;
        using var town = InDaily(hub: (inbox, clock) => link = new ElderBand.HomeHub.Board.HubRadio(inbox, clock));
        void ScanAgain()
        {
            town.Hubs[0].Radio.Host?.Run(() => link!.Scan());
            town.World.At(town.World.NowMs + 2000, ScanAgain);
        }

        ScanAgain();
        Complaints(town, 2).ShouldContain(
            static line => line.Contains("starts of the stack", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F9_a_refused_start_that_is_believed_is_found_by_a_late_press(bool believes)
    {
        var band = believes
            ? Mutant.Band(("_isAdvertising = status == Gatt", "_isAdvertising = true || status == Gatt"))
            : null;
        var slowestMs = 0L;
        for (var seed = 1; seed <= 12; seed++)
        {
            using var town = InDaily(seed, band, figures: Figures.Fixed with { StartRefusals = 0.5 });
            town.World.RunUntil(() => !town.Residents[0].Band.IsTrusted, town.World.NowMs + 600_000).ShouldBeTrue();
            town.World.RunUntil(town.World.NowMs + 60_000);
            slowestMs = Math.Max(slowestMs, PressIsStoredMs(town));
            town.World.Counts[Faults.StartRefused].ShouldBeGreaterThan(0);
        }

        (slowestMs > 8000).ShouldBe(believes, $"the slowest press was stored after {slowestMs} ms");
    }

    private static IReadOnlyList<string> Complaints(VirtualNeighbourhood town, int hours)
    {
        town.World.RunUntil(town.World.NowMs + (hours * 3_600_000L));
        return RadioHealth.Complaints(town.World, [town.Residents[0].Band], town.Hubs);
    }

    private static long PressIsStoredMs(VirtualNeighbourhood town)
    {
        var pressedMs = town.World.NowMs;
        var incident = town.Press(town.Residents[0]);
        town.World.RunUntil(() => incident.HubStoredUs is not null, pressedMs + 120_000)
            .ShouldBeTrue("the press was never stored");
        return (incident.HubStoredUs!.Value / 1000) - pressedMs;
    }

    private static VirtualNeighbourhood InDaily(
        int seed = 1,
        Func<Common.Board.Inbox, IBandLink>? band = null,
        Func<Common.Board.Inbox, IClock, IHubLink>? hub = null,
        Figures? figures = null)
    {
        var town = new VirtualNeighbourhood(seed, figures ?? Figures.Fixed);
        var resident = town.Residents[0];
        resident.Band.MakeLink = band ?? resident.Band.MakeLink;
        town.Hubs[0].MakeLink = hub ?? town.Hubs[0].MakeLink;
        town.PowerOn().ShouldBeTrue($"seed {seed}");
        foreach (var other in town.Residents.Skip(1))
        {
            other.Band.PowerOff();
        }

        resident.Band.SetExternal(false);
        town.World.RunUntil(() => resident.Band.Mode == BandMode.Daily, town.World.NowMs + 3_600_000).ShouldBeTrue();
        return town;
    }
}

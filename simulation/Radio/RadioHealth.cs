using ElderBand.Simulation.Bluetooth;

namespace ElderBand.Simulation;

/// <summary>Checks the stacks of a world for faults that no firmware may cause.</summary>
public static class RadioHealth
{
    /// <summary>Native memory that a boot may leak, bytes: after 24 KB the band restarts (docs/adr/0025).</summary>
    public const int MostLeakedBytes = 32 * 1024;

    /// <summary>A hub restarts its stack with the scanner: every 15 s, and around each beat and link.</summary>
    public const int MostStackStartsADay = 8000;

    private static readonly string[] Never =
    [
        Faults.WriteLost, Faults.SubscriptionLost, Faults.HostBlocked, Faults.ContextLeaked, Faults.FreedUnderLink,
        Faults.SecondStart, Faults.DisposedConnected, Faults.WriteAfterFree, Faults.ScanRefused, Faults.ConnectRefused,
    ];

    /// <summary>One line for each fault; empty where the radio code used the stack correctly.</summary>
    public static IReadOnlyList<string> Complaints(
        World world, IReadOnlyList<BandDevice> bands, IReadOnlyList<HubDevice> hubs)
    {
        var days = world.NowMs / 86_400_000.0;
        var complaints = Never
            .Where(what => world.Counts.GetValueOrDefault(what) > 0)
            .Select(what => $"{what}: {world.Counts[what]}")
            .ToList();
        foreach (var band in bands)
        {
            if (band.Radio.Host is { LeakedBytes: > MostLeakedBytes } host)
            {
                complaints.Add($"{band.Name}: {host.LeakedBytes} bytes of native memory leaked");
            }
        }

        foreach (var hub in hubs)
        {
            if (hub.Radio.Host is { } host && host.Starts / days > MostStackStartsADay)
            {
                complaints.Add($"{hub.Name}: {host.Starts / days:0} starts of the stack a day");
            }
        }

        return complaints;
    }
}

using ElderBand.Simulation.Bluetooth;

namespace ElderBand.Simulation;

/// <summary>The radio path between one band and one hub.</summary>
public sealed class RadioPath
{
    internal RadioPath(Antenna band, Antenna hub, int rssiDbm)
    {
        Band = band;
        Hub = hub;
        RssiDbm = rssiDbm;
    }

    /// <summary>True while band and hub are in range of each other.</summary>
    public bool IsInRange { get; private set; } = true;

    /// <summary>True while a link is up, or while one end does not know yet that the link has ended.</summary>
    public bool IsLinked => Link is not null;

    /// <summary>Signal strength at the hub.</summary>
    public int RssiDbm { get; set; }

    /// <summary>Called where a packet of the link is sent (false) and where it has arrived (true).</summary>
    public Action<bool>? Carried { get; set; }

    /// <summary>
    /// True while the hub hears the band and the band does not hear the hub, so that no link can be made.
    /// </summary>
    public bool IsOneWay { get; private set; }

    internal Antenna Band { get; }

    internal Antenna Hub { get; }

    internal RadioLink? Link { get; set; }

    /// <summary>True where the present scan has reported the band.</summary>
    internal bool IsReported { get; set; }

    /// <summary>Number of the last draw of a hearing; earlier draws are void.</summary>
    internal int Hearing { get; set; }

    /// <summary>
    /// True: the band no longer hears the hub. A link needs both directions, so an open link ends after its supervision
    /// timeout. The hub still gets the band's advertisements. False: the band hears the hub again.
    /// </summary>
    public void SetOneWay(bool oneWay)
    {
        if (oneWay && !IsOneWay && Link is { } link)
        {
            Band.Radio.LoseAfterSupervision(link);
        }

        IsOneWay = oneWay;
    }

    /// <summary>
    /// A stranger sends an advertisement under the band's address. Returns true where the hub hears the advertisement.
    /// A scan reports each address once, so this scan then reports no advertisement of the band itself.
    /// </summary>
    public bool Spoof(byte[] data)
    {
        if (!IsInRange || !Hub.IsScanning || IsReported || Hub.Host is not { } host)
        {
            return false;
        }

        IsReported = true;
        Hearing++;
        Band.Radio.World.Count("advertisements of a stranger");
        host.OnHeard((ulong)Band.Address, (short)RssiDbm, data);
        return true;
    }

    /// <summary>The band moves out of range or back. A link ends when its supervision timeout has passed.</summary>
    public void SetInRange(bool inRange)
    {
        if (IsInRange == inRange)
        {
            return;
        }

        IsInRange = inRange;
        if (!inRange)
        {
            Band.Radio.World.Count("walks out of range");
            if (Link is { } link)
            {
                Band.Radio.LoseAfterSupervision(link);
            }
        }

        Band.Radio.Listen(this);
    }
}

/// <summary>
/// A link of a path. Each end learns separately that the link has ended; without a message, by the supervision timeout.
/// </summary>
internal sealed class RadioLink
{
    public RadioLink(RadioPath path, int intervalMs, long madeAtMs)
    {
        Path = path;
        IntervalMs = intervalMs;
        MadeAtMs = madeAtMs;
        Band = new AirEnd(this, path.Band, path.Hub) { FreeMs = madeAtMs };
        Hub = new AirEnd(this, path.Hub, path.Band) { FreeMs = madeAtMs, Peer = Band };
        Band.Peer = Hub;
    }

    public RadioPath Path { get; }

    public int IntervalMs { get; }

    public long MadeAtMs { get; }

    public AirEnd Band { get; }

    public AirEnd Hub { get; }

    public void ForgetIfEnded()
    {
        if (!Band.IsUp && !Hub.IsUp && Path.Link == this)
        {
            Path.Link = null;
        }
    }
}

/// <summary>One end of a link in the air.</summary>
internal sealed class AirEnd(RadioLink link, Antenna antenna, Antenna peer)
    : LinkEnd(antenna.Host!, (ulong)peer.Address)
{
    public RadioLink Link { get; } = link;

    /// <summary>Time from which this end can send the next packet, ms.</summary>
    public long FreeMs { get; set; }
}

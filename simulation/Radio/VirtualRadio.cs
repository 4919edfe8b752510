using ElderBand.Simulation.Bluetooth;

namespace ElderBand.Simulation;

/// <summary>
/// The air: advertisements, links and losses. The air carries packets and does not read frames. The stacks above it
/// model upstream's (simulation/Bluetooth).
/// </summary>
public sealed class VirtualRadio(World world)
{
    // Two packets fit into one connection event in each direction at MTU 23 without data length extension.
    private const int PacketsPerEvent = 2;

    /// <summary>Puts a band and a hub into each other's reach.</summary>
    public RadioPath AddPath(Antenna band, Antenna hub, int rssiDbm)
    {
        var path = new RadioPath(band, hub, rssiDbm);
        band.Paths.Add(path);
        hub.Paths.Add(path);
        return path;
    }

    internal World World => world;

    private Figures Figures => world.Figures;

    /// <summary>Draws the time at which the hub next hears the band, where it can hear the band.</summary>
    internal void Listen(RadioPath path)
    {
        var hearing = ++path.Hearing;
        if (!path.IsInRange || !path.Hub.IsScanning || !path.Band.IsAdvertising || path.IsReported)
        {
            return;
        }

        var tries = Tries(Figures.ScanShare * (1 - Figures.Loss));
        var atMs = world.NowMs + world.Random.Next(Figures.AdvertisingIntervalMs.Max + 1)
            + ((tries - 1) * world.Draw(Figures.AdvertisingIntervalMs));
        world.Count("advertisements lost", tries - 1);
        world.At(atMs, () =>
        {
            if (hearing == path.Hearing && path.Band.Advertised is { } data)
            {
                path.IsReported = true;
                world.Count("advertisements heard");
                path.Hub.Host?.OnHeard((ulong)path.Band.Address, (short)path.RssiDbm, data);
            }
        });
    }

    /// <summary>Connects; <paramref name="done"/> gets the hub's end, or null when the time is over.</summary>
    internal void Connect(Antenna hub, long address, Action<LinkEnd?> done)
    {
        var host = hub.Host;
        var path = hub.Paths.Find(p => p.Band.Address == address);
        var fails = world.Random.NextDouble() < Figures.Loss / 2;
        var takesMs = world.Draw(Figures.ConnectMs);
        world.At(world.NowMs + takesMs, () =>
        {
            if (host != hub.Host)
            {
                return;
            }

            if (!fails && path is
                {
                    IsInRange: true, IsOneWay: false, Link: null, Band: { IsAdvertising: true, Host: not null },
                })
            {
                done(LinkUp(path));
                return;
            }

            world.Count("connects failed");
            world.At(world.NowMs + Math.Max(0, Figures.ConnectTimeoutMs - takesMs), () =>
            {
                if (host == hub.Host)
                {
                    done(null);
                }
            });
        });
    }

    /// <summary>
    /// Delivers a packet at the next connection event, later by one interval for each loss, and after packets that were
    /// sent before. A packet that would need longer than the supervision timeout ends the link.
    /// </summary>
    internal void Carry(AirEnd from, bool mayDouble, Action<LinkEnd> arrive)
    {
        var link = from.Link;
        if (!from.IsUp)
        {
            return;
        }

        link.Path.Carried?.Invoke(false);
        var tries = Tries(1 - Figures.Loss);
        world.Count("radio packets lost", tries - 1);
        if (tries * link.IntervalMs > Figures.SupervisionTimeoutMs)
        {
            LoseAfterSupervision(link);
            return;
        }

        var sinceMs = world.NowMs - link.MadeAtMs;
        var phaseMs = link.IntervalMs == 0 ? 0 : link.IntervalMs - (int)(sinceMs % link.IntervalMs);
        var atMs = Math.Max(world.NowMs + phaseMs + ((tries - 1) * link.IntervalMs), from.FreeMs);
        from.FreeMs = atMs + (link.IntervalMs / PacketsPerEvent);
        Deliver(atMs);
        if (mayDouble && world.Random.NextDouble() < Figures.Duplicates)
        {
            world.Count("frames doubled");
            Deliver(atMs + link.IntervalMs);
        }

        void Deliver(long deliverMs) => world.At(deliverMs, () =>
        {
            if (from is { IsUp: true, Peer: { IsUp: true } peer }
                && link.Path is { IsInRange: true, IsOneWay: false })
            {
                peer.Host.OnPacket(() => arrive(peer));
                link.Path.Carried?.Invoke(true);
            }
            else
            {
                world.Count("packets lost with a link");
            }
        });
    }

    /// <summary>
    /// Ends a link: the other end learns this at the next connection event or by its supervision timeout.
    /// </summary>
    /// <returns>Milliseconds until both ends know.</returns>
    internal int Terminate(AirEnd end, bool atOnce)
    {
        var link = end.Link;
        if (atOnce)
        {
            EndAt(end);
        }

        if (!link.Path.IsInRange)
        {
            LoseAfterSupervision(link);
            return Figures.SupervisionTimeoutMs;
        }

        world.At(world.NowMs + link.IntervalMs, () =>
        {
            EndAt(link.Hub);
            EndAt(link.Band);
        });
        return link.IntervalMs;
    }

    /// <summary>Ends the remaining end of a link when the supervision timeout has passed.</summary>
    internal void LoseAfterSupervision(RadioLink link) => world.At(world.NowMs + Figures.SupervisionTimeoutMs, () =>
    {
        if (link.Hub.IsUp || link.Band.IsUp)
        {
            world.Count("links lost");
            EndAt(link.Hub);
            EndAt(link.Band);
        }
    });

    private AirEnd LinkUp(RadioPath path)
    {
        var link = new RadioLink(path, world.Draw(Figures.ConnectionIntervalMs), world.NowMs);
        path.Link = link;
        world.Count("links made");
        path.Band.OnConnected();
        link.Band.Host.OnLinkUp(link.Band, isCentral: false);
        link.Hub.Host.OnLinkUp(link.Hub, isCentral: true);
        return link.Hub;
    }

    private static void EndAt(AirEnd end)
    {
        if (end.IsUp)
        {
            end.Host.OnLinkDown(end);
        }

        end.Link.ForgetIfEnded();
    }

    // Number of sendings until one arrives.
    private int Tries(double arrives)
    {
        var tries = 1;
        while (tries < 1000 && world.Random.NextDouble() >= arrives)
        {
            tries++;
        }

        return tries;
    }
}

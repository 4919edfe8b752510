using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>The air between one band and one hub that could hear it.</summary>
public sealed class RadioPath
{
    internal RadioPath(BandRadio band, HubRadio hub, int rssiDbm)
    {
        Band = band;
        Hub = hub;
        RssiDbm = rssiDbm;
    }

    /// <summary>Close enough to hear each other.</summary>
    public bool IsInRange { get; private set; } = true;

    /// <summary>Signal strength at the hub.</summary>
    public int RssiDbm { get; set; }

    internal BandRadio Band { get; }

    internal HubRadio Hub { get; }

    /// <summary>Each end learns the end of a link on its own: without a word, by its supervision timeout.</summary>
    internal bool HubLinked { get; set; }

    internal bool BandLinked { get; set; }

    internal int Link { get; set; }

    internal int IntervalMs { get; set; }

    internal long LinkedAtMs { get; set; }

    internal long UpFreeMs { get; set; }

    internal long DownFreeMs { get; set; }

    internal bool IsReported { get; set; }

    internal int Hearing { get; set; }

    /// <summary>Walks out of range or back. A link ends when its supervision timeout has passed.</summary>
    public void SetInRange(bool inRange)
    {
        if (IsInRange == inRange)
        {
            return;
        }

        IsInRange = inRange;
        if (!inRange)
        {
            Band.World.Count("walks out of range");
            Band.Radio.LoseAfterSupervision(this);
        }

        Band.Radio.Listen(this);
    }
}

/// <summary>
/// Advertisements, links and what gets lost. What is true of nanoFramework's Bluetooth and of firmware/*/Board is built in:
/// a scanner reports an address once until it is restarted; a connect stops the scanner and starts it anew afterwards, as
/// does a disconnect; advertising ends with a link and comes back after it; three links a hub.
/// </summary>
public sealed class VirtualRadio(World world)
{
    private const int MaxLinks = 3;

    // Two frames fit into one connection event in each direction at MTU 23 without data length extension.
    private const int FramesPerEvent = 2;

    /// <summary>Puts a band and a hub into each other's reach.</summary>
    public RadioPath AddPath(BandRadio band, HubRadio hub, int rssiDbm)
    {
        var path = new RadioPath(band, hub, rssiDbm);
        band.Paths.Add(path);
        hub.Paths.Add(path);
        return path;
    }

    internal World World => world;

    private Figures Figures => world.Figures;

    /// <summary>Draws when the hub next hears the band, if it can.</summary>
    internal void Listen(RadioPath path)
    {
        var hearing = ++path.Hearing;
        if (!path.IsInRange || !path.Hub.IsScanning || !path.Band.IsAdvertising || path.IsReported)
        {
            return;
        }

        var heard = Figures.ScanShare * (1 - Figures.Loss);
        var tries = Tries(heard);
        var atMs = world.NowMs + world.Random.Next(Figures.AdvertisingIntervalMs.Max + 1)
            + ((tries - 1) * world.Draw(Figures.AdvertisingIntervalMs));
        world.Count("advertisements lost", tries - 1);
        world.At(atMs, () =>
        {
            if (hearing != path.Hearing)
            {
                return;
            }

            path.IsReported = true;
            world.Count("advertisements heard");
            path.Hub.Device.Raise(EventKind.Advertisement, path.Band.Address, path.RssiDbm, path.Band.Advertised);
        });
    }

    internal SendResult Connect(HubRadio hub, long address)
    {
        var path = hub.Paths.Find(p => p.Band.Address == address);
        if (path is null || path.HubLinked || hub.Paths.Count(static p => p.HubLinked) >= MaxLinks)
        {
            return SendResult.NotConnected;
        }

        hub.StopListening();
        var life = hub.Life;
        var fails = world.Random.NextDouble() < Figures.Loss / 2;
        var takesMs = world.Draw(Figures.ReconnectMs);
        world.At(world.NowMs + takesMs, () =>
        {
            if (life != hub.Life)
            {
                return;
            }

            if (!fails && path.IsInRange && path.Band.IsAdvertising && !path.HubLinked)
            {
                LinkUp(path);
                hub.EndConnecting();
                return;
            }

            world.Count("connects failed");
            world.At(world.NowMs + Math.Max(0, Figures.ConnectTimeoutMs - takesMs), () =>
            {
                if (life == hub.Life)
                {
                    hub.EndConnecting();
                    hub.Device.Raise(EventKind.LinkDown, address, 0, null);
                }
            });
        });
        return SendResult.Sent;
    }

    internal SendResult Send(RadioPath path, bool up, byte[] frame)
    {
        if (!(up ? path.BandLinked : path.HubLinked))
        {
            return SendResult.NotConnected;
        }

        var tries = Tries(1 - Figures.Loss);
        world.Count("radio packets lost", tries - 1);
        if (tries * path.IntervalMs > Figures.SupervisionTimeoutMs)
        {
            LoseAfterSupervision(path);
            return SendResult.Sent;
        }

        // The next connection event, later by one interval for each loss, and behind what was sent before.
        var phase = path.IntervalMs == 0 ? 0 : path.IntervalMs - (int)((world.NowMs - path.LinkedAtMs) % path.IntervalMs);
        var atMs = world.NowMs + phase + ((tries - 1) * path.IntervalMs);
        var free = up ? path.UpFreeMs : path.DownFreeMs;
        atMs = Math.Max(atMs, free);
        if (up)
        {
            path.UpFreeMs = atMs + (path.IntervalMs / FramesPerEvent);
        }
        else
        {
            path.DownFreeMs = atMs + (path.IntervalMs / FramesPerEvent);
        }

        var copy = (byte[])frame.Clone();
        var link = path.Link;
        Deliver(atMs);
        if (world.Random.NextDouble() < Figures.Duplicates)
        {
            world.Count("frames doubled");
            Deliver(atMs + path.IntervalMs);
        }

        return SendResult.Sent;

        void Deliver(long deliverMs) => world.At(deliverMs, () =>
        {
            if (!path.BandLinked || !path.HubLinked || path.Link != link || !path.IsInRange)
            {
                world.Count("frames lost with a link");
                return;
            }

            if (up)
            {
                path.Hub.Device.Raise(EventKind.FrameIn, path.Band.Address, path.RssiDbm, copy);
            }
            else
            {
                path.Band.Device.Raise(EventKind.FrameIn, 0, 0, copy);
            }
        });
    }

    internal void LoseAfterSupervision(RadioPath path)
    {
        var link = path.Link;
        world.At(world.NowMs + Figures.SupervisionTimeoutMs, () =>
        {
            if (path.Link == link && (path.HubLinked || path.BandLinked))
            {
                world.Count("links lost");
                LinkDown(path);
            }
        });
    }

    internal void LinkDown(RadioPath path)
    {
        if (path.HubLinked)
        {
            path.HubLinked = false;
            path.Hub.Device.Raise(EventKind.LinkDown, path.Band.Address, 0, null);
            if (path.Hub.Device.IsOn && !path.Hub.IsConnecting)
            {
                path.Hub.StartListening();
            }
        }

        if (path.BandLinked)
        {
            path.BandLinked = false;
            path.Band.Device.Raise(EventKind.LinkDown, 0, 0, null);
            path.Band.AdvertiseAgain();
        }

        path.Link++;
    }

    private void LinkUp(RadioPath path)
    {
        path.HubLinked = true;
        path.BandLinked = true;
        path.Link++;
        path.IntervalMs = world.Draw(Figures.ConnectionIntervalMs);
        path.LinkedAtMs = world.NowMs;
        path.UpFreeMs = path.DownFreeMs = world.NowMs;
        world.Count("links made");
        path.Band.StopAdvertising();
        path.Hub.Device.Raise(EventKind.LinkUp, path.Band.Address, 0, null);
        path.Band.Device.Raise(EventKind.LinkUp, 0, 0, null);
    }

    // How many sendings until one arrives.
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

/// <summary>A band's side: GATT server and advertisement.</summary>
public sealed class BandRadio(VirtualRadio radio, Device device, long address) : IBandLink
{
    private bool _wantsAdvertising;

    /// <summary>48-bit Bluetooth address.</summary>
    public long Address { get; } = address;

    /// <summary>On the air now.</summary>
    public bool IsAdvertising { get; private set; }

    /// <summary>The frame in the advertisement, null without.</summary>
    public byte[]? Advertised { get; private set; }

    /// <summary>A hub is linked.</summary>
    public bool IsLinked => Paths.Exists(static p => p.BandLinked);

    /// <summary>The hubs that could hear it.</summary>
    public List<RadioPath> Paths { get; } = [];

    /// <summary>Called with each frame that leaves the antenna and the moment, µs.</summary>
    public Action<byte[], long>? OnAir { get; set; }

    internal VirtualRadio Radio => radio;

    internal World World => radio.World;

    internal Device Device => device;

    /// <inheritdoc/>
    public bool Advertise(byte[]? frame)
    {
        var copy = (byte[]?)frame?.Clone();
        device.Effect(() =>
        {
            _wantsAdvertising = true;
            Advertised = copy;
            SetAdvertising(true);
            if (copy is not null)
            {
                OnAir?.Invoke(copy, World.NowUs);
            }
        });
        return true;
    }

    /// <inheritdoc/>
    public void Stop() => device.Effect(Silence);

    /// <inheritdoc/>
    public SendResult Notify(byte[] frame)
    {
        if (!IsLinked)
        {
            return SendResult.NotConnected;
        }

        var copy = (byte[])frame.Clone();
        device.Effect(() =>
        {
            foreach (var path in Paths.Where(static p => p.BandLinked))
            {
                OnAir?.Invoke(copy, World.NowUs);
                radio.Send(path, up: true, copy);
            }
        });
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public void Restart()
    {
        Stop();
        Advertise(null);
    }

    /// <summary>Radio off. Hubs notice a lost link by its supervision timeout.</summary>
    internal void Silence()
    {
        _wantsAdvertising = false;
        SetAdvertising(false);
        foreach (var path in Paths.Where(static p => p.BandLinked))
        {
            path.BandLinked = false;
            radio.LoseAfterSupervision(path);
        }
    }

    internal void StopAdvertising() => SetAdvertising(false);

    internal void AdvertiseAgain()
    {
        if (_wantsAdvertising)
        {
            SetAdvertising(true);
        }
    }

    private void SetAdvertising(bool on)
    {
        if (IsAdvertising == on)
        {
            return;
        }

        IsAdvertising = on;
        foreach (var path in Paths)
        {
            radio.Listen(path);
        }
    }
}

/// <summary>A hub's side: scanner and up to three links.</summary>
public sealed class HubRadio(VirtualRadio radio, Device device) : IHubLink
{
    /// <summary>Hears advertisements.</summary>
    public bool IsScanning { get; private set; }

    /// <summary>The bands that it could hear.</summary>
    public List<RadioPath> Paths { get; } = [];

    internal bool IsConnecting { get; private set; }

    internal int Life { get; private set; }

    internal Device Device => device;

    /// <inheritdoc/>
    public void Scan() => device.Effect(() =>
    {
        radio.World.Count("scanner restarts");
        // While it connects the scanner cannot run; it is started anew afterwards in any case.
        if (!IsConnecting)
        {
            StartListening();
        }
    });

    /// <inheritdoc/>
    public SendResult Connect(long address)
    {
        if (IsConnecting)
        {
            return SendResult.Busy;
        }

        IsConnecting = true;
        device.Effect(() =>
        {
            if (radio.Connect(this, address) != SendResult.Sent)
            {
                EndConnecting();
                device.Raise(EventKind.LinkDown, address, 0, null);
            }
        });
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public SendResult Write(long address, byte[] frame)
    {
        var path = Paths.Find(p => p.Band.Address == address);
        if (path is null || !path.HubLinked)
        {
            return SendResult.NotConnected;
        }

        var copy = (byte[])frame.Clone();
        device.Effect(() => radio.Send(path, up: false, copy));
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public void Disconnect(long address) => device.Effect(() =>
    {
        if (Paths.Find(p => p.Band.Address == address) is { } path)
        {
            radio.LinkDown(path);
        }
    });

    /// <inheritdoc/>
    public void Restart() => device.Effect(() =>
    {
        Life++;
        IsConnecting = false;
        foreach (var path in Paths)
        {
            radio.LinkDown(path);
        }

        StartListening();
    });

    /// <summary>Without power: bands notice by the supervision timeout.</summary>
    internal void Silence()
    {
        Life++;
        IsConnecting = false;
        StopListening();
        foreach (var path in Paths.Where(static p => p.HubLinked))
        {
            path.HubLinked = false;
            radio.LoseAfterSupervision(path);
        }
    }

    internal void StartListening()
    {
        IsScanning = true;
        foreach (var path in Paths)
        {
            path.IsReported = false;
            radio.Listen(path);
        }
    }

    internal void StopListening()
    {
        IsScanning = false;
        foreach (var path in Paths)
        {
            radio.Listen(path);
        }
    }

    internal void EndConnecting()
    {
        IsConnecting = false;
        StartListening();
    }
}

using ElderBand.BandProtocol;
using ElderBand.Simulation.Bluetooth;

namespace ElderBand.Simulation;

/// <summary>
/// The radio of one board, and the Bluetooth stack of its present boot. An action of the board takes effect when the
/// board's earlier flash operations have ended.
/// </summary>
public sealed class Antenna : IBluetoothBoard
{
    private const byte ManufacturerType = 255;

    private readonly Device _device;

    internal Antenna(VirtualRadio radio, Device device, long address)
    {
        Radio = radio;
        Address = address;
        _device = device;
        radio.World.AtEnd(PowerLost);
    }

    /// <summary>48-bit Bluetooth address.</summary>
    public long Address { get; }

    /// <summary>True while the radio advertises.</summary>
    public bool IsAdvertising { get; private set; }

    /// <summary>Bytes of the advertisement; null before the first.</summary>
    public byte[]? Advertised { get; private set; }

    /// <summary>True while the radio scans for advertisements.</summary>
    public bool IsScanning { get; private set; }

    /// <summary>Paths to the radios that this one could hear.</summary>
    public List<RadioPath> Paths { get; } = [];

    /// <summary>True while this board knows of at least one link.</summary>
    public bool IsLinked => Host is { IsLinked: true };

    /// <summary>Called with each frame that the radio sends and the moment of sending, µs.</summary>
    public Action<byte[], long>? OnAir { get; set; }

    /// <summary>The stack of the present boot; null without one.</summary>
    public BluetoothHost? Host { get; private set; }

    /// <inheritdoc/>
    public int StackStartMs => World.Draw(World.Figures.StackStartMs);

    /// <inheritdoc/>
    public int StackStopMs => World.Draw(World.Figures.StackStopMs);

    /// <summary>Starts of this board's stack in all its boots.</summary>
    public long StackStarts { get; private set; }

    internal VirtualRadio Radio { get; }

    private World World => Radio.World;

    /// <inheritdoc/>
    public int DrawDiscoveryMs() => World.Draw(World.Figures.DiscoveryMs);

    /// <inheritdoc/>
    public bool RefusesToAdvertise() => World.Random.NextDouble() < World.Figures.StartRefusals;

    /// <inheritdoc/>
    public void Count(string what, long by = 1)
    {
        StackStarts += what == Faults.StackStarts ? by : 0;
        World.Count(what, by);
    }

    /// <inheritdoc/>
    public void After(long delayMs, Action action)
    {
        var host = Host;
        World.At(_device.EffectMs + delayMs, () =>
        {
            if (host is { IsEnded: false })
            {
                host.Run(action);
            }
        });
    }

    /// <inheritdoc/>
    public void StandStill(int ms) => _device.StandStill(ms);

    /// <inheritdoc/>
    public void WakeLoop() => _device.WakeLoop();

    /// <inheritdoc/>
    public void Advertise(byte[]? data) => _device.EffectOfStack(() =>
    {
        if (data is null)
        {
            SetAdvertising(false);
        }
        else if (Host is { IsAdvertising: true })
        {
            Advertised = data;
            SetAdvertising(true);
            if (FrameOf(data) is { } frame)
            {
                OnAir?.Invoke(frame, World.NowUs);
            }
        }
    });

    /// <inheritdoc/>
    public void Scan(bool on)
    {
        IsScanning = on;
        World.Count("scanner restarts", on ? 1 : 0);
        foreach (var path in Paths)
        {
            path.IsReported = false;
            Radio.Listen(path);
        }
    }

    /// <inheritdoc/>
    public void Connect(ulong address, Action<LinkEnd?> done) => Radio.Connect(this, (long)address, done);

    /// <inheritdoc/>
    public void Carry(LinkEnd from, byte[] payload, Action<LinkEnd> arrive) => _device.Effect(() =>
    {
        if (payload.Length == Frame.Size)
        {
            OnAir?.Invoke(payload, World.NowUs);
        }

        Radio.Carry((AirEnd)from, payload.Length > 0, arrive);
    });

    /// <inheritdoc/>
    public int Terminate(LinkEnd end, bool atOnce) => Radio.Terminate((AirEnd)end, atOnce);

    /// <summary>A new boot begins with a new stack.</summary>
    internal BluetoothHost Boot() => Host = new BluetoothHost(this);

    /// <summary>
    /// The board has lost power or the chip resets: the other ends learn this by the supervision timeout.
    /// </summary>
    internal void PowerLost()
    {
        Host?.End();
        Host = null;
        IsScanning = false;
        SetAdvertising(false);
        foreach (var link in Paths.Select(static p => p.Link).OfType<RadioLink>())
        {
            var end = link.Path.Band == this ? link.Band : link.Hub;
            if (end.IsUp)
            {
                end.IsUp = false;
                Radio.LoseAfterSupervision(link);
                link.ForgetIfEnded();
            }
        }
    }

    /// <summary>A connect ends advertising, as the controller does.</summary>
    internal void OnConnected() => SetAdvertising(false);

    // The frame in an advertisement, whose section holds length, type, two bytes of the company, and the frame.
    private static byte[]? FrameOf(byte[] data)
    {
        for (var at = 0; at + 1 < data.Length && data[at] > 0; at += data[at] + 1)
        {
            if (data[at + 1] == ManufacturerType && data[at] == Frame.Size + 3)
            {
                return data.AsSpan(at + 4, Frame.Size).ToArray();
            }
        }

        return null;
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
            Radio.Listen(path);
        }
    }
}

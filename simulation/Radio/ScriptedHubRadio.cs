using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// A hub's radio without a model of the air: a link is up 0.5 s after the request, and a write reaches the scripted
/// band at once.
/// </summary>
public sealed class ScriptedHubRadio(HubRig rig) : IHubLink
{
    private const int MaxLinks = 3;

    /// <summary>Addresses with a link.</summary>
    public HashSet<long> Up { get; } = [];

    /// <summary>Addresses whose connect fails after 7 s.</summary>
    public HashSet<long> Unreachable { get; } = [];

    /// <summary>Every connect that the App requested.</summary>
    public List<long> Connects { get; } = [];

    /// <summary>Every disconnect that the App requested.</summary>
    public List<long> Disconnects { get; } = [];

    /// <summary>How often the scanner was started.</summary>
    public int Scans { get; private set; }

    /// <summary>How often the stack was restarted.</summary>
    public int Restarts { get; private set; }

    /// <summary>True: the stack does not respond and reports no event.</summary>
    public bool Dead { get; set; }

    /// <summary>Address of the connect under way.</summary>
    public long? Connecting { get; private set; }

    /// <inheritdoc/>
    public void Scan() => Scans++;

    /// <inheritdoc/>
    public SendResult Connect(long address)
    {
        if (Connecting is not null)
        {
            return SendResult.Busy;
        }

        Connects.Add(address);
        if (Dead)
        {
            return SendResult.Sent;
        }

        Connecting = address;
        bool fails = Unreachable.Contains(address);
        rig.At(fails ? 7000 : 500, () =>
        {
            Connecting = null;
            if (fails)
            {
                rig.Raise(EventKind.LinkDown, address);
            }
            else
            {
                if (Up.Count == MaxLinks)
                {
                    throw new InvalidOperationException("the hub asked for a fourth link; the controller holds three");
                }

                Up.Add(address);
                rig.Raise(EventKind.LinkUp, address);
            }
        });
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public SendResult Write(long address, byte[] frame)
    {
        if (!Up.Contains(address) || Dead)
        {
            return SendResult.NotConnected;
        }

        rig.BandOf(address)?.Receive(frame);
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public void Disconnect(long address)
    {
        Disconnects.Add(address);
        if (Up.Remove(address))
        {
            rig.Raise(EventKind.LinkDown, address);
        }
    }

    /// <inheritdoc/>
    public void Restart()
    {
        Restarts++;
        Up.Clear();
        Connecting = null;
    }

    /// <summary>The link ends by itself.</summary>
    public void Lose(long address)
    {
        if (Up.Remove(address))
        {
            rig.Raise(EventKind.LinkDown, address);
        }
    }
}

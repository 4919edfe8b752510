using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// A hub's radio without air: links come up 0.5 s after they were asked for, writes reach the scripted bands at once.
/// </summary>
public sealed class ScriptedHubRadio(HubRig rig) : IHubLink
{
    private const int MaxLinks = 3;

    /// <summary>Addresses with a link.</summary>
    public HashSet<long> Up { get; } = [];

    /// <summary>Addresses whose connect fails after 7 s.</summary>
    public HashSet<long> Unreachable { get; } = [];

    /// <summary>Every connect that was asked for.</summary>
    public List<long> Connects { get; } = [];

    /// <summary>Every disconnect that was asked for.</summary>
    public List<long> Disconnects { get; } = [];

    /// <summary>How often the scanner was started.</summary>
    public int Scans { get; private set; }

    /// <summary>How often the stack was restarted.</summary>
    public int Restarts { get; private set; }

    /// <summary>The stack answers nothing and reports nothing.</summary>
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

namespace ElderBand.Simulation.Bluetooth;

/// <summary>The functions of board and radio that the model of the stack needs.</summary>
public interface IBluetoothBoard
{
    /// <summary>Starting the stack takes this long, ms; every thread of the board stands still meanwhile.</summary>
    int StackStartMs { get; }

    /// <summary>Stopping the stack, ms; every thread stands still.</summary>
    int StackStopMs { get; }

    /// <summary>One discovery procedure: services, characteristics or descriptors, ms; drawn again each time.</summary>
    int DrawDiscoveryMs();

    /// <summary>True where the controller refuses to start advertising this time (an injected fault).</summary>
    bool RefusesToAdvertise();

    /// <summary>Adds to a count of the world.</summary>
    void Count(string what, long by = 1);

    /// <summary>Runs an action of this boot after a time, ms, from the end of what the board is busy with.</summary>
    void After(long delayMs, Action action);

    /// <summary>Nothing of the board's loop runs for this long, ms.</summary>
    void StandStill(int ms);

    /// <summary>The loop waits for an event that has come.</summary>
    void WakeLoop();

    /// <summary>Advertises these bytes (31 at most) until a central connects or null is given.</summary>
    void Advertise(byte[]? data);

    /// <summary>Starts a scan that reports each address once, or ends it.</summary>
    void Scan(bool on);

    /// <summary>Connects; calls back once, with null where nobody answered in time.</summary>
    void Connect(ulong address, Action<LinkEnd?> done);

    /// <summary>
    /// Carries a packet to the other end, in order, later by what gets lost; <paramref name="arrive"/> runs there.
    /// </summary>
    void Carry(LinkEnd from, byte[] payload, Action<LinkEnd> arrive);

    /// <summary>
    /// Ends a link; <paramref name="atOnce"/>: this end is told now. Returns the ms until the other has answered.
    /// </summary>
    int Terminate(LinkEnd end, bool atOnce);
}

/// <summary>One end of a link, as the host of one board sees it.</summary>
public class LinkEnd(BluetoothHost host, ulong peerAddress)
{
    /// <summary>Host of this end.</summary>
    public BluetoothHost Host { get; } = host;

    /// <summary>Address of the board at the other end.</summary>
    public ulong PeerAddress { get; } = peerAddress;

    /// <summary>The other end.</summary>
    public LinkEnd? Peer { get; set; }

    /// <summary>This end has not learnt that the link has ended.</summary>
    public bool IsUp { get; set; }

    /// <summary>Connection handle on this board, the lowest that is free.</summary>
    public ushort Handle { get; set; }

    /// <summary>Characteristics whose notifications the central has switched on.</summary>
    internal HashSet<ServedCharacteristic> Subscribed { get; } = [];
}

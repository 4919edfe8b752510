using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// The line and the centre behind it: commits, then PUBACK, then receipt, unless the test injects a fault.
/// </summary>
public sealed class ScriptedCentre(HubRig rig) : IUplink
{
    private int _lastId;

    /// <summary>The line works and the service answers.</summary>
    public bool Reachable { get; set; } = true;

    /// <summary>True: an attempt to connect never ends.</summary>
    public bool Hangs { get; set; }

    /// <summary>
    /// The time in which the service's certificate is valid, ms since 1970. A hub whose clock shows another time
    /// refuses the certificate, so it gets no connection.
    /// </summary>
    public (long From, long Until) Certificate { get; set; } = (0, long.MaxValue);

    /// <summary>The service commits and sends receipts.</summary>
    public bool Commits { get; set; } = true;

    /// <summary>PUBACKs are sent.</summary>
    public bool Acknowledges { get; set; } = true;

    /// <summary>True for the n-th arrival whose receipt is lost.</summary>
    public Func<int, bool> LoseReceipt { get; set; } = _ => false;

    /// <summary>The hub is signed in.</summary>
    public bool SignedIn { get; private set; }

    /// <summary>Attempts to connect.</summary>
    public int Attempts { get; private set; }

    /// <summary>When each attempt began, ms of the world.</summary>
    public List<long> AttemptTimes { get; } = [];

    /// <summary>Hellos received.</summary>
    public int Hellos { get; private set; }

    /// <summary>Beats received.</summary>
    public int Beats { get; private set; }

    /// <summary>Traces received.</summary>
    public List<byte[]> Traces { get; } = [];

    /// <summary>The last hello.</summary>
    public byte[]? LastHello { get; private set; }

    /// <summary>Every envelope record that arrived, in order.</summary>
    public List<Arrived> Arrivals { get; } = [];

    /// <summary>Rows of the alarm table: UNIQUE (band, boot, lane, sequence), for the hub's own frames (hub).</summary>
    public Dictionary<string, Arrived> Rows { get; } = [];

    /// <summary>Rows of the vitals lane.</summary>
    public Dictionary<string, Arrived> Vitals { get; } = [];

    /// <summary>Ids of the messages that were handed to the line.</summary>
    public List<int> Ids { get; } = [];

    /// <inheritdoc/>
    public void Connect()
    {
        Attempts++;
        AttemptTimes.Add(rig.World.NowMs);
        if (Hangs)
        {
            return;
        }

        rig.At(100, () =>
        {
            SignedIn = Reachable && rig.Clock.WallMs() >= Certificate.From && rig.Clock.WallMs() <= Certificate.Until;
            rig.Message(SignedIn ? EventKind.UplinkUp : EventKind.UplinkDown, 0, []);
        });
    }

    /// <inheritdoc/>
    public void Disconnect() => SignedIn = false;

    /// <summary>Ends the connection; the hub gets an event.</summary>
    public void Drop()
    {
        if (SignedIn)
        {
            SignedIn = false;
            rig.Message(EventKind.UplinkDown, 0, []);
        }
    }

    /// <inheritdoc/>
    public int Publish(UplinkTopic topic, byte[] payload, int count)
    {
        if (!SignedIn)
        {
            return 0;
        }

        int id = ++_lastId;
        Ids.Add(id);
        byte[] data = payload[..count];
        if (!Reachable)
        {
            return id;
        }

        switch (topic)
        {
            case UplinkTopic.Hello:
                Demand(HubMessage.HelloIsValid(data, count), topic);
                Hellos++;
                LastHello = data;
                break;
            case UplinkTopic.Beat:
                Demand(HubMessage.HelloIsValid(data, count), topic);
                Beats++;
                break;
            case UplinkTopic.Trace:
                Demand(TraceMessage.AnswerIsValid(data, count), topic);
                Traces.Add(data);
                break;
            default:
                Demand(Envelope.IsValid(data, count), topic);
                Commit(topic, data);
                break;
        }

        if (Acknowledges)
        {
            rig.At(20, () => rig.Message(EventKind.Published, id, []));
        }

        return id;
    }

    /// <summary>
    /// Returns the message that the hub gets in place of a message of today's program, such as that of a later program.
    /// </summary>
    public Func<UplinkTopic, byte[], byte[]> Rewrites { get; set; } = static (_, data) => data;

    /// <summary>Sends a message to the hub.</summary>
    public void Send(UplinkTopic topic, byte[] data) =>
        rig.Message(EventKind.Downlink, (int)topic, Rewrites(topic, data));

    /// <summary>Tells the hub which versions of the messages the centre knows.</summary>
    public void SendHello()
    {
        byte[] data = new byte[HubMessage.CentreHelloSize];
        HubMessage.PutCentreHello(data);
        Send(UplinkTopic.Hello, data);
    }

    /// <summary>Sends one frame for a band.</summary>
    public void SendBandFrame(long address, byte[] frame)
    {
        byte[] data = new byte[HubMessage.MaxDownSize];
        HubMessage.BeginBandFrames(data);
        int size = HubMessage.AddBandFrame(data, address, frame);
        Send(UplinkTopic.Band, data[..size]);
    }

    /// <summary>Sends the receipt of one record.</summary>
    public void SendReceipt(int boot, int sequence)
    {
        byte[] data = new byte[HubMessage.MaxDownSize];
        HubMessage.BeginReceipt(data, rig.CentreTimeMs);
        int size = HubMessage.AddReceipt(data, boot, sequence);
        Send(UplinkTopic.Receipt, data[..size]);
    }

    /// <summary>Asks the hub for its trace.</summary>
    public void AskForTrace(byte ask)
    {
        byte[] data = new byte[TraceMessage.AskSize];
        TraceMessage.PutAsk(data, ask);
        Send(UplinkTopic.Trace, data);
    }

    private void Commit(UplinkTopic topic, byte[] data)
    {
        byte[] receipt = new byte[HubMessage.MaxDownSize];
        int size = HubMessage.BeginReceipt(receipt, rig.CentreTimeMs);
        for (int i = 0; i < Envelope.Count(data); i++)
        {
            int at = Envelope.RecordAt(data, i);
            int frame = Envelope.FrameAt(at);
            Arrived arrived = new(
                topic,
                rig.World.NowMs,
                Envelope.RecordBoot(data, at),
                Envelope.RecordSequence(data, at),
                Envelope.BandAddress(data, at),
                Envelope.IsLinkChecked(data, at),
                Envelope.Quality(data, at),
                Envelope.AgeMs(data, at),
                data[frame..(frame + Frame.Size)]);
            Arrivals.Add(arrived);
            if (!Commits)
            {
                continue;
            }

            (topic == UplinkTopic.Alarm ? Rows : Vitals).TryAdd(arrived.Key, arrived);
            if (!LoseReceipt(Arrivals.Count))
            {
                size = HubMessage.AddReceipt(receipt, arrived.RecordBoot, arrived.RecordSequence);
            }
        }

        if (topic == UplinkTopic.Alarm && size > HubMessage.ReceiptHeaderSize)
        {
            byte[] message = receipt[..size];
            rig.At(50, () => Send(UplinkTopic.Receipt, message));
        }
    }

    private static void Demand(bool isValid, UplinkTopic topic)
    {
        if (!isValid)
        {
            throw new InvalidOperationException($"the hub published a malformed message on {topic}");
        }
    }
}

using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>The hub's radio: links come up when asked, writes reach the fake bands.</summary>
public sealed class FakeRadio(HubRig rig) : IHubLink
{
    public HashSet<long> Up { get; } = [];

    public HashSet<long> Unreachable { get; } = [];

    public List<long> Connects { get; } = [];

    public List<long> Disconnects { get; } = [];

    public int Scans { get; private set; }

    public int Restarts { get; private set; }

    public bool Dead { get; set; }

    public long? Connecting { get; private set; }

    public void Scan() => Scans++;

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
                rig.Event(EventKind.LinkDown, address);
            }
            else
            {
                (Up.Count + 1).ShouldBeLessThanOrEqualTo(3, "the controller holds three links");
                Up.Add(address);
                rig.Event(EventKind.LinkUp, address);
            }
        });
        return SendResult.Sent;
    }

    public SendResult Write(long address, byte[] frame)
    {
        if (!Up.Contains(address) || Dead)
        {
            return SendResult.NotConnected;
        }

        rig.BandOf(address)?.Receive(frame);
        return SendResult.Sent;
    }

    public void Disconnect(long address)
    {
        Disconnects.Add(address);
        if (Up.Remove(address))
        {
            rig.Event(EventKind.LinkDown, address);
        }
    }

    public void Restart()
    {
        Restarts++;
        Up.Clear();
        Connecting = null;
    }

    public void Lose(long address)
    {
        if (Up.Remove(address))
        {
            rig.Event(EventKind.LinkDown, address);
        }
    }
}

/// <summary>The line and the centre behind it: commits, then PUBACK, then receipt, unless told to misbehave.</summary>
public sealed class FakeCentre(HubRig rig) : IUplink
{
    private int _lastId;

    /// <summary>The line works and the service answers.</summary>
    public bool Reachable { get; set; } = true;

    /// <summary>Nothing ever comes back from an attempt to connect.</summary>
    public bool Hangs { get; set; }

    /// <summary>The service commits and sends receipts.</summary>
    public bool Commits { get; set; } = true;

    /// <summary>PUBACKs are sent.</summary>
    public bool Acknowledges { get; set; } = true;

    public Func<int, bool> LoseReceipt { get; set; } = _ => false;

    public bool SignedIn { get; private set; }

    public int Attempts { get; private set; }

    public List<long> AttemptTimes { get; } = [];

    public int Hellos { get; private set; }

    public int Beats { get; private set; }

    public byte[]? LastHello { get; private set; }

    /// <summary>Every envelope record that arrived, in order.</summary>
    public List<Arrived> Arrivals { get; } = [];

    /// <summary>Rows of the alarm table: UNIQUE (band, boot, lane, sequence), for the hub's own frames (hub).</summary>
    public Dictionary<string, Arrived> Rows { get; } = [];

    /// <summary>Rows of the vitals lane.</summary>
    public Dictionary<string, Arrived> Vitals { get; } = [];

    public int Publishes { get; private set; }

    public List<int> Ids { get; } = [];

    public void Connect()
    {
        Attempts++;
        AttemptTimes.Add(rig.Clock.Now);
        if (Hangs)
        {
            return;
        }

        rig.At(100, () =>
        {
            SignedIn = Reachable;
            rig.Message(Reachable ? EventKind.UplinkUp : EventKind.UplinkDown, 0, []);
        });
    }

    public void Disconnect() => SignedIn = false;

    public void Drop()
    {
        if (SignedIn)
        {
            SignedIn = false;
            rig.Message(EventKind.UplinkDown, 0, []);
        }
    }

    public int Publish(UplinkTopic topic, byte[] payload, int count)
    {
        if (!SignedIn)
        {
            return 0;
        }

        Publishes++;
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
                HubMessage.HelloIsValid(data, count).ShouldBeTrue();
                Hellos++;
                LastHello = data;
                break;
            case UplinkTopic.Beat:
                HubMessage.HelloIsValid(data, count).ShouldBeTrue();
                Beats++;
                break;
            default:
                Envelope.IsValid(data, count).ShouldBeTrue();
                Commit(topic, data);
                break;
        }

        if (Acknowledges)
        {
            rig.At(20, () => rig.Message(EventKind.Published, id, []));
        }

        return id;
    }

    public void SendBandFrame(long address, byte[] frame)
    {
        byte[] data = new byte[HubMessage.MaxDownSize];
        HubMessage.BeginBandFrames(data);
        int size = HubMessage.AddBandFrame(data, address, frame);
        rig.Message(EventKind.Downlink, (int)UplinkTopic.Band, data[..size]);
    }

    public void SendReceipt(int boot, int sequence)
    {
        byte[] data = new byte[HubMessage.MaxDownSize];
        HubMessage.BeginReceipt(data, rig.CentreTimeMs);
        int size = HubMessage.AddReceipt(data, boot, sequence);
        rig.Message(EventKind.Downlink, (int)UplinkTopic.Receipt, data[..size]);
    }

    private void Commit(UplinkTopic topic, byte[] data)
    {
        byte[] receipt = new byte[HubMessage.MaxDownSize];
        int size = HubMessage.BeginReceipt(receipt, rig.CentreTimeMs);
        for (int i = 0; i < Envelope.Count(data); i++)
        {
            int at = Envelope.RecordAt(i);
            int frame = Envelope.FrameAt(at);
            Arrived arrived = new(
                topic,
                rig.Clock.Now,
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
            rig.At(50, () => rig.Message(EventKind.Downlink, (int)UplinkTopic.Receipt, message));
        }
    }
}

public sealed record Arrived(
    UplinkTopic Topic,
    long AtMs,
    int RecordBoot,
    int RecordSequence,
    long Address,
    bool LinkChecked,
    AgeQuality Quality,
    uint AgeMs,
    byte[] Frame)
{
    public FrameType Type => ElderBand.BandProtocol.Frame.TypeOf(Frame, 0);

    public string Key => (Type is FrameType.HubKey or FrameType.HubTechnical ? "hub" : Address.ToString()) + ":" + Convert.ToHexString(Frame, 0, 6);

    public TechnicalCode Code => (TechnicalCode)Payload.EventDetail(Frame, 0);
}

/// <summary>A band that can sign, press and listen; it decides nothing.</summary>
public sealed class FakeBand
{
    private readonly Tagger _tagger;
    private readonly IMac _mac;
    private readonly byte[] _secret;
    private int _alarmSequence;
    private int _vitalsSequence;

    public FakeBand(HubRig rig, long address)
    {
        Rig = rig;
        Address = address;
        _mac = rig.Mac;
        _tagger = new Tagger(_mac);
        _secret = SHA256.HashData(BitConverter.GetBytes(address));
        Keys.Derive(_mac, _secret, 7, Epoch);
    }

    public HubRig Rig { get; }

    public long Address { get; }

    public BandKeys Keys { get; } = new();

    public int Epoch { get; private set; } = 1;

    public int Boot { get; private set; } = 1;

    public long BootedMs { get; set; }

    public List<byte[]> Received { get; } = [];

    /// <summary>Identity (first 6 bytes less the type) of every frame the hub has acknowledged.</summary>
    public HashSet<string> Heard { get; } = [];

    public int UptimeS => (int)((Rig.Clock.Now - BootedMs) / 1000);

    public static string Identity(byte[] frame) => $"{(int)Frame.LaneOf(frame, 0)}:{Frame.BootOf(frame, 0)}:{Frame.SequenceOf(frame, 0)}";

    public void Reboot()
    {
        Boot++;
        _alarmSequence = 0;
        _vitalsSequence = 0;
        BootedMs = Rig.Clock.Now;
    }

    public void MoveTo(int epoch)
    {
        Epoch = epoch;
        Keys.DeriveLink(_mac, _secret, 7, epoch);
    }

    public void Receive(byte[] frame)
    {
        byte[] copy = (byte[])frame.Clone();
        Received.Add(copy);
        if (Frame.TypeOf(copy, 0) == FrameType.HubHeard)
        {
            _tagger.LinkTagIsRight(Keys.LinkDown, copy, 0).ShouldBeTrue();
            Heard.Add(Identity(copy));
        }
    }

    public int Count(FrameType type) => Received.Count(frame => Frame.TypeOf(frame, 0) == type);

    public bool HasHeard(byte[] frame) => Heard.Contains(Identity(frame));

    public byte[] Sos(int? uptimeS = null) => Event(FrameType.Sos, uptimeS, 0);

    public byte[] Event(FrameType type, int? uptimeS = null, byte detail = 0)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, Lane.Alarm, Boot, _alarmSequence++);
        Payload.PutEvent(frame, uptimeS ?? UptimeS, AlarmFlags.Worn, 80, detail);
        return Sign(frame);
    }

    public byte[] Shown(byte[] alarm, Stage stage)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.StageShown, Lane.Alarm, Boot, _alarmSequence++);
        Payload.PutStageShown(frame, Frame.BootOf(alarm, 0), Frame.SequenceOf(alarm, 0), stage);
        return Sign(frame);
    }

    public byte[] Status(BandMode mode)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Status, Lane.Vitals, Boot, _vitalsSequence++);
        Payload.PutStatus(frame, UptimeS, mode, Wear.On, 0, 80, 0);
        return Sign(frame);
    }

    public byte[] Vitals(bool tenMinutes)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Vitals, Lane.Vitals, Boot, _vitalsSequence++);
        Payload.PutVitals(frame, 72, 90, 97, 0, 0, Wear.On, 0, tenMinutes, 3);
        return Sign(frame);
    }

    public byte[] Challenge()
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.LinkChallenge, Lane.Vitals, Boot, _vitalsSequence++);
        for (int i = 0; i < Frame.PayloadSize; i++)
        {
            frame[Frame.PayloadOffset + i] = (byte)(0x31 + i);
        }

        return Sign(frame);
    }

    public byte[] Sign(byte[] frame)
    {
        _tagger.SignCentre(Keys.CentreUp, frame);
        _tagger.SignLink(Keys.LinkUp, frame);
        return frame;
    }

    /// <summary>What the centre would say of one of this band's frames.</summary>
    public byte[] FromCentre(FrameType type, byte[] about, Stage stage = Stage.Waiting, int revision = 0)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, Frame.LaneOf(about, 0), Frame.BootOf(about, 0), Frame.SequenceOf(about, 0));
        if (type == FrameType.Stage)
        {
            Payload.PutStage(frame, stage, revision);
        }

        _tagger.SignCentre(Keys.CentreDown, frame);
        return frame;
    }
}

/// <summary>One hub on fakes and a clock that jumps from step to step.</summary>
public sealed class HubRig
{
    public const long BuildDateMs = 1_780_000_000_000;

    private readonly PriorityQueue<Action, (long AtMs, int Order)> _later = new();
    private readonly List<FakeBand> _bands = [];
    private readonly IFlash? _files;
    private int _order;
    private int _epoch;
    private bool _tableSent;

    public HubRig(int bands = 1, MemoryFlash? flash = null, IFlash? files = null)
    {
        _files = files;
        Flash = flash ?? new MemoryFlash();
        Radio = new FakeRadio(this);
        Centre = new FakeCentre(this);
        for (int i = 0; i < bands; i++)
        {
            _bands.Add(new FakeBand(this, 0xC0FFEE000001 + i));
        }

        Events = new EventRing(32, Frame.Size);
        Downlinks = new EventRing(8, HubMessage.MaxDownSize);
        Hub = Make();
    }

    public HostMac Mac { get; } = new();

    public ManualClock Clock { get; private set; } = new();

    public MemoryFlash Flash { get; }

    public FakeRadio Radio { get; }

    public FakeCentre Centre { get; }

    public ManualPower Power { get; } = new() { Battery = 255, IsExternal = true };

    public ManualPin Key { get; } = new();

    public ManualPin Light { get; private set; } = new();

    public ManualPin Buzzer { get; private set; } = new();

    public EventRing Events { get; private set; }

    public EventRing Downlinks { get; private set; }

    public Hub Hub { get; private set; }

    public IReadOnlyList<FakeBand> Bands => _bands;

    public FakeBand Band => _bands[0];

    public long CentreTimeMs => BuildDateMs + 86_400_000 + Clock.Now;

    public int Steps { get; private set; }

    /// <summary>A hub that has started, has its bands and is online.</summary>
    public static HubRig Ready(int bands = 1, IFlash? files = null)
    {
        HubRig rig = new(bands, null, files);
        rig.Hub.Start(0);
        rig.Run(500);
        rig.SendTable();
        rig.Run(500);
        rig.Hub.Online.ShouldBeTrue();
        return rig;
    }

    public FakeBand? BandOf(long address) => _bands.Find(band => band.Address == address);

    public void At(long delayMs, Action action) => _later.Enqueue(action, (Clock.Now + delayMs, _order++));

    public void Event(EventKind kind, long address, int arg = 0, byte[]? data = null) =>
        Events.Enqueue(kind, Clock.Now, address, arg, data ?? [], data?.Length ?? 0);

    public void Message(EventKind kind, int arg, byte[] data) =>
        Downlinks.Enqueue(kind, Clock.Now, 0, arg, data, data.Length);

    public void Advertise(FakeBand band, byte[] frame) => Event(EventKind.Advertisement, band.Address, -60, frame);

    public void Notify(FakeBand band, byte[] frame) => Event(EventKind.FrameIn, band.Address, 0, frame);

    public void SendTable(int count = -1, int epoch = -1)
    {
        byte[] data = new byte[HubMessage.MaxDownSize];
        int size = HubMessage.BeginBands(data, CentreTimeMs);
        BandKeys keys = new();
        foreach (FakeBand band in _bands.Take(count < 0 ? _bands.Count : count))
        {
            keys.Derive(Mac, SHA256.HashData(BitConverter.GetBytes(band.Address)), 7, epoch < 0 ? band.Epoch : epoch);
            size = HubMessage.AddBand(data, band.Address, 7, epoch < 0 ? band.Epoch : epoch, keys);
        }

        _tableSent = true;
        _epoch = epoch;
        Message(EventKind.Downlink, (int)UplinkTopic.Bands, data[..size]);
    }

    /// <summary>Steps the hub as often as it asks to, and no event later than it happens.</summary>
    public void Run(long forMs)
    {
        long endMs = Clock.Now + forMs;
        while (true)
        {
            int wait = Hub.Step(Clock.Now);
            Steps++;
            wait.ShouldBeGreaterThanOrEqualTo(0);
            if (Clock.Now >= endMs)
            {
                return;
            }

            long next = Math.Min(Clock.Now + Math.Max(wait, 1), endMs);
            if (_later.TryPeek(out _, out (long AtMs, int Order) due) && due.AtMs <= next)
            {
                Clock.Now = Math.Max(Clock.Now, due.AtMs);
                _later.Dequeue()();
            }
            else
            {
                Clock.Now = next;
            }
        }
    }

    /// <summary>Power lost and back: memory is gone, flash stays, the monotonic clock begins again.</summary>
    public void Reboot(WakeCause cause = WakeCause.PowerOn)
    {
        long before = Clock.Now;
        _later.Clear();
        Clock = new ManualClock();
        foreach (FakeBand band in _bands)
        {
            band.BootedMs -= before;
        }

        Radio.Restart();
        Centre.Disconnect();
        Events = new EventRing(32, Frame.Size);
        Downlinks = new EventRing(8, HubMessage.MaxDownSize);
        Light = new ManualPin();
        Buzzer = new ManualPin();
        Power.BootCause = cause;
        Flash.CutAt = -1;
        Hub = Make();
        Hub.Start(0);
        if (_tableSent && _epoch >= 0)
        {
            SendTable(-1, _epoch);
        }
    }

    private Hub Make() => new(
        new HubPorts
        {
            Radio = Radio,
            Uplink = Centre,
            Flash = _files ?? Flash,
            Clock = Clock,
            Mac = Mac,
            Power = Power,
            Key = Key,
            Buzzer = Buzzer,
            Light = Light,
            Events = Events,
            Downlinks = Downlinks,
        },
        BuildDateMs);
}

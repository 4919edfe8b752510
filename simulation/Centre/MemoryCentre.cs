using ElderBand.BandProtocol;
using ElderBand.Wristband;

namespace ElderBand.Simulation;

/// <summary>An alarm as the centre in memory holds it.</summary>
public sealed class MemoryAlarm
{
    /// <summary>Band, boot and sequence of the frame that opened it.</summary>
    public required (long Address, int Boot, int Sequence) Key { get; init; }

    /// <summary>sos or fall.</summary>
    public required string Kind { get; init; }

    /// <summary>World time of the commit.</summary>
    public long RaisedAtMs { get; set; }

    /// <summary>How old the event was at the commit.</summary>
    public long AgeMs { get; init; }

    /// <summary>How well the age is known.</summary>
    public AgeQuality Quality { get; init; }

    /// <summary>True for a suspicion that the wearer may still cancel.</summary>
    public bool IsPrealarm { get; set; }

    /// <summary>Stage that the wrist should show.</summary>
    public Stage Stage { get; set; } = Stage.Centre;

    /// <summary>Rises with each change.</summary>
    public int Revision { get; set; } = 1;

    /// <summary>Presses on this card.</summary>
    public int Presses { get; set; } = 1;

    /// <summary>Stages that the band has reported as shown, in order.</summary>
    public List<Stage> Shown { get; } = [];
}

/// <summary>A press by its frame: the band's boot, and its uptime at the press.</summary>
public sealed record PressEvent(long StoredAtMs, int Boot, int Sequence, int UptimeS);

/// <summary>
/// The centre's half of the protocol in memory, for worlds in virtual time: it checks tags, stores each frame once,
/// answers with receipts and stages, and never acknowledges a frame before storing it. Tests of the whole system use
/// the real service; with this model a virtual day takes a second.
/// </summary>
public sealed partial class MemoryCentre(World world)
{
    private const int DeadlineMs = 45_000;
    private const byte NormalSensitivity = 1;
    private static readonly (int Min, int Max) NetworkMs = (5, 40);
    private static readonly (int Min, int Max) CommitMs = (2, 10);

    private readonly Dictionary<long, (BandKeys Keys, uint Group)> _bands = [];
    private readonly Dictionary<string, MemoryUplink> _hubs = new(StringComparer.Ordinal);
    private readonly HashSet<(long Address, int Boot, Lane Lane, int Sequence)> _stored = [];
    private readonly Tagger _tagger = new(new HostMac());
    private int _configurations;

    /// <summary>Every alarm, oldest first.</summary>
    public List<MemoryAlarm> Alarms { get; } = [];

    /// <summary>World time at which each press was stored, in that order.</summary>
    public List<long> PressesAtMs { get; } = [];

    /// <summary>Every press that was stored, in that order.</summary>
    public List<PressEvent> PressEvents { get; } = [];

    /// <summary>Vitals per band address.</summary>
    public Dictionary<long, List<(long AtMs, int Bpm, int Refusal, Wear Wear)>> Vitals { get; } = [];

    /// <summary>True while the centre works. False: no hub can sign in, and open lines are lost.</summary>
    public bool IsUp { get; private set; } = true;

    /// <summary>Called with the plaintext of each new frame of a band.</summary>
    public Action<byte[]>? NewFrame { get; set; }

    /// <summary>Enrols a band.</summary>
    public void Enrol(long address, BandIdentity identity)
    {
        var keys = new BandKeys();
        keys.Derive(new HostMac(), identity.Secret, identity.LinkGroup, identity.LinkEpoch);
        _bands[address] = (keys, identity.LinkGroup);
        Vitals[address] = [];
    }

    /// <summary>The line of a hub; it serves the bands of its home.</summary>
    public IUplink Line(HubDevice hub, uint group) => _hubs[hub.Name] = new MemoryUplink(this, hub, group);

    /// <summary>Takes the centre down or brings it back; stored frames stay.</summary>
    public void SetUp(bool up)
    {
        IsUp = up;
        if (!up)
        {
            world.Count("centre outages");
            foreach (var hub in _hubs.Values)
            {
                hub.Drop();
            }
        }
    }

    /// <summary>A person changes the stage of an alarm; the wrist gets the new stage.</summary>
    public void Advance(MemoryAlarm alarm, Stage stage)
    {
        alarm.Stage = stage;
        alarm.Revision++;
        SendStage(alarm);
    }

    /// <summary>
    /// Sends a band its next configuration; the rest of it is normal (no bed time, no inactivity alarm).
    /// </summary>
    public void Configure(long address, bool guardAlways) => Send(address, Configuration(guardAlways));

    internal void Receive(MemoryUplink hub, UplinkTopic topic, byte[] payload)
    {
        switch (topic)
        {
            case UplinkTopic.Hello when HubMessage.HelloIsValid(payload, payload.Length):
                hub.Send(UplinkTopic.Bands, BandsOf(hub.Group));
                foreach (var alarm in Alarms.Where(
                    a => _bands[a.Key.Address].Group == hub.Group && !a.IsPrealarm && !a.Shown.Contains(a.Stage)))
                {
                    SendStage(alarm);
                }

                break;
            case UplinkTopic.Alarm or UplinkTopic.Vitals when Envelope.IsValid(payload, payload.Length):
                Store(hub, payload);
                break;
            case UplinkTopic.Trace when TraceMessage.AnswerIsValid(payload, payload.Length):
                HubTraces[_hubs.First(h => h.Value == hub).Key] = payload;
                break;
        }
    }

    private void Store(MemoryUplink hub, byte[] envelope)
    {
        var receipt = new byte[HubMessage.MaxDownSize];
        var size = HubMessage.BeginReceipt(receipt, 1_780_000_000_000 + world.NowMs);
        for (var i = 0; i < Envelope.Count(envelope); i++)
        {
            var record = Envelope.RecordAt(envelope, i);
            Store(envelope, record);
            size = HubMessage.AddReceipt(
                receipt, Envelope.RecordBoot(envelope, record), Envelope.RecordSequence(envelope, record));
        }

        hub.Send(UplinkTopic.Receipt, receipt[..size]);
    }

    private void Store(byte[] envelope, int record)
    {
        var address = Envelope.BandAddress(envelope, record);
        var at = Envelope.FrameAt(record);
        if (!_bands.TryGetValue(address, out var band))
        {
            return;
        }

        if (!_tagger.CentreTagIsRight(band.Keys.CentreUp, envelope, at))
        {
            world.Count("frames refused by the centre");
            return;
        }

        var key = (address, Frame.BootOf(envelope, at), Frame.LaneOf(envelope, at), Frame.SequenceOf(envelope, at));
        var type = Frame.TypeOf(envelope, at);
        if (!_stored.Add(key))
        {
            world.Count("frames that the centre had already");
            if (Frame.IsLatched(type))
            {
                Answer(address, type, key.Item2, key.Item4);
            }

            return;
        }

        NewFrame?.Invoke(envelope[at..(at + Frame.Size)]);
        var alarmKey = (address, key.Item2, key.Item4);
        switch (type)
        {
            case FrameType.Sos:
                PressesAtMs.Add(world.NowMs);
                PressEvents.Add(new PressEvent(world.NowMs, key.Item2, key.Item4, Payload.UptimeS(envelope, at)));
                if (Alarms.Find(
                    a => a.Key.Address == address && a.Kind == "sos" && a.Stage != Stage.Closed) is { } open)
                {
                    open.Presses++;
                }
                else
                {
                    Raise(envelope, record, alarmKey, "sos", isPrealarm: false);
                }

                break;
            case FrameType.FallSuspected:
                var fall = Raise(envelope, record, alarmKey, "fall", isPrealarm: true);
                world.At(world.NowMs + Math.Max(0, DeadlineMs - fall.AgeMs), () => EndPrealarm(fall, cancelled: false));
                break;
            case FrameType.FallConfirmed or FrameType.FallCancelled:
                var suspicion = Alarms.Find(a => a.Key == (address, key.Item2, Payload.RefersTo(envelope, at)));
                EndPrealarm(suspicion, type == FrameType.FallCancelled);
                break;
            case FrameType.StageShown:
                Alarms.Find(
                    a => a.Key == (address, Payload.ShownBoot(envelope, at), Payload.ShownSequence(envelope, at)))
                    ?.Shown.Add(Payload.ShownStage(envelope, at));
                break;
            case FrameType.Vitals:
                Vitals[address].Add((world.NowMs, Payload.Bpm(envelope, at), Payload.HeartRefusal(envelope, at),
                    Payload.VitalsWear(envelope, at)));
                break;
            case FrameType.Trace when Payload.TraceHalf(envelope, at) < Payload.TraceHalves:
                StoreTrace(address, envelope, at);
                break;
        }

        if (Frame.IsLatched(type))
        {
            Answer(address, type, key.Item2, key.Item4);
        }
    }

    private MemoryAlarm Raise(
        byte[] envelope, int record, (long Address, int Boot, int Sequence) key, string kind, bool isPrealarm)
    {
        var alarm = new MemoryAlarm
        {
            Key = key,
            Kind = kind,
            IsPrealarm = isPrealarm,
            RaisedAtMs = world.NowMs,
            AgeMs = Envelope.AgeMs(envelope, record),
            Quality = Envelope.Quality(envelope, record),
        };
        Alarms.Add(alarm);
        return alarm;
    }

    private static void EndPrealarm(MemoryAlarm? alarm, bool cancelled)
    {
        if (alarm is not { IsPrealarm: true })
        {
            return;
        }

        alarm.IsPrealarm = false;
        if (cancelled)
        {
            alarm.Stage = Stage.Closed;
        }
    }

    // A stage is also the receipt of the frame that opened the alarm; everything else gets a plain receipt.
    private void Answer(long address, FrameType type, int boot, int sequence)
    {
        if (type is FrameType.Sos or FrameType.FallSuspected
            && Alarms.Find(a => a.Key == (address, boot, sequence)) is { IsPrealarm: false } alarm)
        {
            SendStage(alarm);
            return;
        }

        var frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Receipt, Lane.Alarm, boot, sequence);
        Payload.PutReceipt(frame, 0);
        Send(address, frame);
    }

    private void SendStage(MemoryAlarm alarm)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Stage, Lane.Alarm, alarm.Key.Boot, alarm.Key.Sequence);
        Payload.PutStage(frame, alarm.Stage, alarm.Revision);
        Send(alarm.Key.Address, frame);
    }

    private void Send(long address, byte[] frame)
    {
        var (keys, group) = _bands[address];
        _tagger.SignCentre(keys.CentreDown, frame);
        var message = new byte[HubMessage.BandHeaderSize + HubMessage.BandFrameSize];
        HubMessage.BeginBandFrames(message);
        HubMessage.AddBandFrame(message, address, frame);
        foreach (var hub in _hubs.Values.Where(h => h.Group == group))
        {
            hub.Send(UplinkTopic.Band, message);
        }
    }

    private byte[] BandsOf(uint group)
    {
        var message = new byte[HubMessage.MaxDownSize];
        var size = HubMessage.BeginBands(message, 1_780_000_000_000 + world.NowMs);
        foreach (var (address, (keys, of)) in _bands)
        {
            if (of == group)
            {
                size = HubMessage.AddBand(message, address, group, 0, keys);
            }
        }

        return message[..size];
    }

    /// <summary>A line that needs no network.</summary>
    internal sealed class MemoryUplink(MemoryCentre centre, HubDevice hub, uint group) : IUplink
    {
        private int _lastId;
        private int _session;
        private bool _isUp;

        /// <summary>The home.</summary>
        public uint Group { get; } = group;

        private World World => hub.World;

        /// <inheritdoc/>
        public void Connect() => hub.Effect(() =>
        {
            var session = ++_session;
            _isUp = false;
            World.At(World.NowMs + World.Draw(NetworkMs), () =>
            {
                if (session == _session)
                {
                    _isUp = centre.IsUp;
                    hub.Raise(_isUp ? EventKind.UplinkUp : EventKind.UplinkDown, 0, 0, null);
                }
            });
        });

        /// <inheritdoc/>
        public void Disconnect() => hub.Effect(Drop);

        /// <inheritdoc/>
        public int Publish(UplinkTopic topic, byte[] payload, int count)
        {
            if (!_isUp)
            {
                return 0;
            }

            var id = ++_lastId;
            var copy = payload.AsSpan(0, count).ToArray();
            var session = _session;
            hub.Effect(() => World.At(World.NowMs + World.Draw(NetworkMs) + World.Draw(CommitMs), () =>
            {
                if (session != _session || !centre.IsUp)
                {
                    World.Count("messages lost on the line");
                    return;
                }

                centre.Receive(this, topic, copy);
                World.At(World.NowMs + World.Draw(NetworkMs), () =>
                {
                    if (session == _session)
                    {
                        hub.Raise(EventKind.Published, 0, id, null);
                    }
                });
            }));
            return id;
        }

        /// <summary>Sends a message to this hub.</summary>
        public void Send(UplinkTopic topic, byte[] payload)
        {
            var session = _session;
            World.At(World.NowMs + World.Draw(NetworkMs), () =>
            {
                if (_isUp && session == _session)
                {
                    hub.Raise(EventKind.Downlink, 0, (int)topic, payload);
                }
            });
        }

        /// <summary>Ends the line; the hub gets an event.</summary>
        public void Drop()
        {
            _session++;
            _isUp = false;
            hub.Raise(EventKind.UplinkDown, 0, 0, null);
        }
    }
}

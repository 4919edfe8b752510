using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>The home of the rig: a hub and a centre, which answer as the test tells them.</summary>
public sealed partial class BandRig : IBandLink
{
    public bool InRange { get; set; } = true;

    public bool AnswersHello { get; set; } = true;

    public bool AnswersHeard { get; set; } = true;

    public bool AnswersReceipt { get; set; } = true;

    public bool SendsState { get; set; } = true;

    /// <summary>True: stages or settings wait at the hub, so the hub connects at every beat.</summary>
    public bool Owes { get; set; }

    /// <summary>Longest time from an advertisement to the link, ms.</summary>
    public int ConnectMs { get; set; } = 500;

    public bool Online { get; set; } = true;

    public int MinuteOfDay { get; set; } = 0xFFFF;

    /// <summary>Returns true for a frame that is lost; arguments: the frame, and true where the band sent it.</summary>
    public Func<byte[], bool, bool> Loses { get; set; } = (_, _) => false;

    /// <summary>Plaintext of every frame that the hub got, in order, with the time.</summary>
    public List<(long AtMs, byte[] Frame, bool Advertised)> Heard { get; } = [];

    /// <summary>Every frame that the band sent, sealed as on the air.</summary>
    public List<byte[]> Air { get; } = [];

    /// <summary>
    /// Each event row the centre would have: first sight of (lane, boot, sequence), right centre tag only.
    /// </summary>
    public Dictionary<(Lane, int, int), byte[]> Rows { get; } = [];

    /// <summary>
    /// The press that opened the card that is open at the centre; null: no card is open, and the next press opens one.
    /// </summary>
    public byte[]? Card { get; set; }

    /// <summary>For each press, by its boot and sequence: the press that opened its card.</summary>
    public Dictionary<(int Boot, int Sequence), byte[]> Openers { get; } = [];

    /// <summary>True: the stack refuses every advertisement.</summary>
    public bool RefusesAdvertising { get; set; }

    /// <summary>True: a restart ends the refusals.</summary>
    public bool RestartMends { get; set; }

    /// <summary>True: the stack accepts advertisements but sends nothing until it is restarted.</summary>
    public bool SilentUntilRestart { get; set; }

    public int Refused { get; private set; }

    /// <summary>Plaintext of the advertised frame; null: the band does not advertise.</summary>
    public byte[]? OnAir { get; private set; }

    public bool Advertising { get; private set; }

    public int Advertisements { get; private set; }

    public int RadioRestarts { get; private set; }

    public bool LinkUp => _linkUp;

    /// <summary>Connects as a hub does that has heard an advertisement.</summary>
    public void ConnectWhenAdvertised()
    {
        if (InRange && !_linkUp && Advertising && WantsLink(OnAir))
        {
            After(ConnectMs, Connect);
        }
    }

    // A frame of the alarm lane needs an acknowledgement. An advertisement without a frame asks for a link, as a status
    // with bit 2 does.
    private bool WantsLink(byte[]? onAir) =>
        Owes || onAir == null || Frame.LaneOf(onAir, 0) == Lane.Alarm
        || (Frame.TypeOf(onAir, 0) == FrameType.Status && Payload.AsksForLink(onAir, 0));

    public void Connect()
    {
        if (_linkUp || !InRange || !Advertising)
        {
            return;
        }

        _linkUp = true;
        Post(EventKind.LinkUp, null);
        if (SendsState)
        {
            After(LinkTiming.HubStateMs, StateTick);
        }
    }

    public void Disconnect()
    {
        if (_linkUp)
        {
            _linkUp = false;
            Post(EventKind.LinkDown, null);
        }
    }

    /// <summary>Ends the link without an event for the band.</summary>
    public void VanishLink() => _linkUp = false;

    public void Down(byte[] frame, int count = Frame.Size)
    {
        if (_linkUp && !Loses(frame, false))
        {
            var air = (byte[])frame.Clone();
            if (count == Frame.Size)
            {
                _tagger.Seal(HubKeys.Air, false, air);
            }

            Post(EventKind.FrameIn, air, count);
        }
    }

    public byte[] FromHub(FrameType type, Lane lane, int boot, int sequence, Action<byte[]>? payload = null)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, type, lane, boot, sequence);
        payload?.Invoke(frame);
        _tagger.SignHub(HubKeys.LinkDown, frame);
        return frame;
    }

    public byte[] FromCentre(FrameType type, int boot, int sequence, Action<byte[]>? payload = null)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, type, Lane.Alarm, boot, sequence);
        payload?.Invoke(frame);
        _tagger.SignCentre(HubKeys.CentreDown, frame);
        return frame;
    }

    public byte[] StageFrame(byte[] alarm, Stage stage, int revision)
    {
        Card = stage == Stage.Closed && Card == alarm ? null : Card;
        return FromCentre(
            FrameType.Stage,
            Frame.BootOf(alarm, 0),
            Frame.SequenceOf(alarm, 0),
            f => Payload.PutStage(f, stage, revision));
    }

    public byte[] Hello(byte[] challenge) => FromHub(
        FrameType.LinkHello,
        Frame.LaneOf(challenge, 0),
        Frame.BootOf(challenge, 0),
        Frame.SequenceOf(challenge, 0),
        f => Bytes.Copy(challenge, Frame.PayloadOffset, f, Frame.PayloadOffset, Frame.PayloadSize));

    /// <summary>The rows of a type, in the order of their sequence.</summary>
    public List<byte[]> RowsOf(FrameType type) =>
        [.. Rows.Values.Where(f => Frame.TypeOf(f, 0) == type).OrderBy(f => Frame.BootOf(f, 0))
            .ThenBy(f => Frame.SequenceOf(f, 0))];

    public int Technical(TechnicalCode code) =>
        RowsOf(FrameType.Technical).Count(f => Payload.EventDetail(f, 0) == (byte)code);

    public List<Stage> StagesShown(byte[] alarm) =>
        [.. RowsOf(FrameType.StageShown)
            .Where(f => Payload.ShownBoot(f, 0) == Frame.BootOf(alarm, 0)
                && Payload.ShownSequence(f, 0) == Frame.SequenceOf(alarm, 0))
            .Select(f => Payload.ShownStage(f, 0))];

    // ---- IBandLink ----

    bool IBandLink.Advertise(byte[] frame)
    {
        if (RefusesAdvertising)
        {
            Refused++;
            return false;
        }

        if (SilentUntilRestart)
        {
            return true;
        }

        Advertising = true;
        Advertisements++;
        OnAir = frame == null ? null : Opened(frame);
        if (OnAir != null && InRange && !Loses(OnAir, true))
        {
            Take(OnAir, true);
        }

        ConnectWhenAdvertised();
        return true;
    }

    void IBandLink.Stop()
    {
        Advertising = false;
        OnAir = null;
        _linkUp = false;
    }

    SendResult IBandLink.Notify(byte[] frame)
    {
        if (!_linkUp)
        {
            return SendResult.NotConnected;
        }

        var copy = Opened(frame);
        if (!Loses(copy, true))
        {
            Take(copy, false);
        }

        return SendResult.Sent;
    }

    void IBandLink.Restart()
    {
        RadioRestarts++;
        SilentUntilRestart = false;
        RefusesAdvertising &= !RestartMends;
        Disconnect();
        if (RefusesAdvertising)
        {
            Advertising = false;
            return;
        }

        Advertising = true;
        OnAir = null;
        ConnectWhenAdvertised();
    }

    private void PutReceipt(byte[] frame)
    {
        Payload.PutReceipt(frame, 0);
        Payload.TellHighestBoot(frame, Rows.Keys.Max(key => key.Item2));
        if (Openers.TryGetValue((Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0)), out var opener))
        {
            Payload.TellOpener(frame, Frame.BootOf(opener, 0), Frame.SequenceOf(opener, 0));
        }
    }

    private void StateTick()
    {
        if (_linkUp && SendsState)
        {
            Down(State());
            After(LinkTiming.HubStateMs, StateTick);
        }
    }

    public byte[] State() => FromHub(FrameType.HubState, Lane.Vitals, 0, 0, f =>
    {
        Payload.BindHubState(f, _challenge, Frame.PayloadOffset);
        Payload.PutHubState(f, Online, MinuteOfDay);
    });

    private void Post(EventKind kind, byte[]? frame, int count = 0)
    {
        Events.Enqueue(kind, Now, 0, 0, frame!, frame == null ? 0 : count == 0 ? Frame.Size : count);
        _wakeAt = Math.Min(_wakeAt, Now + 1);
    }

    private void Take(byte[] frame, bool advertised)
    {
        Heard.Add((Now, frame, advertised));
        if (!LinkTagIsRight(frame))
        {
            return;
        }

        var type = Frame.TypeOf(frame, 0);
        var boot = Frame.BootOf(frame, 0);
        var sequence = Frame.SequenceOf(frame, 0);
        if (type == FrameType.LinkChallenge)
        {
            _challenge = frame;
            if (AnswersHello)
            {
                After(40, () => Down(Hello(frame)));
                After(80, () => Down(State()));
            }

            return;
        }

        if (CentreTagIsRight(frame)
            && Rows.TryAdd((Frame.LaneOf(frame, 0), boot, sequence), frame) && type == FrameType.Sos)
        {
            Openers[(boot, sequence)] = Card ??= frame;
        }

        if (Frame.LaneOf(frame, 0) != Lane.Alarm)
        {
            return;
        }

        if (AnswersHeard)
        {
            After(60, () => Down(FromHub(
                FrameType.HubHeard, Lane.Alarm, boot, sequence, f => Payload.PutHubState(f, Online, MinuteOfDay))));
        }

        if (AnswersReceipt && Frame.IsLatched(type))
        {
            After(150, () => Down(FromCentre(FrameType.Receipt, boot, sequence, PutReceipt)));
        }
    }
}

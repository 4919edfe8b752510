using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// The hub of a home: hears bands, stores what they say before it answers, brings it to the centre and the centre's
    /// answers back. One thread decides, in <see cref="Step"/>; callbacks only enqueue.
    /// </summary>
    public sealed class Hub
    {
        /// <summary>A time that is long past.</summary>
        public const long Never = -1000000000000L;

        private const int EventsPerStep = 64;
        private const int MessagesPerStep = 4;
        private const long UndeliveredMs = 10000;
        private const long KeyRepeatMs = 500;
        private const long MainsSettleMs = 2000;
        private const long KeyUnknownEveryMs = 600000;
        private const long TamperEveryMs = 60000;
        private const long FlashFaultEveryMs = 600000;
        private const long DroppedEveryMs = 3600000;
        private const byte BatteryUnknown = 255;

        private readonly HubPorts _ports;
        private readonly BandTable _bands;
        private readonly Outbox _outbox;
        private readonly Uplink _uplink;
        private readonly Links _links;
        private readonly TimeKeeper _time;
        private readonly Supervisor _supervisor;
        private readonly HubKey _key = new HubKey();
        private readonly Signals _signals;
        private readonly Tagger _tagger;
        private readonly RingEvent _event = new RingEvent(Frame.Size);
        private readonly RingEvent _message = new RingEvent(HubMessage.MaxDownSize);
        private readonly long[] _gone = new long[HubMessage.MaxBands];
        private bool _wasOnline;
        private bool _mains;
        private long _mainsChangedMs = Never;
        private long _keyMs = Never;
        private long _flashFaultMs = Never;
        private long _droppedReportMs = Never;
        private int _reportedRefused;

        /// <summary>Makes a hub; takes all memory it will ever use.</summary>
        /// <param name="ports">Every port and both rings set.</param>
        /// <param name="buildDateUnixMs">The firmware's build date, ms since 1970: the earliest time that can be.</param>
        public Hub(HubPorts ports, long buildDateUnixMs)
        {
            _ports = ports;
            _tagger = new Tagger(ports.Mac);
            _bands = new BandTable(ports.Flash);
            _outbox = new Outbox(ports.Flash, _bands);
            _uplink = new Uplink(ports.Uplink, ports.Flash, ports.Clock, _outbox, _bands);
            _links = new Links(ports.Radio, _bands, _tagger);
            _time = new TimeKeeper(ports.Clock, ports.Flash, buildDateUnixMs, ports.UtcOffsetMinutes);
            _supervisor = new Supervisor(ports.Radio, ports.Power, _bands, _links);
            _signals = new Signals(ports.Light, ports.Buzzer);
        }

        /// <summary>Signed in at the centre.</summary>
        public bool Online
        {
            get { return _uplink.Online; }
        }

        /// <summary>Records of the alarm lane without the centre's receipt.</summary>
        public int WaitingAlarms
        {
            get { return _outbox.Alarms.Count; }
        }

        /// <summary>Records of the vitals lane that wait.</summary>
        public int WaitingVitals
        {
            get { return _outbox.Vitals.Count; }
        }

        /// <summary>Bands heard, with a right tag, since the hub's boot and not silent now.</summary>
        public int BandsHeard
        {
            get
            {
                int heard = 0;
                for (int i = 0; i < _bands.Count; i++)
                {
                    if (_bands.At(i).Heard && !_bands.At(i).Silent)
                    {
                        heard++;
                    }
                }

                return heard;
            }
        }

        /// <summary>The hub's boot count.</summary>
        public int Boot
        {
            get { return _outbox.Boot; }
        }

        /// <summary>What light and buzzer say.</summary>
        public SignalMode Signal
        {
            get { return _signals.Mode; }
        }

        /// <summary>The bands served.</summary>
        public BandTable Bands
        {
            get { return _bands; }
        }

        /// <summary>Both lanes.</summary>
        public Outbox Outbox
        {
            get { return _outbox; }
        }

        /// <summary>Frames from addresses that this hub does not serve.</summary>
        public int Strangers { get; private set; }

        /// <summary>Frames with a wrong link tag or a wrong length under the address of a band.</summary>
        public int BadFrames { get; private set; }

        /// <summary>Frames that had been seen before.</summary>
        public int Repeats { get; private set; }

        /// <summary>Messages from the centre that were not well formed.</summary>
        public int BadMessages { get; private set; }

        /// <summary>Begins: recovers the outbox, counts the boot, sets the clock, scans.</summary>
        public void Start(long nowMs)
        {
            _bands.Load(nowMs);
            _outbox.Load();
            _time.Start();
            WakeCause cause = _ports.Power.Cause();
            _mains = _ports.Power.External();
            _uplink.OnMains = _mains;
            _uplink.Start(cause, nowMs);
            _supervisor.Start(nowMs);
            if (cause == WakeCause.Watchdog)
            {
                Report(TechnicalCode.WatchdogReset, 0, nowMs);
            }

            if (_outbox.Alarms.Rotten > 0)
            {
                _flashFaultMs = nowMs;
                Report(TechnicalCode.FlashFault, 0, nowMs);
            }
        }

        /// <summary>Takes what happened, acts, and returns the milliseconds until it wants to be called again.</summary>
        public int Step(long nowMs)
        {
            int events = 0;
            while (events < EventsPerStep && _ports.Events.TryDequeue(_event))
            {
                OnEvent(nowMs);
                events++;
            }

            int messages = 0;
            while (messages < MessagesPerStep && _ports.Downlinks.TryDequeue(_message))
            {
                OnMessage(nowMs);
                messages++;
            }

            OnKey(_key.Step(_ports.Key.Read(), nowMs), nowMs);
            WatchBands(nowMs);
            WatchMains(nowMs);
            Store(nowMs);

            int wait = _uplink.Step(nowMs);
            if (_uplink.Online != _wasOnline)
            {
                _wasOnline = _uplink.Online;
                _links.OnlineChanged();
            }

            wait = Least(wait, _links.Step(_uplink.Online, _time.MinuteOfDay(), nowMs));
            wait = Least(wait, _signals.Step(SignalOf(nowMs), nowMs));
            wait = Least(wait, _key.WaitMs(nowMs));
            _supervisor.Step(_uplink.IsHeard(nowMs), nowMs);
            if (events == EventsPerStep || messages == MessagesPerStep)
            {
                wait = 0;
            }

            return wait < 0 ? 0 : wait;
        }

        private void OnEvent(long nowMs)
        {
            switch (_event.Kind)
            {
                case EventKind.KeyEdge:
                    OnKey(_key.OnEdge(_event.Arg != 0, _event.AtMs), nowMs);
                    break;
                case EventKind.Advertisement:
                    _supervisor.RadioHeard(nowMs);
                    OnFrame(true, nowMs);
                    break;
                case EventKind.FrameIn:
                    _supervisor.RadioHeard(nowMs);
                    OnFrame(false, nowMs);
                    break;
                case EventKind.LinkUp:
                case EventKind.LinkDown:
                    _supervisor.RadioHeard(nowMs);
                    OnLink(_event.Kind == EventKind.LinkUp, nowMs);
                    break;
                default:
                    // Power edges are found by looking at the pin.
                    break;
            }
        }

        private void OnLink(bool up, long nowMs)
        {
            BandSession band = _bands.Find(_event.Address);
            if (band == null)
            {
                Strangers++;
                if (up)
                {
                    _ports.Radio.Disconnect(_event.Address);
                }
            }
            else if (up)
            {
                _links.OnUp(band, nowMs);
            }
            else
            {
                _links.OnDown(band, nowMs);
            }
        }

        private void OnFrame(bool advertised, long nowMs)
        {
            BandSession band = _bands.Find(_event.Address);
            if (band == null)
            {
                Strangers++;
                return;
            }

            if (advertised)
            {
                band.AdvertisedMs = nowMs;
                band.RssiDbm = _event.Arg;
                _links.OnHeard(band, nowMs);
                if (_event.Count == 0)
                {
                    return;
                }
            }
            else
            {
                band.LinkFrameMs = nowMs;
            }

            byte flags = advertised ? Envelope.Advertised : (byte)0;
            if (_event.Count == Frame.Size && _tagger.LinkTagIsRight(band.LinkUpKey, _event.Data, 0))
            {
                OnRightFrame(band, (byte)(flags | Envelope.LinkChecked), nowMs);
            }
            else
            {
                OnWrongFrame(band, flags, advertised, nowMs);
            }
        }

        private void OnRightFrame(BandSession band, byte flags, long nowMs)
        {
            byte[] frame = _event.Data;
            FrameType type = Frame.TypeOf(frame, 0);
            bool known = Frame.VersionOf(frame, 0) == Frame.Version
                && type >= FrameType.Sos
                && type <= FrameType.LinkChallenge;
            if (known && type == FrameType.LinkChallenge)
            {
                // The nonce comes back under the other key; header and payload as they were.
                Bytes.Copy(frame, 0, band.Hello, 0, Frame.Size);
                Frame.Begin(
                    band.Hello,
                    FrameType.LinkHello,
                    Frame.LaneOf(frame, 0),
                    Frame.BootOf(frame, 0),
                    Frame.SequenceOf(frame, 0));
                Bytes.Copy(frame, Frame.PayloadOffset, band.Hello, Frame.PayloadOffset, Frame.PayloadSize);
                band.HelloOwed = true;
                band.HasNonce = true;
                band.HubStateDueMs = nowMs;
                return;
            }

            if (!known)
            {
                // A newer band, or a broken one: the centre's quarantine decides, and it is never a dropped alarm.
                OnAlarmLane(band, Freshness.OlderBoot, flags, nowMs);
                return;
            }

            Lane lane = Frame.LaneOf(frame, 0);
            int boot = Frame.BootOf(frame, 0);
            int sequence = Frame.SequenceOf(frame, 0);
            Freshness freshness = band.Window(lane).Judge(boot, sequence);
            if (lane == Lane.Vitals && boot < band.AlarmWindow.Boot)
            {
                // Both lanes have the band's boot: the alarm lane's window knows it even where this hub has just begun.
                freshness = Freshness.OlderBoot;
            }

            if (freshness == Freshness.New)
            {
                Alive(band, nowMs);
            }
            else
            {
                Repeats++;
            }

            if (type == FrameType.StageShown)
            {
                band.StageShown(frame, 0);
            }

            if (lane == Lane.Alarm && type != FrameType.Status && type != FrameType.Vitals)
            {
                OnAlarmLane(band, freshness, flags, nowMs);
            }
            else if (freshness == Freshness.New)
            {
                band.Window(lane).Mark(boot, sequence);
                if (type == FrameType.Status)
                {
                    OnStatus(band, nowMs);
                }

                _outbox.AddVitals(band.Address, band.RssiDbm, flags, _uplink.Online, nowMs, frame, 0);
            }
        }

        private void OnAlarmLane(BandSession band, Freshness freshness, byte flags, long nowMs)
        {
            byte[] frame = _event.Data;
            int index = _outbox.Alarms.Find(band.Address, frame, 0);
            if (index >= 0)
            {
                // Still waiting for the centre. Where the flash has it, the same answer again, and nothing else (P12).
                if (_outbox.Alarms.State(index) != RecordState.Pending)
                {
                    band.OweAck(frame, 0);
                }

                return;
            }

            if (freshness != Freshness.New)
            {
                // Stored once and gone since: the centre has it. A band that still asks has missed the centre's answer;
                // where that is not at hand, the centre is asked again. The same for what the window cannot judge,
                // since a band's latch outlives its boots. Bounded, because a replay looks the same (P12).
                if (freshness == Freshness.Seen)
                {
                    band.OweAck(frame, 0);
                }

                if (band.OweAnswer(frame, 0))
                {
                    band.OweAck(frame, 0);
                    return;
                }

                if (_outbox.Alarms.Count >= Outbox.AlarmCapacity / 2 || !band.MayReadmit(nowMs))
                {
                    return;
                }
            }

            AgeQuality quality = AgeQuality.AtLeast;
            uint ageMs = 0;
            if (Frame.IsLatched(Frame.TypeOf(frame, 0)) && band.ClockBoot == Frame.BootOf(frame, 0))
            {
                ageMs = AgeAt(band, frame, 0, nowMs);
                quality = AgeQuality.About;
            }

            _outbox.AddAlarm(band.Address, band.RssiDbm, flags, quality, ageMs, nowMs, frame, 0);
        }

        private void OnWrongFrame(BandSession band, byte flags, bool advertised, long nowMs)
        {
            byte[] frame = _event.Data;
            BadFrames++;
            if (_event.Count == Frame.Size)
            {
                if (band.WasUnchecked(frame, 0))
                {
                    return;
                }

                band.NoteUnchecked(frame, 0);
            }

            if (band.Limiter.CountBad(nowMs) && nowMs - band.TamperMs >= TamperEveryMs)
            {
                band.TamperMs = nowMs;
                Report(TechnicalCode.Tamper, band.Address, nowMs);
            }

            if (band.Limiter.IsOver(nowMs))
            {
                // The sender loses its link and gets none for a minute; a right frame of the true band is still served, and
                // a call brings a link at once (P13).
                band.ConnectNotBeforeMs = nowMs + TamperEveryMs;
                if (!advertised)
                {
                    _ports.Radio.Disconnect(band.Address);
                }

                return;
            }

            bool alarmLane = Frame.LaneOf(frame, 0) == Lane.Alarm || Frame.VersionOf(frame, 0) != Frame.Version;
            if (_event.Count != Frame.Size || !alarmLane || _outbox.Alarms.Count >= Outbox.AlarmCapacity / 2)
            {
                return;
            }

            // Perhaps the band has keys of another epoch, and it may be a call: the centre can judge its own tag.
            _outbox.AddAlarm(band.Address, band.RssiDbm, flags, AgeQuality.AtLeast, 0, nowMs, frame, 0);
            if (nowMs - band.KeyUnknownMs >= KeyUnknownEveryMs)
            {
                band.KeyUnknownMs = nowMs;
                Report(TechnicalCode.LinkKeyUnknown, band.Address, nowMs);
            }
        }

        /// <summary>The band's uptime: ages of that boot become "about", also of records that already wait.</summary>
        private void OnStatus(BandSession band, long nowMs)
        {
            byte[] frame = _event.Data;
            band.SetClock(Frame.BootOf(frame, 0), Payload.UptimeS(frame, 0), nowMs);
            band.Mode = Payload.StatusMode(frame, 0);
            RecordStore alarms = _outbox.Alarms;
            for (int i = 0; i < alarms.End; i++)
            {
                if (alarms.State(i) != RecordState.Free
                    && alarms.Quality(i) == AgeQuality.AtLeast
                    && alarms.Address(i) == band.Address
                    && Frame.IsLatched(alarms.TypeOf(i))
                    && Frame.BootOf(alarms.Data, alarms.FrameAt(i)) == band.ClockBoot)
                {
                    long sinceMs = nowMs - alarms.ReceivedMs(i);
                    long ageMs = AgeAt(band, alarms.Data, alarms.FrameAt(i), nowMs) - sinceMs;
                    alarms.SetAge(i, ageMs < 0 ? 0 : (uint)ageMs, AgeQuality.About);
                }
            }
        }

        private static uint AgeAt(BandSession band, byte[] data, int offset, long nowMs)
        {
            long age = nowMs - (band.ClockZeroMs + (Payload.UptimeS(data, offset) * 1000L));
            return age < 0 ? 0 : age > 0xFFFFFFFFL ? 0xFFFFFFFF : (uint)age;
        }

        private void Alive(BandSession band, long nowMs)
        {
            band.HeardMs = nowMs;
            band.Heard = true;
            if (band.Silent)
            {
                band.Silent = false;
                Report(TechnicalCode.BandBack, band.Address, nowMs);
            }
        }

        private void OnMessage(long nowMs)
        {
            switch (_message.Kind)
            {
                case EventKind.UplinkUp:
                    _uplink.OnLine(true, nowMs);
                    break;
                case EventKind.UplinkDown:
                    _uplink.OnLine(false, nowMs);
                    break;
                case EventKind.Published:
                    _uplink.OnPublished(_message.Arg, nowMs);
                    break;
                case EventKind.Downlink:
                    _uplink.OnAnswer(nowMs);
                    OnDownlink((UplinkTopic)_message.Arg, nowMs);
                    break;
                default:
                    break;
            }
        }

        private void OnDownlink(UplinkTopic topic, long nowMs)
        {
            byte[] data = _message.Data;
            int count = _message.Count;
            if (topic == UplinkTopic.Receipt && HubMessage.ReceiptIsValid(data, count))
            {
                _time.Take(Bytes.GetI64(data, 1), nowMs);
                for (int i = 0; i < data[9]; i++)
                {
                    int at = HubMessage.ReceiptHeaderSize + (i * HubMessage.ReceiptSize);
                    OnReceipt(Bytes.GetU24(data, at), Bytes.GetU16(data, at + 3));
                }
            }
            else if (topic == UplinkTopic.Band && HubMessage.BandFramesIsValid(data, count))
            {
                for (int i = 0; i < data[1]; i++)
                {
                    int at = HubMessage.BandHeaderSize + (i * HubMessage.BandFrameSize);
                    OnBandFrame(Bytes.GetU48(data, at), at + 6);
                }
            }
            else if (topic == UplinkTopic.Bands && HubMessage.BandsIsValid(data, count))
            {
                _time.Take(Bytes.GetI64(data, 1), nowMs);
                _bands.Take(data, count, nowMs, _gone);
                for (int i = 0; i < _gone.Length; i++)
                {
                    if (_gone[i] != 0)
                    {
                        _ports.Radio.Disconnect(_gone[i]);
                    }
                }
            }
            else
            {
                BadMessages++;
            }
        }

        private void OnReceipt(int boot, int sequence)
        {
            RecordStore alarms = _outbox.Alarms;
            int index = alarms.IndexOf(boot, sequence);
            if (index >= 0)
            {
                // What the flash never took counts as seen now: the centre has it.
                MarkSeen(index);
                if (alarms.TypeOf(index) == FrameType.HubKey)
                {
                    _signals.Beep(2);
                }
            }

            _outbox.Receipt(boot, sequence);
        }

        private void OnBandFrame(long address, int at)
        {
            BandSession band = _bands.Find(address);
            if (band == null)
            {
                Strangers++;
                return;
            }

            switch (Frame.TypeOf(_message.Data, at))
            {
                case FrameType.Receipt:
                case FrameType.Stage:
                case FrameType.Configuration:
                case FrameType.LinkGroup:
                    band.TakeDown(_message.Data, at);
                    break;
                default:
                    // "Heard", "hello" and "state" are the hub's own words; nobody puts them into its mouth.
                    BadMessages++;
                    break;
            }
        }

        /// <summary>Writes what waits, then owes the answers: outbox before acknowledgement (R2).</summary>
        private void Store(long nowMs)
        {
            bool wrote = _outbox.Alarms.PendingCount > 0;
            FlashResult result = _outbox.Flush(nowMs);
            if (wrote)
            {
                RecordStore alarms = _outbox.Alarms;
                for (int i = 0; i < alarms.End; i++)
                {
                    if (alarms.State(i) == RecordState.Fresh)
                    {
                        OnStored(i);
                        alarms.Settle(i);
                    }
                }
            }

            bool refused = _outbox.Refused != _reportedRefused;
            if ((result != FlashResult.Ok || refused) && nowMs - _flashFaultMs >= FlashFaultEveryMs)
            {
                _flashFaultMs = nowMs;
                _reportedRefused = _outbox.Refused;
                Report(refused ? TechnicalCode.LatchFull : TechnicalCode.FlashFault, 0, nowMs);
            }

            _outbox.Tend(_uplink.Online, nowMs);
            if (_outbox.VitalsDropped > 0 && nowMs - _droppedReportMs >= DroppedEveryMs)
            {
                _droppedReportMs = nowMs;
                int dropped = _outbox.VitalsDropped < 255 ? _outbox.VitalsDropped : 254;
                _outbox.VitalsDropped = 0;
                _outbox.AddOwn(FrameType.HubTechnical, 0, 0, (byte)TechnicalCode.VitalsDropped, nowMs, (byte)dropped);
            }
        }

        private void OnStored(int index)
        {
            RecordStore alarms = _outbox.Alarms;
            MarkSeen(index);
            if (alarms.Address(index) == 0)
            {
                if (alarms.TypeOf(index) == FrameType.HubKey)
                {
                    _signals.Beep(1);
                }
            }
            else if (alarms.IsLinkChecked(index) && alarms.TypeOf(index) != FrameType.HubTechnical)
            {
                BandSession band = _bands.Find(alarms.Address(index));
                if (band != null)
                {
                    band.OweAck(alarms.Data, alarms.FrameAt(index));
                }
            }
        }

        private void MarkSeen(int index)
        {
            RecordStore alarms = _outbox.Alarms;
            int frame = alarms.FrameAt(index);
            FrameType type = alarms.TypeOf(index);
            BandSession band = _bands.Find(alarms.Address(index));
            if (band != null
                && alarms.IsLinkChecked(index)
                && Frame.VersionOf(alarms.Data, frame) == Frame.Version
                && type >= FrameType.Sos
                && type < FrameType.LinkChallenge)
            {
                band.AlarmWindow.Mark(Frame.BootOf(alarms.Data, frame), Frame.SequenceOf(alarms.Data, frame));
            }
        }

        private void OnKey(KeySignal signal, long nowMs)
        {
            switch (signal)
            {
                case KeySignal.Press:
                    if (nowMs - _keyMs >= KeyRepeatMs)
                    {
                        _keyMs = nowMs;
                        _outbox.AddOwn(FrameType.HubKey, 0, 0, (byte)SosSource.Key, nowMs, BatteryUnknown);
                    }

                    break;
                case KeySignal.Stuck:
                    Report(TechnicalCode.KeyStuck, 0, nowMs);
                    break;
                case KeySignal.Freed:
                    _outbox.AddOwn(
                        FrameType.HubTechnical,
                        0,
                        0,
                        (byte)TechnicalCode.Recovered,
                        nowMs,
                        (byte)TechnicalCode.KeyStuck);
                    break;
                default:
                    break;
            }
        }

        private void WatchBands(long nowMs)
        {
            for (int i = 0; i < _bands.Count; i++)
            {
                BandSession band = _bands.At(i);
                if (!band.Silent && nowMs - band.HeardMs >= 3L * band.BeatMs())
                {
                    band.Silent = true;
                    Report(TechnicalCode.BandSilent, band.Address, nowMs);
                }
            }
        }

        private void WatchMains(long nowMs)
        {
            bool mains = _ports.Power.External();
            if (mains == _mains)
            {
                _mainsChangedMs = Never;
            }
            else if (_mainsChangedMs == Never)
            {
                _mainsChangedMs = nowMs;
            }
            else if (nowMs - _mainsChangedMs >= MainsSettleMs)
            {
                _mains = mains;
                _uplink.OnMains = mains;
                _mainsChangedMs = Never;
                Report(mains ? TechnicalCode.MainsBack : TechnicalCode.MainsLost, 0, nowMs);
            }
        }

        private void Report(TechnicalCode code, long address, long nowMs)
        {
            _outbox.AddOwn(FrameType.HubTechnical, address, 0, (byte)code, nowMs, BatteryUnknown);
        }

        private SignalMode SignalOf(long nowMs)
        {
            RecordStore alarms = _outbox.Alarms;
            for (int i = 0; i < alarms.End; i++)
            {
                if (alarms.State(i) != RecordState.Free
                    && nowMs - alarms.ReceivedMs(i) > UndeliveredMs
                    && Outbox.IsUrgent(alarms.TypeOf(i))
                    && alarms.IsLinkChecked(i))
                {
                    return SignalMode.NotDelivered;
                }
            }

            return _outbox.FlashFailing || !_outbox.HasRoom(FrameType.Technical) ? SignalMode.StoreFault
                : _uplink.Online ? SignalMode.Online
                : SignalMode.Offline;
        }

        private static int Least(int a, int b)
        {
            return a < b ? a : b;
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// The hub of a home: receives the bands' frames, stores each before it acknowledges it, sends the frames to the
    /// centre and the centre's answers to the bands. One thread decides, in <see cref="Step"/>; callbacks only enqueue
    /// (docs/step.md).
    /// </summary>
    public sealed class Hub
    {
        private const int EventsPerStep = 64;
        private const int MessagesPerStep = 4;
        private const long UndeliveredMs = 10000;
        private const long KeyRepeatMs = 500;
        private const long MainsSettleMs = 2000;

        private readonly HubPorts _ports;
        private readonly BandTable _bands;
        private readonly Outbox _outbox;
        private readonly OutboxWriter _writer;
        private readonly Uplink _uplink;
        private readonly Downlinks _downlinks;
        private readonly Links _links;
        private readonly FrameJudge _judge;
        private readonly TimeKeeper _time;
        private readonly Supervisor _supervisor;
        private readonly TraceRing _ring = new TraceRing();
        private readonly HubTrace _trace;
        private readonly Reports _reports;
        private readonly HubKey _key = new HubKey();
        private readonly Signals _signals;
        private readonly UnreadFlash _unread;
        private readonly RingEvent _event = new RingEvent(Frame.Size);
        private readonly RingEvent _message = new RingEvent(HubMessage.MaxDownSize);
        private bool _wasOnline;
        private bool _mains;
        private bool _mainsDiffers;
        private long _mainsDiffersMs;
        private long _keyNotBeforeMs;

        /// <summary>Makes a hub and allocates all memory that it will use.</summary>
        /// <param name="ports">Every port and both rings set.</param>
        /// <param name="buildDateUnixMs">The firmware's build date, ms since 1970: no time is earlier.</param>
        public Hub(HubPorts ports, long buildDateUnixMs)
        {
            _ports = ports;
            Tagger tagger = new Tagger(ports.Mac);
            _bands = new BandTable(ports.Flash);
            _outbox = new Outbox(ports.Flash, _bands);
            _reports = new Reports(_outbox);
            _signals = new Signals(ports.Light, ports.Buzzer);
            Replay replay = new Replay(ports.Flash, _outbox);
            _writer = new OutboxWriter(_outbox, _bands, _signals, _reports, replay);
            _time = new TimeKeeper(
                ports.Clock, ports.Flash, buildDateUnixMs, ports.AuthorityEndsMs, ports.UtcOffsetMinutes);
            _uplink = new Uplink(ports, _time, _outbox, _bands, _ring);
            _downlinks = new Downlinks(ports.Radio, _bands, _writer, _time, _uplink, _reports, replay);
            _links = new Links(ports.Radio, _bands, tagger);
            _judge = new FrameJudge(ports.Radio, _bands, _outbox, tagger, _reports);
            _trace = new HubTrace(_ring, _outbox, _uplink, _links);
            _unread = new UnreadFlash(ports.Flash, _outbox, _bands);
            _supervisor = new Supervisor(ports.Radio, ports.Power, _bands, _links);
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

        /// <summary>What happened last, for a technician.</summary>
        public TraceRing Trace
        {
            get { return _ring; }
        }

        /// <summary>Both lanes.</summary>
        public Outbox Outbox
        {
            get { return _outbox; }
        }

        /// <summary>Frames and links of addresses that this hub does not serve.</summary>
        public int Strangers
        {
            get { return _bands.Strangers; }
        }

        /// <summary>Frames with a wrong link tag or a wrong length under the address of a band.</summary>
        public int BadFrames
        {
            get { return _judge.BadFrames; }
        }

        /// <summary>Frames that had been seen before.</summary>
        public int Repeats
        {
            get { return _judge.Repeats; }
        }

        /// <summary>Messages from the centre that were not well formed.</summary>
        public int BadMessages
        {
            get { return _downlinks.BadMessages; }
        }

        /// <summary>Begins: recovers the outbox, counts the boot, sets the clock, scans.</summary>
        public void Start(long nowMs)
        {
            _bands.Load(nowMs);
            _outbox.Load();
            if (_unread.Start(_ports.Key.Read(), nowMs))
            {
                _ports.Power.Reset(); // does not return on the device
            }

            _time.Start(nowMs);
            WakeCause cause = _ports.Power.Cause();
            _mains = _ports.Power.External();
            _uplink.OnMains = _mains;
            _uplink.Start(cause, nowMs);
            _trace.Start(cause, nowMs);
            _supervisor.Start(nowMs);
            _reports.Start(cause, _ports.ProvisionCopyWasBad, nowMs);
            _writer.Start(nowMs);
        }

        /// <summary>
        /// Handles the queued events, does what is due, and returns the milliseconds until the next call.
        /// </summary>
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
            _judge.WatchSilence(nowMs);
            WatchMains(nowMs);
            int wait = _writer.Step(_uplink.Online, nowMs);
            wait = Least(wait, _uplink.Step(nowMs));
            if (_uplink.Online != _wasOnline)
            {
                _wasOnline = _uplink.Online;
                _links.OnlineChanged();
            }

            wait = Least(wait, _links.Step(_uplink.Online, _time.MinuteOfDay(nowMs), nowMs));
            wait = Least(wait, _signals.Step(SignalOf(nowMs), nowMs));
            wait = Least(wait, _key.WaitMs(nowMs));
            _trace.Step(_supervisor.RadioRestarts, nowMs);
            if (_supervisor.Step(_uplink.IsHeard(nowMs), nowMs))
            {
                Restart(RestartReason.RadioSilent, nowMs);
            }
            else if (_unread.Step(_ports.Key.Read(), nowMs))
            {
                Restart(RestartReason.FlashUnread, nowMs);
            }

            if (events == EventsPerStep || messages == MessagesPerStep)
            {
                wait = 0;
            }

            return wait < 0 ? 0 : wait;
        }

        private void Restart(RestartReason reason, long nowMs)
        {
            _trace.Restart(reason, nowMs);
            _ports.Power.Reset();
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
                    OnAdvertisement(nowMs);
                    break;
                case EventKind.FrameIn:
                    _supervisor.RadioHeard(nowMs);
                    OnLinkFrame(nowMs);
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

        private void OnAdvertisement(long nowMs)
        {
            BandSession band = _bands.Find(_event.Address);
            if (band == null)
            {
                _bands.Strangers++;
                return;
            }

            _judge.Open(band, _event);
            _links.OnHeard(band, _event, nowMs);
            if (_event.Count > 0)
            {
                _judge.Judge(band, _event, true, _uplink.Online, nowMs);
            }
        }

        private void OnLinkFrame(long nowMs)
        {
            BandSession band = _bands.Find(_event.Address);
            if (band == null)
            {
                _bands.Strangers++;
                return;
            }

            band.LinkFrameMs = nowMs;
            _judge.Open(band, _event);
            _judge.Judge(band, _event, false, _uplink.Online, nowMs);
        }

        private void OnLink(bool up, long nowMs)
        {
            BandSession band = _bands.Find(_event.Address);
            if (band == null)
            {
                _bands.Strangers++;
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
                    _downlinks.Take((UplinkTopic)_message.Arg, _message.Data, _message.Count, nowMs);
                    break;
                default:
                    break;
            }
        }

        private void OnKey(KeySignal signal, long nowMs)
        {
            switch (signal)
            {
                case KeySignal.Press:
                    if (nowMs >= _keyNotBeforeMs)
                    {
                        _keyNotBeforeMs = nowMs + KeyRepeatMs;
                        _reports.AddKeyPress(nowMs);
                    }

                    break;
                case KeySignal.Stuck:
                    _reports.Add(TechnicalCode.KeyStuck, 0, nowMs);
                    break;
                case KeySignal.Freed:
                    _reports.AddWith(TechnicalCode.Recovered, (byte)TechnicalCode.KeyStuck, nowMs);
                    break;
                default:
                    break;
            }
        }

        private void WatchMains(long nowMs)
        {
            bool mains = _ports.Power.External();
            if (mains == _mains)
            {
                _mainsDiffers = false;
            }
            else if (!_mainsDiffers)
            {
                _mainsDiffers = true;
                _mainsDiffersMs = nowMs;
            }
            else if (nowMs - _mainsDiffersMs >= MainsSettleMs)
            {
                _mains = mains;
                _mainsDiffers = false;
                _uplink.OnMains = mains;
                _reports.Add(mains ? TechnicalCode.MainsBack : TechnicalCode.MainsLost, 0, nowMs);
            }
        }

        private SignalMode SignalOf(long nowMs)
        {
            if (nowMs - _outbox.Alarms.OldestUrgentReceivedMs > UndeliveredMs)
            {
                return SignalMode.NotDelivered;
            }

            return _outbox.FlashFailing || !_outbox.Alarms.HasRoom(FrameType.Technical) ? SignalMode.StoreFault
                : _uplink.Online ? SignalMode.Online
                : SignalMode.Offline;
        }

        private static int Least(int a, int b)
        {
            return a < b ? a : b;
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The band: one thread, one loop. <see cref="Step"/> drains what callbacks enqueued, lets every part act and says
    /// when it wants to be called next (docs/step.md). Nothing in it throws, and nothing is allocated after the
    /// constructor.
    /// </summary>
    public sealed class Band
    {
        /// <summary>Version of the firmware in a Boot event.</summary>
        public const byte FirmwareVersion = 1;

        // The external watchdog resets the chip after 8 s without a feed (P08).
        private const int LongestSleepMs = 4000;
        private const int KeyPollMs = 20;

        // Frames collect while a flash write holds the loop, and each costs up to 2,000 IL instructions (docs/step.md).
        private const int EventsPerStep = 8;

        // Repeated reboots out of range must not fill the latch with Boot events. The boot count shows the reboots
        // anyway.
        private const int MaxBootsWaiting = 3;

        // A restart loses the samples that the fall detector needs, so a band whose radio stack has leaked does not
        // restart within a minute of a movement.
        private const int QuietS = 60;

        private readonly BandPorts _ports;
        private readonly BandIdentity _identity;
        private readonly BandSecrets _secrets;
        private readonly RingEvent _event = new RingEvent(Frame.Size);
        private readonly SosKey _key = new SosKey();
        private readonly PowerPolicy _power = new PowerPolicy();
        private readonly RadioWindow _window = new RadioWindow();
        private readonly LastHubState _hubState = new LastHubState();
        private readonly TraceRing _ring = new TraceRing();
        private readonly BandTrace _trace;
        private readonly AlarmLatch _latch;
        private readonly BandSettings _settings;
        private readonly FrameSource _source;
        private readonly LinkPolicy _link;
        private readonly WristSignal _signal;
        private readonly HelpStages _stages;
        private readonly Measuring _measuring;
        private readonly BandReports _reports;
        private readonly BandBeat _beat;
        private readonly BandDownlink _downlink;
        private readonly BandFalls _falls;
        private readonly BandSensors _sensors;
        private readonly BandBattery _battery;
        private readonly ModeChooser _modes;
        private readonly ChargeWatch _charge;
        private readonly BandPresses _presses;
        private readonly FaultRestarts _restarts;

        /// <summary>Composes a band over its ports.</summary>
        public Band(BandPorts ports, BandIdentity identity)
        {
            _ports = ports;
            _identity = identity;
            Tagger tagger = new Tagger(ports.Mac);
            _latch = new AlarmLatch(ports.Flash, _ring);
            _settings = new BandSettings(ports.Flash);
            _restarts = new FaultRestarts(ports.Flash);
            _secrets = new BandSecrets(ports.Flash, ports.Mac, tagger);
            _source = new FrameSource(ports.Flash, tagger, _secrets.Keys);
            TraceReply reply = new TraceReply(_ring, _source);
            _link = new LinkPolicy(ports.Link, _latch, _source, tagger, _secrets, ports.Mac, reply);
            _signal = new WristSignal(ports.Vibration, ports.Light, ports.Clock);
            _stages = new HelpStages(_latch, _signal, _source, _link);
            _measuring = new Measuring(ports.Ppg, ports.Accelerometer, ports.PpgHasGreen);
            _reports = new BandReports(ports.Power, _latch, _source, _link, _measuring, _window);
            _beat = new BandBeat(_source, _link, _latch, _settings, _reports, _measuring, _hubState, _window);
            _downlink = new BandDownlink(
                _secrets, _settings, _stages, _link, _hubState, _measuring, _reports, _beat, _source, _latch);
            _falls = new BandFalls(_key, _measuring, _latch, _source, _stages, _signal, _reports);
            _sensors = new BandSensors(_measuring, _settings, _hubState, _source, _link, _reports);
            _battery = new BandBattery(ports.Power, _power, _latch, _reports);
            _charge = new ChargeWatch(ports.Power, _measuring, _hubState, _signal, _reports);
            _modes = new ModeChooser(ports.Power, _power, _settings, _latch, _source, _measuring);
            _trace = new BandTrace(_ring, _latch, _link, _measuring, _reports);
            _presses = new BandPresses(_key, _falls, _stages, _signal, _reports, _latch, _trace, ports);
        }

        /// <summary>Mode now.</summary>
        public BandMode Mode { get; private set; }

        /// <summary>Whether the band is worn, as far as known.</summary>
        public Wear Wear
        {
            get { return _measuring.Wear; }
        }

        /// <summary>What the sensors say: heart rate, oxygen, faults.</summary>
        public Measuring Vitals
        {
            get { return _measuring; }
        }

        /// <summary>The stage the wrist showed last; Waiting again with a new alarm.</summary>
        public Stage ShownStage
        {
            get { return _stages.Shown; }
        }

        /// <summary>The tick that the wrist repeats.</summary>
        public WristTick Tick
        {
            get { return _signal.Tick; }
        }

        /// <summary>Whether a fall's countdown runs.</summary>
        public FallState FallGuardState
        {
            get { return _falls.State; }
        }

        /// <summary>State of the key.</summary>
        public KeyState Key
        {
            get { return _key.State; }
        }

        /// <summary>Frames without the centre's receipt.</summary>
        public int Pending
        {
            get { return _latch.PendingCount; }
        }

        /// <summary>Boot count of this boot.</summary>
        public int Boot
        {
            get { return _source.Boot; }
        }

        /// <summary>The latch, for the wrist page and tests.</summary>
        public AlarmLatch Latch
        {
            get { return _latch; }
        }

        /// <summary>What happened last, for a technician.</summary>
        public TraceRing Trace
        {
            get { return _ring; }
        }

        /// <summary>The secret of the band and its changes, for tests.</summary>
        public BandSecrets Secrets
        {
            get { return _secrets; }
        }

        /// <summary>The link, for the wrist page and tests.</summary>
        public LinkPolicy Link
        {
            get { return _link; }
        }

        /// <summary>True after the band has asked for deep sleep or a reset: the next life is a new Band.</summary>
        public bool IsAsleep { get; private set; }

        /// <summary>Begins this boot; call once, before the first <see cref="Step"/>.</summary>
        public void Start(long nowMs)
        {
            WakeCause cause = _ports.Power.Cause();
            _reports.Start(nowMs);
            _modes.Start(cause, nowMs);
            _latch.Load(nowMs);
            _settings.Load(_identity);
            _secrets.Load(_identity.Secret);
            bool bootStored = _source.Start(_latch.Boot);
            if (RestartsToRead(cause))
            {
                IsAsleep = true;
                _ports.Power.Reset();
                return;
            }

            _latch.NoteBoot(_source.Boot);
            _secrets.Derive(_settings.LinkGroup, _settings.LinkEpoch);
            _trace.Start(cause, _source.Boot, Mode, nowMs);
            _battery.Start(nowMs);
            _stages.ShowEnds();
            _beat.Hurry(nowMs);
            _measuring.Start(nowMs);
            _measuring.Configure(_settings.Sensitivity, _settings.WalkingAid);

            _presses.Start(cause, nowMs);
            if (cause == WakeCause.PowerOn || cause == WakeCause.Watchdog)
            {
                _stages.ShowLoaded();
                if (_latch.CountPending(FrameType.Boot) < MaxBootsWaiting)
                {
                    _reports.LatchEvent(FrameType.Boot, (byte)cause, FirmwareVersion, nowMs);
                }
            }

            if (!bootStored)
            {
                _reports.Report(TechnicalCode.FlashFault, nowMs);
            }

            if (_identity.CopyWasBad)
            {
                _reports.LatchEvent(FrameType.Technical, 0, (byte)TechnicalCode.ProvisionCopyBad, nowMs);
            }

            _reports.SaveChanges(false, false, nowMs);
            ChooseMode(nowMs);
        }

        /// <summary>Handles the queued events and lets every part act that is due.</summary>
        /// <param name="nowMs">Milliseconds on the clock that also stamps the events.</param>
        /// <returns>Milliseconds until the next call; an event may come before.</returns>
        public int Step(long nowMs)
        {
            if (IsAsleep)
            {
                return LongestSleepMs;
            }

            for (int i = 0; _ports.Events.TryDequeue(_event); i++)
            {
                Handle(nowMs);
                if (i + 1 == EventsPerStep)
                {
                    return 1; // the key's line is read only after its edges that still wait: they tell the true times
                }
            }

            _presses.ReadLine(nowMs);
            _presses.StepLatch(nowMs);
            IsAsleep = _presses.HasReset;

            bool mayJudge = _measuring.MayJudgeFall;
            long due = _measuring.Step(nowMs);
            if (nowMs >= _falls.DueMs)
            {
                _presses.Act(_key.OnCountdownOver(nowMs), nowMs);
            }

            _falls.Step(nowMs);
            _sensors.StepSensors(nowMs);
            _battery.Step(nowMs);
            _charge.Step(nowMs);
            ChooseMode(nowMs);
            if (_source.IsBehind && _falls.State == FallState.Watching && !_key.IsPressed)
            {
                _source.CatchUp();
                _latch.NoteBoot(_source.Boot);
                _stages.ConfirmAll(nowMs);
                _beat.Hurry(nowMs); // the hub needs a status of this boot to compute ages
            }

            // One costly work a step. Settings are stored before a status tells the version (R2).
            bool hasStored = _downlink.SaveChanges(nowMs)
                || (!mayJudge && _secrets.IsDue(nowMs)
                    && _downlink.StepSecrets(IsAtRest() && !_link.HasUnheard(1), nowMs));
            _beat.Step(nowMs);
            _reports.SendOwedReports(nowMs);
            due = Earlier(due, _link.Step(nowMs, Mode == BandMode.Guard || _window.IsOpen(nowMs)));
            _signal.Hold(_key.IsAsking);
            due = Earlier(due, _stages.Step(_falls.IsCounting, nowMs));
            if (_signal.TakeLetGoEnd(out long endedMs))
            {
                _key.OnLetGoEnd(endedMs);
            }

            _reports.SaveChanges(_signal.IsBusy, hasStored, nowMs);
            if (_latch.TakeReadLate())
            {
                _source.ReadAgain(_latch.Boot);
                _stages.ShowLoaded();
            }

            _trace.Step(Mode, nowMs);
            if (MustRestart())
            {
                IsAsleep = true;
                _trace.Restart(_source.IsNearlySpent ? RestartReason.SequenceSpent : RestartReason.RadioWornOut, nowMs);
                _ports.Power.Reset();
                return LongestSleepMs;
            }

            if (MaySleep(nowMs))
            {
                IsAsleep = true;
                _measuring.PrepareSleep(!_power.IsCritical);
                _ports.Power.DeepSleep(LinkTiming.BeatMs(BandMode.Shelf));
                return LongestSleepMs;
            }

            _ports.Power.FeedWatchdog();
            return SleepMs(nowMs, due);
        }

        // A flash that cannot be read may be readable after a restart (docs/adr/0019). A press must not wait for a
        // restart, so with a press the band works from memory at once.
        private bool RestartsToRead(WakeCause cause)
        {
            if (!_latch.IsUnread && !_settings.IsUnread && !_secrets.IsUnread && !_source.IsUnread)
            {
                _restarts.Clear();
                return false;
            }

            return cause != WakeCause.Key && !_ports.Key.Read() && !_ports.PressLatch.IsSet() && _restarts.Take();
        }

        private int SleepMs(long nowMs, long due)
        {
            due = Earlier(due, _key.NextDueMs());

            // The edges of a press that ends light sleep make no event, so the level of a key that is down is polled.
            due = _key.IsDown ? Earlier(due, nowMs + KeyPollMs) : due;
            due = Earlier(due, _falls.DueMs);
            due = Earlier(due, _beat.DueMs);
            due = _window.IsOpen(nowMs) ? Earlier(due, _window.UntilMs) : due;
            long sleep = due - nowMs;
            return sleep < 1 ? 1 : sleep > LongestSleepMs ? LongestSleepMs : (int)sleep;
        }

        private void Handle(long nowMs)
        {
            switch (_event.Kind)
            {
                case EventKind.KeyEdge:
                    _presses.OnEdge(_event.Arg == 1, _event.AtMs);
                    break;
                case EventKind.LinkUp:
                    _link.OnLinkUp(nowMs);
                    _window.Prolong(nowMs);
                    break;
                case EventKind.LinkDown:
                    _link.OnLinkDown(nowMs);
                    break;
                case EventKind.FrameIn:
                    if (_link.Admit(_event.Data, _event.Count, nowMs))
                    {
                        if (!_link.IsEnding)
                        {
                            _window.Prolong(nowMs);
                        }

                        _downlink.Receive(_event.Data, nowMs);
                    }

                    break;
                case EventKind.PowerEdge:
                    _battery.Read(nowMs);
                    break;
            }
        }

        private void ChooseMode(long nowMs)
        {
            Mode = _modes.Choose(nowMs);
            _measuring.SetMode(Mode, _link.HubOnline, nowMs);
            _beat.OnMode(Mode, nowMs);
        }

        // A lane near its last sequence, or a radio stack that has leaked enough, ends this boot. The frames that wait
        // are in the latch, and the next boot sends them. The restart for the radio stack waits until the wearer is
        // still. The restart for a lane does not, because a wearer who walks for hours could use the lane up (P12).
        private bool MustRestart()
        {
            bool isStill = _measuring.StillSeconds > QuietS || _measuring.Accelerometer.IsFaulty;
            return (_source.IsNearlySpent || (isStill && _link.IsWornOut))
                && IsAtRest()
                && !_measuring.FallIsUnderWay;
        }

        private bool IsAtRest()
        {
            return _falls.State == FallState.Watching
                && !_key.IsPressed && !_ports.PressLatch.IsSet()
                && !_latch.IsDirty
                && !_signal.IsBusy;
        }

        private bool MaySleep(long nowMs)
        {
            return Mode == BandMode.Shelf
                && !_window.IsOpen(nowMs) && !_link.RadioIsOn
                && !_link.HasUnheard(1)
                && IsAtRest();
        }

        private static long Earlier(long a, long b)
        {
            return a < b ? a : b;
        }
    }
}

using ElderBand.BandProtocol;
using ElderBand.VitalsFilter;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The band: one thread, one loop. <see cref="Step"/> drains what callbacks enqueued, lets every part act and says
    /// when it wants to be called next. Nothing in it throws, and nothing is allocated after the constructor.
    /// </summary>
    public sealed class Band
    {
        /// <summary>Version of the firmware in a Boot event.</summary>
        public const byte FirmwareVersion = 1;

        // The external watchdog bites at 8 s (P08).
        private const int LongestSleepMs = 4000;
        private const int KeyPollMs = 20;
        private const int BatteryEveryMs = 60000;
        private const int SaveAgainMs = 1000;
        private const int WindowMs = 6000;
        private const int LinkedWindowMs = 5000;
        private const int LongestWindowMs = 60000;
        private const int GuardBeatMs = 60000;
        private const int StaleStatusMs = 5000;
        private const int DailyBeatMs = 300000;
        private const int ShelfBeatMs = 900000;
        private const int ForgetAlarmMs = 24 * 3600000;
        private const int MaxUptimeS = 0xFFFFFF;
        // A storm of reboots out of range must not fill the latch; the boot count tells it anyway.
        private const int MaxBootsWaiting = 3;
        private const int MinutesPerDay = 1440;
        private const int InactivityEveryMs = 60000;
        private const int TakenOffMs = 30000;
        private const byte UnknownPct = 255;

        // A boot takes the fall detector's memory along: not within a minute of a movement.
        private const int QuietS = 60;
        private const int SilentWearerS = 12 * 3600;

        private readonly BandPorts _ports;
        private readonly BandIdentity _identity;
        private readonly BandKeys _keys = new BandKeys();
        private readonly RingEvent _event = new RingEvent(Frame.Size);
        private readonly byte[] _frame = new byte[Frame.Size];
        private readonly SosKey _key = new SosKey();
        private readonly FallGuard _fall = new FallGuard();
        private readonly PowerPolicy _power = new PowerPolicy();
        private readonly bool[] _faulty = new bool[32];
        private readonly AlarmLatch _latch;
        private readonly BandSettings _settings;
        private readonly FrameSource _source;
        private readonly LinkPolicy _link;
        private readonly WristSignal _signal;
        private readonly HelpStages _stages;
        private readonly Measuring _measuring;
        private readonly InactivityWatch _inactivity = new InactivityWatch();

        private long _startMs;
        private long _nextBatteryMs;
        private long _nextBeatMs;
        private long _statusMs;
        private long _nextSaveMs;
        private long _windowUntilMs;
        private long _windowEndMs;
        private long _unwornSinceMs;
        private long _putAwayMs;
        private byte _batteryPct = UnknownPct;
        private int _lastSosSequence = -1;
        private int _sosBefore = -1;
        private int _minuteOfDay = -1;
        private long _minuteAtMs;
        private long _nextInactivityMs;
        private Wear _reportedWear = Wear.Off;
        private long _offSinceMs;
        private bool _latchFullOwed;
        private bool _settingsDirty;
        private bool _asleep;

        /// <summary>Composes a band over its ports.</summary>
        public Band(BandPorts ports, BandIdentity identity)
        {
            _ports = ports;
            _identity = identity;
            Tagger tagger = new Tagger(ports.Mac);
            _latch = new AlarmLatch(ports.Flash);
            _settings = new BandSettings(ports.Flash);
            _source = new FrameSource(ports.Flash, tagger, _keys);
            _link = new LinkPolicy(ports.Link, _latch, _source, tagger, _keys, ports.Mac, identity.Secret);
            _signal = new WristSignal(ports.Vibration, ports.Light);
            _stages = new HelpStages(_latch, _signal, _source, _link);
            _measuring = new Measuring(ports.Ppg, ports.Accelerometer, ports.PpgHasGreen);
        }

        /// <summary>Mode now.</summary>
        public BandMode Mode { get; private set; }

        /// <summary>Worn, as far as known.</summary>
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

        /// <summary>What the wrist repeats.</summary>
        public WristTick Tick
        {
            get { return _signal.Tick; }
        }

        /// <summary>Whether a fall's countdown runs.</summary>
        public FallState FallGuardState
        {
            get { return _fall.State; }
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

        /// <summary>The link, for the wrist page and tests.</summary>
        public LinkPolicy Link
        {
            get { return _link; }
        }

        /// <summary>True after the band has asked for deep sleep or a reset: the next life is a new Band.</summary>
        public bool IsAsleep
        {
            get { return _asleep; }
        }

        /// <summary>Begins this boot; call once, before the first <see cref="Step"/>.</summary>
        public void Start(long nowMs)
        {
            _startMs = nowMs;
            _unwornSinceMs = nowMs;
            WakeCause cause = _ports.Power.Cause();
            _putAwayMs = cause == WakeCause.Motion ? PowerPolicy.PutAwayAfterMotionMs
                : cause == WakeCause.Timer ? 0 : PowerPolicy.PutAwayMs;
            bool bootStored = _source.Start();
            _settings.Load(_identity);
            _keys.Derive(_ports.Mac, _identity.Secret, _settings.LinkGroup, _settings.LinkEpoch);
            _latch.Load(nowMs);
            _batteryPct = _ports.Power.BatteryPct();
            _power.OnBattery(_batteryPct, _ports.Power.External());
            _nextBatteryMs = nowMs;
            _nextBeatMs = nowMs;
            _measuring.Start(nowMs);
            _measuring.Configure(_settings.Sensitivity, _settings.WalkingAid);

            // The press comes first, whatever else this boot has to say.
            bool keyReset = (_latch.Memory & LatchMemory.KeyReset) != LatchMemory.None;
            Act(_key.Start(cause == WakeCause.Key, _ports.Key.Read(), keyReset, nowMs), nowMs);
            _latch.Remember(LatchMemory.KeyReset, false);
            if ((cause == WakeCause.PowerOn || cause == WakeCause.Watchdog)
                && _latch.CountPending(FrameType.Boot) < MaxBootsWaiting)
            {
                LatchEvent(FrameType.Boot, (byte)cause, FirmwareVersion, nowMs);
            }

            if (!bootStored)
            {
                Report(TechnicalCode.FlashFault, nowMs);
            }

            ChooseMode(nowMs);
        }

        /// <summary>Does what is due.</summary>
        /// <param name="nowMs">Milliseconds on the clock that also stamps the events.</param>
        /// <returns>Milliseconds until the next call; an event may come before.</returns>
        public int Step(long nowMs)
        {
            if (_asleep)
            {
                return LongestSleepMs;
            }

            while (_ports.Events.TryDequeue(_event))
            {
                Handle(nowMs);
            }

            AdvanceKey(nowMs);
            if (_ports.Key.Read() != _key.IsDown)
            {
                _key.Edge(!_key.IsDown, nowMs, _fall.State == FallState.Countdown); // an edge that got lost
            }

            long due = _measuring.Step(nowMs);
            OnFall(nowMs);
            EndCountdowns(nowMs);
            Watch(nowMs);
            if (nowMs >= _nextBatteryMs)
            {
                ReadBattery(nowMs);
            }

            ChooseMode(nowMs);
            if (nowMs >= _nextBeatMs)
            {
                SendBeat(nowMs);
            }

            Repay(nowMs);
            long linkDue = _link.Step(nowMs, RadioWanted(nowMs));
            due = linkDue < due ? linkDue : due;
            long signalDue = _stages.Step(_fall.State == FallState.Countdown, nowMs);
            due = signalDue < due ? signalDue : due;
            // A flash write holds the loop for up to 120 ms: in the middle of a pattern it would make another one of it.
            if (_latch.IsDirty && nowMs >= _nextSaveMs && !_signal.IsBusy)
            {
                SaveLatch(nowMs);
            }

            if (_settingsDirty && nowMs >= _nextSaveMs)
            {
                SaveSettings(nowMs);
            }

            if (MustRestart())
            {
                _asleep = true;
                _ports.Power.Reset();
                return LongestSleepMs;
            }

            if (MaySleep(nowMs))
            {
                _asleep = true;
                _measuring.PrepareSleep(!_power.IsCritical);
                _ports.Power.DeepSleep(ShelfBeatMs);
                return LongestSleepMs;
            }

            _ports.Power.FeedWatchdog();
            return SleepMs(nowMs, due);
        }

        private int SleepMs(long nowMs, long due)
        {
            long keyDue = _key.NextDueMs();
            due = keyDue < due ? keyDue : due;

            // The edges of a press that ends light sleep make no event, so the level of a key that is down is polled.
            due = _key.IsDown && nowMs + KeyPollMs < due ? nowMs + KeyPollMs : due;
            long fallDue = _key.State == KeyState.CountdownFine ? long.MaxValue : _fall.NextDeadlineMs();
            due = fallDue < due ? fallDue : due;
            due = _nextBeatMs < due ? _nextBeatMs : due;
            due = _windowUntilMs > nowMs && _windowUntilMs < due ? _windowUntilMs : due;
            long sleep = due - nowMs;
            return sleep < 1 ? 1 : sleep > LongestSleepMs ? LongestSleepMs : (int)sleep;
        }

        private void Handle(long nowMs)
        {
            switch (_event.Kind)
            {
                case EventKind.KeyEdge:
                    AdvanceKey(_event.AtMs);
                    _key.Edge(_event.Arg == 1, _event.AtMs, _fall.State == FallState.Countdown);
                    break;
                case EventKind.LinkUp:
                    _link.OnLinkUp(nowMs);
                    ProlongWindow(nowMs);
                    break;
                case EventKind.LinkDown:
                    _link.OnLinkDown(nowMs);
                    break;
                case EventKind.FrameIn:
                    if (_link.Admit(_event.Data, _event.Count, nowMs))
                    {
                        ProlongWindow(nowMs);
                        Receive(_event.Data, nowMs);
                    }

                    break;
                case EventKind.PowerEdge:
                    ReadBattery(nowMs);
                    break;
            }
        }

        // ---- the key ----

        private void AdvanceKey(long nowMs)
        {
            KeyAction action = _key.Advance(nowMs);
            while (action != KeyAction.None)
            {
                Act(action, nowMs);
                action = _key.Advance(nowMs);
            }
        }

        private void Act(KeyAction action, long nowMs)
        {
            switch (action)
            {
                case KeyAction.Sos:
                    Press(SosSource.Key, nowMs);
                    break;
                case KeyAction.SosFromSleep:
                    Press(SosSource.KeyFromSleep, nowMs);
                    break;
                case KeyAction.SosInCountdown:
                    Press(SosSource.KeyInCountdown, nowMs);
                    break;
                case KeyAction.OfferFine:
                    if (_fall.State == FallState.Countdown)
                    {
                        _signal.Now(WristPattern.LetGo, nowMs); // after its end there is nothing left to cancel
                    }

                    break;
                case KeyAction.Fine:
                    CancelFalls(nowMs);
                    break;
                case KeyAction.NotNeeded:
                    LatchAnswer(FrameType.NotNeeded, _sosBefore, nowMs);
                    _signal.Now(WristPattern.Understood, nowMs);
                    break;
                case KeyAction.ReportStuck:
                    Report(TechnicalCode.KeyStuck, nowMs);
                    break;
                case KeyAction.ReportFree:
                    Recover(TechnicalCode.KeyStuck, nowMs);
                    break;
                case KeyAction.Reset:
                    ResetByHand(nowMs);
                    break;
            }
        }

        private void Press(SosSource source, long nowMs)
        {
            bool counting = _fall.Apply(FallEvent.Sos) == FallAction.LeaveToSos;
            byte flags = counting || source == SosSource.KeyInCountdown ? AlarmFlags.DuringCountdown : (byte)0;
            while (counting && _fall.TakeOldest() >= 0)
            {
                // The falls stay linked to this SOS; the centre holds their suspicion.
            }

            _stages.Begin();
            LatchSlot slot = LatchEvent(FrameType.Sos, flags, (byte)source, nowMs);
            _sosBefore = _lastSosSequence;
            _lastSosSequence = slot.Sequence;
        }

        private void ResetByHand(long nowMs)
        {
            // Not while a countdown runs, and not with an alarm that only memory holds.
            if (_fall.State != FallState.Watching)
            {
                return;
            }

            _latch.Remember(LatchMemory.KeyReset, true);
            SaveLatch(nowMs);
            if (_latch.IsDirty)
            {
                _latch.Remember(LatchMemory.KeyReset, false);
                return;
            }

            _asleep = true;
            _ports.Power.Reset();
        }

        // ---- falls ----

        private void CancelFalls(long nowMs)
        {
            if (_fall.Apply(FallEvent.Fine) != FallAction.Cancel)
            {
                return; // too late: the fall stands, a person will ask
            }

            int sequence = _fall.TakeOldest();
            while (sequence >= 0)
            {
                LatchSlot slot = _latch.Find(_source.Boot, sequence);
                if (slot != null)
                {
                    slot.Open = false;
                    _signal.Forget(slot, Stage.Home);
                }

                LatchAnswer(FrameType.FallCancelled, sequence, nowMs);
                sequence = _fall.TakeOldest();
            }

            _signal.Now(WristPattern.Understood, nowMs);
        }

        private void EndCountdowns(long nowMs)
        {
            // A hold that has reached "I am fine" is judged on its release, within 7 s more; the centre waits 15.
            while (nowMs >= _fall.NextDeadlineMs() && _key.State != KeyState.CountdownFine)
            {
                ConfirmOldest(nowMs);
            }
        }

        private void ConfirmOldest(long nowMs)
        {
            FallEvent ended = _fall.Running == 1 ? FallEvent.LastDeadline : FallEvent.Deadline;
            if (_fall.Apply(ended) == FallAction.Confirm)
            {
                LatchAnswer(FrameType.FallConfirmed, _fall.TakeOldest(), nowMs);
            }
        }

        // Sent at once, with the time at which the countdown begins: the wrist's 30 s and the centre's then agree.
        private void OnFall(long nowMs)
        {
            FallVerdict verdict = _measuring.TakeVerdict(nowMs);
            if (verdict != FallVerdict.Suspected && verdict != FallVerdict.SuspectedLate)
            {
                return;
            }

            if (_fall.Running == FallGuard.MaxRunning)
            {
                ConfirmOldest(nowMs);
            }

            if (_fall.Apply(FallEvent.Suspected) == FallAction.Begin)
            {
                _stages.Begin();
                LatchSlot slot = LatchEvent(FrameType.FallSuspected, 0, _measuring.FallScore, nowMs);
                _fall.Begin(slot.Sequence, nowMs);
            }
        }

        // ---- sensors ----

        private void Watch(long nowMs)
        {
            Follow(TechnicalCode.PpgFault, _measuring.PpgIsFaulty, nowMs);
            Follow(TechnicalCode.AccelerometerFault, _measuring.AccelerometerIsFaulty, nowMs);
            if (_measuring.SummaryIsReady && _source.BeginVitals(_frame, FrameType.Vitals) && _measuring.TakeSummary(_frame))
            {
                _source.Sign(_frame);
                _link.SendVitals(_frame);
            }

            // On at once; off only when it has lasted, or a loose strap would fill the day with events.
            Wear wear = _measuring.Wear;
            _offSinceMs = wear == Wear.Off ? _offSinceMs : nowMs;
            if (wear != _reportedWear && (wear == Wear.On || (wear == Wear.Off && !_measuring.PpgIsFaulty && nowMs - _offSinceMs >= TakenOffMs)))
            {
                _reportedWear = wear;
                LatchEvent(FrameType.WearChange, 0, (byte)wear, nowMs);
            }

            if (nowMs >= _nextInactivityMs)
            {
                _nextInactivityMs = nowMs + InactivityEveryMs;
                int stillS = _measuring.StillSeconds;
                bool due = _inactivity.IsDue(
                    _measuring.MayBeWorn,
                    stillS,
                    _settings.InactivityTenMinutes * 600,
                    MinuteOfDay(nowMs),
                    _settings.BedFromQuarter * 15,
                    _settings.BedToQuarter * 15);
                if (due)
                {
                    LatchEvent(FrameType.Inactivity, 0, (byte)(stillS / 600 > 255 ? 255 : stillS / 600), nowMs);
                }
            }
        }

        private void Follow(TechnicalCode code, bool faulty, long nowMs)
        {
            if (faulty)
            {
                Report(code, nowMs);
            }
            else
            {
                Recover(code, nowMs);
            }
        }

        private int MinuteOfDay(long nowMs)
        {
            return _minuteOfDay < 0 ? -1 : (int)((_minuteOfDay + ((nowMs - _minuteAtMs) / 60000)) % MinutesPerDay);
        }

        // ---- what comes down ----

        private void Receive(byte[] frame, long nowMs)
        {
            int boot = Frame.BootOf(frame, 0);
            int sequence = Frame.SequenceOf(frame, 0);
            switch (Frame.TypeOf(frame, 0))
            {
                case FrameType.LinkHello:
                    // The hub reads its ages off the status: one that has waited long would make them too young.
                    if (_link.StatusWaits && nowMs - _statusMs > StaleStatusMs)
                    {
                        SendStatus(nowMs);
                    }

                    break;
                case FrameType.HubHeard:
                    _stages.OnHubHeard(Frame.LaneOf(frame, 0), boot, sequence, nowMs);
                    break;
                case FrameType.Receipt:
                    if (Frame.LaneOf(frame, 0) == Lane.Alarm)
                    {
                        _stages.OnReceipt(boot, sequence, Payload.ReceiptRefusal(frame, 0));
                    }

                    break;
                case FrameType.Stage:
                    _stages.OnStage(boot, sequence, Payload.StageOf(frame, 0), Payload.StageRevision(frame, 0), nowMs);
                    break;
                case FrameType.Configuration:
                    if (boot > _settings.Version && !Payload.ConfigurationIsValid(frame, 0))
                    {
                        Report(TechnicalCode.ConfigurationRefused, nowMs);
                    }
                    else if (_settings.Apply(frame))
                    {
                        Recover(TechnicalCode.ConfigurationRefused, nowMs);
                        _settingsDirty = true;
                        _measuring.Configure(_settings.Sensitivity, _settings.WalkingAid);
                        _nextBeatMs = nowMs; // the status echoes the applied version
                    }

                    break;
                case FrameType.HubState:
                    int minute = Payload.MinuteOfDay(frame, 0);
                    _minuteOfDay = minute < MinutesPerDay ? minute : -1;
                    _minuteAtMs = nowMs;
                    break;
                case FrameType.LinkGroup:
                    if (_settings.Move(frame))
                    {
                        _settingsDirty = true;
                        _keys.DeriveLink(_ports.Mac, _identity.Secret, _settings.LinkGroup, _settings.LinkEpoch);
                        _link.OnKeysMoved(nowMs);
                    }

                    break;
            }
        }

        // ---- what goes up ----

        private LatchSlot LatchEvent(FrameType type, byte flags, byte detail, long nowMs)
        {
            LatchSlot slot = _latch.Take(type, nowMs);
            if (slot == null)
            {
                return null;
            }

            byte all = flags;
            if (type != FrameType.Boot)
            {
                all |= Wear == Wear.On ? AlarmFlags.Worn : (byte)0;
                all |= _ports.Power.External() ? AlarmFlags.Charging : (byte)0;
            }

            _source.BeginAlarm(slot.Frame, type, nowMs);
            Payload.PutEvent(slot.Frame, UptimeS(nowMs), all, _batteryPct, detail);
            Commit(slot, nowMs);
            return slot;
        }

        private void LatchAnswer(FrameType type, int refersTo, long nowMs)
        {
            LatchSlot slot = _latch.Take(type, nowMs);
            if (slot == null)
            {
                return;
            }

            _source.BeginAlarm(slot.Frame, type, nowMs);
            Payload.PutAnswer(slot.Frame, UptimeS(nowMs), refersTo, 0);
            Commit(slot, nowMs);
        }

        // Written before it is said (R2). Where it cannot be written it is said all the same: a lost press is worse than
        // one that would not survive a reset.
        private void Commit(LatchSlot slot, long nowMs)
        {
            _source.Sign(slot.Frame);
            SaveLatch(nowMs);
            OpenWindow(nowMs);
        }

        private void SaveLatch(long nowMs)
        {
            if (_latch.Save() == FlashResult.Ok)
            {
                Recover(TechnicalCode.FlashFault, nowMs);
                return;
            }

            _nextSaveMs = nowMs + SaveAgainMs;
            Report(TechnicalCode.FlashFault, nowMs);
        }

        private void SaveSettings(long nowMs)
        {
            _settingsDirty = _settings.Save() != FlashResult.Ok;
            if (_settingsDirty)
            {
                _nextSaveMs = nowMs + SaveAgainMs;
                Report(TechnicalCode.FlashFault, nowMs);
            }
        }

        private void Report(TechnicalCode code, long nowMs)
        {
            if (!_faulty[(int)code])
            {
                _faulty[(int)code] = true;
                LatchEvent(FrameType.Technical, 0, (byte)code, nowMs);
            }
        }

        private void Recover(TechnicalCode code, long nowMs)
        {
            if (!_faulty[(int)code])
            {
                return;
            }

            _faulty[(int)code] = false;
            LatchRecovered(code, nowMs);
        }

        private void LatchRecovered(TechnicalCode code, long nowMs)
        {
            LatchSlot slot = _latch.Take(FrameType.Technical, nowMs);
            if (slot == null)
            {
                return;
            }

            _source.BeginAlarm(slot.Frame, FrameType.Technical, nowMs);
            Payload.PutEvent(slot.Frame, UptimeS(nowMs), 0, (byte)code, (byte)TechnicalCode.Recovered);
            Commit(slot, nowMs);
        }

        // What could not be said at its moment.
        private void Repay(long nowMs)
        {
            if (_link.TakeTamper())
            {
                LatchEvent(FrameType.Technical, 0, (byte)TechnicalCode.Tamper, nowMs);
            }

            _latchFullOwed |= _latch.TakeOverflow();
            if (_latchFullOwed && _latch.PendingCount < AlarmLatch.Slots)
            {
                _latchFullOwed = false;
                LatchEvent(FrameType.Technical, 0, (byte)TechnicalCode.LatchFull, nowMs);
            }
        }

        private void SendBeat(long nowMs)
        {
            _nextBeatMs = nowMs
                + (Mode == BandMode.Guard ? GuardBeatMs : Mode == BandMode.Daily ? DailyBeatMs : ShelfBeatMs);
            OpenWindow(nowMs);
            SendStatus(nowMs);
        }

        private void SendStatus(long nowMs)
        {
            _statusMs = nowMs;
            if (!_source.BeginVitals(_frame, FrameType.Status))
            {
                return;
            }

            int pending = _latch.PendingCount;
            Payload.PutStatus(
                _frame,
                UptimeS(nowMs),
                Mode,
                Wear,
                pending > 7 ? 7 : pending,
                _batteryPct,
                (byte)_settings.Version);
            _source.Sign(_frame);
            _link.SendStatus(_frame);
        }

        private int UptimeS(long nowMs)
        {
            long seconds = (nowMs - _startMs) / 1000;
            return seconds > MaxUptimeS ? MaxUptimeS : (int)seconds;
        }

        // ---- power ----

        // A lane near its last sequence, or a radio stack that has leaked enough, ends this boot at a quiet moment.
        // What waits is in the latch and goes on in the next one.
        private bool MustRestart()
        {
            return (_source.IsNearlySpent || _link.IsWornOut) && _fall.State == FallState.Watching && !_key.IsPressed
                && !_measuring.FallIsUnderWay
                && (_measuring.StillSeconds > QuietS || _measuring.AccelerometerIsFaulty) && !_latch.IsDirty && !_signal.IsBusy;
        }

        private void ReadBattery(long nowMs)
        {
            _nextBatteryMs = nowMs + BatteryEveryMs;
            _batteryPct = _ports.Power.BatteryPct();
            bool external = _ports.Power.External();
            _power.OnBattery(_batteryPct, external);
            if (_batteryPct > 100 && !external)
            {
                return;
            }

            TellBattery(LatchMemory.LowTold, TechnicalCode.BatteryLow, PowerPolicy.LowPct, external, nowMs);
            TellBattery(LatchMemory.CriticalTold, TechnicalCode.BatteryCritical, PowerPolicy.CriticalPct, external, nowMs);
        }

        // Told once a discharge, not once a boot: in Shelf every beat is a boot.
        private void TellBattery(LatchMemory told, TechnicalCode code, int belowPct, bool external, long nowMs)
        {
            bool known = (_latch.Memory & told) != LatchMemory.None;
            if (!known && !external && _batteryPct < belowPct)
            {
                _latch.Remember(told, true);
                LatchEvent(FrameType.Technical, 0, (byte)code, nowMs);
            }
            else if (known && (external || _batteryPct >= belowPct + PowerPolicy.HysteresisPct))
            {
                _latch.Remember(told, false);
                LatchRecovered(code, nowMs);
            }
        }

        private void ChooseMode(long nowMs)
        {
            // A band that cannot tell whether it is worn stays up. So does one whose wearer shows no sign of life, for a night
            // and a morning: then the watch over stillness has spoken, or nobody is there.
            bool silentWearer = _measuring.MayBeWorn && _measuring.StillSeconds < SilentWearerS;
            if (Wear != Wear.Off || silentWearer || _measuring.PpgIsFaulty)
            {
                _unwornSinceMs = nowMs;
                _putAwayMs = PowerPolicy.PutAwayMs;
            }

            bool open = false;
            long newestMs = long.MinValue;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Used || !HelpStages.Follows(slot.Type))
                {
                    continue;
                }

                if (slot.Open && !slot.Pending && nowMs - slot.AtMs > ForgetAlarmMs)
                {
                    slot.Open = false;
                    _latch.Touch();
                }

                open |= slot.Open;
                newestMs = slot.AtMs > newestMs && (slot.Open || slot.Boot == _source.Boot) ? slot.AtMs : newestMs;
            }

            BandMode mode = _power.Choose(
                _ports.Power.External(),
                _settings.GuardAlways,
                newestMs == long.MinValue ? long.MaxValue : nowMs - newestMs,
                open,
                nowMs - _unwornSinceMs,
                _putAwayMs);
            _measuring.SetMode(mode, _link.HubOnline, nowMs);
            if (mode != Mode)
            {
                Mode = mode;
                if (_nextBeatMs > nowMs + GuardBeatMs)
                {
                    _nextBeatMs = nowMs;
                }
            }
        }

        private bool RadioWanted(long nowMs)
        {
            return Mode == BandMode.Guard || nowMs < _windowUntilMs;
        }

        // The radio is on for a while after each beat and each new frame.
        private void OpenWindow(long nowMs)
        {
            _windowEndMs = nowMs + LongestWindowMs;
            _windowUntilMs = nowMs + WindowMs > _windowUntilMs ? nowMs + WindowMs : _windowUntilMs;
        }

        // And while somebody talks, within reason: a stranger must not be able to empty the battery.
        private void ProlongWindow(long nowMs)
        {
            long until = nowMs + LinkedWindowMs < _windowEndMs ? nowMs + LinkedWindowMs : _windowEndMs;
            _windowUntilMs = until > _windowUntilMs ? until : _windowUntilMs;
        }

        private bool MaySleep(long nowMs)
        {
            return Mode == BandMode.Shelf && nowMs >= _windowUntilMs && !_link.HasUnheard(1) && !_latch.IsDirty
                && !_signal.IsBusy && !_key.IsPressed && _fall.State == FallState.Watching;
        }
    }
}

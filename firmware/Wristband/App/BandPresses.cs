using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Carries out the actions of the key. A press that the key's line did not show from its beginning, because the
    /// band booted or slept, is known from the latch beside the key (docs/adr/0018).
    /// </summary>
    public sealed class BandPresses
    {
        private readonly SosKey _key;
        private readonly BandFalls _falls;
        private readonly HelpStages _stages;
        private readonly WristSignal _signal;
        private readonly BandReports _reports;
        private readonly AlarmLatch _latch;
        private readonly BandTrace _trace;
        private readonly IPower _power;
        private readonly IPin _line;
        private readonly IPressLatch _pressLatch;
        private bool _foundDown; // the key was down at the start of this boot and has not been up since
        private long _seenDownMs; // when the line was last read closed
        private bool _unseenEnd; // the line was closed, and open again before it showed whether that was a press
        private bool _latchWasSet; // the latch still holds an earlier press
        private bool _judged; // the press that the latch shows has been handled
        private int _lastSosSequence = -1;
        private int _sosBefore = -1;

        /// <summary>Composes the presses over the key and the parts that it commands.</summary>
        public BandPresses(
            SosKey key,
            BandFalls falls,
            HelpStages stages,
            WristSignal signal,
            BandReports reports,
            AlarmLatch latch,
            BandTrace trace,
            BandPorts ports)
        {
            _key = key;
            _falls = falls;
            _stages = stages;
            _signal = signal;
            _reports = reports;
            _latch = latch;
            _trace = trace;
            _power = ports.Power;
            _line = ports.Key;
            _pressLatch = ports.PressLatch;
        }

        /// <summary>The wearer has restarted the band: this boot ends.</summary>
        public bool HasReset { get; private set; }

        /// <summary>Begins a boot: a press before or during the boot is handled before every other event.</summary>
        public void Start(WakeCause cause, long nowMs)
        {
            bool pressed = _pressLatch.IsSet()
                || (cause == WakeCause.Key && (_latch.Memory & LatchMemory.PressLatchFails) != LatchMemory.None);
            bool wasReset = (_latch.Memory & LatchMemory.KeyReset) != LatchMemory.None;
            _foundDown = _line.Read();
            _judged = wasReset; // that hold has already sent its SOS
            Act(_key.Start(pressed && !wasReset, _foundDown, wasReset, nowMs), nowMs);
            _latch.Remember(LatchMemory.KeyReset, false);
        }

        /// <summary>
        /// Compares the latch with what the key's line has shown, and clears it when the key is up and its press is on
        /// flash or at the centre.
        /// </summary>
        public void StepLatch(long nowMs)
        {
            if (_key.IsPressed)
            {
                _judged |= !_foundDown;
                return;
            }

            _foundDown = false;
            _judged &= _latchWasSet || !_unseenEnd;
            _unseenEnd = false;
            _latchWasSet = _pressLatch.IsSet();
            if (!_latchWasSet)
            {
                _judged = false;
                return;
            }

            if (!_judged)
            {
                Press(SosSource.KeyFromSleep, nowMs);
            }

            if (!_latch.IsDirty || _latch.CountPending(FrameType.Sos) == 0)
            {
                _pressLatch.Clear(); // the press counts as judged until the latch reads clear
            }
        }

        /// <summary>
        /// Reads the key's line and advances the key. The edges of a contact that ended light sleep make no events
        /// (docs/adr/0014). Its opening counts from the last time that the line was read closed, so a loop that a
        /// flash write has held makes no press of a touch; the latch beside the key knows whether it was one.
        /// </summary>
        public void ReadLine(long nowMs)
        {
            bool down = _line.Read();
            if (!down && _key.IsDown)
            {
                EndUnseen();
            }

            Advance(nowMs);
            if (down)
            {
                _key.Edge(true, nowMs, _falls.IsCounting);
                _seenDownMs = nowMs;
            }
        }

        /// <summary>
        /// An edge of the key, in the order of their times. Where the contact closes a second time, its opening has
        /// made no event: what follows is the next press.
        /// </summary>
        public void OnEdge(bool down, long atMs)
        {
            if (down && _key.IsDown && atMs > _seenDownMs)
            {
                EndUnseen();
            }

            Advance(atMs);
            _key.Edge(down, atMs, _falls.IsCounting);
        }

        private void EndUnseen()
        {
            _unseenEnd = _key.IsContact;
            _key.Edge(false, _seenDownMs, _falls.IsCounting);
        }

        /// <summary>Advances the key to this time and carries out the actions that follow.</summary>
        public void Advance(long nowMs)
        {
            KeyAction action = _key.Advance(nowMs);
            while (action != KeyAction.None)
            {
                Act(action, nowMs);
                action = _key.Advance(nowMs);
            }
        }

        /// <summary>Carries out one action.</summary>
        public void Act(KeyAction action, long nowMs)
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
                case KeyAction.AskToLetGo:
                    _signal.Now(WristPattern.LetGo);
                    break;
                case KeyAction.Fine:
                    _falls.Cancel(nowMs);
                    break;
                case KeyAction.NotNeeded:
                    if (_reports.LatchAnswer(FrameType.NotNeeded, _sosBefore, nowMs))
                    {
                        _signal.Now(WristPattern.Understood); // not where the latch has refused the answer
                    }

                    break;
                case KeyAction.ReportStuck:
                    _reports.Report(TechnicalCode.KeyStuck, nowMs);
                    break;
                case KeyAction.ReportFree:
                    _reports.Recover(TechnicalCode.KeyStuck, nowMs);
                    break;
                case KeyAction.Reset:
                    ResetByHand(nowMs);
                    break;
            }
        }

        private void Press(SosSource source, long nowMs)
        {
            _judged = true;
            TrackLatch(source, nowMs);
            bool counting = _falls.OnPress();
            byte flags = counting || source == SosSource.KeyInCountdown ? AlarmFlags.DuringCountdown : (byte)0;
            _stages.Begin();
            LatchSlot slot = _reports.LatchEvent(FrameType.Sos, flags, (byte)source, nowMs);
            _sosBefore = _lastSosSequence;
            _lastSosSequence = slot.Sequence;
        }

        // Where the key's line has shown a press of 80 ms and the latch has not remembered it, the latch fails.
        private void TrackLatch(SosSource source, long nowMs)
        {
            bool fails = (_latch.Memory & LatchMemory.PressLatchFails) != LatchMemory.None;
            if (source == SosSource.Key && fails == _pressLatch.IsSet())
            {
                _latch.Remember(LatchMemory.PressLatchFails, !fails);
                _reports.TrackFault(TechnicalCode.PressLatchFault, !fails, nowMs);
            }
        }

        private void ResetByHand(long nowMs)
        {
            // The band does not restart while a countdown runs, while an alarm is open, nor with an alarm that is not
            // on flash.
            if (_falls.State != FallState.Watching || _latch.HasOpen)
            {
                return;
            }

            _latch.Remember(LatchMemory.KeyReset, true);
            _trace.Restart(RestartReason.Key, nowMs);
            if (_latch.IsDirty)
            {
                _latch.Remember(LatchMemory.KeyReset, false);
                return;
            }

            HasReset = true;
            _power.Reset();
        }
    }
}

using ElderBand.BandProtocol;
using ElderBand.VitalsFilter;

namespace ElderBand.Wristband
{
    /// <summary>
    /// A suspected fall, from the verdict to its end: cancelled by the wearer, answered by a press, or confirmed.
    /// </summary>
    public sealed class BandFalls
    {
        private readonly FallGuard _guard = new FallGuard();
        private readonly SosKey _key;
        private readonly Measuring _measuring;
        private readonly AlarmLatch _latch;
        private readonly FrameSource _source;
        private readonly HelpStages _stages;
        private readonly WristSignal _signal;
        private readonly BandReports _reports;

        /// <summary>Composes the falls over the detector, the key that answers and the reports.</summary>
        public BandFalls(
            SosKey key,
            Measuring measuring,
            AlarmLatch latch,
            FrameSource source,
            HelpStages stages,
            WristSignal signal,
            BandReports reports)
        {
            _key = key;
            _measuring = measuring;
            _latch = latch;
            _source = source;
            _stages = stages;
            _signal = signal;
            _reports = reports;
        }

        /// <summary>Whether a countdown runs.</summary>
        public FallState State
        {
            get { return _guard.State; }
        }

        /// <summary>A countdown runs: the key is judged on its release.</summary>
        public bool IsCounting
        {
            get { return _guard.State == FallState.Countdown; }
        }

        /// <summary>When a countdown ends, ms; long.MaxValue for none.</summary>
        public long DueMs
        {
            get { return _key.State == KeyState.CountdownAsked ? long.MaxValue : _guard.NextDeadlineMs(); }
        }

        /// <summary>Takes the detector's verdict and ends countdowns that are over.</summary>
        public void Step(long nowMs)
        {
            TakeVerdict(nowMs);

            // A hold that was asked to let go is judged on its release, or 2 s after the request. The centre waits 15 s
            // beyond the countdown, so the fall is not confirmed before that.
            while (nowMs >= DueMs)
            {
                ConfirmOldest(nowMs);
            }
        }

        /// <summary>A press: true where it answers running countdowns. Their falls stay linked to this SOS.</summary>
        public bool OnPress()
        {
            bool counting = _guard.Apply(FallEvent.Sos) == FallAction.LeaveToSos;
            while (counting && _guard.TakeOldest() >= 0)
            {
                // Nothing is sent for these falls: the centre already has each suspicion.
            }

            return counting;
        }

        /// <summary>
        /// "I am fine": every running fall is cancelled. Where the full latch refuses the cancel, nothing changes: the
        /// countdown goes on, and the wrist does not play <see cref="WristPattern.Understood"/>.
        /// </summary>
        public void Cancel(long nowMs)
        {
            int sequence = _guard.Oldest();
            while (sequence >= 0)
            {
                // The fall's slot is closed first, so that the write of the cancel stores both. The cancel may take
                // that slot.
                LatchSlot slot = _latch.Find(_source.Boot, sequence);
                bool followed = slot != null && slot.Open;
                if (followed)
                {
                    slot.Open = false;
                }

                if (!_reports.LatchAnswer(FrameType.FallCancelled, sequence, nowMs))
                {
                    if (followed)
                    {
                        slot.Open = true;
                    }

                    return;
                }

                if (followed)
                {
                    _signal.Forget(slot, Stage.Home);
                }

                _guard.TakeOldest();
                sequence = _guard.Oldest();
            }

            if (_guard.Apply(FallEvent.Fine) == FallAction.Cancel)
            {
                _signal.Now(WristPattern.Understood);
            }
        }

        // The suspicion is sent at once with the time at which the countdown begins, so the wrist's 30 s and the
        // centre's agree.
        private void TakeVerdict(long nowMs)
        {
            FallVerdict verdict = _measuring.TakeVerdict(nowMs);
            if (verdict != FallVerdict.Suspected && verdict != FallVerdict.SuspectedLate)
            {
                return;
            }

            if (_guard.Running == FallGuard.MaxRunning)
            {
                ConfirmOldest(nowMs);
            }

            if (_guard.Apply(FallEvent.Suspected) == FallAction.Begin)
            {
                _stages.Begin();
                LatchSlot slot = _reports.LatchEvent(FrameType.FallSuspected, 0, _measuring.FallScore, nowMs);
                _guard.Begin(slot.Sequence, nowMs);
            }
        }

        private void ConfirmOldest(long nowMs)
        {
            FallEvent ended = _guard.Running == 1 ? FallEvent.LastDeadline : FallEvent.Deadline;
            if (_guard.Apply(ended) == FallAction.Confirm)
            {
                _reports.LatchAnswer(FrameType.FallConfirmed, _guard.TakeOldest(), nowMs);
            }
        }
    }
}

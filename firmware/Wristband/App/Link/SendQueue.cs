using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The frames that go over a link, in this order: the challenge, alarms, and then, to a trusted hub only, notes,
    /// the status, vitals and the trace.
    /// </summary>
    public sealed class SendQueue
    {
        /// <summary>A frame no hub has stored is notified again after this, ms.</summary>
        public const int RetryMs = 1000;

        /// <summary>An alarm that only a hub has is sent again after this, ms: the hub may have died with it.</summary>
        public const int AlarmReminderMs = 10000;

        /// <summary>The same for everything else, ms.</summary>
        public const int NoteReminderMs = 60000;

        private const int ChallengeAgainMs = 2000;
        private const int BusyMs = 50;
        private const int Notes = 8;
        private const int NoteTries = 60;
        private const int NoteTryMs = 2000;

        private readonly IBandLink _link;
        private readonly AlarmLatch _latch;
        private readonly FrameSource _source;
        private readonly LinkTrust _trust;
        private readonly TraceReply _reply;
        private readonly byte[][] _notes = new byte[Notes][];
        private readonly bool[] _noteUsed = new bool[Notes];
        private readonly int[] _noteTries = new int[Notes];
        private readonly long[] _noteNextMs = new long[Notes];
        private readonly byte[] _status = new byte[Frame.Size];
        private readonly byte[] _vitals = new byte[Frame.Size];
        private bool _vitalsWait;
        private bool _vitalsAired;
        private int _noteOldest;
        private long _dueMs;

        /// <summary>Composes the queue over the radio, the latch and what is known of the links.</summary>
        public SendQueue(IBandLink link, AlarmLatch latch, FrameSource source, LinkTrust trust, TraceReply reply)
        {
            _source = source;
            _reply = reply;
            _link = link;
            _latch = latch;
            _trust = trust;
            for (int i = 0; i < Notes; i++)
            {
                _notes[i] = new byte[Frame.Size];
            }
        }

        /// <summary>A status waits for a trusted link.</summary>
        public bool StatusWaits { get; private set; }

        /// <summary>"Stage shown" waits for a hub.</summary>
        public bool HasNotes
        {
            get
            {
                bool any = false;
                for (int i = 0; i < Notes; i++)
                {
                    any |= _noteUsed[i];
                }

                return any;
            }
        }

        /// <summary>The last <see cref="Step"/> found that a judged link takes nothing any more.</summary>
        public bool LinkIsGone { get; private set; }

        /// <summary>Queues "stage shown", sent until a hub has stored it; a frame that waits already stays.</summary>
        public void AddNote(byte[] frame, long nowMs)
        {
            if (FindNote(Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0)) >= 0)
            {
                return;
            }

            int at = _noteOldest;
            for (int i = 0; i < Notes; i++)
            {
                if (!_noteUsed[i])
                {
                    at = i;
                    break;
                }
            }

            _noteOldest = at + 1 == Notes ? 0 : at + 1;
            Bytes.Copy(frame, 0, _notes[at], 0, Frame.Size);
            _noteUsed[at] = true;
            _noteTries[at] = 0;
            _noteNextMs[at] = nowMs;
        }

        /// <summary>A hub has stored a "stage shown"; false where the frame is none that waits.</summary>
        public bool NoteHeard(int boot, int sequence)
        {
            int at = FindNote(boot, sequence);
            if (at >= 0)
            {
                _noteUsed[at] = false;
            }

            return at >= 0;
        }

        /// <summary>The next status; it replaces one that could not be sent.</summary>
        public void SetStatus(byte[] frame)
        {
            Bytes.Copy(frame, 0, _status, 0, Frame.Size);
            StatusWaits = true;
        }

        /// <summary>The next vitals; they replace those that could not be sent.</summary>
        public void SetVitals(byte[] frame)
        {
            Bytes.Copy(frame, 0, _vitals, 0, Frame.Size);
            _vitalsWait = true;
            _vitalsAired = false;
        }

        /// <summary>Hands over the vitals that wait, for a beat that carries them; null for none.</summary>
        public byte[] AirVitals()
        {
            _vitalsAired = _vitalsWait;
            return _vitalsWait ? _vitals : null;
        }

        /// <summary>The radio goes off: vitals that a beat has carried are not carried again.</summary>
        public void OnRadioOff()
        {
            _vitalsWait = _vitalsWait && !_vitalsAired;
        }

        /// <summary>True while a frame of at least this rank has been stored by no hub.</summary>
        public bool HasUnheard(int rank)
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (slot.Pending && !slot.Heard && slot.Rank >= rank)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>A link came up: every alarm goes out at once.</summary>
        public void OnLinkUp(long nowMs)
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                _latch.At(i).NextTryMs = nowMs;
            }
        }

        /// <summary>The link keys have moved: what waits gets the new link tag.</summary>
        public void SignAgain()
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                if (_latch.At(i).Used)
                {
                    _source.SignLink(_latch.At(i).Frame);
                }
            }

            for (int i = 0; i < Notes; i++)
            {
                _source.SignLink(_notes[i]);
            }

            _latch.Touch();
        }

        /// <summary>
        /// Sends what is due over the links that are up; returns when it wants to be called next, ms.
        /// </summary>
        public long Step(long nowMs)
        {
            LinkIsGone = false;
            _dueMs = long.MaxValue;
            SendChallenge(nowMs);
            if (!LinkIsGone && SendAlarms(nowMs) && _trust.IsTrusted && SendNotes(nowMs) && SendStatus(nowMs))
            {
                SendVitals(nowMs);
                SendTrace(nowMs);
            }

            return _dueMs;
        }

        /// <summary>Asks the hub to answer the challenge of this link once more.</summary>
        public void AskForLife(long nowMs)
        {
            _trust.ChallengeDueMs = nowMs;
        }

        /// <summary>Sends only what <see cref="AskForLife"/> asks; returns when to call this next, ms.</summary>
        public long StepEnding(long nowMs)
        {
            LinkIsGone = false;
            _dueMs = long.MaxValue;
            RepeatChallenge(nowMs);
            return _dueMs;
        }

        private void SendChallenge(long nowMs)
        {
            if (!_trust.IsTrusted)
            {
                RepeatChallenge(nowMs);
            }
        }

        private void RepeatChallenge(long nowMs)
        {
            if (nowMs >= _trust.ChallengeDueMs)
            {
                _trust.ChallengeDueMs = nowMs + (Sent(_trust.Challenge, nowMs) ? ChallengeAgainMs : BusyMs);
            }

            WakeAt(_trust.ChallengeDueMs);
        }

        private bool SendAlarms(long nowMs)
        {
            LatchSlot slot = NextDue(nowMs);
            while (slot != null)
            {
                if (!Sent(slot.Frame, nowMs))
                {
                    return false;
                }

                slot.NextTryMs = nowMs
                    + (!slot.Heard ? RetryMs : slot.Rank == 2 ? AlarmReminderMs : NoteReminderMs);
                slot = NextDue(nowMs);
            }

            return true;
        }

        private bool SendNotes(long nowMs)
        {
            for (int i = 0; i < Notes; i++)
            {
                if (_noteUsed[i] && nowMs >= _noteNextMs[i])
                {
                    if (!Sent(_notes[i], nowMs))
                    {
                        return false;
                    }

                    _noteNextMs[i] = nowMs + NoteTryMs;
                    _noteTries[i]++;
                    _noteUsed[i] = _noteTries[i] < NoteTries;
                }

                if (_noteUsed[i])
                {
                    WakeAt(_noteNextMs[i]);
                }
            }

            return true;
        }

        private bool SendStatus(long nowMs)
        {
            StatusWaits = StatusWaits && !Sent(_status, nowMs);
            return !StatusWaits;
        }

        private void SendVitals(long nowMs)
        {
            _vitalsWait = _vitalsWait && !Sent(_vitals, nowMs);
        }

        // An alarm may need the link at any moment until a hub has stored it, so the trace waits for that.
        private void SendTrace(long nowMs)
        {
            if (_vitalsWait || !_reply.Waits(nowMs) || HasUnheard(1))
            {
                return;
            }

            byte[] frame = _reply.Next(nowMs);
            if (frame != null && Sent(frame, nowMs))
            {
                _reply.Sent(nowMs);
            }

            if (_reply.Waits(nowMs) && _reply.DueMs > nowMs)
            {
                WakeAt(_reply.DueMs);
            }
        }

        private int FindNote(int boot, int sequence)
        {
            for (int i = 0; i < Notes; i++)
            {
                if (_noteUsed[i] && Frame.SequenceOf(_notes[i], 0) == sequence && Frame.BootOf(_notes[i], 0) == boot)
                {
                    return i;
                }
            }

            return -1;
        }

        // On a fresh link there is no subscriber until the hub has subscribed. Later the same answer means that the
        // link is gone.
        private bool Sent(byte[] frame, long nowMs)
        {
            SendResult result = _link.Notify(_source.Sealed(frame));
            if (result == SendResult.Sent)
            {
                return true;
            }

            LinkIsGone = result == SendResult.NotConnected && _trust.IsJudged;
            WakeAt(LinkIsGone ? nowMs : nowMs + BusyMs);
            return false;
        }

        private void WakeAt(long ms)
        {
            _dueMs = ms < _dueMs ? ms : _dueMs;
        }

        // The due frame of highest rank, oldest first; null where none is due.
        private LatchSlot NextDue(long nowMs)
        {
            LatchSlot best = null;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Pending)
                {
                    continue;
                }

                if (slot.NextTryMs > nowMs)
                {
                    WakeAt(slot.NextTryMs);
                }
                else if (best == null || slot.Rank > best.Rank
                    || (slot.Rank == best.Rank && slot.Order < best.Order))
                {
                    best = slot;
                }
            }

            return best;
        }
    }
}

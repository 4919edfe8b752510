using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// What goes over the radio and when, and whom to believe. An alarm that no hub has stored is always on the air, in
    /// the advertisement and, where a link is up, as a notification (docs/adr/0022).
    /// </summary>
    public sealed class LinkPolicy
    {
        /// <summary>A frame no hub has stored is notified again after this, ms.</summary>
        public const int RetryMs = 1000;

        /// <summary>An alarm that only a hub has is sent again after this, ms: the hub may have died with it.</summary>
        public const int AlarmReminderMs = 10000;

        /// <summary>The same for everything else, ms.</summary>
        public const int NoteReminderMs = 60000;

        private const int RotateMs = 3000;
        private const int RotateSlowlyMs = 30000;
        private const int QuickRotations = 20;

        // What the stack keeps of internal RAM until the next boot (docs/adr/0025): with each start the device's name, with
        // each change of the advertisement the data before, at most 31 bytes of advertisement and 31 of scan response.
        private const int StartLeakBytes = 20;
        private const int ChangeLeakBytes = 62;
        private const int WornOutBytes = 24 * 1024;
        private const int ChallengeAgainMs = 2000;
        private const int BusyMs = 50;
        private const int StrangersUntilRestart = 3;
        private const int RestartWithoutLinkMs = 300000;
        private const int AirAgainMs = 250;
        private const int RefusalsUntilRestart = 3;

        // A stack can say yes and send nothing. While nobody has an alarm that is looked at sooner, from one restart to the next.
        private static readonly int[] RestartUnheardMs = { 10000, 20000, 30000 };

        private const int Notes = 8;
        private const int NoteTries = 60;
        private const int NoteTryMs = 2000;
        private const long NothingOnAir = -1;
        private const long EmptyOnAir = 0;
        private const long BeaconBit = 1L << 40;

        private readonly IBandLink _link;
        private readonly AlarmLatch _latch;
        private readonly FrameSource _source;
        private readonly Tagger _tagger;
        private readonly BandKeys _keys;
        private readonly IMac _mac;
        private readonly byte[] _secret;

        private readonly byte[] _nonce = new byte[32];
        private readonly byte[] _nonceInput = new byte[16];
        private readonly byte[] _challenge = new byte[Frame.Size];
        private readonly TagLimiter _strangers = new TagLimiter();
        private readonly TagLimiter _hub = new TagLimiter();
        private readonly byte[][] _notes = new byte[Notes][];
        private readonly bool[] _noteUsed = new bool[Notes];
        private readonly int[] _noteTries = new int[Notes];
        private readonly long[] _noteNextMs = new long[Notes];
        private readonly byte[] _status = new byte[Frame.Size];
        private readonly byte[] _vitals = new byte[Frame.Size];

        private bool _radioOn;
        private int _links;
        private bool _trusted;
        private int _challenges;
        private long _linkUpMs;
        private long _challengeDueMs;
        private bool _linkJudged;
        private int _unauthenticated;
        private bool _helloTried;
        private long _aliveMs;
        private long _aloneSinceMs;
        private bool _tamper;
        private bool _statusWaits;
        private bool _vitalsWait;
        private bool _beacon;
        private long _onAir = NothingOnAir;
        private long _airAgainMs;
        private int _refusals;
        private bool _unheardAlone;
        private long _unheardSinceMs;
        private int _unheardRestarts;
        private uint _rotated;
        private long _rotateAtMs;
        private int _rotations;
        private bool _started;
        private int _leakedBytes;
        private int _noteOldest;

        /// <summary>Composes the policy over the radio and what it sends.</summary>
        public LinkPolicy(
            IBandLink link,
            AlarmLatch latch,
            FrameSource source,
            Tagger tagger,
            BandKeys keys,
            IMac mac,
            byte[] secret)
        {
            _link = link;
            _latch = latch;
            _source = source;
            _tagger = tagger;
            _keys = keys;
            _mac = mac;
            _secret = secret;
            for (int i = 0; i < Notes; i++)
            {
                _notes[i] = new byte[Frame.Size];
            }
        }

        /// <summary>Links that are up, trusted or not.</summary>
        public int Links
        {
            get { return _links; }
        }

        /// <summary>A hub of this home has answered the challenge.</summary>
        public bool IsTrusted
        {
            get { return _trusted; }
        }

        /// <summary>The hub reaches the centre, as far as it has said.</summary>
        public bool HubOnline { get; private set; }

        /// <summary>A status waits for a trusted link.</summary>
        public bool StatusWaits
        {
            get { return _statusWaits; }
        }

        /// <summary>Frames with a wrong tag since boot.</summary>
        public int BadTags { get; private set; }

        /// <summary>Times the radio was restarted.</summary>
        public int Restarts { get; private set; }

        /// <summary>Times the radio stack was started since boot.</summary>
        public int RadioStarts { get; private set; }

        /// <summary>The radio stack has leaked so much that the band should restart at a quiet moment.</summary>
        public bool IsWornOut
        {
            get { return _leakedBytes >= WornOutBytes; }
        }

        /// <summary>True once after more than 10 bad tags in a minute.</summary>
        public bool TakeTamper()
        {
            bool tamper = _tamper;
            _tamper = false;
            return tamper;
        }

        /// <summary>A link came up: whoever it is must answer a fresh nonce.</summary>
        public void OnLinkUp(long nowMs)
        {
            _links++;
            _rotations = 0;
            Challenge(nowMs);
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                _latch.At(i).NextTryMs = nowMs;
            }
        }

        /// <summary>A link went down.</summary>
        public void OnLinkDown(long nowMs)
        {
            if (_links > 0)
            {
                _links--;
            }

            if (!_trusted && !_linkJudged)
            {
                CountStranger(nowMs);
            }

            // Nobody knows which of two links it was: the one that stays must show itself again.
            if (_links > 0)
            {
                Challenge(nowMs);
            }
            else
            {
                Alone(nowMs);
            }
        }

        /// <summary>
        /// Judges a frame: size, version, tag, and how many bad tags came before. Only a frame that is let in may be acted
        /// on.
        /// </summary>
        public bool Admit(byte[] frame, int count, long nowMs)
        {
            if (count != Frame.Size || Frame.VersionOf(frame, 0) != Frame.Version)
            {
                return Refuse(nowMs);
            }

            FrameType type = Frame.TypeOf(frame, 0);
            bool fromCentre = type == FrameType.Receipt || type == FrameType.Stage
                || type == FrameType.Configuration || type == FrameType.LinkGroup;
            if (!fromCentre && type != FrameType.HubHeard && type != FrameType.HubState && type != FrameType.LinkHello)
            {
                return Refuse(nowMs);
            }

            // Four bytes of tag hold only while guesses are few, so beyond the limit nothing is even looked at, except
            // one hello a link: it lets the home's own hub back in.
            if (!_trusted && _strangers.IsOver(nowMs))
            {
                if (type != FrameType.LinkHello || _helloTried)
                {
                    return false;
                }

                _helloTried = true;
            }

            if (_trusted && fromCentre && _hub.IsOver(nowMs))
            {
                return false;
            }

            bool right = fromCentre
                ? _tagger.CentreTagIsRight(_keys.CentreDown, frame, 0)
                : _tagger.LinkTagIsRight(_keys.LinkDown, frame, 0);
            if (!right)
            {
                return Refuse(nowMs);
            }

            if (type == FrameType.LinkHello)
            {
                if (!Bytes.Same(frame, Frame.PayloadOffset, _nonce, 0, LinkTiming.NonceBytes))
                {
                    return false;
                }

                _trusted = true;
                _linkJudged = true;
                _unauthenticated = 0;
                HubOnline = false;
            }
            else if (type == FrameType.HubState && !(_trusted && Payload.HubStateIsBound(frame, 0, _nonce, 0)))
            {
                return false; // of an earlier link: recorded, or on its way while the nonce changed
            }

            if (type == FrameType.HubState || type == FrameType.HubHeard)
            {
                HubOnline = Payload.HubOnline(frame, 0);
            }

            _aliveMs = nowMs;
            return true;
        }

        /// <summary>Queues "stage shown", sent until a hub has stored it.</summary>
        public void AddNote(byte[] frame, long nowMs)
        {
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

        /// <summary>A hub has stored a note; false where it is none of them.</summary>
        public bool NoteHeard(int boot, int sequence)
        {
            for (int i = 0; i < Notes; i++)
            {
                if (_noteUsed[i] && Frame.SequenceOf(_notes[i], 0) == sequence && Frame.BootOf(_notes[i], 0) == boot)
                {
                    _noteUsed[i] = false;
                    return true;
                }
            }

            return false;
        }

        /// <summary>The link keys have moved: everything that waits is tagged anew, and every link must show itself.</summary>
        public void OnKeysMoved(long nowMs)
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
            Restart(nowMs);
        }

        /// <summary>The beat: to the hub, or on the air while there is none.</summary>
        public void SendStatus(byte[] frame)
        {
            Bytes.Copy(frame, 0, _status, 0, Frame.Size);
            _statusWaits = true;
            _beacon = true;
        }

        /// <summary>Vitals: to a trusted hub only; the next replaces one that could not be sent.</summary>
        public void SendVitals(byte[] frame)
        {
            Bytes.Copy(frame, 0, _vitals, 0, Frame.Size);
            _vitalsWait = true;
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

        /// <summary>Sends what is due; returns when it wants to be called next, ms.</summary>
        /// <param name="nowMs">Now.</param>
        /// <param name="radioWanted">Mode and windows want the radio; an alarm that no hub has wants it always.</param>
        public long Step(long nowMs, bool radioWanted)
        {
            if (!radioWanted && !HasUnheard(2))
            {
                if (_radioOn)
                {
                    _link.Stop();
                    _started = false;
                    _radioOn = false;
                    _links = 0;
                    Alone(nowMs);
                    _onAir = NothingOnAir;
                }

                return long.MaxValue;
            }

            if (!_radioOn)
            {
                _radioOn = true;
                _aloneSinceMs = nowMs;
                _onAir = NothingOnAir;
            }

            long due = Supervise(nowMs);
            if (_links > 0)
            {
                long sendDue = Send(nowMs);
                due = sendDue < due ? sendDue : due;
            }

            long airDue = Air(nowMs);
            return airDue < due ? airDue : due;
        }

        private long Supervise(long nowMs)
        {
            if (_trusted)
            {
                _unheardAlone = false;
                if (nowMs - _aliveMs >= LinkTiming.SilenceMs)
                {
                    Restart(nowMs);
                    return nowMs;
                }

                return _aliveMs + LinkTiming.SilenceMs;
            }

            long due = long.MaxValue;
            if (_links > 0 && !_linkJudged)
            {
                if (nowMs - _linkUpMs >= LinkTiming.HelloMs)
                {
                    CountStranger(nowMs);
                }
                else
                {
                    due = _linkUpMs + LinkTiming.HelloMs;
                }
            }

            // Whatever the count of links says: a link whose end was lost must not end the supervision.
            if (nowMs - _aloneSinceMs >= RestartWithoutLinkMs)
            {
                Restart(nowMs);
            }

            long unheardDue = WatchUnheard(nowMs);
            due = unheardDue < due ? unheardDue : due;
            return _aloneSinceMs + RestartWithoutLinkMs < due ? _aloneSinceMs + RestartWithoutLinkMs : due;
        }

        private long WatchUnheard(long nowMs)
        {
            if (_links > 0 || !HasUnheard(2))
            {
                _unheardAlone = false;
                return long.MaxValue;
            }

            if (!_unheardAlone)
            {
                _unheardAlone = true;
                _unheardSinceMs = nowMs;
                _unheardRestarts = 0;
            }

            if (_unheardRestarts == RestartUnheardMs.Length)
            {
                return long.MaxValue;
            }

            if (nowMs - _unheardSinceMs >= RestartUnheardMs[_unheardRestarts])
            {
                _unheardRestarts++;
                _unheardSinceMs = nowMs;
                Restart(nowMs);
                return nowMs;
            }

            return _unheardSinceMs + RestartUnheardMs[_unheardRestarts];
        }

        private long Send(long nowMs)
        {
            if (!_trusted && nowMs >= _challengeDueMs)
            {
                SendResult result = _link.Notify(_challenge);
                if (IsPhantom(result))
                {
                    return LoseLinks(nowMs);
                }

                _challengeDueMs = nowMs + (result == SendResult.Sent ? ChallengeAgainMs : BusyMs);
            }

            long due = _trusted ? long.MaxValue : _challengeDueMs;
            while (true)
            {
                LatchSlot slot = NextDue(nowMs, out long slotDue);
                if (slot == null)
                {
                    due = slotDue < due ? slotDue : due;
                    break;
                }

                SendResult result = _link.Notify(slot.Frame);
                if (result != SendResult.Sent)
                {
                    return IsPhantom(result) ? LoseLinks(nowMs) : nowMs + BusyMs;
                }

                slot.NextTryMs = nowMs
                    + (!slot.Heard ? RetryMs : slot.Rank == 2 ? AlarmReminderMs : NoteReminderMs);
            }

            if (!_trusted)
            {
                return due;
            }

            for (int i = 0; i < Notes; i++)
            {
                if (!_noteUsed[i])
                {
                    continue;
                }

                if (nowMs >= _noteNextMs[i])
                {
                    SendResult result = _link.Notify(_notes[i]);
                    if (result != SendResult.Sent)
                    {
                        return IsPhantom(result) ? LoseLinks(nowMs) : nowMs + BusyMs;
                    }

                    _noteNextMs[i] = nowMs + NoteTryMs;
                    _noteTries[i]++;
                    _noteUsed[i] = _noteTries[i] < NoteTries;
                }

                due = _noteUsed[i] && _noteNextMs[i] < due ? _noteNextMs[i] : due;
            }

            if (_statusWaits)
            {
                SendResult result = _link.Notify(_status);
                if (result != SendResult.Sent)
                {
                    return IsPhantom(result) ? LoseLinks(nowMs) : nowMs + BusyMs;
                }

                _statusWaits = false;
            }

            if (_vitalsWait)
            {
                SendResult result = _link.Notify(_vitals);
                if (result != SendResult.Sent)
                {
                    return IsPhantom(result) ? LoseLinks(nowMs) : nowMs + BusyMs;
                }

                _vitalsWait = false;
            }

            return due;
        }

        // A fresh link has nobody to notify until the hub has subscribed; later the same answer means that it is gone.
        private bool IsPhantom(SendResult result)
        {
            return result == SendResult.NotConnected && (_trusted || _linkJudged);
        }

        private long LoseLinks(long nowMs)
        {
            _links = 0;
            Alone(nowMs);
            return nowMs;
        }

        // The due frame of highest rank, oldest first; where none is due, when the first will be.
        private LatchSlot NextDue(long nowMs, out long dueMs)
        {
            LatchSlot best = null;
            dueMs = long.MaxValue;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Pending)
                {
                    continue;
                }

                if (slot.NextTryMs > nowMs)
                {
                    dueMs = slot.NextTryMs < dueMs ? slot.NextTryMs : dueMs;
                }
                else if (best == null || slot.Rank > best.Rank
                    || (slot.Rank == best.Rank && slot.Order < best.Order))
                {
                    best = slot;
                }
            }

            return best;
        }

        private long Air(long nowMs)
        {
            LatchSlot slot = OnAirNow(nowMs);
            long wanted = slot != null ? slot.Order : _beacon && !_trusted ? BeaconBit + Frame.SequenceOf(_status, 0) : EmptyOnAir;
            if (_trusted && wanted == EmptyOnAir && _onAir == NothingOnAir)
            {
                return long.MaxValue; // advertising stopped when the hub connected, and nobody else is wanted
            }

            if (wanted != _onAir)
            {
                if (nowMs < _airAgainMs)
                {
                    return _airAgainMs;
                }

                CountLeak();
                if (!_link.Advertise(slot != null ? slot.Frame : wanted == EmptyOnAir ? null : _status))
                {
                    OnRefused(nowMs);
                    return _airAgainMs;
                }

                _started = true;
                _onAir = wanted;
                _refusals = 0;
            }

            return slot != null ? _rotateAtMs : long.MaxValue;
        }

        private void CountLeak()
        {
            RadioStarts += _started ? 0 : 1;
            _leakedBytes += _started ? ChangeLeakBytes : StartLeakBytes;
        }

        // What was on the air may be gone as well. The stack is restarted unless that would cost a link that is trusted or
        // may still become so: the frame goes over that one.
        private void OnRefused(long nowMs)
        {
            _onAir = NothingOnAir;
            _airAgainMs = nowMs + AirAgainMs;
            _refusals++;
            if (_refusals >= RefusalsUntilRestart && (_links == 0 || (!_trusted && _linkJudged)))
            {
                _refusals = 0;
                Restart(nowMs);
            }
        }

        // The frame to advertise: those that no hub has, highest rank only, then those that the centre has not, in turn.
        private LatchSlot OnAirNow(long nowMs)
        {
            int rank = -1;
            bool unheard = false;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Pending || (slot.Heard && (unheard || _trusted)))
                {
                    continue;
                }

                if (!slot.Heard && !unheard)
                {
                    unheard = true;
                    rank = slot.Rank;
                }
                else if (slot.Rank > rank)
                {
                    rank = slot.Rank;
                }
            }

            if (rank < 0 || (_trusted && rank < 2))
            {
                return null;
            }

            bool turn = nowMs >= _rotateAtMs;
            LatchSlot first = null;
            LatchSlot next = null;
            LatchSlot same = null;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Pending || slot.Heard == unheard || slot.Rank != rank)
                {
                    continue;
                }

                first = first == null || slot.Order < first.Order ? slot : first;
                same = slot.Order == _rotated ? slot : same;
                if (slot.Order > _rotated && (next == null || slot.Order < next.Order))
                {
                    next = slot;
                }
            }

            LatchSlot chosen = same != null && !turn ? same : next != null ? next : first;
            if (turn || chosen.Order != _rotated)
            {
                _rotated = chosen.Order;
                _rotations++;
                _rotateAtMs = nowMs + (_rotations <= QuickRotations ? RotateMs : RotateSlowlyMs);
            }

            return chosen;
        }

        private void Challenge(long nowMs)
        {
            _aloneSinceMs = _trusted ? nowMs : _aloneSinceMs;
            _trusted = false;
            _linkJudged = false;
            _helloTried = false;
            _linkUpMs = nowMs;
            _challengeDueMs = nowMs;
            _onAir = NothingOnAir; // connecting ends advertising; a stranger must not be the only one heard

            // (boot, counter) never repeats and the secret is unknown to all but the centre, so the nonce is fresh and
            // cannot be foreseen, without a random generator that an ESP32 may not have seeded yet.
            _challenges++;
            Bytes.PutU32(_nonceInput, 0, 0x4E314245); // "EB1N": no key derivation and no frame begins like it
            Bytes.PutU32(_nonceInput, 4, (uint)_source.Boot);
            Bytes.PutU32(_nonceInput, 8, (uint)_challenges);
            Bytes.PutU32(_nonceInput, 12, (uint)nowMs);
            _mac.HmacSha256(_secret, _nonceInput, _nonceInput.Length, _nonce);
            if (!_source.BeginVitals(_challenge, FrameType.LinkChallenge))
            {
                return;
            }

            Bytes.Copy(_nonce, 0, _challenge, Frame.PayloadOffset, LinkTiming.NonceBytes);
            _source.Sign(_challenge);
        }

        private void CountStranger(long nowMs)
        {
            _linkJudged = true;
            _unauthenticated++;
            if (_unauthenticated >= StrangersUntilRestart)
            {
                Restart(nowMs);
            }
        }

        private bool Refuse(long nowMs)
        {
            BadTags++;
            TagLimiter limiter = _trusted && _links <= 1 ? _hub : _strangers;
            if (limiter.CountBad(nowMs))
            {
                _tamper = true;
                Restart(nowMs);
            }

            return false;
        }

        private void Restart(long nowMs)
        {
            Restarts++;
            _unauthenticated = 0;
            _links = 0;
            Alone(nowMs);
            _aloneSinceMs = nowMs;
            _started = false;
            CountLeak();
            _link.Restart();
            _started = true;
            _onAir = NothingOnAir;
        }

        private void Alone(long nowMs)
        {
            _aloneSinceMs = _trusted ? nowMs : _aloneSinceMs;
            _trusted = false;
            _linkJudged = true;
            _onAir = NothingOnAir;
            HubOnline = false;
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The band's side of the radio: whom to trust, what to send, what to advertise, and when the stack needs a
    /// restart. An alarm that no hub has stored is always on the air, in the advertisement and, where a link is up, as
    /// a notification (docs/adr/0022).
    /// </summary>
    public sealed class LinkPolicy
    {
        // Longer than the supervision timeout that a hub's stack asks for, 2.56 s: by then a dead link has ended.
        private const int DeadLinkMs = 3000;

        private readonly IBandLink _link;
        private readonly LinkTrust _trust;
        private readonly RadioWatch _watch;
        private readonly SendQueue _queue;
        private readonly Advertiser _advertiser;
        private readonly TraceReply _reply;
        private bool _radioOn;
        private bool _isEnding;
        private long _endingMs;

        /// <summary>Composes the policy over the radio and what it sends.</summary>
        public LinkPolicy(
            IBandLink link,
            AlarmLatch latch,
            FrameSource source,
            Tagger tagger,
            BandSecrets secrets,
            IMac mac,
            TraceReply reply)
        {
            _reply = reply;
            _link = link;
            _trust = new LinkTrust(source, tagger, secrets, mac);
            _watch = new RadioWatch(_trust);
            _queue = new SendQueue(link, latch, source, _trust, reply);
            _advertiser = new Advertiser(link, latch, source, _trust, _watch);
        }

        /// <summary>Links that are up, trusted or not.</summary>
        public int Links
        {
            get { return _trust.Links; }
        }

        /// <summary>A hub of this home has answered the challenge.</summary>
        public bool IsTrusted
        {
            get { return _trust.IsTrusted; }
        }

        /// <summary>The hub reaches the centre, as far as it has said.</summary>
        public bool HubOnline
        {
            get { return _trust.HubOnline; }
        }

        /// <summary>A status waits for a trusted link.</summary>
        public bool StatusWaits
        {
            get { return _queue.StatusWaits; }
        }

        /// <summary>"Stage shown" waits for a hub.</summary>
        public bool NotesWait
        {
            get { return _queue.HasNotes; }
        }

        /// <summary>The centre asks for the trace with this number, 1-255; 0 is no question.</summary>
        public void AskForTrace(byte ask)
        {
            _reply.Ask(ask);
        }

        /// <summary>True while frames of the trace wait for a hub.</summary>
        public bool TraceWaits(long nowMs)
        {
            return _reply.Waits(nowMs);
        }

        /// <summary>Frames with a wrong tag since boot.</summary>
        public int BadTags
        {
            get { return _trust.BadTags; }
        }

        /// <summary>Times the radio was restarted.</summary>
        public int Restarts
        {
            get { return _watch.Restarts; }
        }

        /// <summary>Times the radio stack was started since boot.</summary>
        public int RadioStarts
        {
            get { return _watch.RadioStarts; }
        }

        /// <summary>The radio is on, as far as the band wants it.</summary>
        public bool RadioIsOn
        {
            get { return _radioOn; }
        }

        /// <summary>The radio goes off as soon as the hub has answered or the link has ended.</summary>
        public bool IsEnding
        {
            get { return _isEnding; }
        }

        /// <summary>The radio stack has leaked so much that the band should restart at a quiet moment.</summary>
        public bool IsWornOut
        {
            get { return _watch.IsWornOut; }
        }

        /// <summary>True once after more than 10 bad tags in a minute.</summary>
        public bool TakeTamper()
        {
            return _trust.TakeTamper();
        }

        /// <summary>A link came up: its central must answer a fresh nonce.</summary>
        public void OnLinkUp(long nowMs)
        {
            _trust.OnLinkUp(nowMs);
            _queue.OnLinkUp(nowMs);
            _advertiser.OnLinkUp();
        }

        /// <summary>A link went down.</summary>
        public void OnLinkDown(long nowMs)
        {
            _trust.OnLinkDown(nowMs);
            _advertiser.OnOffAir();
            RestartWhereDue(nowMs);
        }

        /// <summary>
        /// Opens a frame in place and judges it: size, version, tag, and how many bad tags came before. Only a frame
        /// that is let in may be acted on.
        /// </summary>
        public bool Admit(byte[] frame, int count, long nowMs)
        {
            bool admitted = _trust.Admit(frame, count, nowMs);
            if (admitted && Frame.TypeOf(frame, 0) != FrameType.LinkHello
                && Frame.TypeOf(frame, 0) != FrameType.HubState)
            {
                _isEnding = false; // the hub has sent more than the answer
            }

            RestartWhereDue(nowMs);
            return admitted;
        }

        /// <summary>Queues "stage shown", sent until a hub has stored it.</summary>
        public void AddNote(byte[] frame, long nowMs)
        {
            _queue.AddNote(frame, nowMs);
        }

        /// <summary>A hub has stored a "stage shown"; false where the frame is none that waits.</summary>
        public bool NoteHeard(int boot, int sequence)
        {
            return _queue.NoteHeard(boot, sequence);
        }

        /// <summary>The link keys have moved: what waits gets new tags, and every link must show itself.</summary>
        public void OnKeysMoved(long nowMs)
        {
            _queue.SignAgain();
            Restart(nowMs);
        }

        /// <summary>
        /// Gives new link tags to the frames that wait, because the secret has changed. The link to a hub stays open.
        /// </summary>
        public void OnSecretChanged()
        {
            _queue.SignAgain();
            _trust.SignAgain();
        }

        /// <summary>A beat with the status: to the hub, or on the air while there is none.</summary>
        public void SendStatus(byte[] frame)
        {
            _queue.SetStatus(frame);
            _advertiser.SetBeat(frame);
        }

        /// <summary>Vitals: to a trusted hub, or with a beat; the next replaces one that could not be sent.</summary>
        public void SendVitals(byte[] frame)
        {
            _queue.SetVitals(frame);
        }

        /// <summary>A beat with the vitals that wait; false where none do.</summary>
        public bool AirVitals()
        {
            byte[] vitals = _queue.AirVitals();
            if (vitals != null)
            {
                _advertiser.SetBeat(vitals);
            }

            return vitals != null;
        }

        /// <summary>True while a frame of at least this rank has been stored by no hub.</summary>
        public bool HasUnheard(int rank)
        {
            return _queue.HasUnheard(rank);
        }

        /// <summary>Sends what is due; returns when it wants to be called next, ms.</summary>
        /// <param name="nowMs">Now.</param>
        /// <param name="radioWanted">Mode and windows want the radio; an alarm that no hub has wants it always.</param>
        public long Step(long nowMs, bool radioWanted)
        {
            bool callWaits = _queue.HasUnheard(2);
            if (!radioWanted && !callWaits)
            {
                return _radioOn ? End(nowMs) : long.MaxValue;
            }

            _isEnding = false;
            if (!_radioOn)
            {
                _radioOn = true;
                _watch.OnRadioWanted(nowMs);
            }

            long due = Earlier(_trust.Step(nowMs), _watch.Step(nowMs, callWaits));
            RestartWhereDue(nowMs);
            if (_trust.Links > 0)
            {
                due = Earlier(due, _queue.Step(nowMs));
                if (_queue.LinkIsGone)
                {
                    _trust.ForgetLink(nowMs);
                    _advertiser.OnOffAir();
                }
            }

            due = Earlier(due, _advertiser.Step(nowMs));
            RestartWhereDue(nowMs);
            return due;
        }

        // A stop of the stack over a dead link holds the whole chip for 2 s, the key included (docs/adr/0025). So a
        // trusted hub is asked for a sign of life first: its answer shows that the link will end at once. A dead link
        // ends by itself. A hub that is not trusted is not asked, because its answer proves nothing.
        private long End(long nowMs)
        {
            if (!_isEnding)
            {
                _isEnding = true;
                _endingMs = nowMs;
                _queue.AskForLife(nowMs);
            }

            long lastMs = _endingMs + DeadLinkMs;
            if (_trust.IsTrusted && _trust.AliveMs <= _endingMs && nowMs < lastMs)
            {
                long due = Earlier(lastMs, _queue.StepEnding(nowMs));
                if (!_queue.LinkIsGone)
                {
                    return due;
                }
            }

            TurnOff(nowMs);
            return long.MaxValue;
        }

        private void TurnOff(long nowMs)
        {
            _radioOn = false;
            _isEnding = false;
            _link.Stop();
            _watch.OnStopped();
            _queue.OnRadioOff();
            _trust.ForgetLink(nowMs);
            _advertiser.OnOffAir();
        }

        private void RestartWhereDue(long nowMs)
        {
            if (_trust.MustRestart || _watch.MustRestart)
            {
                Restart(nowMs);
            }
        }

        private void Restart(long nowMs)
        {
            _trust.OnRestart(nowMs);
            _watch.OnRestart(nowMs);
            _link.Restart();
            _advertiser.OnOffAir();
        }

        private static long Earlier(long a, long b)
        {
            return a < b ? a : b;
        }
    }
}

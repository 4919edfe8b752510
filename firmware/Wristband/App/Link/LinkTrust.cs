using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Decides which links are trusted: the links that are up, the challenge that each must answer, the tags of
    /// received frames, and the limits on strangers (docs/adr/0022).
    /// </summary>
    public sealed class LinkTrust
    {
        private const int StrangersUntilRestart = 3;

        private enum Verdict : byte
        {
            Wrong = 0,
            Right = 1,
            RightUnderOld = 2,
            NotLookedAt = 3,
        }

        private readonly FrameSource _source;
        private readonly Tagger _tagger;
        private readonly BandSecrets _secrets;
        private readonly IMac _mac;
        private readonly byte[] _nonce = new byte[32];
        private readonly byte[] _nonceInput = new byte[16];
        private readonly TagLimiter _strangers = new TagLimiter();
        private readonly TagLimiter _hub = new TagLimiter();
        private int _challenges;
        private int _unauthenticated;
        private long _linkUpMs;
        private bool _judged;
        private bool _helloTried;
        private bool _tamper;

        /// <summary>Composes the judge over the band's keys.</summary>
        public LinkTrust(FrameSource source, Tagger tagger, BandSecrets secrets, IMac mac)
        {
            _source = source;
            _tagger = tagger;
            _secrets = secrets;
            _mac = mac;
        }

        /// <summary>Links that are up, trusted or not.</summary>
        public int Links { get; private set; }

        /// <summary>A hub of this home has answered the challenge.</summary>
        public bool IsTrusted { get; private set; }

        /// <summary>The hub has answered, or its 5 s for it are over.</summary>
        public bool IsJudged
        {
            get { return IsTrusted || _judged; }
        }

        /// <summary>A restart of the radio would end no link that is trusted or may still become trusted.</summary>
        public bool MayDropLinks
        {
            get { return Links == 0 || (!IsTrusted && _judged); }
        }

        /// <summary>The hub reaches the centre, as far as it has said.</summary>
        public bool HubOnline { get; private set; }

        /// <summary>Frames with a wrong tag since boot.</summary>
        public int BadTags { get; private set; }

        /// <summary>Time of the last right-tagged frame, ms.</summary>
        public long AliveMs { get; private set; }

        /// <summary>When the last trusted link ended, ms; 0 where there was none.</summary>
        public long EndedMs { get; private set; }

        /// <summary>Strangers or wrong tags have passed a limit, so the radio must be restarted.</summary>
        public bool MustRestart { get; private set; }

        /// <summary>The challenge frame for the newest link.</summary>
        public byte[] Challenge { get; } = new byte[Frame.Size];

        /// <summary>When the challenge is to be sent next, ms.</summary>
        public long ChallengeDueMs { get; set; }

        /// <summary>True once after more than 10 bad tags in a minute.</summary>
        public bool TakeTamper()
        {
            bool tamper = _tamper;
            _tamper = false;
            return tamper;
        }

        /// <summary>A link came up: its central must answer a fresh nonce.</summary>
        public void OnLinkUp(long nowMs)
        {
            Links++;
            Renew(nowMs);
        }

        /// <summary>A link went down.</summary>
        public void OnLinkDown(long nowMs)
        {
            if (Links > 0)
            {
                Links--;
            }

            if (!IsJudged)
            {
                CountStranger();
            }

            // The stack does not say which of two links has ended, so the remaining one must answer again.
            if (Links > 0)
            {
                Renew(nowMs);
            }
            else
            {
                ForgetLink(nowMs);
            }
        }

        /// <summary>No link is left.</summary>
        public void ForgetLink(long nowMs)
        {
            EndTrust(nowMs);
            Links = 0;
            _judged = true;
            HubOnline = false;
        }

        /// <summary>The radio was restarted.</summary>
        public void OnRestart(long nowMs)
        {
            ForgetLink(nowMs);
            _unauthenticated = 0;
            MustRestart = false;
        }

        /// <summary>Judges a link that does not answer; returns when that is due, ms.</summary>
        public long Step(long nowMs)
        {
            if (IsJudged || Links == 0)
            {
                return long.MaxValue;
            }

            if (nowMs - _linkUpMs < LinkTiming.HelloMs)
            {
                return _linkUpMs + LinkTiming.HelloMs;
            }

            CountStranger();
            return long.MaxValue;
        }

        /// <summary>
        /// Opens a frame in place and judges it: size, version, tag, and how many bad tags came before. Only a frame
        /// that is let in may be acted on.
        /// </summary>
        public bool Admit(byte[] frame, int count, long nowMs)
        {
            if (count != Frame.Size || Frame.VersionOf(frame, 0) != Frame.Version)
            {
                return Refuse(nowMs);
            }

            Verdict verdict = Look(frame, _secrets.Keys, nowMs);
            if (verdict == Verdict.Wrong && _secrets.HasOld)
            {
                verdict = Look(frame, _secrets.OldKeys, nowMs);
            }

            if (verdict == Verdict.Wrong)
            {
                return Refuse(nowMs);
            }

            FrameType type = Frame.TypeOf(frame, 0);
            if (verdict == Verdict.NotLookedAt
                || (verdict == Verdict.RightUnderOld && type != FrameType.Receipt && type != FrameType.Stage))
            {
                return false; // settings and the next change of the secret must be under the present secret
            }

            if (verdict == Verdict.Right && Frame.IsFromCentre(type))
            {
                _secrets.NoteProof();
            }

            return Accept(frame, type, nowMs);
        }

        // A hub may seal a frame with the keys of one secret although the centre has signed the frame under the other.
        private Verdict Look(byte[] frame, BandKeys keys, long nowMs)
        {
            _tagger.Open(keys.Air, false, frame);
            Verdict verdict = LookAtOpened(frame, keys, nowMs);
            if (verdict == Verdict.Wrong)
            {
                _tagger.Seal(keys.Air, false, frame);
            }

            return verdict;
        }

        private Verdict LookAtOpened(byte[] frame, BandKeys keys, long nowMs)
        {
            FrameType type = Frame.TypeOf(frame, 0);
            bool fromCentre = Frame.IsFromCentre(type);
            if (!fromCentre && !Frame.IsFromHub(type))
            {
                return Verdict.Wrong;
            }

            if (!MayLookAt(type, fromCentre, nowMs))
            {
                return Verdict.NotLookedAt;
            }

            if (!fromCentre)
            {
                return _tagger.LinkTagIsRight(keys.LinkDown, frame, 0) ? Verdict.Right : Verdict.Wrong;
            }

            if (_tagger.CentreTagIsRight(_secrets.Keys.CentreDown, frame, 0))
            {
                return Verdict.Right;
            }

            return _secrets.HasOld && _tagger.CentreTagIsRight(_secrets.OldKeys.CentreDown, frame, 0)
                ? Verdict.RightUnderOld : Verdict.Wrong;
        }

        // A tag of four bytes is safe only while guesses are few, so beyond the limit no frame is checked, except one
        // hello for each link. That hello lets the home's own hub back in.
        private bool MayLookAt(FrameType type, bool fromCentre, long nowMs)
        {
            if (IsTrusted)
            {
                return !fromCentre || !_hub.IsOver(nowMs);
            }

            if (!_strangers.IsOver(nowMs))
            {
                return true;
            }

            if (type != FrameType.LinkHello || _helloTried)
            {
                return false;
            }

            _helloTried = true;
            return true;
        }

        private bool Accept(byte[] frame, FrameType type, long nowMs)
        {
            if (type == FrameType.LinkHello)
            {
                if (!Bytes.Same(frame, Frame.PayloadOffset, _nonce, 0, LinkTiming.NonceBytes))
                {
                    return false;
                }

                IsTrusted = true;
                _judged = true;
                _unauthenticated = 0;
                HubOnline = false;
            }
            else if (type == FrameType.HubState && !(IsTrusted && Payload.HubStateIsBound(frame, 0, _nonce, 0)))
            {
                return false; // a state of an earlier link: replayed, or sent before the nonce changed
            }

            if (type == FrameType.HubState || type == FrameType.HubHeard)
            {
                HubOnline = Payload.HubOnline(frame, 0);
            }

            AliveMs = nowMs;
            return true;
        }

        private bool Refuse(long nowMs)
        {
            BadTags++;
            TagLimiter limiter = IsTrusted && Links <= 1 ? _hub : _strangers;
            if (limiter.CountBad(nowMs))
            {
                _tamper = true;
                MustRestart = true;
            }

            return false;
        }

        private void Renew(long nowMs)
        {
            EndTrust(nowMs);
            _judged = false;
            _helloTried = false;
            _linkUpMs = nowMs;
            ChallengeDueMs = nowMs;

            // (boot, counter) never repeats and only band and centre know the secret, so the nonce is fresh and cannot
            // be foreseen, without a random generator that an ESP32 may not have seeded yet.
            _challenges++;
            Bytes.PutU32(_nonceInput, 0, 0x4E314245); // "EB1N": no key derivation and no frame begins like it
            Bytes.PutU32(_nonceInput, 4, (uint)_source.Boot);
            Bytes.PutU32(_nonceInput, 8, (uint)_challenges);
            Bytes.PutU32(_nonceInput, 12, (uint)nowMs);
            _mac.HmacSha256(_secrets.Secret, _nonceInput, _nonceInput.Length, _nonce);
            _source.BeginVitals(Challenge, FrameType.LinkChallenge);
            Bytes.Copy(_nonce, 0, Challenge, Frame.PayloadOffset, LinkTiming.NonceBytes);
            _source.Sign(Challenge);
        }

        /// <summary>
        /// Signs the challenge again after a change of the secret, because the band may send the challenge again.
        /// </summary>
        public void SignAgain()
        {
            _source.Sign(Challenge);
        }

        private void CountStranger()
        {
            _judged = true;
            _unauthenticated++;
            MustRestart |= _unauthenticated >= StrangersUntilRestart;
        }

        private void EndTrust(long nowMs)
        {
            EndedMs = IsTrusted ? nowMs : EndedMs;
            IsTrusted = false;
        }
    }
}

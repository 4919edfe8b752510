using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>The radio link to one band.</summary>
    public enum LinkState : byte
    {
        /// <summary>None.</summary>
        Down = 0,

        /// <summary>A connect was requested; its outcome is an event.</summary>
        Connecting = 1,

        /// <summary>Up.</summary>
        Up = 2,
    }

    /// <summary>
    /// What the hub knows of one band: keys, windows, clock, link, and the frames and answers that the hub owes the
    /// band.
    /// </summary>
    public sealed class BandSession
    {
        /// <summary>Calls within this time after the first are one burst, ms.</summary>
        public const long CallLastsMs = 60000;

        private const int AckSlots = 8;
        private const int UncheckedSlots = 4;
        private const int ReadmitPerMinute = 6;
        private const int ReadmitProvenPerMinute = 10;

        private readonly byte[] _acks = new byte[AckSlots * Frame.PayloadOffset];
        private readonly byte[] _unchecked = new byte[UncheckedSlots * Frame.Size];
        private int _uncheckedNext;
        private long _readmitUntilMs;
        private int _readmitted;
        private int _readmittedProven;

        /// <summary>Address, 0 where the session is free.</summary>
        public long Address { get; private set; }

        /// <summary>The keys of the band.</summary>
        public BandKeySets Keys { get; } = new BandKeySets();

        /// <summary>Sequences seen on the alarm lane.</summary>
        public ReplayWindow AlarmWindow { get; private set; } = new ReplayWindow();

        /// <summary>Sequences seen on the vitals lane.</summary>
        public ReplayWindow VitalsWindow { get; private set; } = new ReplayWindow();

        /// <summary>Bad tags under this address.</summary>
        public TagLimiter Limiter { get; private set; } = new TagLimiter();

        /// <summary>The link.</summary>
        public LinkState Link { get; set; }

        /// <summary>Since when <see cref="Link"/> is what it is, ms.</summary>
        public long LinkSinceMs { get; set; }

        /// <summary>Last frame over the link, whatever its tag, ms.</summary>
        public long LinkFrameMs { get; set; }

        /// <summary>Earliest time of the next attempt to connect, ms.</summary>
        public long ConnectNotBeforeMs { get; set; }

        /// <summary>Attempts to connect that failed in a row.</summary>
        public int ConnectFailures { get; set; }

        /// <summary>Last advertisement, ms; -1 none since the last link.</summary>
        public long AdvertisedMs { get; set; }

        /// <summary>The band's last advertisement asked for a link.</summary>
        public bool WantsLink { get; set; }

        /// <summary>Last frame with a right tag (boot of the hub until then), ms.</summary>
        public long HeardMs { get; set; }

        /// <summary>When the band's present calls for help began, ms; long ago where there are none.</summary>
        public long CalledMs { get; private set; }

        /// <summary>True where a frame with a right tag was heard since the hub's boot.</summary>
        public bool Heard { get; set; }

        /// <summary>True where the silence has been reported.</summary>
        public bool Silent { get; set; }

        /// <summary>Mode in the last status.</summary>
        public BandMode Mode { get; set; }

        /// <summary>Strength of the last advertisement, dBm; 0 unknown.</summary>
        public int RssiDbm { get; set; }

        /// <summary>When the hub's state is due on the link, ms.</summary>
        public long HubStateDueMs { get; set; }

        /// <summary>True where the band waits for an answer to its nonce in <see cref="Hello"/>.</summary>
        public bool HelloOwed { get; set; }

        /// <summary>
        /// True where <see cref="Hello"/> holds the nonce of this link: without one there is no state to say.
        /// </summary>
        public bool HasNonce { get; set; }

        /// <summary>
        /// The peer of this link has sent a challenge with a number that is new: the peer is the band, because a
        /// stranger has old challenges only.
        /// </summary>
        public bool IsProven { get; set; }

        /// <summary>The answer to the nonce, ready but for its tag.</summary>
        public byte[] Hello { get; } = new byte[Frame.Size];

        /// <summary>Frames from the centre for the band.</summary>
        public DownFrames Down { get; } = new DownFrames();

        /// <summary>Earliest time of the next report of a key that does not fit, ms.</summary>
        public long KeyUnknownDueMs { get; set; }

        /// <summary>Earliest time of the next report of tampering, ms.</summary>
        public long TamperDueMs { get; set; }

        /// <summary>Boot of the band whose uptime is known, -1 none.</summary>
        public int ClockBoot { get; private set; }

        /// <summary>Monotonic time of the hub at which that boot of the band began, ms.</summary>
        public long ClockZeroMs { get; private set; }

        /// <summary>Acknowledgements owed.</summary>
        public int Acks { get; private set; }

        /// <summary>Assigns the session to a band; everything known of another one is forgotten.</summary>
        public void Assign(long address, long nowMs)
        {
            Address = address;
            Keys.Clear();
            AlarmWindow = new ReplayWindow();
            VitalsWindow = new ReplayWindow();
            Limiter = new TagLimiter();
            Link = LinkState.Down;
            LinkSinceMs = nowMs;
            ConnectNotBeforeMs = 0;
            ConnectFailures = 0;
            AdvertisedMs = -1;
            WantsLink = false;
            HeardMs = nowMs;
            CalledMs = -2 * CallLastsMs;
            Heard = false;
            Silent = false;
            Mode = BandMode.Daily;
            RssiDbm = 0;
            HubStateDueMs = 0;
            HelloOwed = false;
            HasNonce = false;
            IsProven = false;
            KeyUnknownDueMs = 0;
            TamperDueMs = 0;
            ClockBoot = -1;
            ClockZeroMs = 0;
            Acks = 0;
            _readmitUntilMs = 0;
            _readmitted = 0;
            _readmittedProven = 0;
            ForgetUnchecked();
            Down.Forget();
        }

        /// <summary>
        /// Notes that the band has sent a frame with a new number under a set of keys. Where that set is another than
        /// before, the band has changed its secret. Settings that the centre has signed before are then deleted,
        /// because the band would count them as frames of a stranger.
        /// </summary>
        public void HeardUnder(KeySet set)
        {
            if (Keys.Heard(set))
            {
                Down.ForgetSettings();
            }
        }

        /// <summary>The window of a lane.</summary>
        public ReplayWindow Window(Lane lane)
        {
            return lane == Lane.Alarm ? AlarmWindow : VitalsWindow;
        }

        /// <summary>Notes from a status that the band's boot began at this time of the hub.</summary>
        public void SetClock(int boot, int uptimeS, long nowMs)
        {
            ClockBoot = boot;
            ClockZeroMs = nowMs - (uptimeS * 1000L);
        }

        /// <summary>A new call of the band was stored.</summary>
        public void NoteCall(long nowMs)
        {
            CalledMs = nowMs - CalledMs > CallLastsMs ? nowMs : CalledMs;
        }

        /// <summary>True where the frame carries the band's uptime and is of the boot whose begin is known.</summary>
        public bool KnowsAge(byte[] data, int offset)
        {
            return ClockBoot == Frame.BootOf(data, offset) && Frame.IsLatched(Frame.TypeOf(data, offset));
        }

        /// <summary>Age of the frame's event, ms, for a frame that <see cref="KnowsAge"/> accepts.</summary>
        public uint AgeMs(byte[] data, int offset, long nowMs)
        {
            long age = nowMs - (ClockZeroMs + (Payload.UptimeS(data, offset) * 1000L));
            return age < 0 ? 0 : age > 0xFFFFFFFFL ? 0xFFFFFFFF : (uint)age;
        }

        /// <summary>
        /// Age that the event of an older boot has at least, ms: since the present boot of the band began. 0 where the
        /// frame does not show that it is older (P04).
        /// </summary>
        public long OlderBootMs(byte[] data, int offset, long nowMs)
        {
            bool isOlder = Frame.BootOf(data, offset) < ClockBoot
                && Frame.IsLatched(Frame.TypeOf(data, offset))
                && Payload.BootIsProven(data, offset);
            return isOlder ? nowMs - ClockZeroMs : 0;
        }

        /// <summary>
        /// The band wants an answer to its nonce. The hub sends header and payload back unchanged, tagged with the key
        /// of frames to the band. The hub's state is due with the answer.
        /// </summary>
        public void TakeChallenge(byte[] frame, long nowMs)
        {
            Frame.Begin(
                Hello,
                FrameType.LinkHello,
                Frame.LaneOf(frame, 0),
                Frame.BootOf(frame, 0),
                Frame.SequenceOf(frame, 0));
            Bytes.Copy(frame, Frame.PayloadOffset, Hello, Frame.PayloadOffset, Frame.PayloadSize);
            HelloOwed = true;
            HasNonce = true;
            HubStateDueMs = nowMs;
        }

        /// <summary>
        /// Owes the band the acknowledgement "heard" for the frame at <paramref name="offset"/>, once. The list is
        /// bounded; a band that gets no acknowledgement repeats its frame.
        /// </summary>
        public void OweAck(byte[] data, int offset)
        {
            for (int i = 0; i < Acks; i++)
            {
                if (Bytes.Same(_acks, i * Frame.PayloadOffset, data, offset, Frame.PayloadOffset))
                {
                    return;
                }
            }

            if (Acks < AckSlots)
            {
                Bytes.Copy(data, offset, _acks, Acks * Frame.PayloadOffset, Frame.PayloadOffset);
                Acks++;
            }
        }

        /// <summary>Builds the oldest acknowledgement owed, without its tag.</summary>
        public void PeekAck(byte[] frame, bool online, int minuteOfDay)
        {
            Frame.Begin(
                frame,
                FrameType.HubHeard,
                Frame.LaneOf(_acks, 0),
                Frame.BootOf(_acks, 0),
                Frame.SequenceOf(_acks, 0));
            Payload.PutHubState(frame, online, minuteOfDay);
        }

        /// <summary>The oldest acknowledgement was sent.</summary>
        public void PopAck()
        {
            Acks--;
            Bytes.Copy(_acks, Frame.PayloadOffset, _acks, 0, Acks * Frame.PayloadOffset);
        }

        /// <summary>
        /// True where the same frame with the same wrong tag was seen lately: then the frame is neither a new guess nor
        /// new information.
        /// </summary>
        public bool WasUnchecked(byte[] data, int offset)
        {
            for (int i = 0; i < UncheckedSlots; i++)
            {
                if (Bytes.Same(_unchecked, i * Frame.Size, data, offset, Frame.Size))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Remembers a frame with a wrong tag.</summary>
        public void NoteUnchecked(byte[] data, int offset)
        {
            Bytes.Copy(data, offset, _unchecked, _uncheckedNext * Frame.Size, Frame.Size);
            _uncheckedNext = (_uncheckedNext + 1) % UncheckedSlots;
        }

        /// <summary>The keys have changed, so frames that could not be checked may be checked now.</summary>
        public void ForgetUnchecked()
        {
            for (int i = 0; i < _unchecked.Length; i++)
            {
                _unchecked[i] = 0;
            }
        }

        /// <summary>
        /// Limits the frames that only the centre can judge to 6 a minute (P12): true where one more may pass. The last
        /// 3 are for calls, so replayed notes cannot keep out a true call of an older boot. Frames over a proven link
        /// have a limit of their own, which a stranger cannot use up.
        /// </summary>
        public bool MayReadmit(bool isCall, bool isProven, long nowMs)
        {
            if (nowMs >= _readmitUntilMs)
            {
                _readmitUntilMs = nowMs + 60000;
                _readmitted = 0;
                _readmittedProven = 0;
            }

            if (isProven)
            {
                _readmittedProven++;
                return _readmittedProven <= ReadmitProvenPerMinute;
            }

            if (_readmitted >= (isCall ? ReadmitPerMinute : ReadmitPerMinute / 2))
            {
                return false;
            }

            _readmitted++;
            return true;
        }
    }
}

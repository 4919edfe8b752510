using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>The radio link to one band.</summary>
    public enum LinkState : byte
    {
        /// <summary>None.</summary>
        Down = 0,

        /// <summary>Asked for; the outcome is an event.</summary>
        Connecting = 1,

        /// <summary>Up.</summary>
        Up = 2,
    }

    /// <summary>What the hub knows of one band: keys, windows, clock, link, and what it owes it.</summary>
    public sealed class BandSession
    {
        /// <summary>Frames from the centre kept for one band.</summary>
        public const int DownSlots = 16;

        private const int AckSlots = 8;
        private const int UncheckedSlots = 4;
        private const int ReadmitPerMinute = 10;
        private const int DownTries = 5;
        private const long DownRetryMs = 3000;

        private readonly byte[] _acks = new byte[AckSlots * Frame.PayloadOffset];
        private readonly byte[] _unchecked = new byte[UncheckedSlots * Frame.Size];
        private readonly byte[][] _down = new byte[DownSlots][];
        private readonly bool[] _downOwed = new bool[DownSlots];
        private readonly int[] _downTries = new int[DownSlots];
        private readonly long[] _downDueMs = new long[DownSlots];
        private readonly uint[] _downOrder = new uint[DownSlots];
        private int _uncheckedNext;
        private uint _order;
        private long _readmitWindowMs;
        private int _readmitted;

        /// <summary>Takes all memory it will ever use.</summary>
        public BandSession()
        {
            for (int i = 0; i < DownSlots; i++)
            {
                _down[i] = new byte[Frame.Size];
            }
        }

        /// <summary>Address, 0 where the session is free.</summary>
        public long Address { get; private set; }

        /// <summary>Key of frames from the band.</summary>
        public byte[] LinkUpKey { get; } = new byte[BandKeys.Size];

        /// <summary>Key of frames to the band.</summary>
        public byte[] LinkDownKey { get; } = new byte[BandKeys.Size];

        /// <summary>What was seen on the alarm lane.</summary>
        public ReplayWindow AlarmWindow { get; private set; } = new ReplayWindow();

        /// <summary>What was seen on the vitals lane.</summary>
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

        /// <summary>Last frame with a right tag (boot of the hub until then), ms.</summary>
        public long HeardMs { get; set; }

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

        /// <summary>True where <see cref="Hello"/> holds the nonce of this link: without one there is no state to say.</summary>
        public bool HasNonce { get; set; }

        /// <summary>The answer to the nonce, ready but for its tag.</summary>
        public byte[] Hello { get; } = new byte[Frame.Size];

        /// <summary>Last report of a key that does not fit, ms; a very early time for never.</summary>
        public long KeyUnknownMs { get; set; }

        /// <summary>Last report of tampering, ms.</summary>
        public long TamperMs { get; set; }

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
            AlarmWindow = new ReplayWindow();
            VitalsWindow = new ReplayWindow();
            Limiter = new TagLimiter();
            Link = LinkState.Down;
            LinkSinceMs = nowMs;
            ConnectNotBeforeMs = 0;
            ConnectFailures = 0;
            AdvertisedMs = -1;
            HeardMs = nowMs;
            Heard = false;
            Silent = false;
            Mode = BandMode.Daily;
            RssiDbm = 0;
            HubStateDueMs = 0;
            HelloOwed = false;
            HasNonce = false;
            KeyUnknownMs = Hub.Never;
            TamperMs = Hub.Never;
            ClockBoot = -1;
            ClockZeroMs = 0;
            Acks = 0;
            _readmitWindowMs = Hub.Never;
            _readmitted = 0;
            ForgetUnchecked();
            for (int i = 0; i < DownSlots; i++)
            {
                _downOwed[i] = false;
                _downOrder[i] = 0;
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

        /// <summary>Owes the band "heard" for the frame at <paramref name="offset"/>; once, and bounded: it asks again.</summary>
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

        /// <summary>True where this very frame with a wrong tag was met lately: it is no new guess and no new news.</summary>
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

        /// <summary>The keys have changed: what could not be checked may be checked now.</summary>
        public void ForgetUnchecked()
        {
            for (int i = 0; i < _unchecked.Length; i++)
            {
                _unchecked[i] = 0;
            }
        }

        /// <summary>At most 10 a minute of what only the centre can judge (P12): true where one more may pass.</summary>
        public bool MayReadmit(long nowMs)
        {
            if (nowMs - _readmitWindowMs >= 60000)
            {
                _readmitWindowMs = nowMs;
                _readmitted = 0;
            }

            if (_readmitted >= ReadmitPerMinute)
            {
                return false;
            }

            _readmitted++;
            return true;
        }

        /// <summary>
        /// Takes a frame from the centre. It replaces the one about the same thing: a stage of the same alarm unless that
        /// one's revision is higher, a receipt of the same frame, the configuration, the link group.
        /// </summary>
        public void TakeDown(byte[] data, int offset)
        {
            FrameType type = Frame.TypeOf(data, offset);
            int slot = -1;
            for (int i = 0; i < DownSlots && slot < 0; i++)
            {
                if (_downOrder[i] == 0 || Frame.TypeOf(_down[i], 0) != type)
                {
                    continue;
                }

                if (type == FrameType.Configuration
                    || type == FrameType.LinkGroup
                    || Bytes.Same(_down[i], 0, data, offset, Frame.PayloadOffset))
                {
                    slot = i;
                }
            }

            if (slot >= 0
                && type == FrameType.Stage
                && Payload.StageRevision(_down[slot], 0) > Payload.StageRevision(data, offset))
            {
                return;
            }

            if (slot < 0)
            {
                slot = LeastNeeded();
            }

            Bytes.Copy(data, offset, _down[slot], 0, Frame.Size);
            _downOrder[slot] = ++_order;
            OweDown(slot);
        }

        /// <summary>The band repeats a frame: true where the centre's answer to it is here, and is now owed again.</summary>
        public bool OweAnswer(byte[] data, int offset)
        {
            bool found = false;
            for (int i = 0; i < DownSlots; i++)
            {
                FrameType type = Frame.TypeOf(_down[i], 0);
                if (_downOrder[i] != 0
                    && (type == FrameType.Receipt || type == FrameType.Stage)
                    && Frame.LaneOf(_down[i], 0) == Frame.LaneOf(data, offset)
                    && Bytes.Same(_down[i], 1, data, offset + 1, Frame.PayloadOffset - 1))
                {
                    OweDown(i);
                    found = true;
                }
            }

            return found;
        }

        /// <summary>The wrist shows this stage: no need to send it, or an earlier one, again.</summary>
        public void StageShown(byte[] data, int offset)
        {
            for (int i = 0; i < DownSlots; i++)
            {
                if (_downOwed[i]
                    && Frame.TypeOf(_down[i], 0) == FrameType.Stage
                    && Frame.BootOf(_down[i], 0) == Payload.ShownBoot(data, offset)
                    && Frame.SequenceOf(_down[i], 0) == Payload.ShownSequence(data, offset)
                    && Payload.StageOf(_down[i], 0) == Payload.ShownStage(data, offset))
                {
                    _downOwed[i] = false;
                }
            }
        }

        /// <summary>True where frames from the centre wait for the band.</summary>
        public bool OwesDown()
        {
            for (int i = 0; i < DownSlots; i++)
            {
                if (_downOwed[i])
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>The frame from the centre that is due now, oldest first; null for none.</summary>
        public byte[] NextDown(long nowMs, out int slot)
        {
            slot = -1;
            for (int i = 0; i < DownSlots; i++)
            {
                if (_downOwed[i] && _downDueMs[i] <= nowMs && (slot < 0 || _downOrder[i] < _downOrder[slot]))
                {
                    slot = i;
                }
            }

            return slot < 0 ? null : _down[slot];
        }

        /// <summary>The frame went out. A stage is repeated until shown, the rest once more; the centre repeats anyway.</summary>
        public void DownSent(int slot, long nowMs)
        {
            _downTries[slot]++;
            _downDueMs[slot] = nowMs + DownRetryMs;
            int tries = Frame.TypeOf(_down[slot], 0) == FrameType.Stage ? DownTries : 2;
            if (_downTries[slot] >= tries)
            {
                _downOwed[slot] = false;
            }
        }

        /// <summary>A new link: what is owed goes out at once.</summary>
        public void AllDownDue()
        {
            for (int i = 0; i < DownSlots; i++)
            {
                _downDueMs[i] = 0;
            }
        }

        /// <summary>Milliseconds between signs of life in the band's mode.</summary>
        public int BeatMs()
        {
            switch (Mode)
            {
                case BandMode.Guard:
                    return 60000;
                case BandMode.Shelf:
                    return 900000;
                default:
                    return 300000;
            }
        }

        private void OweDown(int slot)
        {
            _downOwed[slot] = true;
            _downTries[slot] = 0;
            _downDueMs[slot] = 0;
        }

        /// <summary>A free slot, else the oldest that is delivered, else the oldest that is no stage, else the oldest.</summary>
        private int LeastNeeded()
        {
            int best = 0;
            int bestRank = 4;
            for (int i = 0; i < DownSlots; i++)
            {
                int rank = _downOrder[i] == 0 ? 0
                    : !_downOwed[i] ? 1
                    : Frame.TypeOf(_down[i], 0) != FrameType.Stage ? 2
                    : 3;
                if (rank < bestRank || (rank == bestRank && _downOrder[i] < _downOrder[best]))
                {
                    best = i;
                    bestRank = rank;
                }
            }

            return best;
        }
    }
}

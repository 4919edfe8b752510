using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>Frames from the centre for one band: kept until the band has them, oldest first.</summary>
    public sealed class DownFrames
    {
        /// <summary>Frames kept.</summary>
        public const int Slots = 16;

        private const int StageTries = 5;
        private const int OtherTries = 2;
        private const long RetryMs = 3000;

        private readonly byte[][] _frames = new byte[Slots][];
        private readonly bool[] _owed = new bool[Slots];
        private readonly int[] _tries = new int[Slots];
        private readonly long[] _dueMs = new long[Slots];
        private readonly uint[] _orders = new uint[Slots];
        private uint _order;

        /// <summary>Allocates all memory that the frames will use.</summary>
        public DownFrames()
        {
            for (int i = 0; i < Slots; i++)
            {
                _frames[i] = new byte[Frame.Size];
            }
        }

        /// <summary>True where a frame waits for the band.</summary>
        public bool Owes
        {
            get
            {
                for (int i = 0; i < Slots; i++)
                {
                    if (_owed[i])
                    {
                        return true;
                    }
                }

                return false;
            }
        }

        /// <summary>Forgets everything.</summary>
        public void Forget()
        {
            for (int i = 0; i < Slots; i++)
            {
                _owed[i] = false;
                _orders[i] = 0;
            }
        }

        /// <summary>
        /// Takes a frame from the centre. The new frame replaces the kept one of the same subject: a stage of the same
        /// alarm unless the kept revision is higher, a receipt of the same frame, the configuration, the link group.
        /// </summary>
        public void Take(byte[] data, int offset)
        {
            FrameType type = Frame.TypeOf(data, offset);
            int slot = -1;
            for (int i = 0; i < Slots && slot < 0; i++)
            {
                if (_orders[i] == 0 || Frame.TypeOf(_frames[i], 0) != type)
                {
                    continue;
                }

                if (type == FrameType.Configuration
                    || type == FrameType.LinkGroup
                    || Bytes.Same(_frames[i], 0, data, offset, Frame.PayloadOffset))
                {
                    slot = i;
                }
            }

            if (slot >= 0
                && type == FrameType.Stage
                && Payload.StageRevision(_frames[slot], 0) > Payload.StageRevision(data, offset))
            {
                return;
            }

            if (slot < 0)
            {
                slot = LeastNeeded();
            }

            Bytes.Copy(data, offset, _frames[slot], 0, Frame.Size);
            _orders[slot] = ++_order;
            Owe(slot);
        }

        /// <summary>
        /// The band repeats a frame: true where the centre's answer to it is here, and is now owed again.
        /// </summary>
        public bool OweAnswer(byte[] data, int offset)
        {
            bool found = false;
            for (int i = 0; i < Slots; i++)
            {
                if (Answers(i, data, offset))
                {
                    Owe(i);
                    found = true;
                }
            }

            return found;
        }

        /// <summary>
        /// Another frame came under this frame's number: the centre's answer to the first must not be taken for its
        /// own.
        /// </summary>
        public void ForgetAnswer(byte[] data, int offset)
        {
            for (int i = 0; i < Slots; i++)
            {
                if (Answers(i, data, offset))
                {
                    _owed[i] = false;
                    _orders[i] = 0;
                }
            }
        }

        /// <summary>The wrist shows this stage, so this and earlier stages need not be sent again.</summary>
        public void StageShown(byte[] data, int offset)
        {
            for (int i = 0; i < Slots; i++)
            {
                if (_owed[i]
                    && Frame.TypeOf(_frames[i], 0) == FrameType.Stage
                    && Frame.BootOf(_frames[i], 0) == Payload.ShownBoot(data, offset)
                    && Frame.SequenceOf(_frames[i], 0) == Payload.ShownSequence(data, offset)
                    && Payload.StageOf(_frames[i], 0) == Payload.ShownStage(data, offset))
                {
                    _owed[i] = false;
                }
            }
        }

        /// <summary>
        /// Deletes all frames except receipts and stages. The centre sends the deleted settings again.
        /// </summary>
        public void ForgetSettings()
        {
            for (int i = 0; i < Slots; i++)
            {
                FrameType type = Frame.TypeOf(_frames[i], 0);
                if (type != FrameType.Receipt && type != FrameType.Stage)
                {
                    _owed[i] = false;
                    _orders[i] = 0;
                }
            }
        }

        /// <summary>The frame that is due now, oldest first; null for none.</summary>
        public byte[] Next(long nowMs, out int slot)
        {
            slot = -1;
            for (int i = 0; i < Slots; i++)
            {
                if (_owed[i] && _dueMs[i] <= nowMs && (slot < 0 || _orders[i] < _orders[slot]))
                {
                    slot = i;
                }
            }

            return slot < 0 ? null : _frames[slot];
        }

        /// <summary>
        /// The frame went out. A stage is repeated until shown, the rest once more; the centre repeats anyway.
        /// </summary>
        public void Sent(int slot, long nowMs)
        {
            _tries[slot]++;
            _dueMs[slot] = nowMs + RetryMs;
            int tries = Frame.TypeOf(_frames[slot], 0) == FrameType.Stage ? StageTries : OtherTries;
            if (_tries[slot] >= tries)
            {
                _owed[slot] = false;
            }
        }

        /// <summary>A new link: what is owed goes out at once.</summary>
        public void AllDue()
        {
            for (int i = 0; i < Slots; i++)
            {
                _dueMs[i] = 0;
            }
        }

        private bool Answers(int slot, byte[] data, int offset)
        {
            FrameType type = Frame.TypeOf(_frames[slot], 0);
            return _orders[slot] != 0
                && (type == FrameType.Receipt || type == FrameType.Stage)
                && Frame.LaneOf(_frames[slot], 0) == Frame.LaneOf(data, offset)
                && Bytes.Same(_frames[slot], 1, data, offset + 1, Frame.PayloadOffset - 1);
        }

        private void Owe(int slot)
        {
            _owed[slot] = true;
            _tries[slot] = 0;
            _dueMs[slot] = 0;
        }

        /// <summary>
        /// A free slot, else the oldest that is delivered, else the oldest that is no stage, else the oldest.
        /// </summary>
        private int LeastNeeded()
        {
            int best = 0;
            int bestRank = 4;
            for (int i = 0; i < Slots; i++)
            {
                int rank = _orders[i] == 0 ? 0
                    : !_owed[i] ? 1
                    : Frame.TypeOf(_frames[i], 0) != FrameType.Stage ? 2
                    : 3;
                if (rank < bestRank || (rank == bestRank && _orders[i] < _orders[best]))
                {
                    best = i;
                    bestRank = rank;
                }
            }

            return best;
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>Facts that are kept across boots.</summary>
    [System.Flags]
    public enum LatchMemory : byte
    {
        /// <summary>None.</summary>
        None = 0,

        /// <summary>
        /// The key was held for 20 s and ended the last boot. If it is still down, it is stuck and no press.
        /// </summary>
        KeyReset = 1,

        /// <summary>Staff know that the battery is low.</summary>
        LowTold = 2,

        /// <summary>Staff know that the battery is critical.</summary>
        CriticalTold = 4,

        /// <summary>
        /// The press latch beside the key did not remember the last press: a wake by the key counts as a press.
        /// </summary>
        PressLatchFails = 8,
    }

    /// <summary>
    /// The frames that must reach the centre, and how far each has come: 8 slots in one A/B record, written before a
    /// frame is sent (R2) and kept until the centre's own receipt (R3). A closed alarm stays in its slot until the slot
    /// is needed, so that a replayed stage finds its higher revision, also after a reboot (P12). A record that cannot
    /// be read is not written over: the latch works from memory, and each save reads first (docs/adr/0019).
    /// </summary>
    public sealed class AlarmLatch
    {
        /// <summary>Slots.</summary>
        public const int Slots = 8;

        private const byte Format = 1;
        private const int HeaderBytes = 3;
        private const int SlotBytes = Frame.Size + 8;
        private const int BootBytes = 3;
        private const int MaxBytes = HeaderBytes + (Slots * SlotBytes) + TraceRing.SavedSize + BootBytes;
        private const uint UnreadOrders = 1 << 20;
        private const byte PendingBit = 1;
        private const byte OpenBit = 2;
        private const byte OvertakenBit = 4;
        private const byte OpenedCardBit = 8;

        private readonly LatchSlot[] _slots = new LatchSlot[Slots];
        private readonly AbRecord _record;
        private readonly TraceRing _trace;
        private readonly byte[] _image = new byte[MaxBytes];
        private uint _order;
        private bool _dirty;
        private bool _overflowed;
        private bool _readLate;

        /// <summary>Makes an empty latch over the flash; the end of the trace travels behind its slots.</summary>
        public AlarmLatch(IFlash flash, TraceRing trace)
        {
            _trace = trace;
            _record = new AbRecord(flash, "latch", MaxBytes);
            for (int i = 0; i < Slots; i++)
            {
                _slots[i] = new LatchSlot();
            }
        }

        /// <summary>True where what is in memory is not yet on flash.</summary>
        public bool IsDirty
        {
            get { return _dirty; }
        }

        /// <summary>
        /// True where the record could not be read. Its content stays on flash, and each save tries to read the record
        /// first.
        /// </summary>
        public bool IsUnread
        {
            get { return _record.IsUnread; }
        }

        /// <summary>Highest boot that the record knows, 0 for none: a second copy of the count.</summary>
        public int Boot { get; private set; }

        /// <summary>Facts that are kept across boots; set with <see cref="Remember"/>.</summary>
        public LatchMemory Memory { get; private set; }

        /// <summary>Frames without the centre's receipt.</summary>
        public int PendingCount
        {
            get
            {
                int count = 0;
                for (int i = 0; i < Slots; i++)
                {
                    if (_slots[i].Pending)
                    {
                        count++;
                    }
                }

                return count;
            }
        }

        /// <summary>An alarm is not closed: its next stage may come at any time.</summary>
        public bool HasOpen
        {
            get
            {
                bool any = false;
                for (int i = 0; i < Slots; i++)
                {
                    any |= _slots[i].Used && _slots[i].Open;
                }

                return any;
            }
        }

        /// <summary>Importance of a type: 2 alarm, 1 answer or inactivity, 0 note.</summary>
        public static int RankOf(FrameType type)
        {
            switch (type)
            {
                case FrameType.Sos:
                case FrameType.FallSuspected:
                case FrameType.FallConfirmed:
                    return 2;
                case FrameType.FallCancelled:
                case FrameType.NotNeeded:
                case FrameType.Inactivity:
                    return 1;
                default:
                    return 0;
            }
        }

        /// <summary>The slot at an index, 0 to 7.</summary>
        public LatchSlot At(int index)
        {
            return _slots[index];
        }

        /// <summary>True once after a frame was dropped from a slot or was refused for want of one.</summary>
        public bool TakeOverflow()
        {
            bool overflowed = _overflowed;
            _overflowed = false;
            return overflowed;
        }

        /// <summary>
        /// Returns true once after the latch has read a record that it could not read at the start of this boot.
        /// </summary>
        public bool TakeReadLate()
        {
            bool readLate = _readLate;
            _readLate = false;
            return readLate;
        }

        /// <summary>Loads the slots that the last boot stored.</summary>
        public void Load(long nowMs)
        {
            int length = Read(nowMs);
            _order += IsUnread ? UnreadOrders : 0; // frames from now on are newer than all of the unread record
            if (length < HeaderBytes)
            {
                return;
            }

            Memory = (LatchMemory)_image[2];
            int traceAt = HeaderBytes + (_image[1] * SlotBytes);
            if (traceAt + TraceRing.SavedSize <= length)
            {
                _trace.LoadLast(_image, traceAt);
            }
        }

        /// <summary>
        /// This boot has begun. The record must be written where it knows only a boot <see cref="BootCount.SaveEvery"/>
        /// or more earlier.
        /// </summary>
        public void NoteBoot(int boot)
        {
            _dirty |= boot - Boot >= BootCount.SaveEvery;
            Boot = boot;
        }

        // Reads the record and adds its frames to those in memory; returns the record's length, -1 for none.
        private int Read(long nowMs)
        {
            int length = _record.Load(_image);
            _dirty |= IsUnread;
            if (length < HeaderBytes || _image[0] != Format)
            {
                return -1;
            }

            int count = _image[1];
            int bootAt = HeaderBytes + (count * SlotBytes) + TraceRing.SavedSize;
            if (bootAt + BootBytes <= length)
            {
                int boot = Bytes.GetU24(_image, bootAt);
                Boot = boot > Boot ? boot : Boot;
            }

            for (int i = 0; i < count && i < Slots && HeaderBytes + ((i + 1) * SlotBytes) <= length; i++)
            {
                TakeIn(HeaderBytes + (i * SlotBytes), nowMs);
            }

            return length;
        }

        private void TakeIn(int at, long nowMs)
        {
            int boot = Frame.BootOf(_image, at);
            LatchSlot here = Find(boot, Frame.SequenceOf(_image, at));
            if (here != null && (here.IsFollowing || Bytes.Same(here.Frame, 0, _image, at, Frame.LinkTagOffset)))
            {
                return;
            }

            LatchSlot slot = LatchRoom.Find(_slots, RankOf(Frame.TypeOf(_image, at)));
            if (slot == null)
            {
                _overflowed = true;
                return;
            }

            _overflowed |= slot.Used && slot.Pending;
            Bytes.Copy(_image, at, slot.Frame, 0, Frame.Size);
            at += Frame.Size;
            slot.Used = true;
            slot.IsFollowing = false;
            slot.Pending = (_image[at] & PendingBit) != 0;
            slot.Open = (_image[at] & OpenBit) != 0;
            slot.Overtaken = (_image[at] & OvertakenBit) != 0;
            slot.OpenedCard = (_image[at] & OpenedCardBit) != 0;
            slot.Stage = (Stage)_image[at + 1];
            slot.Revision = Bytes.GetU16(_image, at + 2) - 1;
            slot.Order = Bytes.GetU32(_image, at + 4);
            slot.Shown = Stage.Waiting;
            slot.Heard = false;
            slot.AtMs = nowMs;
            slot.NextTryMs = nowMs;
            Boot = boot > Boot ? boot : Boot;
            if (slot.Order > _order)
            {
                _order = slot.Order;
            }
        }

        /// <summary>
        /// Takes a slot for a frame of this type, as <see cref="LatchRoom"/> chooses it. Null where the latch is full
        /// of more important frames.
        /// </summary>
        public LatchSlot Take(FrameType type, long nowMs)
        {
            LatchSlot slot = LatchRoom.Find(_slots, RankOf(type));
            if (slot == null)
            {
                _overflowed = true;
                return null;
            }

            if (slot.Pending)
            {
                _overflowed = true;
            }

            _order++;
            slot.Used = true;
            slot.Pending = true;
            slot.IsFollowing = false;
            slot.Open = type == FrameType.Sos || type == FrameType.FallSuspected;
            slot.Overtaken = false;
            slot.OpenedCard = false;
            slot.Stage = Stage.Waiting;
            slot.Revision = -1;
            slot.Order = _order;
            slot.Shown = Stage.Waiting;
            slot.Heard = false;
            slot.AtMs = nowMs;
            slot.NextTryMs = nowMs;
            _dirty = true;
            return slot;
        }

        /// <summary>The slot of a frame, null where it is not known.</summary>
        public LatchSlot Find(int boot, int sequence)
        {
            for (int i = 0; i < Slots; i++)
            {
                LatchSlot slot = _slots[i];
                if (slot.Used && slot.Sequence == sequence && slot.Boot == boot)
                {
                    return slot;
                }
            }

            return null;
        }

        /// <summary>The centre has the frame: the slot is freed, or keeps following the alarm.</summary>
        public void Delivered(LatchSlot slot)
        {
            if (!slot.Pending)
            {
                return;
            }

            slot.Pending = false;
            slot.Used = slot.Type == FrameType.Sos || slot.Type == FrameType.FallSuspected;
            _dirty = true;
        }

        /// <summary>Sets or clears a fact; written with the next <see cref="Save"/>.</summary>
        public void Remember(LatchMemory fact, bool holds)
        {
            LatchMemory memory = holds ? Memory | fact : Memory & ~fact;
            _dirty |= memory != Memory;
            Memory = memory;
        }

        /// <summary>Pending frames of a type.</summary>
        public int CountPending(FrameType type)
        {
            int count = 0;
            for (int i = 0; i < Slots; i++)
            {
                count += _slots[i].Pending && _slots[i].Type == type ? 1 : 0;
            }

            return count;
        }

        /// <summary>A slot has changed and must be written.</summary>
        public void Touch()
        {
            _dirty = true;
        }

        /// <summary>
        /// Writes the record where it has changed. An unread record is read first; the result is Failed where it still
        /// cannot be read.
        /// </summary>
        public FlashResult Save(long nowMs)
        {
            if (!_dirty)
            {
                return FlashResult.Ok;
            }

            if (IsUnread)
            {
                Read(nowMs);
                _readLate = !IsUnread;
            }

            int count = 0;
            for (int i = 0; i < Slots; i++)
            {
                LatchSlot slot = _slots[i];
                if (!slot.Used)
                {
                    continue;
                }

                int at = HeaderBytes + (count * SlotBytes);
                Bytes.Copy(slot.Frame, 0, _image, at, Frame.Size);
                at += Frame.Size;
                _image[at] = (byte)((slot.Pending ? PendingBit : 0) | (slot.Open ? OpenBit : 0)
                    | (slot.Overtaken ? OvertakenBit : 0) | (slot.OpenedCard ? OpenedCardBit : 0));
                _image[at + 1] = (byte)slot.Stage;
                Bytes.PutU16(_image, at + 2, slot.Revision + 1);
                Bytes.PutU32(_image, at + 4, slot.Order);
                count++;
            }

            _image[0] = Format;
            _image[1] = (byte)count;
            _image[2] = (byte)Memory;
            int traceAt = HeaderBytes + (count * SlotBytes);
            _trace.SaveLast(_image, traceAt);
            Bytes.PutU24(_image, traceAt + TraceRing.SavedSize, Boot);
            FlashResult result = _record.Save(_image, traceAt + TraceRing.SavedSize + BootBytes);
            _dirty = result != FlashResult.Ok;
            return result;
        }
    }
}

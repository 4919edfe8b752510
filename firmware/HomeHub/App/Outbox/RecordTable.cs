using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>State of a record of the outbox.</summary>
    public enum RecordState : byte
    {
        /// <summary>No record here.</summary>
        Free = 0,

        /// <summary>In memory only, by design (vitals while online).</summary>
        Memory = 1,

        /// <summary>Waits to be written to flash.</summary>
        Pending = 2,

        /// <summary>On flash since the last flush, not yet acknowledged to the band.</summary>
        Fresh = 3,

        /// <summary>On flash.</summary>
        Stored = 4,
    }

    /// <summary>
    /// The records of a lane in memory. A record stays in one slot until it is removed. A slot holds the bytes that
    /// also go to flash: kind 1, hub boot 3, number in that boot 2, band address 6, signal strength 1, flags 1 (those
    /// of <see cref="Envelope"/>), age at arrival 4, frame 20, CRC 4. Two indexes, and a list for each state and each
    /// queue, make the cost of every operation independent of the number of records.
    /// </summary>
    public class RecordTable
    {
        /// <summary>Bytes in a slot.</summary>
        public const int SlotSize = 42;

        /// <summary>Offset of the CRC in a slot.</summary>
        public const int CrcAt = SlotSize - 4;

        /// <summary>Offset of the frame in a slot.</summary>
        public const int FrameOffset = 18;

        // A record's age need not be known better than this, and a tick takes half the RAM of a time in ms.
        private const int TickMs = 100;
        /// <summary>Offset of the flags in a slot.</summary>
        public const int FlagsAt = 13;

        /// <summary>Offset of the age at arrival in a slot.</summary>
        public const int AgeAt = 14;

        private const int States = 5;
        private const int QualityMask = 0x0C;

        private readonly byte[] _data;
        private readonly SlotLists _states;
        private readonly SlotIndex _byNumber;
        private readonly SlotIndex _byFrame;
        private readonly int[] _receivedTicks;
        private int _used;

        /// <summary>Allocates all memory that the table will use.</summary>
        /// <param name="capacity">Records at most.</param>
        /// <param name="queues">Queues to the centre, numbered from 1.</param>
        /// <param name="findsFrames">True where <see cref="Find"/> is used; only then is its index allocated.</param>
        protected RecordTable(int capacity, int queues, bool findsFrames)
        {
            Capacity = capacity;
            _data = new byte[capacity * SlotSize];
            _states = new SlotLists(capacity, States);
            _byNumber = new SlotIndex(capacity);
            _byFrame = findsFrames ? new SlotIndex(capacity) : null;
            _receivedTicks = new int[capacity];
            Queues = new SendQueues(capacity, queues);
        }

        /// <summary>Records at most; slots are numbered from 0 to one less.</summary>
        public int Capacity { get; }

        /// <summary>The slots' bytes; read only.</summary>
        public byte[] Data
        {
            get { return _data; }
        }

        /// <summary>The order in which the records go to the centre.</summary>
        public SendQueues Queues { get; }

        /// <summary>Records held.</summary>
        public int Count
        {
            get { return _used - _states.Count((int)RecordState.Free); }
        }

        /// <summary>Records that wait for the flash.</summary>
        public int PendingCount
        {
            get { return _states.Count((int)RecordState.Pending); }
        }

        /// <summary>The record that has been longest in a state, -1 for none.</summary>
        public int First(RecordState state)
        {
            return _states.First((int)state);
        }

        /// <summary>The next record of the same state, -1 after the last.</summary>
        public int NextOfState(int slot)
        {
            return _states.Next(slot);
        }

        /// <summary>State of a slot.</summary>
        public RecordState State(int slot)
        {
            return (RecordState)_states.ListOf(slot);
        }

        /// <summary>Hub boot in which the record was made.</summary>
        public int Boot(int slot)
        {
            return Bytes.GetU24(_data, (slot * SlotSize) + 1);
        }

        /// <summary>Number within that boot.</summary>
        public int Sequence(int slot)
        {
            return Bytes.GetU16(_data, (slot * SlotSize) + 4);
        }

        /// <summary>Address of the band, 0 for the hub.</summary>
        public long Address(int slot)
        {
            return Bytes.GetU48(_data, (slot * SlotSize) + 6);
        }

        /// <summary>Offset of the record's frame in <see cref="Data"/>.</summary>
        public int FrameAt(int slot)
        {
            return (slot * SlotSize) + FrameOffset;
        }

        /// <summary>Type of the record's frame.</summary>
        public FrameType TypeOf(int slot)
        {
            return Frame.TypeOf(_data, FrameAt(slot));
        }

        /// <summary>True where the link tag was checked.</summary>
        public bool IsLinkChecked(int slot)
        {
            return (_data[(slot * SlotSize) + FlagsAt] & Envelope.LinkChecked) != 0;
        }

        /// <summary>How well the age is known.</summary>
        public AgeQuality Quality(int slot)
        {
            return (AgeQuality)((_data[(slot * SlotSize) + FlagsAt] >> 2) & 3);
        }

        /// <summary>Age of the event now, ms, up to 100 ms too high; at most 2^32 - 1 (49 days).</summary>
        public uint AgeMs(int slot, long nowMs)
        {
            long age = Bytes.GetU32(_data, (slot * SlotSize) + AgeAt) + (nowMs - ReceivedMs(slot));
            return age > 0xFFFFFFFFL ? 0xFFFFFFFF : (uint)age;
        }

        /// <summary>
        /// Monotonic time at which the record arrived, ms, down to 100 ms (0 for one that an earlier boot left).
        /// </summary>
        public long ReceivedMs(int slot)
        {
            return (long)_receivedTicks[slot] * TickMs;
        }

        /// <summary>Sets the age at arrival, and how well it is known, after the record was added.</summary>
        public void SetAge(int slot, uint ageMs, AgeQuality quality)
        {
            int at = slot * SlotSize;
            _data[at + FlagsAt] = (byte)((_data[at + FlagsAt] & ~QualityMask) | ((int)quality << 2));
            Bytes.PutU32(_data, at + AgeAt, ageMs);
        }

        /// <summary>Adds the record to an envelope; returns what <see cref="Envelope.Add"/> returns.</summary>
        public int AddTo(byte[] envelope, int slot, long nowMs)
        {
            int at = slot * SlotSize;
            byte flags = (byte)(_data[at + FlagsAt] & (Envelope.LinkChecked | Envelope.Advertised));
            return Envelope.Add(
                envelope,
                Boot(slot),
                Sequence(slot),
                Address(slot),
                (sbyte)_data[at + 12],
                flags,
                Quality(slot),
                AgeMs(slot, nowMs),
                _data,
                at + FrameOffset);
        }

        /// <summary>Copies a slot's bytes as they go to flash: with this kind, and with their CRC.</summary>
        public void PutSlot(int slot, byte kind, byte[] batch, int to)
        {
            Bytes.Copy(_data, slot * SlotSize, batch, to, SlotSize);
            batch[to] = kind;
            Bytes.PutU32(batch, to + CrcAt, Crc32.Compute(batch, to, CrcAt));
        }

        /// <summary>Slot of a record by the hub's numbering, -1 where there is none.</summary>
        public int IndexOf(int boot, int sequence)
        {
            int slot = _byNumber.First(NumberHash(boot, sequence));
            while (slot >= 0 && (Sequence(slot) != sequence || Boot(slot) != boot))
            {
                slot = _byNumber.Next(slot);
            }

            return slot;
        }

        /// <summary>
        /// Slot of the checked record that holds this frame of this band (all bytes before the link tag, which changes
        /// with the link keys), -1 for none. An unchecked record does not count, because an attacker may have sent it
        /// to keep the band's own frame out.
        /// </summary>
        public int Find(long address, byte[] frame, int offset)
        {
            int slot = _byFrame.First(FrameHash(address, frame, offset));
            while (slot >= 0
                && (!Bytes.Same(_data, FrameAt(slot), frame, offset, Frame.LinkTagOffset) || Address(slot) != address))
            {
                slot = _byFrame.Next(slot);
            }

            return slot;
        }

        /// <summary>Adds a record; returns its slot, -1 where the table is full.</summary>
        /// <param name="durable">True where it must go to flash with the next flush.</param>
        /// <param name="boot">The hub's boot.</param>
        /// <param name="sequence">Number within that boot.</param>
        /// <param name="address">Address of the band.</param>
        /// <param name="rssiDbm">Signal strength.</param>
        /// <param name="flags">As in <see cref="Envelope"/>.</param>
        /// <param name="quality">How well the age is known.</param>
        /// <param name="ageMs">Age at arrival.</param>
        /// <param name="nowMs">Time of arrival.</param>
        /// <param name="frame">Buffer that holds the frame.</param>
        /// <param name="frameOffset">Offset of the frame in the buffer.</param>
        public int Add(
            bool durable,
            int boot,
            int sequence,
            long address,
            int rssiDbm,
            byte flags,
            AgeQuality quality,
            uint ageMs,
            long nowMs,
            byte[] frame,
            int frameOffset)
        {
            int slot = TakeFree();
            if (slot < 0)
            {
                return slot;
            }

            int at = slot * SlotSize;
            Bytes.PutU24(_data, at + 1, boot);
            Bytes.PutU16(_data, at + 4, sequence);
            Bytes.PutU48(_data, at + 6, address);
            _data[at + 12] = (byte)rssiDbm;
            _data[at + FlagsAt] = (byte)(flags | ((int)quality << 2));
            Bytes.PutU32(_data, at + AgeAt, ageMs);
            Bytes.Copy(frame, frameOffset, _data, at + FrameOffset, Frame.Size);
            Occupy(slot, boot, sequence, durable ? RecordState.Pending : RecordState.Memory, nowMs);
            return slot;
        }

        /// <summary>
        /// Adds a record with this boot and number from the bytes of a slot on flash; returns its slot, -1 where the
        /// table is full.
        /// </summary>
        protected int AddStored(byte[] image, int offset, int boot, int sequence)
        {
            int slot = TakeFree();
            if (slot >= 0)
            {
                int at = slot * SlotSize;
                Bytes.Copy(image, offset, _data, at, SlotSize);
                _data[at + FlagsAt] = (byte)((_data[at + FlagsAt] & ~QualityMask) | ((int)AgeQuality.AtLeast << 2));
                Occupy(slot, boot, sequence, RecordState.Stored, 0);
            }

            return slot;
        }

        /// <summary>Frees a slot.</summary>
        protected void Free(int slot)
        {
            _byNumber.Remove(NumberHash(Boot(slot), Sequence(slot)), slot);
            if (_byFrame != null)
            {
                _byFrame.Remove(FrameHash(Address(slot), _data, FrameAt(slot)), slot);
            }

            Queues.Remove(slot);
            SetState(slot, RecordState.Free);
        }

        /// <summary>Changes the state of a record, which goes to the end of that state's list.</summary>
        protected void SetState(int slot, RecordState state)
        {
            _states.Remove(slot);
            _states.Add(slot, (int)state);
        }

        /// <summary>Forgets all records.</summary>
        protected void Clear()
        {
            _used = 0;
            _states.Clear();
            _byNumber.Clear();
            if (_byFrame != null)
            {
                _byFrame.Clear();
            }

            Queues.Clear();
        }

        /// <summary>The queue of a record, from 1.</summary>
        protected virtual int QueueOf(int slot)
        {
            return 1;
        }

        /// <summary>Takes a free slot, -1 where the table is full.</summary>
        private int TakeFree()
        {
            int slot = _states.First((int)RecordState.Free);
            if (slot >= 0)
            {
                _states.Remove(slot);
                return slot;
            }

            return _used < Capacity ? _used++ : -1;
        }

        private void Occupy(int slot, int boot, int sequence, RecordState state, long receivedMs)
        {
            _receivedTicks[slot] = (int)(receivedMs / TickMs);
            _states.Add(slot, (int)state);
            _byNumber.Add(NumberHash(boot, sequence), slot);
            if (_byFrame != null && IsLinkChecked(slot))
            {
                _byFrame.Add(FrameHash(Address(slot), _data, FrameAt(slot)), slot);
            }

            Queues.Add(slot, QueueOf(slot));
        }

        private static uint NumberHash(int boot, int sequence)
        {
            return (uint)sequence + ((uint)boot * 40503u);
        }

        private static uint FrameHash(long address, byte[] frame, int offset)
        {
            uint sequence = (uint)Frame.SequenceOf(frame, offset);
            uint boot = (uint)Frame.BootOf(frame, offset);
            return sequence + (boot * 40503u) + ((uint)address * 2654435761u) + frame[offset];
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>Where a record of the outbox stands.</summary>
    public enum RecordState : byte
    {
        /// <summary>No record here.</summary>
        Free = 0,

        /// <summary>In memory only, by design (vitals while online).</summary>
        Memory = 1,

        /// <summary>Wants to be written to flash.</summary>
        Pending = 2,

        /// <summary>On flash since the last flush, not yet acknowledged to the band.</summary>
        Fresh = 3,

        /// <summary>On flash.</summary>
        Stored = 4,
    }

    /// <summary>Supplies what each new segment begins with, so that the newest segment alone restores it.</summary>
    public interface ICheckpoint
    {
        /// <summary>Writes up to <see cref="RecordStore.CheckpointSize"/> bytes.</summary>
        void Save(byte[] data, int offset);

        /// <summary>Reads what <see cref="Save"/> wrote.</summary>
        void Load(byte[] data, int offset);

        /// <summary>A record was found behind the checkpoint.</summary>
        void Found(long address, byte[] data, int frameOffset);
    }

    /// <summary>
    /// One lane of the outbox: a table in memory and, for what must survive a power cut, append-only segment files of at
    /// most 4 KB (one littlefs block). A segment is a header of 164 bytes (kind, number, boot, checkpoint, CRC) and
    /// slots of 42, each with its own CRC, so a rotten bit costs one record and a torn tail costs what was never
    /// acknowledged (P17, P18). Slots are records or marks "these are done"; a lost mark only means that a record is
    /// sent once more. The flash cannot list its files, so the names are fixed and the header's number gives the order.
    /// </summary>
    public sealed class RecordStore
    {
        /// <summary>Bytes in a slot.</summary>
        public const int SlotSize = 42;

        /// <summary>Slots in a segment: (4096 - 164) / 42.</summary>
        public const int SlotsPerSegment = 93;

        /// <summary>Bytes of a segment.</summary>
        public const int SegmentSize = HeaderSize + (SlotsPerSegment * SlotSize);

        /// <summary>Bytes that a checkpoint may take.</summary>
        public const int CheckpointSize = 152;

        private const int HeaderSize = CheckpointSize + 12;
        private const byte HeaderKind = 0x5E;
        private const byte RecordKind = 0xA1;
        private const byte CopyKind = 0xA2;
        private const byte DoneKind = 0xD1;
        private const int FlagsAt = 13;
        private const int AgeAt = 14;
        private const int FrameOffset = 18;
        private const int CrcAt = SlotSize - 4;
        private const int DonesPerSlot = 7;
        private const int BatchSlots = 8;
        private const byte NoSegment = 255;

        private readonly IFlash _flash;
        private readonly ICheckpoint _checkpoint;
        private readonly string[] _names;
        private readonly uint[] _numbers;
        private readonly int[] _slots;
        private readonly int[] _live;
        private readonly byte[] _data;
        private readonly RecordState[] _states;
        private readonly byte[] _segments;
        private readonly long[] _receivedMs;
        private readonly long[] _dueMs;
        private readonly byte[] _attempts;
        private readonly int[] _messages;
        private readonly byte[] _batch = new byte[BatchSlots * SlotSize];
        private readonly int[] _batchIndex = new int[BatchSlots];
        private readonly byte[] _header = new byte[HeaderSize];
        private readonly byte[] _dones = new byte[SlotSize];
        private readonly byte[] _copies = new byte[BatchSlots * SlotSize];
        private int _current = -1;
        private uint _lastNumber;
        private int _end;

        /// <summary>Takes all memory it will ever use.</summary>
        /// <param name="flash">The file system.</param>
        /// <param name="checkpoint">What segments begin with, or null.</param>
        /// <param name="prefix">Files are called prefix0, prefix1, ...</param>
        /// <param name="segments">Segment files at most, up to 64.</param>
        /// <param name="capacity">Records at most; at least two segments must stay spare: capacity / 93 + 2 &lt;= segments.</param>
        public RecordStore(IFlash flash, ICheckpoint checkpoint, string prefix, int segments, int capacity)
        {
            _flash = flash;
            _checkpoint = checkpoint;
            Capacity = capacity;
            _names = new string[segments];
            for (int i = 0; i < segments; i++)
            {
                _names[i] = prefix + i.ToString();
            }

            _numbers = new uint[segments];
            _slots = new int[segments];
            _live = new int[segments];
            _data = new byte[capacity * SlotSize];
            _states = new RecordState[capacity];
            _segments = new byte[capacity];
            _receivedMs = new long[capacity];
            _dueMs = new long[capacity];
            _attempts = new byte[capacity];
            _messages = new int[capacity];
        }

        /// <summary>Records at most.</summary>
        public int Capacity { get; }

        /// <summary>Records held.</summary>
        public int Count { get; private set; }

        /// <summary>Records that wait for the flash.</summary>
        public int PendingCount { get; private set; }

        /// <summary>Indexes 0 to End - 1 may hold records, oldest first; they stay put until the next Add or Tidy.</summary>
        public int End
        {
            get { return _end; }
        }

        /// <summary>Slots found with a wrong CRC at the last load.</summary>
        public int Rotten { get; private set; }

        /// <summary>Highest boot of any record or header, -1 where the store is empty; headers carry it on.</summary>
        public int HighestBoot { get; set; }

        /// <summary>Segment files in use.</summary>
        public int SegmentsInUse
        {
            get
            {
                int used = 0;
                for (int i = 0; i < _names.Length; i++)
                {
                    if (_numbers[i] != 0)
                    {
                        used++;
                    }
                }

                return used;
            }
        }

        /// <summary>State of a record.</summary>
        public RecordState State(int index)
        {
            return _states[index];
        }

        /// <summary>Hub boot in which the record was made.</summary>
        public int Boot(int index)
        {
            return Bytes.GetU24(_data, (index * SlotSize) + 1);
        }

        /// <summary>Number within that boot.</summary>
        public int Sequence(int index)
        {
            return Bytes.GetU16(_data, (index * SlotSize) + 4);
        }

        /// <summary>Address of the band, 0 for the hub.</summary>
        public long Address(int index)
        {
            return Bytes.GetU48(_data, (index * SlotSize) + 6);
        }

        /// <summary>Offset of the record's frame in <see cref="Data"/>.</summary>
        public int FrameAt(int index)
        {
            return (index * SlotSize) + FrameOffset;
        }

        /// <summary>The table; read only.</summary>
        public byte[] Data
        {
            get { return _data; }
        }

        /// <summary>Type of the record's frame.</summary>
        public FrameType TypeOf(int index)
        {
            return Frame.TypeOf(_data, FrameAt(index));
        }

        /// <summary>How well the age is known.</summary>
        public AgeQuality Quality(int index)
        {
            return (AgeQuality)((_data[(index * SlotSize) + FlagsAt] >> 2) & 3);
        }

        /// <summary>Age of the event now, ms; at most 2^32 - 1 (49 days).</summary>
        public uint AgeMs(int index, long nowMs)
        {
            long age = Bytes.GetU32(_data, (index * SlotSize) + AgeAt) + (nowMs - _receivedMs[index]);
            return age > 0xFFFFFFFFL ? 0xFFFFFFFF : (uint)age;
        }

        /// <summary>Monotonic time at which the record arrived (0 for one that an earlier boot left).</summary>
        public long ReceivedMs(int index)
        {
            return _receivedMs[index];
        }

        /// <summary>When the record wants to be sent (again).</summary>
        public long DueMs(int index)
        {
            return _dueMs[index];
        }

        /// <summary>How often it was sent since the line came up.</summary>
        public int Attempts(int index)
        {
            return _attempts[index];
        }

        /// <summary>Message that carries it, 0 none.</summary>
        public int Message(int index)
        {
            return _messages[index];
        }

        /// <summary>Notes that the record was sent.</summary>
        public void Sent(int index, int message, long dueMs)
        {
            _messages[index] = message;
            _dueMs[index] = dueMs;
            if (_attempts[index] < 255)
            {
                _attempts[index]++;
            }
        }

        /// <summary>The line is gone: everything is due again.</summary>
        public void AllDue()
        {
            for (int i = 0; i < _end; i++)
            {
                _messages[i] = 0;
                _dueMs[i] = 0;
                _attempts[i] = 0;
            }
        }

        /// <summary>Learned later: the age at arrival and how well it is known.</summary>
        public void SetAge(int index, uint ageMs, AgeQuality quality)
        {
            int at = index * SlotSize;
            _data[at + FlagsAt] = (byte)((_data[at + FlagsAt] & ~0x0C) | ((int)quality << 2));
            Bytes.PutU32(_data, at + AgeAt, ageMs);
        }

        /// <summary>Adds the record to an envelope; what <see cref="Envelope.Add"/> returns.</summary>
        public int AddTo(byte[] envelope, int index, long nowMs)
        {
            int at = index * SlotSize;
            byte flags = (byte)(_data[at + FlagsAt] & (Envelope.LinkChecked | Envelope.Advertised));
            return Envelope.Add(
                envelope,
                Boot(index),
                Sequence(index),
                Address(index),
                (sbyte)_data[at + 12],
                flags,
                Quality(index),
                AgeMs(index, nowMs),
                _data,
                at + FrameOffset);
        }

        /// <summary>True where the link tag was checked.</summary>
        public bool IsLinkChecked(int index)
        {
            return (_data[(index * SlotSize) + FlagsAt] & Envelope.LinkChecked) != 0;
        }

        /// <summary>
        /// Index of the checked record that holds this frame of this band (by boot, lane and sequence), -1 for none. One
        /// that could not be checked does not count: a stranger may have made it to keep the true one out.
        /// </summary>
        public int Find(long address, byte[] frame, int offset)
        {
            for (int i = 0; i < _end; i++)
            {
                if (_states[i] != RecordState.Free
                    && Bytes.Same(_data, FrameAt(i), frame, offset, Frame.PayloadOffset)
                    && Address(i) == address
                    && IsLinkChecked(i))
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Adds a record; its index, -1 where the table is full.</summary>
        /// <param name="durable">True where it must go to flash with the next flush.</param>
        /// <param name="boot">The hub's boot.</param>
        /// <param name="sequence">Number within that boot.</param>
        /// <param name="address">Address of the band.</param>
        /// <param name="rssiDbm">Signal strength.</param>
        /// <param name="flags">As in <see cref="Envelope"/>.</param>
        /// <param name="quality">How well the age is known.</param>
        /// <param name="ageMs">Age at arrival.</param>
        /// <param name="nowMs">Time of arrival.</param>
        /// <param name="frame">Holds the frame.</param>
        /// <param name="frameOffset">Where it begins.</param>
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
            Tidy();
            if (_end >= Capacity)
            {
                return -1;
            }

            int index = _end++;
            int at = index * SlotSize;
            _data[at] = RecordKind;
            Bytes.PutU24(_data, at + 1, boot);
            Bytes.PutU16(_data, at + 4, sequence);
            Bytes.PutU48(_data, at + 6, address);
            _data[at + 12] = (byte)rssiDbm;
            _data[at + FlagsAt] = (byte)(flags | ((int)quality << 2));
            Bytes.PutU32(_data, at + AgeAt, ageMs);
            Bytes.Copy(frame, frameOffset, _data, at + FrameOffset, Frame.Size);
            Occupy(index, durable ? RecordState.Pending : RecordState.Memory, NoSegment, nowMs);
            return index;
        }

        /// <summary>Index of a record, -1 where there is none.</summary>
        public int IndexOf(int boot, int sequence)
        {
            for (int i = 0; i < _end; i++)
            {
                if (_states[i] != RecordState.Free && Sequence(i) == sequence && Boot(i) == boot)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Ends a record: the next owner has it, or it is dropped. Its mark goes to flash with the next flush.</summary>
        public void Remove(int index)
        {
            int segment = _segments[index];
            if (segment != NoSegment)
            {
                _live[segment]--;
                NoteDone(Boot(index), Sequence(index));
            }

            if (_states[index] == RecordState.Pending)
            {
                PendingCount--;
            }

            _states[index] = RecordState.Free;
            Count--;
        }

        /// <summary>Closes the gaps in the table where they have grown; indexes change.</summary>
        public void Tidy()
        {
            if (Count == 0)
            {
                _end = 0;
                return;
            }

            if (_end == Capacity || _end > (2 * Count) + 32)
            {
                Squeeze();
            }
        }

        private void Squeeze()
        {
            int to = 0;
            for (int from = 0; from < _end; from++)
            {
                if (_states[from] == RecordState.Free)
                {
                    continue;
                }

                if (to != from)
                {
                    Bytes.Copy(_data, from * SlotSize, _data, to * SlotSize, SlotSize);
                    _states[to] = _states[from];
                    _segments[to] = _segments[from];
                    _receivedMs[to] = _receivedMs[from];
                    _dueMs[to] = _dueMs[from];
                    _attempts[to] = _attempts[from];
                    _messages[to] = _messages[from];
                }

                to++;
            }

            _end = to;
        }

        /// <summary>An acknowledged record is no longer fresh.</summary>
        public void Settle(int index)
        {
            if (_states[index] == RecordState.Fresh)
            {
                _states[index] = RecordState.Stored;
            }
        }

        /// <summary>
        /// Writes what is pending in batches, one append each, and the marks of what is done. What could not be written
        /// stays pending; the caller tries again later and acknowledges nothing of it (R2).
        /// </summary>
        public FlashResult Flush()
        {
            FlashResult result = FlashResult.Ok;
            if (PendingCount == 0 && _dones[1] == 0)
            {
                return result;
            }

            int index = 0;
            while (PendingCount > 0 && result == FlashResult.Ok)
            {
                int count = 0;
                while (index < _end && count < BatchSlots)
                {
                    if (_states[index] == RecordState.Pending)
                    {
                        PutSlot(_batch, index, RecordKind, count * SlotSize);
                        _batchIndex[count++] = index;
                    }

                    index++;
                }

                if (count == 0)
                {
                    break;
                }

                result = AppendBatch(count);
                if (result == FlashResult.Ok)
                {
                    for (int i = 0; i < count; i++)
                    {
                        int stored = _batchIndex[i];
                        _states[stored] = RecordState.Fresh;
                        _segments[stored] = (byte)_current;
                        _live[_current]++;
                        PendingCount--;
                    }
                }
            }

            if (result == FlashResult.Ok && _dones[1] > 0)
            {
                result = FlushDones();
            }

            DropDoneSegments();
            return result;
        }

        /// <summary>Deletes the oldest segment and forgets its records; how many records that were.</summary>
        public int DropOldestSegment()
        {
            int oldest = OldestSegment();
            if (oldest < 0)
            {
                return 0;
            }

            int dropped = 0;
            for (int i = 0; i < _end; i++)
            {
                if (_states[i] != RecordState.Free && _segments[i] == oldest)
                {
                    _states[i] = RecordState.Free;
                    Count--;
                    dropped++;
                }
            }

            _live[oldest] = 0;
            DeleteSegment(oldest);
            return dropped;
        }

        /// <summary>
        /// Rebuilds the table after a boot. Ages become "at least": how long the power was gone is unknown. The first
        /// flush begins a new segment, because the newest may end in a torn slot.
        /// </summary>
        public void Load()
        {
            _end = 0;
            Count = 0;
            PendingCount = 0;
            Rotten = 0;
            HighestBoot = -1;
            _current = -1;
            _lastNumber = 0;
            _dones[1] = 0;
            for (int i = 0; i < _names.Length; i++)
            {
                _live[i] = 0;
                ReadHeader(i);
            }

            // Oldest first, so that the table is in order of arrival and the newest checkpoint is applied last.
            byte[] image = new byte[SegmentSize];
            bool[] loaded = new bool[_names.Length];
            while (true)
            {
                int next = -1;
                for (int i = 0; i < _names.Length; i++)
                {
                    if (_numbers[i] != 0 && !loaded[i] && (next < 0 || _numbers[i] < _numbers[next]))
                    {
                        next = i;
                    }
                }

                if (next < 0)
                {
                    break;
                }

                loaded[next] = true;
                LoadSegment(next, image);
            }

            ApplyDones(new byte[SegmentSize]);
            if (FreeSegment(0) < 0)
            {
                DropUnfinishedCompaction();
            }

            DropDoneSegments();
        }

        private void Occupy(int index, RecordState state, byte segment, long receivedMs)
        {
            _states[index] = state;
            _segments[index] = segment;
            _receivedMs[index] = receivedMs;
            _dueMs[index] = 0;
            _attempts[index] = 0;
            _messages[index] = 0;
            Count++;
            if (state == RecordState.Pending)
            {
                PendingCount++;
            }
        }

        private void PutSlot(byte[] batch, int index, byte kind, int to)
        {
            Bytes.Copy(_data, index * SlotSize, batch, to, SlotSize);
            batch[to] = kind;
            Bytes.PutU32(batch, to + CrcAt, Crc32.Compute(batch, to, CrcAt));
        }

        private void NoteDone(int boot, int sequence)
        {
            if (_dones[1] == DonesPerSlot)
            {
                // No room for the mark: write what there is. Where that fails, the marks are lost and the records
                // are sent once more after a reboot.
                FlushDones();
                _dones[1] = 0;
            }

            int at = 2 + (_dones[1] * 5);
            Bytes.PutU24(_dones, at, boot);
            Bytes.PutU16(_dones, at + 3, sequence);
            _dones[1]++;
        }

        private FlashResult FlushDones()
        {
            _dones[0] = DoneKind;
            Bytes.PutU32(_dones, CrcAt, Crc32.Compute(_dones, 0, CrcAt));
            Bytes.Copy(_dones, 0, _batch, 0, SlotSize);
            FlashResult result = AppendBatch(1);
            if (result == FlashResult.Ok)
            {
                _dones[1] = 0;
            }

            return result;
        }

        /// <summary>Appends the first <paramref name="count"/> slots of the batch, in a new segment where needed.</summary>
        private FlashResult AppendBatch(int count)
        {
            // More than once only where a nearly full store fills each new segment with what it moves.
            for (int turns = 0; _current < 0 || _slots[_current] + count > SlotsPerSegment; turns++)
            {
                FlashResult rotated = turns < _names.Length ? Rotate() : FlashResult.Failed;
                if (rotated != FlashResult.Ok)
                {
                    return rotated;
                }
            }

            FlashResult result = _flash.Append(_names[_current], _batch, count * SlotSize);
            if (result == FlashResult.Ok)
            {
                _slots[_current] += count;
                return result;
            }

            // The file may end in half a slot now: never append to it again. A bad block may spare another file (P19).
            Abandon();
            FlashResult again = Rotate();
            if (again != FlashResult.Ok)
            {
                return again;
            }

            result = _flash.Append(_names[_current], _batch, count * SlotSize);
            if (result == FlashResult.Ok)
            {
                _slots[_current] += count;
            }
            else
            {
                Abandon();
            }

            return result;
        }

        /// <summary>Leaves the current segment; an empty one goes, or a failing flash would use up all names.</summary>
        private void Abandon()
        {
            int left = _current;
            _current = -1;
            if (_slots[left] == 0)
            {
                DeleteSegment(left);
            }
        }

        /// <summary>Begins a new segment; the one before stays as it is until its records are done.</summary>
        private FlashResult Rotate()
        {
            FlashResult result = FlashResult.Failed;
            for (int tries = 0; tries < 3 && result != FlashResult.Ok; tries++)
            {
                int free = FreeSegment(tries);
                if (free < 0)
                {
                    // Compacting leaves a name spare; only a flash that refuses to delete can use them up.
                    return FlashResult.Failed;
                }

                _header[0] = HeaderKind;
                Bytes.PutU32(_header, 1, _lastNumber + 1);
                for (int i = 8; i < HeaderSize; i++)
                {
                    _header[i] = 0;
                }

                Bytes.PutU24(_header, 5, HighestBoot < 0 ? 0 : HighestBoot);
                if (_checkpoint != null)
                {
                    _checkpoint.Save(_header, 8);
                }

                Bytes.PutU32(_header, HeaderSize - 4, Crc32.Compute(_header, 0, HeaderSize - 4));
                result = _flash.Write(_names[free], _header, HeaderSize);
                if (result == FlashResult.Ok)
                {
                    _lastNumber++;
                    _numbers[free] = _lastNumber;
                    _slots[free] = 0;
                    _live[free] = 0;
                    _current = free;
                }
            }

            if (result == FlashResult.Ok && FreeSegment(0) < 0)
            {
                Compact();
            }

            return result;
        }

        /// <summary>The free segment after skipping <paramref name="skip"/> others, -1 for none.</summary>
        private int FreeSegment(int skip)
        {
            for (int step = 0; step < _names.Length; step++)
            {
                int i = (int)((_lastNumber + (uint)step) % (uint)_names.Length);
                if (_numbers[i] == 0 && skip-- == 0)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>
        /// No segment is spare: moves the records of the oldest one into the current one, then deletes it. Only the
        /// oldest, because its marks speak of no other segment, so no record that is done comes back. A cut in between
        /// leaves a record twice, and loading knows it by its number.
        /// </summary>
        private void Compact()
        {
            int oldest = OldestSegment();
            if (oldest == _current || _slots[_current] + _live[oldest] > SlotsPerSegment)
            {
                return;
            }

            int index = 0;
            while (_live[oldest] > 0)
            {
                int count = 0;
                int from = index;
                for (; index < _end && count < BatchSlots; index++)
                {
                    if (_states[index] != RecordState.Free && _segments[index] == oldest)
                    {
                        PutSlot(_copies, index, CopyKind, count++ * SlotSize);
                    }
                }

                if (count == 0 || _flash.Append(_names[_current], _copies, count * SlotSize) != FlashResult.Ok)
                {
                    return;
                }

                _slots[_current] += count;
                _live[oldest] -= count;
                _live[_current] += count;
                for (int i = from; i < index; i++)
                {
                    if (_states[i] != RecordState.Free && _segments[i] == oldest)
                    {
                        _segments[i] = (byte)_current;
                    }
                }
            }

            DeleteSegment(oldest);
        }

        private int OldestSegment()
        {
            int oldest = -1;
            for (int i = 0; i < _names.Length; i++)
            {
                if (_numbers[i] != 0 && (oldest < 0 || _numbers[i] < _numbers[oldest]))
                {
                    oldest = i;
                }
            }

            return oldest;
        }

        /// <summary>
        /// Deletes segments whose records are all done, oldest first: the marks in a segment speak of records in
        /// segments before it. The newest stays: its checkpoint is the memory of what was seen.
        /// </summary>
        private void DropDoneSegments()
        {
            while (true)
            {
                int oldest = OldestSegment();
                if (oldest < 0 || _live[oldest] > 0 || _numbers[oldest] == _lastNumber || !DeleteSegment(oldest))
                {
                    return;
                }
            }
        }

        private bool DeleteSegment(int segment)
        {
            if (_flash.Delete(_names[segment]) != FlashResult.Ok)
            {
                return false;
            }

            _numbers[segment] = 0;
            if (_current == segment)
            {
                _current = -1;
            }

            return true;
        }

        private void ReadHeader(int segment)
        {
            _numbers[segment] = 0;
            int length = _flash.Length(_names[segment]);
            if (length < 0)
            {
                return;
            }

            _slots[segment] = length < HeaderSize ? 0 : (length - HeaderSize) / SlotSize;
            if (_slots[segment] > SlotsPerSegment)
            {
                _slots[segment] = SlotsPerSegment;
            }

            if (HeaderIsWhole(segment))
            {
                _numbers[segment] = Bytes.GetU32(_header, 1);
                int boot = Bytes.GetU24(_header, 5);
                if (boot > HighestBoot)
                {
                    HighestBoot = boot;
                }
            }
            else if (_slots[segment] > 0)
            {
                // A rotten header does not cost the slots behind it; 1 makes the segment the oldest.
                Rotten++;
                _numbers[segment] = 1;
            }
            else
            {
                // The cut came while the header was being written: nothing was ever acknowledged from here.
                _flash.Delete(_names[segment]);
                return;
            }

            if (_numbers[segment] > _lastNumber)
            {
                _lastNumber = _numbers[segment];
            }
        }

        private bool HeaderIsWhole(int segment)
        {
            return _flash.Read(_names[segment], 0, _header, HeaderSize) == HeaderSize
                && _header[0] == HeaderKind
                && Bytes.GetU32(_header, 1) != 0
                && Bytes.GetU32(_header, HeaderSize - 4) == Crc32.Compute(_header, 0, HeaderSize - 4);
        }

        private void LoadSegment(int segment, byte[] image)
        {
            if (_checkpoint != null && HeaderIsWhole(segment))
            {
                _checkpoint.Load(_header, 8);
            }

            int read = _flash.Read(_names[segment], 0, image, SegmentSize);
            for (int slot = 0; slot < _slots[segment]; slot++)
            {
                int at = HeaderSize + (slot * SlotSize);
                if (at + SlotSize > read || !SlotIsWhole(image, at))
                {
                    Rotten++;
                    continue;
                }

                if (image[at] == DoneKind)
                {
                    continue;
                }

                int boot = Bytes.GetU24(image, at + 1);
                if (boot > HighestBoot)
                {
                    HighestBoot = boot;
                }

                long address = Bytes.GetU48(image, at + 6);
                if (_checkpoint != null)
                {
                    _checkpoint.Found(address, image, at + FrameOffset);
                }

                if (image[at] == CopyKind && IndexOf(boot, Bytes.GetU16(image, at + 4)) >= 0)
                {
                    continue;
                }

                if (_end == Capacity)
                {
                    // Flash may hold more than the table, but not more that is alive.
                    ApplyDones(new byte[SegmentSize]);
                    Squeeze();
                }

                if (_end == Capacity)
                {
                    // Not to be expected; what stays on flash has its turn after the next boot.
                    _live[segment]++;
                    continue;
                }

                int index = _end++;
                Bytes.Copy(image, at, _data, index * SlotSize, SlotSize);
                Occupy(index, RecordState.Stored, (byte)segment, 0);
                SetAge(index, Bytes.GetU32(image, at + AgeAt), AgeQuality.AtLeast);
                _live[segment]++;
            }
        }

        private void ApplyDones(byte[] image)
        {
            for (int segment = 0; segment < _names.Length; segment++)
            {
                if (_numbers[segment] == 0)
                {
                    continue;
                }

                int read = _flash.Read(_names[segment], 0, image, SegmentSize);
                for (int at = HeaderSize; at + SlotSize <= read; at += SlotSize)
                {
                    if (image[at] == DoneKind && SlotIsWhole(image, at))
                    {
                        ApplyDone(image, at);
                    }
                }
            }
        }

        private void ApplyDone(byte[] image, int at)
        {
            int count = image[at + 1] <= DonesPerSlot ? image[at + 1] : DonesPerSlot;
            for (int i = 0; i < count; i++)
            {
                int mark = at + 2 + (i * 5);
                int index = IndexOf(Bytes.GetU24(image, mark), Bytes.GetU16(image, mark + 3));
                if (index >= 0)
                {
                    _live[_segments[index]]--;
                    _states[index] = RecordState.Free;
                    Count--;
                }
            }
        }

        /// <summary>
        /// Every file is in use: the cut came inside a compaction. The newest segment then holds nothing but copies,
        /// whose originals are still there.
        /// </summary>
        private void DropUnfinishedCompaction()
        {
            for (int i = 0; i < _names.Length; i++)
            {
                if (_numbers[i] == _lastNumber && _live[i] == 0)
                {
                    DeleteSegment(i);
                    return;
                }
            }
        }

        private static bool SlotIsWhole(byte[] image, int at)
        {
            return (image[at] == RecordKind || image[at] == CopyKind || image[at] == DoneKind)
                && Bytes.GetU32(image, at + CrcAt) == Crc32.Compute(image, at, CrcAt);
        }
    }
}

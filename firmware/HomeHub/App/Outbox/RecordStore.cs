using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// One lane of the outbox: a table in memory and, for what must survive a power cut, segment files. Every slot on
    /// flash has its own CRC, so a corrupt bit costs one record and a torn tail costs what was never acknowledged (P17,
    /// P18). Slots are records, copies of records (from compacting) or marks "these are done"; a lost mark only means
    /// that a record is sent once more.
    /// </summary>
    public class RecordStore : RecordTable
    {
        /// <summary>Kind of a slot: a record.</summary>
        public const byte RecordKind = 0xA1;

        /// <summary>Kind of a slot: the copy of a record that may still stand in an older segment.</summary>
        public const byte CopyKind = 0xA2;

        private const int BatchSlots = 8;

        private readonly SegmentFiles _files;
        private readonly ICheckpoint _checkpoint;
        private readonly byte[] _segments; // of records that are on flash
        private readonly byte[] _batch = new byte[BatchSlots * SlotSize];
        private readonly byte[] _copies = new byte[BatchSlots * SlotSize];
        private readonly DoneMarks _dones = new DoneMarks();

        /// <summary>Takes all memory it will ever use.</summary>
        /// <param name="flash">The file system.</param>
        /// <param name="checkpoint">What segments begin with, or null; where it is given, frames can be found
        /// too.</param>
        /// <param name="prefix">Files are called prefix0, prefix1, ...</param>
        /// <param name="segments">Segment files at most, up to 64.</param>
        /// <param name="capacity">Records at most; at least two segments must stay spare: capacity / 93 + 2 &lt;=
        /// segments.</param>
        /// <param name="queues">Queues to the centre.</param>
        public RecordStore(IFlash flash, ICheckpoint checkpoint, string prefix, int segments, int capacity, int queues)
            : base(capacity, queues, checkpoint != null)
        {
            _files = new SegmentFiles(flash, checkpoint, prefix, segments);
            _checkpoint = checkpoint;
            _segments = new byte[capacity];
        }

        /// <summary>Slots and headers found with a wrong CRC at the last load.</summary>
        public int CorruptSlots { get; private set; }

        /// <summary>Highest boot of any record or header, -1 where the store is empty; headers carry it on.</summary>
        public int HighestBoot { get; set; }

        /// <summary>Records or marks wait for the flash.</summary>
        public bool HasWork
        {
            get { return PendingCount > 0 || _dones.Count > 0; }
        }

        /// <summary>Segment files in use.</summary>
        public int SegmentsInUse
        {
            get { return _files.InUse; }
        }

        /// <summary>
        /// Rebuilds the table after a boot. Ages become "at least": how long the power was gone is unknown. The first
        /// flush begins a new segment, because the newest may end in a torn slot.
        /// </summary>
        public void Load()
        {
            Clear();
            _dones.Clear();
            Recovery recovery = new Recovery(this, _files, _checkpoint);
            recovery.Run();
            CorruptSlots = recovery.CorruptSlots;
            HighestBoot = recovery.HighestBoot;
            if (!_files.HasSpare)
            {
                DropUnfinishedCompaction();
            }

            DropDoneSegments();
        }

        /// <summary>A record from a segment, found at loading; its slot, -1 where the table is full.</summary>
        public int AddLoaded(byte[] image, int offset, int boot, int sequence, int segment)
        {
            int slot = AddStored(image, offset, boot, sequence);
            if (slot >= 0)
            {
                _segments[slot] = (byte)segment;
            }

            // Counted also where the table has no room for it: the segment must stay.
            _files.AddLive(segment, 1);
            return slot;
        }

        /// <summary>A mark found at loading: the record is done.</summary>
        public void DropLoaded(int boot, int sequence)
        {
            int slot = IndexOf(boot, sequence);
            if (slot >= 0)
            {
                _files.AddLive(_segments[slot], -1);
                Free(slot);
            }
        }

        /// <summary>
        /// Ends a record: the next owner has it, or it is dropped. Its mark goes to flash with the next flush.
        /// </summary>
        public void Remove(int slot)
        {
            bool isOnFlash = State(slot) >= RecordState.Fresh;
            int boot = Boot(slot);
            int sequence = Sequence(slot);
            if (isOnFlash)
            {
                _files.AddLive(_segments[slot], -1);
            }

            Free(slot);
            if (isOnFlash)
            {
                NoteDone(boot, sequence);
            }
        }

        /// <summary>An acknowledged record is no longer fresh.</summary>
        public void Settle(int slot)
        {
            if (State(slot) == RecordState.Fresh)
            {
                SetState(slot, RecordState.Stored);
            }
        }

        /// <summary>
        /// Writes what is pending in batches, one append each, and the marks of what is done. What could not be written
        /// stays pending; the caller tries again later and acknowledges nothing of it (R2).
        /// </summary>
        public FlashResult Flush()
        {
            FlashResult result = FlashResult.Ok;
            while (PendingCount > 0 && result == FlashResult.Ok)
            {
                result = FlushBatch();
            }

            if (result == FlashResult.Ok && _dones.Count > 0)
            {
                result = FlushDones();
            }

            DropDoneSegments();
            return result;
        }

        /// <summary>Deletes the oldest segment and forgets its records; how many records that were.</summary>
        public int DropOldestSegment()
        {
            int oldest = _files.Oldest();
            if (oldest < 0)
            {
                return 0;
            }

            int dropped = DropRecordsIn(oldest, RecordState.Stored) + DropRecordsIn(oldest, RecordState.Fresh);
            _files.Delete(oldest);
            return dropped;
        }

        private int DropRecordsIn(int segment, RecordState state)
        {
            int dropped = 0;
            int slot = First(state);
            while (slot >= 0)
            {
                int next = NextOfState(slot);
                if (_segments[slot] == segment)
                {
                    _files.AddLive(_segments[slot], -1);
                    Free(slot);
                    dropped++;
                }

                slot = next;
            }

            return dropped;
        }

        private FlashResult FlushBatch()
        {
            int count = 0;
            for (int slot = First(RecordState.Pending); slot >= 0 && count < BatchSlots; slot = NextOfState(slot))
            {
                PutSlot(_batch, slot, RecordKind, count++ * SlotSize);
            }

            FlashResult result = AppendBatch(count);
            if (result == FlashResult.Ok)
            {
                for (int i = 0; i < count; i++)
                {
                    int stored = First(RecordState.Pending);
                    _segments[stored] = (byte)_files.Current;
                    SetState(stored, RecordState.Fresh);
                }

                _files.AddLive(_files.Current, count);
            }

            return result;
        }

        private void PutSlot(byte[] batch, int slot, byte kind, int to)
        {
            Bytes.Copy(Data, slot * SlotSize, batch, to, SlotSize);
            batch[to] = kind;
            Bytes.PutU32(batch, to + CrcAt, Crc32.Compute(batch, to, CrcAt));
        }

        private void NoteDone(int boot, int sequence)
        {
            if (_dones.Count == DoneMarks.Capacity)
            {
                // No room for the mark: write what there is. Where that fails, the marks are lost and the records
                // are sent once more after a reboot.
                FlushDones();
                _dones.Clear();
            }

            _dones.Add(boot, sequence);
        }

        private FlashResult FlushDones()
        {
            _dones.CopyTo(_batch);
            FlashResult result = AppendBatch(1);
            if (result == FlashResult.Ok)
            {
                _dones.Clear();
            }

            return result;
        }

        /// <summary>
        /// Appends the first <paramref name="count"/> slots of the batch, in a new segment where needed.
        /// </summary>
        private FlashResult AppendBatch(int count)
        {
            // More than once only where a nearly full store fills each new segment with what it moves.
            for (int turns = 0; !_files.HasRoom(count); turns++)
            {
                FlashResult begun = turns < _files.Capacity ? Rotate() : FlashResult.Failed;
                if (begun != FlashResult.Ok)
                {
                    return begun;
                }
            }

            FlashResult result = _files.Append(_batch, count);
            if (result == FlashResult.Ok)
            {
                return result;
            }

            // The file may end in half a slot now: never append to it again. A bad block may spare another file (P19).
            _files.Abandon();
            result = Rotate();
            if (result == FlashResult.Ok)
            {
                result = _files.Append(_batch, count);
                if (result != FlashResult.Ok)
                {
                    _files.Abandon();
                }
            }

            return result;
        }

        private FlashResult Rotate()
        {
            if (!_files.HasSpare)
            {
                // The flash did not let go of a segment that a compaction has left.
                DropUnfinishedCompaction();
            }

            FlashResult result = _files.Begin(HighestBoot < 0 ? 0 : HighestBoot);
            return result == FlashResult.Ok && !_files.HasSpare ? Compact() : result;
        }

        /// <summary>
        /// No segment is spare: moves the records of the oldest one into the current one, which has just begun, then
        /// deletes it. Only the oldest, because its marks speak of no other segment, so no record that is done comes
        /// back. A cut in between leaves a record twice, and loading knows it by its number.
        /// </summary>
        private FlashResult Compact()
        {
            int oldest = _files.Oldest();
            if (Move(oldest, RecordState.Stored) && Move(oldest, RecordState.Fresh))
            {
                _files.Delete(oldest);
                return FlashResult.Ok;
            }

            // The copies may end in half a slot: the originals stay in force.
            TakeBack(oldest, RecordState.Stored);
            TakeBack(oldest, RecordState.Fresh);
            _files.Discard();
            return FlashResult.Failed;
        }

        private void TakeBack(int segment, RecordState state)
        {
            for (int slot = First(state); slot >= 0; slot = NextOfState(slot))
            {
                if (_segments[slot] == _files.Current)
                {
                    _segments[slot] = (byte)segment;
                    _files.AddLive(segment, 1);
                    _files.AddLive(_files.Current, -1);
                }
            }
        }

        /// <summary>
        /// Copies the records of a segment that are in this state into the current one; false on a fault.
        /// </summary>
        private bool Move(int segment, RecordState state)
        {
            int slot = First(state);
            while (_files.Live(segment) > 0 && slot >= 0)
            {
                int count = 0;
                int from = slot;
                for (; slot >= 0 && count < BatchSlots; slot = NextOfState(slot))
                {
                    if (_segments[slot] == segment)
                    {
                        PutSlot(_copies, slot, CopyKind, count++ * SlotSize);
                    }
                }

                if (count > 0 && _files.Append(_copies, count) != FlashResult.Ok)
                {
                    return false;
                }

                for (int i = from; i != slot; i = NextOfState(i))
                {
                    if (_segments[i] == segment)
                    {
                        _segments[i] = (byte)_files.Current;
                    }
                }

                _files.AddLive(segment, -count);
                _files.AddLive(_files.Current, count);
            }

            return true;
        }

        /// <summary>
        /// Deletes segments whose records are all done, oldest first: the marks in a segment speak of records in
        /// segments before it. The newest stays: its checkpoint is the memory of what was seen.
        /// </summary>
        private void DropDoneSegments()
        {
            int oldest = _files.Oldest();
            while (oldest >= 0 && _files.Live(oldest) == 0 && !_files.IsNewest(oldest) && _files.Delete(oldest))
            {
                oldest = _files.Oldest();
            }
        }

        /// <summary>
        /// Every file is in use: the cut came inside a compaction. The newest segment then holds nothing but copies,
        /// whose originals are still there.
        /// </summary>
        private void DropUnfinishedCompaction()
        {
            for (int i = 0; i < _files.Capacity; i++)
            {
                if (_files.IsNewest(i) && _files.Live(i) == 0)
                {
                    _files.Delete(i);
                    return;
                }
            }
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// One lane of the outbox: a table in memory and, for what must survive a power cut, segment files. Every slot on
    /// flash has its own CRC: a corrupt bit costs one record, a torn end of a file only unacknowledged records (P17,
    /// P18). A slot holds a record, a copy of one (from compacting) or marks of done records. Where a mark is lost, its
    /// record is sent once more.
    /// </summary>
    public class RecordStore : RecordTable
    {
        /// <summary>Kind of a slot: a record.</summary>
        public const byte RecordKind = 0xA1;

        /// <summary>Kind of a slot: the copy of a record that may still stand in an older segment.</summary>
        public const byte CopyKind = 0xA2;

        /// <summary>Slots that one append writes at most.</summary>
        public const int BatchSlots = 8;

        // A new segment tries three names on a bad flash, and one more is taken by a compaction.
        private const int SpareSegments = 4;

        private readonly SegmentFiles _files;
        private readonly ICheckpoint _checkpoint;
        private readonly byte[] _segments; // of records that are on flash
        private readonly byte[] _batch = new byte[BatchSlots * SlotSize];
        private readonly Compaction _compaction;
        private readonly DoneMarks _dones = new DoneMarks();
        private bool _keptIsDue;

        /// <summary>Allocates all memory that the lane will use.</summary>
        /// <param name="flash">The file system.</param>
        /// <param name="checkpoint">Supplies each segment's first bytes, or null: then no frame can be found.</param>
        /// <param name="prefix">Files are called prefix0, prefix1, ...</param>
        /// <param name="segments">Segment files at most, up to 64.</param>
        /// <param name="capacity">Records at most: capacity / 93 + 2 &lt;= segments, because two stay spare.</param>
        /// <param name="queues">Queues to the centre.</param>
        public RecordStore(IFlash flash, ICheckpoint checkpoint, string prefix, int segments, int capacity, int queues)
            : base(capacity, queues, checkpoint != null)
        {
            _files = new SegmentFiles(flash, checkpoint, prefix, segments);
            _checkpoint = checkpoint;
            _segments = new byte[capacity];
            _compaction = new Compaction(this, _files, _segments);
        }

        /// <summary>Slots and headers found with a wrong CRC at the last load.</summary>
        public int CorruptSlots { get; private set; }

        /// <summary>Files that could not be read at the last load: they are kept as they are.</summary>
        public int Unread
        {
            get { return _files.Unread; }
        }

        /// <summary>True where every file that could not be read can be read now.</summary>
        public bool UnreadCanBeRead()
        {
            return _files.UnreadCanBeRead(new byte[SegmentFiles.SegmentSize]);
        }

        /// <summary>Highest boot of any record or header, -1 for none; new headers repeat this boot.</summary>
        public int HighestBoot { get; set; }

        /// <summary>True while marks of done records wait to be written to flash.</summary>
        public bool MarksWait
        {
            get { return _dones.Count > 0; }
        }

        /// <summary>The lane's segments.</summary>
        public SegmentFiles Files
        {
            get { return _files; }
        }

        /// <summary>The centre's time at the last receipt, ms; 0 unknown.</summary>
        public long CentreMs { get; set; }

        /// <summary>
        /// True where segments whose records are all done are kept until their room is needed (docs/adr/0058).
        /// </summary>
        public virtual bool KeepsDone
        {
            get { return false; }
        }

        /// <summary>Segment files in use.</summary>
        public int SegmentsInUse
        {
            get { return _files.InUse; }
        }

        /// <summary>
        /// Rebuilds the table after a boot. Ages become "at least", because how long the power was off is unknown. The
        /// first flush begins a new segment, because the newest may end in a torn slot.
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
                _compaction.DropUnfinished();
            }

            DropDoneSegments();
        }

        /// <summary>Adds a record that loading found; returns its slot, -1 where the table is full.</summary>
        public int AddLoaded(byte[] image, int offset, int boot, int sequence, int segment)
        {
            int slot = AddStored(image, offset, boot, sequence);
            if (slot >= 0)
            {
                _segments[slot] = (byte)segment;
            }

            // A record without room in the table is counted too, because its segment must stay.
            _files.AddLive(segment, 1);
            return slot;
        }

        /// <summary>Drops the record of a mark that loading found.</summary>
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
        /// Removes a record that the centre has committed or that is dropped. The next flush writes its mark.
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

        /// <summary>The band has its acknowledgement: a fresh record becomes a stored one.</summary>
        public void Settle(int slot)
        {
            if (State(slot) == RecordState.Fresh)
            {
                SetState(slot, RecordState.Stored);
            }
        }

        /// <summary>
        /// Writes pending records in batches, one append each, then, where they are due, the marks of done records.
        /// What could not be written stays pending: the caller tries again later and does not acknowledge those
        /// records (R2).
        /// </summary>
        public FlashResult Flush(bool marksAreDue)
        {
            FlashResult result = FlashResult.Ok;
            while (PendingCount > 0 && result == FlashResult.Ok)
            {
                result = FlushBatch();
            }

            if (result == FlashResult.Ok && marksAreDue && _dones.Count > 0)
            {
                result = FlushDones();
            }

            DropDoneSegments();
            return result;
        }

        /// <summary>Deletes the oldest segment and forgets its records; returns their number.</summary>
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
                PutSlot(slot, RecordKind, _batch, count++ * SlotSize);
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

        private void NoteDone(int boot, int sequence)
        {
            if (_dones.Count == DoneMarks.Capacity)
            {
                // The slot of marks is full: write it now. Where that fails, the marks are lost and their records are
                // sent once more after a reboot.
                FlushDones();
                _dones.Clear();
            }

            _dones.Add(boot, sequence, CentreMs);
        }

        private FlashResult FlushDones()
        {
            _dones.CopyTo(_batch);
            if (_keptIsDue)
            {
                DoneMarks.PutKept(_batch, SlotSize, _files.KeptUpTo);
            }

            FlashResult result = AppendBatch(_keptIsDue ? 2 : 1);
            if (result == FlashResult.Ok)
            {
                _keptIsDue = false;
                _dones.Clear();
            }

            return result;
        }

        /// <summary>
        /// Appends the first <paramref name="count"/> slots of the batch, in a new segment where needed.
        /// </summary>
        private FlashResult AppendBatch(int count)
        {
            // In a nearly full store, compacting can fill a new segment at once: then one more is needed.
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

            // The file may now end in half a slot: append no more. Another file may lie outside the bad block (P19).
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
            MakeRoom();
            if (!_files.HasSpare)
            {
                // Earlier the flash refused to delete a segment that an unfinished compaction left.
                _compaction.DropUnfinished();
            }

            FlashResult result = _files.Begin(HighestBoot < 0 ? 0 : HighestBoot);
            return result == FlashResult.Ok && !_files.HasSpare ? _compaction.Run() : result;
        }

        /// <summary>
        /// Deletes segments whose records are all done, or keeps them while there is room, oldest first, because marks
        /// name records of earlier segments. The newest segment stays: its checkpoint holds the replay windows. The
        /// number of a file that could not be read is not known, so nothing is kept beside such a file.
        /// </summary>
        private void DropDoneSegments()
        {
            int oldest = _files.Oldest();
            while (oldest >= 0 && _files.Live(oldest) == 0 && !_files.IsNewest(oldest)
                && (KeepsDone && Unread == 0 ? Keep(oldest) : _files.Delete(oldest)))
            {
                oldest = _files.Oldest();
            }

            MakeRoom();
        }

        private void MakeRoom()
        {
            while (_files.InUse > _files.Capacity - SpareSegments && DropOldestKept())
            {
            }
        }

        private bool Keep(int segment)
        {
            _files.KeptUpTo = _files.Number(segment);
            _keptIsDue = true;
            return true;
        }

        /// <summary>Deletes the oldest segment that is only kept; false where there is none, or on a fault.</summary>
        public bool DropOldestKept()
        {
            int oldest = _files.FirstAfter(0);
            return oldest >= 0 && _files.IsKept(oldest) && _files.Delete(oldest);
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Frees the oldest segment of a lane that has no spare one: copies its records into the current segment, which is
    /// new, and deletes the oldest. Only the oldest may go: its marks name no record of another segment, so no done
    /// record comes back. A power cut in between leaves a record twice; loading drops one by its number.
    /// </summary>
    public sealed class Compaction
    {
        private readonly RecordTable _records;
        private readonly SegmentFiles _files;
        private readonly byte[] _segments;
        private readonly byte[] _batch = new byte[RecordStore.BatchSlots * RecordTable.SlotSize];

        /// <summary>Composes the parts of a lane.</summary>
        /// <param name="records">The lane's records.</param>
        /// <param name="files">The lane's segments.</param>
        /// <param name="segments">Segment of each record that is on flash, by slot; compacting changes it.</param>
        public Compaction(RecordTable records, SegmentFiles files, byte[] segments)
        {
            _records = records;
            _files = files;
            _segments = segments;
        }

        /// <summary>
        /// Frees the oldest segment. After a flash fault every record is where it was, and the current segment is
        /// deleted.
        /// </summary>
        public FlashResult Run()
        {
            int oldest = _files.Oldest();
            if (Move(oldest, RecordState.Stored) && Move(oldest, RecordState.Fresh))
            {
                _files.Delete(oldest);
                return FlashResult.Ok;
            }

            // An append has failed, so the file of the copies may end in half a slot. The originals are kept instead.
            TakeBack(oldest, RecordState.Stored);
            TakeBack(oldest, RecordState.Fresh);
            _files.Discard();
            return FlashResult.Failed;
        }

        /// <summary>
        /// Every file is in use, because power was cut during a compaction. Deletes the newest segment, which then
        /// holds only copies of records that still exist.
        /// </summary>
        public void DropUnfinished()
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

        /// <summary>
        /// Copies the records of a segment that are in this state into the current segment; false on a flash fault.
        /// </summary>
        private bool Move(int segment, RecordState state)
        {
            int slot = _records.First(state);
            while (_files.Live(segment) > 0 && slot >= 0)
            {
                int count = 0;
                int from = slot;
                for (; slot >= 0 && count < RecordStore.BatchSlots; slot = _records.NextOfState(slot))
                {
                    if (_segments[slot] == segment)
                    {
                        _records.PutSlot(slot, RecordStore.CopyKind, _batch, count++ * RecordTable.SlotSize);
                    }
                }

                if (count > 0 && _files.Append(_batch, count) != FlashResult.Ok)
                {
                    return false;
                }

                for (int i = from; i != slot; i = _records.NextOfState(i))
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

        private void TakeBack(int segment, RecordState state)
        {
            for (int slot = _records.First(state); slot >= 0; slot = _records.NextOfState(slot))
            {
                if (_segments[slot] == _files.Current)
                {
                    _segments[slot] = (byte)segment;
                    _files.AddLive(segment, 1);
                    _files.AddLive(_files.Current, -1);
                }
            }
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Reads a lane's segments after a boot, oldest first: so the queues are in order of arrival, and the newest
    /// checkpoint is applied last. Then it applies the marks of records that are done. Used once a boot.
    /// </summary>
    public sealed class Recovery
    {
        private readonly RecordStore _store;
        private readonly SegmentFiles _files;
        private readonly ICheckpoint _checkpoint;
        private readonly byte[] _image = new byte[SegmentFiles.SegmentSize];
        private bool _isFull;

        /// <summary>Prepares a recovery; the store is empty.</summary>
        public Recovery(RecordStore store, SegmentFiles files, ICheckpoint checkpoint)
        {
            _store = store;
            _files = files;
            _checkpoint = checkpoint;
        }

        /// <summary>Slots and headers with a wrong CRC.</summary>
        public int CorruptSlots { get; private set; }

        /// <summary>Highest boot of any record or header, -1 where there is none.</summary>
        public int HighestBoot { get; private set; } = -1;

        /// <summary>Reads all segments and applies all marks.</summary>
        public void Run()
        {
            _files.Clear();
            for (int i = 0; i < _files.Capacity; i++)
            {
                int boot = _files.ReadHeader(i, out bool corrupt);
                CorruptSlots += corrupt ? 1 : 0;
                if (boot > HighestBoot && boot > 0)
                {
                    HighestBoot = boot;
                }
            }

            FindKept();
            for (int segment = _files.Oldest(); segment >= 0; segment = _files.After(segment))
            {
                LoadSegment(segment);
            }

            ApplyDones();
        }

        /// <summary>
        /// Finds the last segment that is only kept. It is never the newest; a slot that says so is not believed. A
        /// corrupt header has lost its number, so then every segment is loaded.
        /// </summary>
        private void FindKept()
        {
            if (CorruptSlots > 0)
            {
                return;
            }

            uint kept = 0;
            uint newest = 0;
            for (int segment = _files.FirstAfter(0); segment >= 0; segment = _files.After(segment))
            {
                newest = _files.Number(segment);
                int read = _store.KeepsDone ? _files.Read(segment, _image) : 0;
                for (int at = SegmentFiles.HeaderSize; at + RecordTable.SlotSize <= read; at += RecordTable.SlotSize)
                {
                    uint number = _image[at] == DoneMarks.KeptKind ? DoneMarks.KeptUpTo(_image, at) : 0;
                    kept = number > kept && IsWhole(at) ? number : kept;
                }
            }

            _files.KeptUpTo = kept < newest ? kept : 0;
        }

        private void LoadSegment(int segment)
        {
            _files.LoadCheckpoint(segment);
            int read = _files.Read(segment, _image);
            for (int i = 0; i < _files.Slots(segment) && read != FlashFile.Fault; i++)
            {
                int at = SegmentFiles.HeaderSize + (i * RecordTable.SlotSize);
                if (at + RecordTable.SlotSize > read || !IsWhole(at))
                {
                    CorruptSlots++;
                }
                else if (_image[at] != DoneMarks.Kind && _image[at] != DoneMarks.KeptKind)
                {
                    LoadRecord(at, segment);
                }
            }
        }

        private void LoadRecord(int at, int segment)
        {
            int boot = Bytes.GetU24(_image, at + 1);
            int sequence = Bytes.GetU16(_image, at + 4);
            if (boot > HighestBoot)
            {
                HighestBoot = boot;
            }

            if (_checkpoint != null)
            {
                bool isLinkChecked = (_image[at + RecordTable.FlagsAt] & Envelope.LinkChecked) != 0;
                _checkpoint.Found(
                    Bytes.GetU48(_image, at + 6), isLinkChecked, _image, at + RecordTable.FrameOffset);
            }

            if (_image[at] == RecordStore.CopyKind && _store.IndexOf(boot, sequence) >= 0)
            {
                return;
            }

            if (_store.Count == _store.Capacity && !_isFull)
            {
                // Flash can hold more records than the table, but not more that are not done.
                ApplyDones();
                _files.Read(segment, _image);
                _isFull = _store.Count == _store.Capacity;
            }

            // The table should have room now. Where it has none, the record stays on flash and is loaded after a later
            // boot.
            _store.AddLoaded(_image, at, boot, sequence, segment);
        }

        private void ApplyDones()
        {
            for (int segment = 0; segment < _files.Capacity; segment++)
            {
                if (_files.Number(segment) == 0 || _files.IsKept(segment))
                {
                    continue;
                }

                int read = _files.Read(segment, _image);
                for (int at = SegmentFiles.HeaderSize; at + RecordTable.SlotSize <= read; at += RecordTable.SlotSize)
                {
                    if (_image[at] == DoneMarks.Kind && IsWhole(at))
                    {
                        DoneMarks.Apply(_image, at, _store);
                    }
                }
            }
        }

        private bool IsWhole(int at)
        {
            return DoneMarks.IsWhole(_image, at);
        }
    }
}

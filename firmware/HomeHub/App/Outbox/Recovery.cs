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

            for (int segment = _files.Oldest(); segment >= 0; segment = _files.After(segment))
            {
                LoadSegment(segment);
            }

            ApplyDones();
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
                else if (_image[at] != DoneMarks.Kind)
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
                _checkpoint.Found(Bytes.GetU48(_image, at + 6), _image, at + RecordTable.FrameOffset);
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
                if (_files.Number(segment) == 0)
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
            byte kind = _image[at];
            return (kind == RecordStore.RecordKind || kind == RecordStore.CopyKind || kind == DoneMarks.Kind)
                && Bytes.GetU32(_image, at + RecordTable.CrcAt) == Crc32.Compute(_image, at, RecordTable.CrcAt);
        }
    }
}

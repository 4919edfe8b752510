using System;
using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// The files of a lane: append-only segments of at most 4 KB (one littlefs block). A segment is a header of 164
    /// bytes (kind 1, number 4, boot 3, checkpoint 152, CRC 4) and up to 93 slots. The flash cannot list its files, so
    /// the names are fixed and the header's number gives the order; number 0 here means that the file is not in use. A
    /// file that could not be read is neither written nor deleted in this boot (P48).
    /// </summary>
    public sealed class SegmentFiles
    {
        /// <summary>Slots in a segment: (4096 - 164) / 42.</summary>
        public const int SlotsPerSegment = 93;

        /// <summary>Bytes of a segment.</summary>
        public const int SegmentSize = HeaderSize + (SlotsPerSegment * RecordTable.SlotSize);

        /// <summary>Bytes that a checkpoint may take.</summary>
        public const int CheckpointSize = 152;

        /// <summary>Bytes of a header.</summary>
        public const int HeaderSize = SegmentHeader.Size;

        private const int WriteTries = 3;
        private const int ReadTries = 3;
        private const uint UnreadNumbers = 0x10000;

        private readonly IFlash _flash;
        private readonly ICheckpoint _checkpoint;
        private readonly string[] _names;
        private readonly uint[] _numbers;
        private readonly byte[] _slots;
        private readonly byte[] _live;
        private readonly bool[] _unread;
        private readonly byte[] _header = new byte[HeaderSize];
        private uint _lastNumber;
        private uint _skippedNumbers;

        /// <summary>Allocates all memory that the files will use.</summary>
        /// <param name="flash">The file system.</param>
        /// <param name="checkpoint">Supplies what each segment begins with, or null.</param>
        /// <param name="prefix">Files are called prefix0, prefix1, ...</param>
        /// <param name="segments">Segment files at most, up to 64.</param>
        public SegmentFiles(IFlash flash, ICheckpoint checkpoint, string prefix, int segments)
        {
            _flash = flash;
            _checkpoint = checkpoint;
            _names = new string[segments];
            for (int i = 0; i < segments; i++)
            {
                _names[i] = prefix + i.ToString();
            }

            _numbers = new uint[segments];
            _slots = new byte[segments];
            _live = new byte[segments];
            _unread = new bool[segments];
            Current = -1;
        }

        /// <summary>Segment files at most.</summary>
        public int Capacity
        {
            get { return _names.Length; }
        }

        /// <summary>Segment files in use.</summary>
        public int InUse { get; private set; }

        /// <summary>Files that could not be read.</summary>
        public int Unread { get; private set; }

        /// <summary>The segment to which slots are appended, -1 for none.</summary>
        public int Current { get; private set; }

        /// <summary>True where at least one more segment can begin.</summary>
        public bool HasSpare
        {
            get { return InUse < _names.Length; }
        }

        /// <summary>Number of a segment, 0 where the file is not in use.</summary>
        public uint Number(int segment)
        {
            return _numbers[segment];
        }

        /// <summary>True for the newest segment, whose checkpoint holds the replay windows.</summary>
        public bool IsNewest(int segment)
        {
            return _numbers[segment] == _lastNumber;
        }

        /// <summary>Slots in a segment.</summary>
        public int Slots(int segment)
        {
            return _slots[segment];
        }

        /// <summary>Records of a segment that are not done.</summary>
        public int Live(int segment)
        {
            return _live[segment];
        }

        /// <summary>Adds a number, which may be negative, to the records of a segment that are not done.</summary>
        public void AddLive(int segment, int more)
        {
            _live[segment] = (byte)(_live[segment] + more);
        }

        /// <summary>True where the current segment has room for this number of slots.</summary>
        public bool HasRoom(int slots)
        {
            return Current >= 0 && _slots[Current] + slots <= SlotsPerSegment;
        }

        /// <summary>
        /// Segments up to this number are only kept: the centre has all of their records, and they are deleted where
        /// room is needed. 0 where none is.
        /// </summary>
        public uint KeptUpTo { get; set; }

        /// <summary>True for a segment that is only kept.</summary>
        public bool IsKept(int segment)
        {
            return _numbers[segment] != 0 && _numbers[segment] <= KeptUpTo;
        }

        /// <summary>The oldest segment that is not only kept, -1 for none.</summary>
        public int Oldest()
        {
            return FirstAfter(KeptUpTo);
        }

        /// <summary>The oldest segment with a higher number than this, -1 for none.</summary>
        public int FirstAfter(uint number)
        {
            return Next(number, _names.Length);
        }

        /// <summary>The next newer segment, -1 for none; equal numbers (corrupt headers): by file name.</summary>
        public int After(int segment)
        {
            return Next(_numbers[segment], segment);
        }

        private int Next(uint number, int segment)
        {
            int next = -1;
            for (int i = 0; i < _names.Length; i++)
            {
                bool isAfter = _numbers[i] > number || (_numbers[i] == number && i > segment && number != 0);
                if (isAfter && !_unread[i] && (next < 0 || _numbers[i] < _numbers[next]))
                {
                    next = i;
                }
            }

            return next;
        }

        /// <summary>
        /// Begins a new segment. The segment before it is not changed until its records are done. Returns Failed also
        /// where no file name is spare. Compacting always frees one, so this happens only on a flash that refuses to
        /// delete.
        /// </summary>
        /// <param name="boot">The hub's boot, written into the header.</param>
        public FlashResult Begin(int boot)
        {
            FlashResult result = FlashResult.Failed;
            for (int tries = 0; tries < WriteTries && result != FlashResult.Ok; tries++)
            {
                int free = FreeSegment(tries);
                if (free < 0)
                {
                    return FlashResult.Failed;
                }

                SegmentHeader.Put(_header, _lastNumber + 1 + _skippedNumbers, boot, _checkpoint);
                result = _flash.Write(_names[free], _header, HeaderSize);
                if (result == FlashResult.Ok)
                {
                    _lastNumber += 1 + _skippedNumbers;
                    _skippedNumbers = 0;
                    _numbers[free] = _lastNumber;
                    _slots[free] = 0;
                    _live[free] = 0;
                    InUse++;
                    Current = free;
                }
            }

            return result;
        }

        /// <summary>Appends slots to the current segment, which has room for them.</summary>
        public FlashResult Append(byte[] slots, int count)
        {
            FlashResult result = _flash.Append(_names[Current], slots, count * RecordTable.SlotSize);
            if (result == FlashResult.Ok)
            {
                _slots[Current] = (byte)(_slots[Current] + count);
            }

            return result;
        }

        /// <summary>
        /// Stops appending to the current segment, whose file may end in half a slot. An empty segment is deleted;
        /// otherwise a failing flash would use up all file names.
        /// </summary>
        public void Abandon()
        {
            int left = Current;
            Current = -1;
            if (_slots[left] == 0)
            {
                Delete(left);
            }
        }

        /// <summary>Deletes the current segment.</summary>
        public void Discard()
        {
            int left = Current;
            Current = -1;
            Delete(left);
        }

        /// <summary>Deletes a segment; false where the flash refused, and for a file that could not be read.</summary>
        public bool Delete(int segment)
        {
            if (_unread[segment] || _flash.Delete(_names[segment]) != FlashResult.Ok)
            {
                return false;
            }

            _numbers[segment] = 0;
            _live[segment] = 0;
            InUse--;
            if (Current == segment)
            {
                Current = -1;
            }

            return true;
        }

        /// <summary>Forgets all segments; <see cref="ReadHeader"/> finds them again.</summary>
        public void Clear()
        {
            Current = -1;
            InUse = 0;
            Unread = 0;
            KeptUpTo = 0;
            _lastNumber = 0;
            _skippedNumbers = 0;
            Array.Clear(_numbers, 0, _numbers.Length);
            Array.Clear(_live, 0, _live.Length);
            Array.Clear(_unread, 0, _unread.Length);
        }

        /// <summary>
        /// Reads one file's header; returns the boot in it, 0 for none. A torn header without slots is deleted: power
        /// was cut during its write, so no record of that file was acknowledged. The slots behind a corrupt header are
        /// kept: <paramref name="corrupt"/> is set, and the segment gets number 1, which makes it the oldest.
        /// </summary>
        public int ReadHeader(int segment, out bool corrupt)
        {
            corrupt = false;
            int read = ReadBytes(segment, _header, HeaderSize);
            int length = read < 0 ? read : _flash.Length(_names[segment]);
            if (length == FlashFile.None)
            {
                return 0;
            }

            if (length < 0)
            {
                // The number in this header is not known and may be the highest, so new segments skip numbers.
                _skippedNumbers = UnreadNumbers;
                InUse++;
                SetUnread(segment);
                return 0;
            }

            int slots = length < HeaderSize ? 0 : (length - HeaderSize) / RecordTable.SlotSize;
            _slots[segment] = (byte)(slots > SlotsPerSegment ? SlotsPerSegment : slots);
            int boot = 0;
            if (SegmentHeader.IsWhole(_header, read))
            {
                _numbers[segment] = SegmentHeader.Number(_header);
                boot = SegmentHeader.Boot(_header);
            }
            else if (slots > 0)
            {
                corrupt = true;
                _numbers[segment] = 1;
            }
            else
            {
                _flash.Delete(_names[segment]);
                return 0;
            }

            InUse++;
            if (_numbers[segment] > _lastNumber)
            {
                _lastNumber = _numbers[segment];
            }

            return boot;
        }

        /// <summary>Restores the checkpoint from a segment's header, where the header's CRC is right.</summary>
        public void LoadCheckpoint(int segment)
        {
            if (_checkpoint != null && SegmentHeader.IsWhole(_header, ReadBytes(segment, _header, HeaderSize)))
            {
                _checkpoint.Load(_header, SegmentHeader.CheckpointAt);
            }
        }

        /// <summary>
        /// Reads a whole segment into the start of the image; returns the number of bytes read, <see
        /// cref="FlashFile.Fault"/> where the segment could not be read.
        /// </summary>
        public int Read(int segment, byte[] image)
        {
            int read = _unread[segment] ? FlashFile.Fault : ReadBytes(segment, image, SegmentSize);
            if (read == FlashFile.Fault)
            {
                SetUnread(segment);
            }

            return read;
        }

        /// <summary>
        /// Reads slots of a segment; false where not all of them could be read, which may be so for a moment only.
        /// </summary>
        public bool ReadSlots(int segment, int first, byte[] slots, int count)
        {
            int bytes = count * RecordTable.SlotSize;
            int at = HeaderSize + (first * RecordTable.SlotSize);
            return !_unread[segment] && _flash.Read(_names[segment], at, slots, bytes) == bytes;
        }

        /// <summary>True where every file that could not be read can be read now.</summary>
        public bool UnreadCanBeRead(byte[] image)
        {
            for (int i = 0; i < _names.Length; i++)
            {
                if (_unread[i] && _flash.Read(_names[i], 0, image, SegmentSize) == FlashFile.Fault)
                {
                    return false;
                }
            }

            return true;
        }

        private void SetUnread(int segment)
        {
            Unread += _unread[segment] ? 0 : 1;
            _unread[segment] = true;
        }

        private int ReadBytes(int segment, byte[] into, int count)
        {
            int read = FlashFile.Fault;
            for (int tries = 0; tries < ReadTries && read == FlashFile.Fault; tries++)
            {
                read = _flash.Read(_names[segment], 0, into, count);
            }

            return read;
        }

        /// <summary>A file that is not in use, after skipping <paramref name="skip"/> others; -1 for none.</summary>
        private int FreeSegment(int skip)
        {
            for (int step = 0; step < _names.Length; step++)
            {
                int i = (int)((_lastNumber + (uint)step) % (uint)_names.Length);
                if (_numbers[i] == 0 && !_unread[i] && skip-- == 0)
                {
                    return i;
                }
            }

            return -1;
        }
    }
}

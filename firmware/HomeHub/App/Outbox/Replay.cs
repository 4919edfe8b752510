using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Sends the kept alarm records once more after the centre's database was replaced by an older one: the centre says
    /// which incarnation its database is. Records are read from flash in small windows, oldest first, and wait in
    /// memory only, a few at a time, so that a new call is never behind many old ones. The incarnation is stored when
    /// all records have their receipts; a restart before that begins again, and the centre knows repeats by their
    /// identity (docs/adr/0058).
    /// </summary>
    public sealed class Replay
    {
        /// <summary>Records of the replay that wait for a receipt at once, at most.</summary>
        public const int WaitingAtMost = 32;

        private const long KeepMs = 7 * 24 * 3600000L;
        private const int WindowSlots = 8;
        private const int StepMs = 20;
        private const int WaitMs = 1000;
        private const int IdleMs = 60000;
        private const int ReadTries = 5;
        private const uint End = 0xFFFFFFFF;

        private readonly RecordStore _alarms;
        private readonly SegmentFiles _files;
        private readonly AbRecord _record;
        private readonly byte[] _bytes = new byte[4];
        private readonly byte[] _window = new byte[WindowSlots * RecordTable.SlotSize];
        private uint _stored;
        private uint _wanted;
        private long _centreMs;
        private long _centreAtMs;
        private uint _number;
        private int _slot;
        private uint _markNumber;
        private int _markSlot;
        private long _markMs;
        private bool _markIsKnown;
        private int _failures;

        /// <summary>Over the flash that holds the incarnation, and the outbox.</summary>
        public Replay(IFlash flash, Outbox outbox)
        {
            _alarms = outbox.Alarms;
            _files = outbox.Alarms.Files;
            _record = new AbRecord(flash, "centre", 4);
        }

        /// <summary>True until every kept record is with the new incarnation.</summary>
        public bool IsRunning
        {
            get { return _wanted != _stored; }
        }

        /// <summary>After a boot.</summary>
        public void Start()
        {
            _stored = _record.Load(_bytes) == 4 ? Bytes.GetU32(_bytes, 0) : 0;
            _wanted = _stored;
        }

        /// <summary>The centre says which incarnation its database is, and the time.</summary>
        public void Take(uint incarnation, long centreMs, long nowMs)
        {
            _centreMs = centreMs;
            _centreAtMs = nowMs;
            if (incarnation != _wanted)
            {
                _wanted = incarnation;
                _number = 0;
                _slot = 0;
                FindMarkFrom(0, 0);
            }
        }

        /// <summary>Does one slice; returns the milliseconds until the next.</summary>
        public int Step(long nowMs)
        {
            if (!IsRunning)
            {
                return IdleMs;
            }

            int segment = Segment(ref _number, ref _slot);
            if (!_markIsKnown)
            {
                LookAhead();
            }
            else if (segment < 0)
            {
                Finish();
                return WaitMs;
            }
            else if (WaitingCount() + WindowSlots > WaitingAtMost)
            {
                return WaitMs; // a receipt is an event and calls earlier
            }
            else
            {
                BringBack(segment, nowMs);
            }

            return StepMs;
        }

        private int WaitingCount()
        {
            int count = 0;
            for (int i = _alarms.First(RecordState.Memory); i >= 0 && count < WaitingAtMost; i = _alarms.NextOfState(i))
            {
                count++;
            }

            return count;
        }

        // The segment at a place, or the next one where that segment is gone or at its end; -1 after the last.
        private int Segment(ref uint number, ref int slot)
        {
            int segment = number == End ? -1 : _files.FirstAfter(number == 0 ? 0 : number - 1);
            if (segment >= 0 && _files.Number(segment) == number && slot >= _files.Slots(segment))
            {
                segment = _files.FirstAfter(number);
            }

            uint found = segment < 0 ? End : _files.Number(segment);
            slot = found == number ? slot : 0;
            number = found;
            return segment;
        }

        private void FindMarkFrom(uint number, int slot)
        {
            _markNumber = number;
            _markSlot = slot;
            _markMs = 0;
            _markIsKnown = false;
        }

        // Finds the next slot of marks. A record before it happened before the time of that slot.
        private void LookAhead()
        {
            int segment = Segment(ref _markNumber, ref _markSlot);
            if (segment < 0)
            {
                _markIsKnown = true;
                return;
            }

            int count = Read(segment, _markSlot);
            for (int i = 0; i < count; i++)
            {
                int at = i * RecordTable.SlotSize;
                if (_window[at] == DoneMarks.Kind && DoneMarks.IsWhole(_window, at))
                {
                    _markMs = DoneMarks.CentreMs(_window, at);
                    _markIsKnown = true;
                    _markSlot += i;
                    return;
                }
            }

            _markSlot += count;
        }

        private void BringBack(int segment, long nowMs)
        {
            if (_number > _markNumber)
            {
                FindMarkFrom(_number, _slot); // the segment with the mark was deleted
                return;
            }

            int count = Read(segment, _slot);
            bool endsAtMark = _number == _markNumber && _slot + count > _markSlot;
            count = endsAtMark ? _markSlot - _slot : count;
            for (int i = 0; i < count; i++)
            {
                int at = i * RecordTable.SlotSize;
                if ((_window[at] == RecordStore.RecordKind || _window[at] == RecordStore.CopyKind)
                    && DoneMarks.IsWhole(_window, at))
                {
                    AddRecord(at, nowMs);
                }
            }

            _slot += count;
            if (endsAtMark)
            {
                _slot++;
                FindMarkFrom(_number, _slot);
            }
        }

        private void AddRecord(int at, long nowMs)
        {
            int boot = Bytes.GetU24(_window, at + 1);
            int sequence = Bytes.GetU16(_window, at + 4);
            long sinceMs = _markMs == 0 ? 0 : _centreMs + (nowMs - _centreAtMs) - _markMs;
            sinceMs = sinceMs < 0 ? 0 : sinceMs;
            if (sinceMs > KeepMs || _alarms.IndexOf(boot, sequence) >= 0)
            {
                return;
            }

            long ageMs = Bytes.GetU32(_window, at + RecordTable.AgeAt) + sinceMs;
            _alarms.Add(
                false,
                boot,
                sequence,
                Bytes.GetU48(_window, at + 6),
                (sbyte)_window[at + 12],
                (byte)(_window[at + RecordTable.FlagsAt] & (Envelope.LinkChecked | Envelope.Advertised)),
                AgeQuality.AtLeast,
                ageMs > 0xFFFFFFFFL ? 0xFFFFFFFF : (uint)ageMs,
                nowMs,
                _window,
                at + RecordTable.FrameOffset);
        }

        // Reads the next slots; 0 for a fault that may pass. What cannot be read again and again is left out.
        private int Read(int segment, int slot)
        {
            int left = _files.Slots(segment) - slot;
            int count = left < WindowSlots ? left : WindowSlots;
            if (_files.ReadSlots(segment, slot, _window, count))
            {
                _failures = 0;
                return count;
            }

            _failures++;
            if (_failures < ReadTries)
            {
                return 0;
            }

            _failures = 0;
            for (int i = 0; i < count; i++)
            {
                _window[i * RecordTable.SlotSize] = 0;
            }

            return count;
        }

        private void Finish()
        {
            if (_alarms.First(RecordState.Memory) >= 0)
            {
                return; // they wait for their receipts
            }

            Bytes.PutU32(_bytes, 0, _wanted);
            if (_record.Replace(_bytes, 4) == FlashResult.Ok)
            {
                _stored = _wanted;
            }
        }
    }
}

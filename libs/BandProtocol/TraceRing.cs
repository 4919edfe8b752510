namespace ElderBand.BandProtocol
{
    /// <summary>What an entry of the trace tells; its two numbers stand behind the name.</summary>
    public enum TraceKind : byte
    {
        /// <summary>No entry.</summary>
        None = 0,

        /// <summary>A boot began: <see cref="WakeCause"/> (4 = the watchdog), boot count (low 16 bits).</summary>
        Boot = 1,

        /// <summary>The band's mode changed: <see cref="BandMode"/> now, before.</summary>
        Mode = 2,

        /// <summary>The radio was started: starts in this boot.</summary>
        RadioStart = 3,

        /// <summary>The radio was stopped: starts in this boot.</summary>
        RadioStop = 4,

        /// <summary>The radio was restarted because it was silent: restarts in this boot.</summary>
        RadioRestart = 5,

        /// <summary>One more link: links now; on the hub also those that are being made.</summary>
        LinkUp = 6,

        /// <summary>One link less: links now.</summary>
        LinkDown = 7,

        /// <summary>The hub is signed in at the centre.</summary>
        LineUp = 8,

        /// <summary>The hub's line to the centre is gone.</summary>
        LineDown = 9,

        /// <summary>The flash failed: <see cref="FlashResult"/>, records that wait in memory.</summary>
        FlashFault = 10,

        /// <summary>The flash works again.</summary>
        FlashWorks = 11,

        /// <summary>
        /// A sensor failed: 1 PPG or 2 accelerometer, with 256 times the kind of fault; register times 256 and what was
        /// read there.
        /// </summary>
        SensorFault = 12,

        /// <summary>A sensor works again: 1 PPG or 2 accelerometer.</summary>
        SensorWorks = 13,

        /// <summary>The longest step so far: its length in ms.</summary>
        LongestStep = 14,

        /// <summary>The device restarts itself: <see cref="RestartReason"/>.</summary>
        Restart = 15,

        /// <summary>
        /// The centre has asked for the trace: number of the question. The last entry of each answer, so its time is
        /// the time of the answer.
        /// </summary>
        Asked = 16,
    }

    /// <summary>Why a device restarts itself.</summary>
    public enum RestartReason : byte
    {
        /// <summary>No reason.</summary>
        None = 0,

        /// <summary>The key was held for 20 s.</summary>
        Key = 1,

        /// <summary>A lane's sequence is nearly spent.</summary>
        SequenceSpent = 2,

        /// <summary>The radio stack has leaked too much.</summary>
        RadioWornOut = 3,

        /// <summary>The radio stayed silent through restarts.</summary>
        RadioSilent = 4,

        /// <summary>The flash could not be read.</summary>
        FlashUnread = 5,
    }

    /// <summary>
    /// The last 64 events that a technician asks for after a reset, as numbers. The last 8 go into a flash record that
    /// is written anyway, because the watchdog clears RAM; the next boot puts them in front of its own.
    /// </summary>
    public sealed class TraceRing
    {
        /// <summary>Entries in memory at most.</summary>
        public const int Capacity = 64;

        /// <summary>Bytes of what <see cref="SaveLast"/> writes.</summary>
        public const int SavedSize = SavedEntries * EntrySize;

        /// <summary>Bytes of one entry as it is written: kind 1, seconds 3, numbers 2 and 2.</summary>
        public const int EntrySize = 8;

        private const int SavedEntries = 8;
        private const int SavedOfTheBeat = 2;
        private const int LongStepMs = 100;
        private const int MaxNumber = 0xFFFF;
        private const int MaxSeconds = 0xFFFFFF;

        private readonly byte[] _kinds = new byte[Capacity];
        private readonly int[] _seconds = new int[Capacity];
        private readonly int[] _first = new int[Capacity];
        private readonly int[] _second = new int[Capacity];
        private readonly int[] _saved = new int[Capacity];
        private int _begin;
        private int _longestMs;

        /// <summary>Entries held.</summary>
        public int Count { get; private set; }

        /// <summary>Kind of an entry; 0 is the oldest.</summary>
        public TraceKind Kind(int index)
        {
            return (TraceKind)_kinds[Place(index)];
        }

        /// <summary>Seconds since the boot that the entry belongs to, at most 2^24 - 1.</summary>
        public int Seconds(int index)
        {
            return _seconds[Place(index)];
        }

        /// <summary>The entry's first number, 0-65,535.</summary>
        public int First(int index)
        {
            return _first[Place(index)];
        }

        /// <summary>The entry's second number, 0-65,535.</summary>
        public int Second(int index)
        {
            return _second[Place(index)];
        }

        /// <summary>Adds an entry; the oldest goes where there is no room.</summary>
        public void Add(TraceKind kind, int first, int second, long nowMs)
        {
            long seconds = nowMs / 1000;
            Put(kind, seconds > MaxSeconds ? MaxSeconds : (int)seconds, Clamp(first), Clamp(second));
        }

        /// <summary>A step has taken this long; an entry where that is a quarter more than any before.</summary>
        public void AddStep(long tookMs, long nowMs)
        {
            int ms = tookMs > MaxNumber ? MaxNumber : (int)tookMs;
            if (ms >= LongStepMs && ms * 4 >= _longestMs * 5)
            {
                _longestMs = ms;
                Add(TraceKind.LongestStep, ms, 0, nowMs);
            }
        }

        /// <summary>Writes the last 8 entries, as <see cref="SaveLast(byte[], int, int)"/> does.</summary>
        public void SaveLast(byte[] data, int offset)
        {
            SaveLast(data, offset, SavedEntries);
        }

        /// <summary>
        /// Writes the last entries, oldest first, with kind 0 where there are fewer. Of the entries that each beat
        /// adds, only the newest two are written; after a night there would be no others.
        /// </summary>
        /// <param name="data">Has room for <see cref="EntrySize"/> bytes an entry.</param>
        /// <param name="offset">First byte.</param>
        /// <param name="entries">1 to <see cref="Capacity"/>.</param>
        public void SaveLast(byte[] data, int offset, int entries)
        {
            int count = PickLast(entries);
            for (int i = 0; i < entries; i++)
            {
                int at = offset + (i * EntrySize);
                if (i < count)
                {
                    SaveEntry(_saved[count - 1 - i], data, at);
                }
                else
                {
                    Bytes.PutU32(data, at, 0);
                    Bytes.PutU32(data, at + 4, 0);
                }
            }
        }

        /// <summary>Writes one entry, <see cref="EntrySize"/> bytes; 0 is the oldest.</summary>
        public void SaveEntry(int index, byte[] data, int offset)
        {
            data[offset] = (byte)Kind(index);
            Bytes.PutU24(data, offset + 1, Seconds(index));
            Bytes.PutU16(data, offset + 4, First(index));
            Bytes.PutU16(data, offset + 6, Second(index));
        }

        /// <summary>
        /// Adds what <see cref="SaveLast"/> of an earlier boot wrote; called before this boot adds anything.
        /// </summary>
        public void LoadLast(byte[] data, int offset)
        {
            for (int i = 0; i < SavedEntries; i++)
            {
                int at = offset + (i * EntrySize);
                if (data[at] != 0)
                {
                    Put(
                        (TraceKind)data[at],
                        Bytes.GetU24(data, at + 1),
                        Bytes.GetU16(data, at + 4),
                        Bytes.GetU16(data, at + 6));
                }
            }
        }

        private int PickLast(int most)
        {
            int count = 0;
            int ofTheBeat = 0;
            for (int i = Count - 1; i >= 0 && count < most; i--)
            {
                if (!ComesWithBeat(Kind(i)) || ofTheBeat++ < SavedOfTheBeat)
                {
                    _saved[count++] = i;
                }
            }

            return count;
        }

        private static bool ComesWithBeat(TraceKind kind)
        {
            return kind == TraceKind.RadioStart || kind == TraceKind.RadioStop
                || kind == TraceKind.LinkUp || kind == TraceKind.LinkDown;
        }

        private void Put(TraceKind kind, int seconds, int first, int second)
        {
            if (Count == Capacity)
            {
                _begin = (_begin + 1) & (Capacity - 1);
                Count--;
            }

            int place = Place(Count);
            _kinds[place] = (byte)kind;
            _seconds[place] = seconds;
            _first[place] = first;
            _second[place] = second;
            Count++;
        }

        private int Place(int index)
        {
            return (_begin + index) & (Capacity - 1);
        }

        private static int Clamp(int number)
        {
            return number < 0 ? 0 : number > MaxNumber ? MaxNumber : number;
        }
    }
}

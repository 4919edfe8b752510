namespace ElderBand.BandProtocol
{
    /// <summary>Kinds of events. Callbacks only enqueue them; the loop decides.</summary>
    public enum EventKind : byte
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>The key's level changed; Arg 1 pressed, 0 released.</summary>
        KeyEdge = 1,

        /// <summary>An interrupt of the accelerometer: its FIFO must be read.</summary>
        MotionReady = 2,

        /// <summary>A link is up (hub: Address).</summary>
        LinkUp = 3,

        /// <summary>A link is down or could not be made (hub: Address).</summary>
        LinkDown = 4,

        /// <summary>20 bytes came over a link (hub: Address).</summary>
        FrameIn = 5,

        /// <summary>
        /// An advertisement was heard (Address; Arg signal strength in dBm; Data the frame, or none).
        /// </summary>
        Advertisement = 6,

        /// <summary>Signed in at the centre.</summary>
        UplinkUp = 7,

        /// <summary>The line is gone, or the attempt failed.</summary>
        UplinkDown = 8,

        /// <summary>PUBACK for the message in Arg.</summary>
        Published = 9,

        /// <summary>A message from the centre; Arg is the <see cref="UplinkTopic"/>.</summary>
        Downlink = 10,

        /// <summary>Mains or charger came (Arg 1) or went (Arg 0).</summary>
        PowerEdge = 11,
    }

    /// <summary>One event, copied out of the ring; reused by the loop.</summary>
    public sealed class RingEvent
    {
        /// <summary>Makes an event that can hold <paramref name="dataBytes"/>.</summary>
        public RingEvent(int dataBytes)
        {
            Data = new byte[dataBytes];
        }

        /// <summary>Kind.</summary>
        public EventKind Kind;

        /// <summary>Monotonic time of the callback, ms.</summary>
        public long AtMs;

        /// <summary>Band address, where it applies.</summary>
        public long Address;

        /// <summary>Small argument, by kind.</summary>
        public int Arg;

        /// <summary>Bytes used in <see cref="Data"/>.</summary>
        public int Count;

        /// <summary>Data.</summary>
        public readonly byte[] Data;
    }

    /// <summary>
    /// Bounded ring between callbacks and the one thread that decides. All memory is taken in the constructor.
    /// When full, the new event is dropped and counted (R6). The last slot is reserved for a key edge, the one before
    /// it for the begin and end of a link or a line: a flood of frames must hide neither.
    /// </summary>
    public sealed class EventRing
    {
        private readonly object _gate = new object();
        private readonly RingEvent[] _slots;
        private int _head;
        private int _count;
        private int _dropped;

        /// <summary>
        /// Makes a ring of <paramref name="slots"/> events of at most <paramref name="dataBytes"/> each.
        /// </summary>
        public EventRing(int slots, int dataBytes)
        {
            _slots = new RingEvent[slots];
            for (int i = 0; i < slots; i++)
            {
                _slots[i] = new RingEvent(dataBytes);
            }
        }

        /// <summary>Events lost because the ring was full or the data too long.</summary>
        public int Dropped
        {
            get { return _dropped; }
        }

        /// <summary>Adds an event; false where it was dropped.</summary>
        public bool Enqueue(EventKind kind, long atMs, long address, int arg, byte[] data, int count)
        {
            lock (_gate)
            {
                int limit = kind == EventKind.KeyEdge
                    ? _slots.Length : IsTurn(kind) ? _slots.Length - 1 : _slots.Length - 2;
                if (_count >= limit || count > _slots[0].Data.Length)
                {
                    _dropped++;
                    return false;
                }

                int index = _head + _count;
                if (index >= _slots.Length)
                {
                    index -= _slots.Length;
                }

                RingEvent slot = _slots[index];
                slot.Kind = kind;
                slot.AtMs = atMs;
                slot.Address = address;
                slot.Arg = arg;
                slot.Count = count;
                if (count > 0)
                {
                    Bytes.Copy(data, 0, slot.Data, 0, count);
                }

                _count++;
                return true;
            }
        }

        private static bool IsTurn(EventKind kind)
        {
            return kind == EventKind.LinkUp || kind == EventKind.LinkDown
                || kind == EventKind.UplinkUp || kind == EventKind.UplinkDown;
        }

        /// <summary>Takes the oldest event into <paramref name="into"/>; false where the ring is empty.</summary>
        public bool TryDequeue(RingEvent into)
        {
            lock (_gate)
            {
                if (_count == 0)
                {
                    return false;
                }

                RingEvent slot = _slots[_head];
                into.Kind = slot.Kind;
                into.AtMs = slot.AtMs;
                into.Address = slot.Address;
                into.Arg = slot.Arg;
                into.Count = slot.Count;
                Bytes.Copy(slot.Data, 0, into.Data, 0, slot.Count);
                _head++;
                if (_head == _slots.Length)
                {
                    _head = 0;
                }

                _count--;
                return true;
            }
        }
    }
}

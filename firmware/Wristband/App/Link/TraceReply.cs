using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The band's answer to the centre's question for its trace: up to <see cref="Payload.TraceHalves"/> frames, the
    /// newest entry first, sent when nothing else waits (docs/adr/0046). The answer is in memory only.
    /// </summary>
    public sealed class TraceReply
    {
        private const int EveryMs = 100;

        // Six answers an hour at most, because each answer needs a link, and a link costs charge.
        private const long AnswerEveryMs = 600000;

        private readonly TraceRing _ring;
        private readonly FrameSource _source;
        private readonly byte[] _entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
        private readonly byte[] _frame = new byte[Frame.Size];
        private byte _ask;
        private byte _asked;
        private bool _made;
        private int _half = -1;
        private long _notBeforeMs;
        private long _dueMs;

        /// <summary>Answers from the trace with frames of this source.</summary>
        public TraceReply(TraceRing ring, FrameSource source)
        {
            _ring = ring;
            _source = source;
        }

        /// <summary>The centre asks with this number, 1-255; 0 is no question.</summary>
        public void Ask(byte ask)
        {
            _asked = ask != 0 ? ask : _asked;
        }

        /// <summary>True while frames of an answer wait for a link.</summary>
        public bool Waits(long nowMs)
        {
            return _half >= 0 || (_asked != 0 && nowMs >= _notBeforeMs);
        }

        /// <summary>The frame that is due, null for none; the same until <see cref="Sent"/>.</summary>
        public byte[] Next(long nowMs)
        {
            if (_asked != 0 && nowMs >= _notBeforeMs)
            {
                Begin(nowMs);
            }

            if (_half < 0 || nowMs < _dueMs)
            {
                return null;
            }

            if (!_made)
            {
                _source.BeginVitals(_frame, FrameType.Trace);
                Payload.PutTraceHalf(_frame, _half, _ask, _entries);
                _source.Sign(_frame);
                _made = true;
            }

            return _frame;
        }

        /// <summary>When the next frame is due, ms; in the past where none waits.</summary>
        public long DueMs
        {
            get { return _dueMs; }
        }

        /// <summary>The frame is on its way.</summary>
        public void Sent(long nowMs)
        {
            _made = false;
            _half--;
            _dueMs = nowMs + EveryMs;
        }

        private void Begin(long nowMs)
        {
            _ask = _asked;
            _asked = 0;
            _made = false;
            _notBeforeMs = nowMs + AnswerEveryMs;
            _dueMs = nowMs;
            _ring.Add(TraceKind.Asked, _ask, 0, nowMs);
            _ring.SaveLast(_entries, 0, Payload.TraceEntries);
            int entries = Payload.TraceEntries;
            while (_entries[(entries - 1) * TraceRing.EntrySize] == (byte)TraceKind.None)
            {
                entries--; // the entry of the question itself is always there
            }

            _half = (2 * entries) - 1;
        }
    }
}

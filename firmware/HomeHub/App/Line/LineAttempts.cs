using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Decides when the hub attempts to connect to the centre (docs/adr/0033). An attempt may freeze every thread on
    /// the device, so a mark on flash says that one runs.
    /// </summary>
    public sealed class LineAttempts
    {
        private const int TraceAt = 2;

        private static readonly int[] BackoffS = { 1, 2, 5, 15, 30, 60 };
        private static readonly int[] FrozenS = { 60, 120, 300, 900 };

        private readonly Outbox _outbox;
        private readonly BandTable _bands;
        private readonly AbRecord _record;
        private readonly TraceRing _trace;
        private readonly byte[] _mark = new byte[TraceAt + TraceRing.SavedSize];
        private long _endedMs;
        private long _nextMs;
        private int _failed;
        private int _frozen;
        private bool _thawing;

        /// <summary>
        /// Allocates all memory that the attempts will use. The end of the trace is stored behind the mark.
        /// </summary>
        public LineAttempts(IFlash flash, Outbox outbox, BandTable bands, TraceRing trace)
        {
            _trace = trace;
            _outbox = outbox;
            _bands = bands;
            _record = new AbRecord(flash, "uplink", _mark.Length);
        }

        /// <summary>
        /// When the next attempt begins, ms. While a call for help waits, 5 to 10 s after the last one (P20, P21),
        /// except after a frozen one.
        /// </summary>
        public long NextMs
        {
            get
            {
                long urgentMs = _endedMs + 5000 + Jitter(5000);
                return !_thawing && urgentMs < _nextMs && _outbox.Alarms.UrgentWaits ? urgentMs : _nextMs;
            }
        }

        /// <summary>
        /// After a boot. A watchdog reset with the mark "connecting" on flash means that the attempt froze the hub:
        /// wait 1, 2, 5, 15 min before the next while bands, key and buzzer work (P21).
        /// </summary>
        public void Start(WakeCause cause, long nowMs)
        {
            _nextMs = nowMs;
            int length = _record.Load(_mark);
            if (length == _mark.Length)
            {
                _trace.LoadLast(_mark, TraceAt);
            }
            else if (length < TraceAt)
            {
                _mark[0] = 0;
                _mark[1] = 0;
            }

            _frozen = _mark[1];
            if (_mark[0] == 0)
            {
                return;
            }

            if (cause == WakeCause.Watchdog)
            {
                _thawing = true;
                _nextMs = nowMs + (FrozenS[Least(_frozen, FrozenS.Length - 1)] * 1000L);
                _frozen = Least(_frozen + 1, FrozenS.Length);
            }

            SaveMark(0);
        }

        /// <summary>An attempt begins.</summary>
        public void Begin()
        {
            _thawing = false;
            SaveMark(1);
        }

        /// <summary>An attempt has signed in.</summary>
        public void Succeed()
        {
            _failed = 0;
            _frozen = 0;
            ClearMark();
        }

        /// <summary>
        /// An attempt has failed, or the line was lost: 1, 2, 5, 15, 30, 60 s and up to half as much again.
        /// </summary>
        public void Fail(long nowMs)
        {
            long waitMs = BackoffS[Least(_failed, BackoffS.Length - 1)] * 1000L;
            _endedMs = nowMs;
            _nextMs = nowMs + waitMs + Jitter(waitMs / 2);
            _failed++;
            ClearMark();
        }

        /// <summary>Writes the record as it is, with the end of the trace.</summary>
        public void Save()
        {
            _trace.SaveLast(_mark, TraceAt);
            _record.Replace(_mark, _mark.Length);
        }

        /// <summary>Hubs wait for different times, so that they do not all return at once (P22).</summary>
        private long Jitter(long belowMs)
        {
            uint hash = _bands.Fingerprint ^ ((uint)_outbox.Boot * 2654435761u) ^ ((uint)_failed * 40503u);
            hash = (hash ^ (hash >> 15)) * 2246822519u;
            hash ^= hash >> 13;
            return hash % (uint)belowMs;
        }

        private void ClearMark()
        {
            if (_mark[0] != 0 || _mark[1] != _frozen)
            {
                SaveMark(0);
            }
        }

        private void SaveMark(byte connecting)
        {
            _mark[0] = connecting;
            _mark[1] = (byte)_frozen;
            Save();
        }

        private static int Least(int a, int b)
        {
            return a < b ? a : b;
        }
    }
}

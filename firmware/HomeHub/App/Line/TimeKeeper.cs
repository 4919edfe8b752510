using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Keeps the wall clock, which is a label only (R8), and the date that TLS compares with certificates. Until the
    /// centre has told its time, the clock has the later one of the build date and the stored time. A wrong time from
    /// the centre must not lock the hub out (docs/adr/0056).
    /// </summary>
    public sealed class TimeKeeper
    {
        private const long DayMs = 86400000;
        private const long StepMs = 90 * DayMs;
        private const long StoreEveryMs = 6 * 3600000L;
        private const long ToleranceMs = 500;

        private readonly IClock _clock;
        private readonly AbRecord _record;
        private readonly byte[] _bytes = new byte[8];
        private readonly long _buildDateMs;
        private readonly long _latestMs;
        private readonly int _utcOffsetMinutes;
        private long _bootWallMs;
        private long _storedMs;
        private long _storedAtMs;
        private long _storeDueMs;
        private bool _nextFromBuildDate;

        /// <summary>Makes a time keeper.</summary>
        /// <param name="clock">The clock to set.</param>
        /// <param name="flash">Holds the last time.</param>
        /// <param name="buildDateUnixMs">No time is earlier.</param>
        /// <param name="authorityEndsMs">The clock stays a day before this.</param>
        /// <param name="utcOffsetMinutes">Of the home.</param>
        public TimeKeeper(
            IClock clock, IFlash flash, long buildDateUnixMs, long authorityEndsMs, int utcOffsetMinutes)
        {
            _clock = clock;
            _record = new AbRecord(flash, "time", 8);
            _buildDateMs = buildDateUnixMs;
            _latestMs = authorityEndsMs - DayMs;
            _utcOffsetMinutes = utcOffsetMinutes;
        }

        /// <summary>True once the centre has told the time in this boot.</summary>
        public bool IsKnown { get; private set; }

        /// <summary>Sets the clock to the latest time that cannot be too late.</summary>
        public void Start(long nowMs)
        {
            _storedMs = _buildDateMs;
            _storedAtMs = nowMs;
            if (_record.Load(_bytes) == 8 && Bytes.GetI64(_bytes, 0) > _storedMs)
            {
                _storedMs = Least(Bytes.GetI64(_bytes, 0), _latestMs);
            }

            _bootWallMs = _storedMs - nowMs;
            _clock.SetWall(_storedMs);
        }

        /// <summary>
        /// An attempt to connect begins. Nothing says whether the last one failed by the date, so each second attempt
        /// in a row has the build date: the service's certificates begin before any build (docs/adr/0044).
        /// </summary>
        public void BeginAttempt(long nowMs)
        {
            _clock.SetWall(_nextFromBuildDate ? _buildDateMs : _bootWallMs + nowMs);
            _nextFromBuildDate = !_nextFromBuildDate;
        }

        /// <summary>
        /// Takes the centre's time from a receipt or the table of bands. A time before the build date is refused. A
        /// time far ahead moves the date by at most 90 days in 6 hours, by whole days.
        /// </summary>
        public void Take(long centreMs, long nowMs)
        {
            if (centreMs < _buildDateMs)
            {
                return;
            }

            long limitMs = Least(_storedMs + nowMs - _storedAtMs + StepMs, _latestMs);
            long wallMs = centreMs;
            if (wallMs > limitMs)
            {
                wallMs -= (wallMs - limitMs + DayMs - 1) / DayMs * DayMs;
            }

            _bootWallMs = wallMs - nowMs;
            long difference = _clock.WallMs() - wallMs;
            if (difference > ToleranceMs || difference < -ToleranceMs)
            {
                _clock.SetWall(wallMs);
            }

            IsKnown = true;
            _nextFromBuildDate = false;
            if (nowMs >= _storeDueMs)
            {
                _storeDueMs = nowMs + StoreEveryMs;
                _storedMs = wallMs;
                _storedAtMs = nowMs;
                Bytes.PutI64(_bytes, 0, wallMs);
                _record.Replace(_bytes, 8);
            }
        }

        /// <summary>Local minute of the day for the wrist, 0xFFFF while unknown.</summary>
        public int MinuteOfDay(long nowMs)
        {
            if (!IsKnown)
            {
                return 0xFFFF;
            }

            long minutes = ((_bootWallMs + nowMs) / 60000) + _utcOffsetMinutes;
            return (int)(((minutes % 1440) + 1440) % 1440);
        }

        private static long Least(long a, long b)
        {
            return a < b ? a : b;
        }
    }
}

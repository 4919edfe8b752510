using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Keeps the wall clock, which is a label only (R8). Before TLS it is max(build date, last stored), since the
    /// device checks the dates of certificates; then it is the centre's.
    /// </summary>
    public sealed class TimeKeeper
    {
        private const long StoreEveryMs = 6 * 3600000L;
        private const long ToleranceMs = 500;

        private readonly IClock _clock;
        private readonly AbRecord _record;
        private readonly byte[] _bytes = new byte[8];
        private readonly long _buildDateMs;
        private readonly int _utcOffsetMinutes;
        private long _storeDueMs;

        /// <summary>Makes a time keeper.</summary>
        public TimeKeeper(IClock clock, IFlash flash, long buildDateUnixMs, int utcOffsetMinutes)
        {
            _clock = clock;
            _record = new AbRecord(flash, "time", 8);
            _buildDateMs = buildDateUnixMs;
            _utcOffsetMinutes = utcOffsetMinutes;
        }

        /// <summary>True once the centre has told the time in this boot.</summary>
        public bool IsKnown { get; private set; }

        /// <summary>Sets the clock to the latest time that cannot be too late.</summary>
        public void Start()
        {
            long wall = _buildDateMs;
            if (_record.Load(_bytes) == 8 && Bytes.GetI64(_bytes, 0) > wall)
            {
                wall = Bytes.GetI64(_bytes, 0);
            }

            if (_clock.WallMs() < wall)
            {
                _clock.SetWall(wall);
            }
        }

        /// <summary>
        /// Takes the centre's time from a receipt or the table of bands. A time before the build date is refused.
        /// </summary>
        public void Take(long centreMs, long nowMs)
        {
            if (centreMs < _buildDateMs)
            {
                return;
            }

            long difference = _clock.WallMs() - centreMs;
            if (difference > ToleranceMs || difference < -ToleranceMs)
            {
                _clock.SetWall(centreMs);
            }

            IsKnown = true;
            if (nowMs >= _storeDueMs)
            {
                _storeDueMs = nowMs + StoreEveryMs;
                Bytes.PutI64(_bytes, 0, centreMs);
                _record.Replace(_bytes, 8);
            }
        }

        /// <summary>Local minute of the day for the wrist, 0xFFFF while unknown.</summary>
        public int MinuteOfDay()
        {
            if (!IsKnown)
            {
                return 0xFFFF;
            }

            long minutes = (_clock.WallMs() / 60000) + _utcOffsetMinutes;
            return (int)(((minutes % 1440) + 1440) % 1440);
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>What the last state of a trusted hub said, and when.</summary>
    public sealed class LastHubState
    {
        private const int MinutesPerDay = 1440;

        private int _minuteOfDay = -1;
        private long _atMs;
        private bool _heard;

        /// <summary>A state came in.</summary>
        public void Take(byte[] frame, long nowMs)
        {
            int minute = Payload.MinuteOfDay(frame, 0);
            _minuteOfDay = minute < MinutesPerDay ? minute : -1;
            _atMs = nowMs;
            _heard = true;
        }

        /// <summary>Local minute of the day, 0-1439; -1 unknown.</summary>
        public int MinuteOfDay(long nowMs)
        {
            return _minuteOfDay < 0 ? -1 : (int)((_minuteOfDay + ((nowMs - _atMs) / 60000)) % MinutesPerDay);
        }

        /// <summary>True where no state came within this time.</summary>
        public bool IsOlderThan(int ms, long nowMs)
        {
            return !_heard || nowMs - _atMs > ms;
        }
    }
}

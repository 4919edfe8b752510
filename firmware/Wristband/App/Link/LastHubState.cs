using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// What the last state of a trusted hub said, and when. The minute of the day goes on by the band's own clock:
    /// after the first one, hubs move the minute by at most one in 5 minutes. So a hub that lies, or a wrong clock at
    /// the centre, cannot hold the night on, in which no inactivity is told (docs/adr/0056).
    /// </summary>
    public sealed class LastHubState
    {
        private const int MinutesPerDay = 1440;
        private const long MoveEveryMs = 300000;

        private int _minuteOfDay = -1;
        private long _minuteAtMs;
        private long _movedMs;
        private long _atMs;
        private bool _heard;

        /// <summary>A state came in.</summary>
        public void Take(byte[] frame, long nowMs)
        {
            TakeMinute(Payload.MinuteOfDay(frame, 0), nowMs);
            _atMs = nowMs;
            _heard = true;
        }

        /// <summary>Local minute of the day, 0-1439; -1 unknown.</summary>
        public int MinuteOfDay(long nowMs)
        {
            return _minuteOfDay < 0 ? -1 : (int)((_minuteOfDay + ((nowMs - _minuteAtMs) / 60000)) % MinutesPerDay);
        }

        /// <summary>True where no state came within this time.</summary>
        public bool IsOlderThan(int ms, long nowMs)
        {
            return !_heard || nowMs - _atMs > ms;
        }

        private void TakeMinute(int minute, long nowMs)
        {
            if (minute >= MinutesPerDay)
            {
                return;
            }

            if (_minuteOfDay < 0)
            {
                _minuteOfDay = minute;
                _minuteAtMs = nowMs;
                _movedMs = nowMs;
            }

            int ahead = (minute - MinuteOfDay(nowMs) + MinutesPerDay) % MinutesPerDay;
            if (ahead != 0 && nowMs - _movedMs >= MoveEveryMs)
            {
                int move = ahead < MinutesPerDay / 2 ? 1 : MinutesPerDay - 1;
                _minuteOfDay = (_minuteOfDay + move) % MinutesPerDay;
                _movedMs = nowMs;
            }
        }
    }
}

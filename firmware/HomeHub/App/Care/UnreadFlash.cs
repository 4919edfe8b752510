using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// What the hub does where its flash could not be read at boot (docs/adr/0019): it restarts up to three times, then
    /// works with what it has read, and restarts once more when the flash can be read again. Records that were not read
    /// stay on flash meanwhile (P48).
    /// </summary>
    public sealed class UnreadFlash
    {
        private const long ReadEveryMs = 60000;

        private readonly Outbox _outbox;
        private readonly BandTable _bands;
        private readonly FaultRestarts _restarts;
        private long _readDueMs;

        /// <summary>Composes the restarts over the records that must not be lost.</summary>
        public UnreadFlash(IFlash flash, Outbox outbox, BandTable bands)
        {
            _outbox = outbox;
            _bands = bands;
            _restarts = new FaultRestarts(flash);
        }

        private bool IsUnread
        {
            get { return _outbox.IsUnread || _bands.IsUnread; }
        }

        /// <summary>After the records were loaded: true where the hub must restart now.</summary>
        public bool Start(bool keyIsDown, long nowMs)
        {
            _readDueMs = nowMs + ReadEveryMs;
            if (!IsUnread)
            {
                _restarts.Clear();
                return false;
            }

            return !keyIsDown && _restarts.Take();
        }

        /// <summary>
        /// True where the hub must restart now: the flash can be read again, and every record in memory is on flash.
        /// </summary>
        public bool Step(bool keyIsDown, long nowMs)
        {
            if (nowMs < _readDueMs || !IsUnread)
            {
                return false;
            }

            _readDueMs = nowMs + ReadEveryMs;
            return !keyIsDown && _outbox.Alarms.PendingCount == 0 && _outbox.CanBeRead() && _bands.CanBeRead();
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Treats silence as a fault (R7). A radio without any event for 30 s while a band is overdue is restarted, and the
    /// hub after it, within 3 min in Guard (P15). In Daily one beat of 1.5 s can be missed by chance: the hub is
    /// restarted after two. The watchdog is fed only while the line is heard too (P08, P21).
    /// </summary>
    public sealed class Supervisor
    {
        private const long RadioSilentMs = 30000;
        private const long RestartEveryMs = 60000;
        private const long ResetAfterMs = 140000;
        private const long GuardFrameMs = 15000;

        // Longer than a beat of Daily, after which a quiet home is heard again.
        private const long QuietRestartMs = 600000;

        private readonly IHubLink _radio;
        private readonly IPower _power;
        private readonly BandTable _bands;
        private readonly Links _links;
        private long _radioMs;
        private bool _declared;
        private long _declaredMs;
        private bool _restarted;
        private long _restartMs;

        /// <summary>Makes a supervisor.</summary>
        public Supervisor(IHubLink radio, IPower power, BandTable bands, Links links)
        {
            _radio = radio;
            _power = power;
            _bands = bands;
            _links = links;
        }

        /// <summary>Times the radio was restarted.</summary>
        public int RadioRestarts { get; private set; }

        /// <summary>Begins to watch.</summary>
        public void Start(long nowMs)
        {
            _radioMs = nowMs;
        }

        /// <summary>The radio has reported an event, from any address.</summary>
        public void RadioHeard(long nowMs)
        {
            _radioMs = nowMs;
            _declared = false;
        }

        /// <summary>Feeds the watchdog and restarts the radio; true where the hub must be reset now.</summary>
        public bool Step(bool uplinkHeard, long nowMs)
        {
            if (uplinkHeard)
            {
                _power.FeedWatchdog();
            }

            if (nowMs - _radioMs < RadioSilentMs || _bands.Count == 0)
            {
                return false;
            }

            if (!BandOverdue(1, nowMs))
            {
                // No band is expected yet. A scanner that has heard nothing at all is restarted all the same.
                if (nowMs - _radioMs >= QuietRestartMs && (!_restarted || nowMs - _restartMs >= QuietRestartMs))
                {
                    Restart(nowMs);
                }

                return false;
            }

            if (!_declared)
            {
                _declared = true;
                _declaredMs = nowMs;
                Restart(nowMs);
            }
            else if (nowMs - _declaredMs >= ResetAfterMs && BandOverdue(2, nowMs))
            {
                _declaredMs = nowMs;
                return true;
            }
            else if (nowMs - _restartMs >= RestartEveryMs)
            {
                Restart(nowMs);
            }

            return false;
        }

        private void Restart(long nowMs)
        {
            _restarted = true;
            _restartMs = nowMs;
            RadioRestarts++;
            _radio.Restart();
            _links.OnRestart(nowMs);
        }

        private bool BandOverdue(int beats, long nowMs)
        {
            for (int i = 0; i < _bands.Count; i++)
            {
                BandSession band = _bands.At(i);
                long beatsMs = band.Mode == BandMode.Guard ? 0 : beats * LinkTiming.BeatMs(band.Mode);
                long expectedMs = beatsMs + GuardFrameMs;
                if (band.Heard && !band.Silent && nowMs - band.HeardMs >= expectedMs)
                {
                    return true;
                }
            }

            return false;
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>The band's regular sign of life: when it is due and what it says.</summary>
    public sealed class BandBeat
    {
        private const int StaleStatusMs = 5000;
        private const int MaxPendingTold = 7;

        private readonly FrameSource _source;
        private readonly LinkPolicy _link;
        private readonly AlarmLatch _latch;
        private readonly BandSettings _settings;
        private readonly BandReports _reports;
        private readonly Measuring _measuring;
        private readonly RadioWindow _window;
        private readonly byte[] _frame = new byte[Frame.Size];
        private long _statusMs;
        private BandMode _mode;

        /// <summary>Composes the beat over what it tells.</summary>
        public BandBeat(
            FrameSource source,
            LinkPolicy link,
            AlarmLatch latch,
            BandSettings settings,
            BandReports reports,
            Measuring measuring,
            RadioWindow window)
        {
            _source = source;
            _link = link;
            _latch = latch;
            _settings = settings;
            _reports = reports;
            _measuring = measuring;
            _window = window;
        }

        /// <summary>When the next beat is due, ms.</summary>
        public long DueMs { get; private set; }

        /// <summary>A beat is due now.</summary>
        public void Hurry(long nowMs)
        {
            DueMs = nowMs;
        }

        /// <summary>The mode has changed: a beat that is further off than one of Guard comes now.</summary>
        public void OnMode(BandMode mode, long nowMs)
        {
            if (mode == _mode)
            {
                return;
            }

            _mode = mode;
            if (DueMs > nowMs + LinkTiming.BeatMs(BandMode.Guard))
            {
                DueMs = nowMs;
            }
        }

        /// <summary>Sends the beat where it is due.</summary>
        public void Step(long nowMs)
        {
            if (nowMs >= DueMs)
            {
                DueMs = nowMs + LinkTiming.BeatMs(_mode);
                _window.OpenForBeat(nowMs);
                SendStatus(nowMs);
            }
        }

        /// <summary>
        /// A hub has shown itself. The hub computes ages from the uptime in the status, so a status that has waited long is
        /// made again.
        /// </summary>
        public void OnHello(long nowMs)
        {
            if (_link.StatusWaits && nowMs - _statusMs > StaleStatusMs)
            {
                SendStatus(nowMs);
            }
        }

        private void SendStatus(long nowMs)
        {
            _statusMs = nowMs;
            if (!_source.BeginVitals(_frame, FrameType.Status))
            {
                return;
            }

            int pending = _latch.PendingCount;
            Payload.PutStatus(
                _frame,
                _reports.UptimeS(nowMs),
                _mode,
                _measuring.Wear,
                pending > MaxPendingTold ? MaxPendingTold : pending,
                _reports.BatteryPct,
                (byte)_settings.Version);
            _source.Sign(_frame);
            _link.SendStatus(_frame);
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The band's beat, its regular sign of life: when it is due, which frame it carries and whether it asks for a link
    /// (docs/adr/0026). In Daily a ten-minute summary takes the place of a status, never of two in a row: the hub
    /// computes ages from the status.
    /// </summary>
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
        private readonly LastHubState _hubState;
        private readonly RadioWindow _window;
        private readonly byte[] _frame = new byte[Frame.Size];
        private long _statusMs;
        private bool _statusOwed = true;
        private BandMode _mode;

        /// <summary>Composes the beat over what it tells.</summary>
        public BandBeat(
            FrameSource source,
            LinkPolicy link,
            AlarmLatch latch,
            BandSettings settings,
            BandReports reports,
            Measuring measuring,
            LastHubState hubState,
            RadioWindow window)
        {
            _source = source;
            _link = link;
            _latch = latch;
            _settings = settings;
            _reports = reports;
            _measuring = measuring;
            _hubState = hubState;
            _window = window;
        }

        /// <summary>When the next beat is due, ms.</summary>
        public long DueMs { get; private set; }

        /// <summary>Makes a beat with the status due now.</summary>
        public void Hurry(long nowMs)
        {
            _statusOwed = true;
            DueMs = nowMs;
        }

        /// <summary>The mode has changed: a beat that is due later than Guard's period becomes due now.</summary>
        public void OnMode(BandMode mode, long nowMs)
        {
            if (mode == _mode)
            {
                return;
            }

            _mode = mode;
            _statusOwed = true;
            if (DueMs > nowMs + LinkTiming.BeatMs(BandMode.Guard))
            {
                DueMs = nowMs;
            }
        }

        /// <summary>Sends the beat where it is due.</summary>
        public void Step(long nowMs)
        {
            if (nowMs < DueMs)
            {
                return;
            }

            DueMs = nowMs + LinkTiming.BeatMs(NewsWaits() ? BandMode.Guard : _mode);
            bool waits = _latch.PendingCount > 0 || AsksForLink(nowMs);
            if (waits)
            {
                _window.OpenForFrame(nowMs);
            }
            else
            {
                _window.OpenForBeat(nowMs);
            }

            if (waits || _statusOwed || _mode != BandMode.Daily || !_link.AirVitals())
            {
                SendStatus(nowMs);
            }
            else
            {
                _statusOwed = true;
            }
        }

        /// <summary>
        /// A hub has become trusted. The hub computes ages from the uptime in the status, so a status that has waited
        /// long is made again.
        /// </summary>
        public void OnHello(long nowMs)
        {
            if (_link.StatusWaits && nowMs - _statusMs > StaleStatusMs)
            {
                SendStatus(nowMs);
            }
        }

        // "I am fine" and a missing movement change what people do at the centre, so these are not left for 300 s.
        // Calls that no hub has keep the radio on.
        private bool NewsWaits()
        {
            return _latch.CountPending(FrameType.FallCancelled) > 0
                || _latch.CountPending(FrameType.NotNeeded) > 0
                || _latch.CountPending(FrameType.Inactivity) > 0;
        }

        // In Daily the band asks for a link where the hub cannot know that one is needed: for notes, for the trace, for
        // an open alarm whose next stage may come at any time, and when the last state of the hub is old. In Shelf
        // nothing depends on the hub's state.
        private bool AsksForLink(long nowMs)
        {
            return _mode == BandMode.Guard
                || _link.NotesWait
                || _link.TraceWaits(nowMs)
                || _latch.HasOpen
                || (_mode == BandMode.Daily && _hubState.IsOlderThan(LinkTiming.HubStateTooOldMs, nowMs));
        }

        private void SendStatus(long nowMs)
        {
            _statusMs = nowMs;
            _statusOwed = false;
            _source.BeginVitals(_frame, FrameType.Status);
            int pending = _latch.PendingCount;
            Payload.PutStatus(
                _frame,
                _reports.UptimeS(nowMs),
                _mode,
                _measuring.Wear,
                pending > MaxPendingTold ? MaxPendingTold : pending,
                _reports.BatteryPct,
                (byte)_settings.Version);
            if (AsksForLink(nowMs))
            {
                Payload.AskForLink(_frame);
            }

            _source.Sign(_frame);
            _link.SendStatus(_frame);
        }
    }
}

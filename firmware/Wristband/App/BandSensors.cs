using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Reports what the sensors find between alarms: faults, vitals, wear, and a wearer who does not move.
    /// </summary>
    public sealed class BandSensors
    {
        private const int InactivityEveryMs = 60000;
        private const int TakenOffMs = 30000;
        private const int MaxStillSteps = 255;

        private readonly Measuring _measuring;
        private readonly BandSettings _settings;
        private readonly LastHubState _hubState;
        private readonly FrameSource _source;
        private readonly LinkPolicy _link;
        private readonly BandReports _reports;
        private readonly InactivityWatch _inactivity = new InactivityWatch();
        private readonly byte[] _frame = new byte[Frame.Size];
        private TechnicalCode _ppgTold = TechnicalCode.None;
        private TechnicalCode _accelerometerTold = TechnicalCode.None;
        private long _nextInactivityMs;
        private Wear _reportedWear = Wear.Off;
        private long _offSinceMs;

        /// <summary>Composes the sensors over their readings and the reports.</summary>
        public BandSensors(
            Measuring measuring,
            BandSettings settings,
            LastHubState hubState,
            FrameSource source,
            LinkPolicy link,
            BandReports reports)
        {
            _measuring = measuring;
            _settings = settings;
            _hubState = hubState;
            _source = source;
            _link = link;
            _reports = reports;
        }

        /// <summary>Reports what has changed.</summary>
        public void StepSensors(long nowMs)
        {
            _ppgTold = _reports.TrackSensor(
                _measuring.Ppg, TechnicalCode.PpgFault, TechnicalCode.PpgAbsent, _ppgTold, nowMs);
            _accelerometerTold = _reports.TrackSensor(
                _measuring.Accelerometer,
                TechnicalCode.AccelerometerFault,
                TechnicalCode.AccelerometerAbsent,
                _accelerometerTold,
                nowMs);
            if (_measuring.Summary.IsReady)
            {
                _source.BeginVitals(_frame, FrameType.Vitals);
                if (_measuring.TakeSummary(_frame))
                {
                    _source.Sign(_frame);
                    _link.SendVitals(_frame);
                }
            }

            TellWear(nowMs);
            if (nowMs >= _nextInactivityMs)
            {
                _nextInactivityMs = nowMs + InactivityEveryMs;
                TellInactivity(nowMs);
            }
        }

        // "Worn" is reported at once. "Not worn" is reported only after it has lasted, because a loose strap would
        // report many changes a day.
        private void TellWear(long nowMs)
        {
            Wear wear = _measuring.Wear;
            _offSinceMs = wear == Wear.Off ? _offSinceMs : nowMs;
            bool takenOff = wear == Wear.Off && !_measuring.Ppg.IsFaulty && nowMs - _offSinceMs >= TakenOffMs;
            if (wear != _reportedWear && (wear == Wear.On || takenOff))
            {
                _reportedWear = wear;
                _reports.LatchEvent(FrameType.WearChange, 0, (byte)wear, nowMs);
            }
        }

        private void TellInactivity(long nowMs)
        {
            int stillS = _measuring.StillSeconds;
            bool due = _inactivity.IsDue(
                _measuring.MayBeWorn,
                stillS,
                _settings.InactivityTenMinutes * 600,
                _hubState.MinuteOfDay(nowMs),
                _settings.BedFromQuarter * 15,
                _settings.BedToQuarter * 15);
            if (due)
            {
                int steps = stillS / 600;
                _reports.LatchEvent(
                    FrameType.Inactivity, 0, (byte)(steps > MaxStillSteps ? MaxStillSteps : steps), nowMs);
            }
        }
    }
}

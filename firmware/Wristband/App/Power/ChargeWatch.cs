using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Notices that the band is charged on the wrist: then the LEDs go off but for probes, the centre is told once,
    /// and by day the wrist asks to take the band off, a few times and then no more (docs/adr/0017).
    /// </summary>
    public sealed class ChargeWatch
    {
        /// <summary>Time between two hints, ms.</summary>
        public const int HintEveryMs = 15 * 60000;

        /// <summary>Hints in one charge.</summary>
        public const int MaxHints = 4;

        // Whoever puts the band on its charger moves it: only a movement later than this is that of an arm.
        private const int SettledMs = 30000;
        private const int DayFromMinute = 7 * 60;
        private const int DayToMinute = 22 * 60;

        private readonly IPower _power;
        private readonly Measuring _measuring;
        private readonly LastHubState _hubState;
        private readonly WristSignal _signal;
        private readonly BandReports _reports;
        private bool _external;
        private bool _isOnWrist;
        private long _sinceMs;
        private long _nextHintMs;
        private int _hints;

        /// <summary>Composes the watch over what it looks at and whom it tells.</summary>
        public ChargeWatch(
            IPower power,
            Measuring measuring,
            LastHubState hubState,
            WristSignal signal,
            BandReports reports)
        {
            _power = power;
            _measuring = measuring;
            _hubState = hubState;
            _signal = signal;
            _reports = reports;
        }

        /// <summary>Looks, tells and asks what is due.</summary>
        public void Step(long nowMs)
        {
            bool external = _power.External();
            if (external && !_external)
            {
                _sinceMs = nowMs;
                _nextHintMs = nowMs;
                _hints = 0;
            }

            _external = external;

            // It ends with the charger or with a bared sensor. Wear alone would flicker with a sleeper who does not
            // move.
            bool moved = _measuring.Wear == Wear.On
                && nowMs - _sinceMs - SettledMs > _measuring.StillSeconds * 1000L;
            _isOnWrist = external && _measuring.MayBeWorn && (_isOnWrist || moved);
            _measuring.SetOnlyProbes(_isOnWrist, nowMs);
            _reports.TrackFault(TechnicalCode.ChargedOnWrist, _isOnWrist, nowMs);
            if (_isOnWrist && _hints < MaxHints && nowMs >= _nextHintMs && IsDay(nowMs) && IsFree())
            {
                _hints++;
                _nextHintMs = nowMs + HintEveryMs;
                _signal.Now(WristPattern.TakeOff, nowMs);
            }
        }

        // An unknown time counts as day: a hint too many wakes somebody, none at all leaves the band charging on the
        // skin.
        private bool IsDay(long nowMs)
        {
            int minute = _hubState.MinuteOfDay(nowMs);
            return minute < 0 || (minute >= DayFromMinute && minute < DayToMinute);
        }

        // While an alarm is told the wrist says nothing else.
        private bool IsFree()
        {
            return !_signal.IsBusy && _signal.Tick == WristTick.Silent;
        }
    }
}

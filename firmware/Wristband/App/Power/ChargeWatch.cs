using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Detects that the band is charged on the wrist. The LEDs then light for probes only, the centre is told once, and
    /// by day the wrist asks a limited number of times to be taken off (docs/adr/0017).
    /// </summary>
    public sealed class ChargeWatch
    {
        /// <summary>Time between two hints, ms.</summary>
        public const int HintEveryMs = 15 * 60000;

        /// <summary>Hints in one charge.</summary>
        public const int MaxHints = 4;

        // The hand that puts the band on its charger moves the band. Only a movement after this time counts as the
        // wearer's.
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

        /// <summary>Composes the watch over its inputs and the reports.</summary>
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

        /// <summary>Checks the condition, reports it and gives the hints that are due.</summary>
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

            // The condition ends when the charger is removed or the sensor is bared. The wear verdict alone would
            // change back and forth with a sleeper who does not move.
            bool moved = _measuring.Wear == Wear.On
                && nowMs - _sinceMs - SettledMs > _measuring.StillSeconds * 1000L;
            _isOnWrist = external && _measuring.MayBeWorn && (_isOnWrist || moved);
            _measuring.SetOnlyProbes(_isOnWrist, nowMs);
            _reports.TrackFault(TechnicalCode.ChargedOnWrist, _isOnWrist, nowMs);
            if (_isOnWrist && _hints < MaxHints && nowMs >= _nextHintMs && IsDay(nowMs) && IsFree())
            {
                _hints++;
                _nextHintMs = nowMs + HintEveryMs;
                _signal.Now(WristPattern.TakeOff);
            }
        }

        // An unknown time counts as day: one hint too many may wake the wearer, but no hint leaves the band charging on
        // the skin.
        private bool IsDay(long nowMs)
        {
            int minute = _hubState.MinuteOfDay(nowMs);
            return minute < 0 || (minute >= DayFromMinute && minute < DayToMinute);
        }

        // While an alarm is open the wrist shows nothing else.
        private bool IsFree()
        {
            return !_signal.IsBusy && _signal.Tick == WristTick.Silent;
        }
    }
}

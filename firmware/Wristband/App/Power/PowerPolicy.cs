using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>Chooses the mode from what the band knows of its wearer, charger, battery and alarms.</summary>
    public sealed class PowerPolicy
    {
        /// <summary>Guard lasts at least this long after an alarm, ms.</summary>
        public const int GuardAfterAlarmMs = 30 * 60000;

        /// <summary>Guard for an alarm that nobody closes ends after this, ms; then a poll every beat.</summary>
        public const int GuardWhileOpenMs = 60 * 60000;

        /// <summary>Not worn for this long is "put away", ms.</summary>
        public const int PutAwayMs = 10 * 60000;

        /// <summary>The same after a wake by movement, most often a knock against the table, ms.</summary>
        public const int PutAwayAfterMotionMs = 60000;

        /// <summary>Below this the band goes to Shelf, percent.</summary>
        public const int CriticalPct = 10;

        /// <summary>Below this a low battery is reported, percent.</summary>
        public const int LowPct = 20;

        /// <summary>A level counts as left when the battery is this much above it, percent.</summary>
        public const int HysteresisPct = 5;

        private bool _critical;

        /// <summary>True while under 10 %, until 15 % or the charger.</summary>
        public bool IsCritical
        {
            get { return _critical; }
        }

        /// <summary>Follows the battery; 255 (unknown) changes nothing.</summary>
        public void OnBattery(byte pct, bool external)
        {
            if (external || (pct >= CriticalPct + HysteresisPct && pct <= 100))
            {
                _critical = false;
            }
            else if (pct < CriticalPct)
            {
                _critical = true;
            }
        }

        /// <summary>The mode for what is known now.</summary>
        /// <param name="external">On the charger.</param>
        /// <param name="guardAlways">The centre keeps the band in Guard (walk-test, care plan).</param>
        /// <param name="sinceAlarmMs">Time since the newest alarm, long.MaxValue for none.</param>
        /// <param name="alarmOpen">An alarm is not closed yet.</param>
        /// <param name="unwornMs">Time off the wrist, 0 while worn or maybe worn.</param>
        /// <param name="putAwayMs">From when on unworn counts as put away.</param>
        public BandMode Choose(
            bool external,
            bool guardAlways,
            long sinceAlarmMs,
            bool alarmOpen,
            long unwornMs,
            long putAwayMs)
        {
            if (external || sinceAlarmMs < (alarmOpen ? GuardWhileOpenMs : GuardAfterAlarmMs))
            {
                return BandMode.Guard;
            }

            if (_critical || unwornMs >= putAwayMs)
            {
                return BandMode.Shelf;
            }

            return guardAlways ? BandMode.Guard : BandMode.Daily;
        }
    }
}

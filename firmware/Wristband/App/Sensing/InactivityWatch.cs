namespace ElderBand.Wristband
{
    /// <summary>
    /// Detects a worn band without movement for longer than the profile allows. It reports nothing during bed time.
    /// After bed time it counts from the end of bed time on, so a long sleep is not reported in the morning.
    /// </summary>
    public sealed class InactivityWatch
    {
        private const int MinutesPerDay = 1440;
        private const int MovedAgainS = 60;

        private bool _raised;

        /// <summary>True once per stretch without movement.</summary>
        /// <param name="worn">On a wrist.</param>
        /// <param name="stillS">Seconds without movement.</param>
        /// <param name="limitS">Allowed by day, 0 for off.</param>
        /// <param name="minuteOfDay">0-1439, -1 where unknown: then the day's rule holds.</param>
        /// <param name="bedFromMinute">Bed time begins, 0-1439.</param>
        /// <param name="bedToMinute">Bed time ends; the same as its beginning where there is none.</param>
        public bool IsDue(bool worn, int stillS, int limitS, int minuteOfDay, int bedFromMinute, int bedToMinute)
        {
            if (stillS < MovedAgainS)
            {
                _raised = false;
            }

            if (!worn || limitS == 0 || _raised)
            {
                return false;
            }

            if (minuteOfDay >= 0 && bedFromMinute != bedToMinute)
            {
                int bedMinutes = Minutes(bedFromMinute, bedToMinute);
                if (Minutes(bedFromMinute, minuteOfDay) < bedMinutes)
                {
                    return false;
                }

                int upS = Minutes(bedToMinute, minuteOfDay) * 60;
                stillS = stillS < upS ? stillS : upS;
            }

            _raised = stillS >= limitS;
            return _raised;
        }

        private static int Minutes(int from, int to)
        {
            return to >= from ? to - from : to - from + MinutesPerDay;
        }
    }
}

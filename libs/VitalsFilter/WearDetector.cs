namespace ElderBand.VitalsFilter
{
    /// <summary>Whether the band is on a wrist.</summary>
    public enum WearState : byte
    {
        /// <summary>On a desk, in a drawer, on the charger.</summary>
        Off = 0,

        /// <summary>The sensor is covered, but no movement and no pulse has shown a wearer yet.</summary>
        Maybe = 1,

        /// <summary>Worn.</summary>
        On = 2,
    }

    /// <summary>
    /// Decides worn, maybe or off from the infrared level (with hysteresis) and from a sign of life: movement or a
    /// valid pulse within five minutes. A pale desk reflects as much infrared as a wrist, but has no movement and no
    /// pulse.
    /// </summary>
    public sealed class WearDetector
    {
        /// <summary>From this level on the sensor is covered, 18-bit counts.</summary>
        public const int CoveredCounts = 20000;

        /// <summary>Below this level the sensor is uncovered again, 18-bit counts.</summary>
        public const int BareCounts = 10000;

        private const int LifeMs = 5 * 60 * 1000;
        private const int BareMs = 2000;
        private const int AskAfterMs = 4 * 60 * 1000;

        private bool _covered;
        private bool _bare;
        private bool _life;
        private bool _wasOn;
        private int _bareMs;
        private int _coveredMs;
        private int _sinceLifeMs = LifeMs;

        /// <summary>True when the sensor is covered and there was no sign of life for four minutes. Only a pulse can
        /// then tell a sleeping wearer from a band in a drawer. Measure now, and call <see cref="LifeSeen"/> if a pulse
        /// is found.</summary>
        public bool NeedsPulse
        {
            get { return _covered && _sinceLifeMs >= AskAfterMs; }
        }

        /// <summary>True where the last infrared level is that of an uncovered sensor.</summary>
        public bool IsBare
        {
            get { return _bare; }
        }

        /// <summary>True from the time the band was worn until the sensor was uncovered. A wearer with cold hands who
        /// lies without a movement shows no pulse, so her state is Off; only this property tells her from a band that
        /// was taken off. Where this is true and the state is Off, the band does not measure, but goes on watching for
        /// stillness.</summary>
        public bool MayBeWorn
        {
            get { return _covered && _wasOn; }
        }

        /// <summary>Takes one infrared level, raw counts; any rate.</summary>
        public void PushIr(int irCounts)
        {
            _bare = irCounts < BareCounts;
            if (!_covered && irCounts >= CoveredCounts)
            {
                _covered = true;
                _coveredMs = 0;
                _sinceLifeMs = LifeMs; // an earlier movement may come from putting the band down
            }
        }

        /// <summary>Tells of a sign of life: the arm moved (<see cref="FallDetector.TakeMoved"/>) or a heart rate was
        /// valid.</summary>
        public void LifeSeen()
        {
            _life = true;
        }

        /// <summary>Decides the state. Call about once a second with the time since the last call.</summary>
        public WearState Step(int elapsedMs)
        {
            _sinceLifeMs = _life ? 0 : Later(_sinceLifeMs, elapsedMs);
            _life = false;
            _coveredMs = Later(_coveredMs, elapsedMs);
            _bareMs = _bare ? Later(_bareMs, elapsedMs) : 0;
            if (_bareMs >= BareMs)
            {
                _covered = false;
                _wasOn = false;
            }

            if (!_covered)
            {
                return WearState.Off;
            }

            if (_sinceLifeMs < LifeMs)
            {
                _wasOn = true;
                return WearState.On;
            }

            return _coveredMs < LifeMs ? WearState.Maybe : WearState.Off;
        }

        private static int Later(int ms, int elapsedMs)
        {
            return ms >= LifeMs ? LifeMs : ms + elapsedMs;
        }
    }
}

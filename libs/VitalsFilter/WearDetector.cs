namespace ElderBand.VitalsFilter
{
    /// <summary>Is the band on a wrist?</summary>
    public enum WearState : byte
    {
        /// <summary>On a desk, in a drawer, on the charger.</summary>
        Off = 0,

        /// <summary>Something covers the sensor, but neither movement nor pulse has shown a wearer yet.</summary>
        Maybe = 1,

        /// <summary>Worn.</summary>
        On = 2,
    }

    /// <summary>
    /// Worn / maybe / off from the infrared level (with hysteresis) and a sign of life: movement or a valid pulse
    /// within five minutes. A pale desk reflects as much as a wrist does; it neither moves nor has a pulse.
    /// </summary>
    public sealed class WearDetector
    {
        /// <summary>Level from which something is on the sensor, 18-bit counts.</summary>
        public const int CoveredCounts = 20000;

        /// <summary>Level below which nothing is on the sensor any more.</summary>
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

        /// <summary>True when only a pulse can still tell a sleeper from a drawer: covered, and no sign of life for
        /// four minutes. Measure now, and call <see cref="LifeSeen"/> if there is one.</summary>
        public bool NeedsPulse
        {
            get { return _covered && _sinceLifeMs >= AskAfterMs; }
        }

        /// <summary>The last infrared level is that of the open air.</summary>
        public bool IsBare
        {
            get { return _bare; }
        }

        /// <summary>True from when it was worn until the sensor has been bare. A wearer with cold hands who lies
        /// without a movement has no pulse to show and counts as off; only this tells her from a band that was taken
        /// off. Nothing is measured on its word, but the watch over stillness must go on.</summary>
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
                _sinceLifeMs = LifeMs; // what moved before belongs to the hand that put it there
            }
        }

        /// <summary>Tells of a sign of life: the arm moved (<see cref="FallDetector.TakeMoved"/>), or the heart rate
        /// was valid.</summary>
        public void LifeSeen()
        {
            _life = true;
        }

        /// <summary>Decides; call it about once a second with the time since the last call.</summary>
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

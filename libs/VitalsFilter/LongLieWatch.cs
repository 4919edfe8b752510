namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Watches the seconds after an impact. Lying still confirms a weak suspicion. Weaker impacts within a minute after
    /// a suspected fall belong to the same fall.
    /// </summary>
    public sealed class LongLieWatch
    {
        /// <summary>A weak suspicion is watched for this time.</summary>
        public const int WindowS = 60;

        /// <summary>This many still seconds in a row confirm a weak suspicion.</summary>
        public const int StillS = 25;

        /// <summary>This many seconds with movement, in total, end the watch.</summary>
        public const int MovedS = 12;

        /// <summary>A second with this standard deviation or less counts as still.</summary>
        public const int StillDeviationMg = 45;

        private const int MovedDeviationMg = 25;

        // For this time after a suspected fall, a weak impact belongs to the same fall, whose countdown already runs.
        private const int AftermathS = 60;

        // A strong impact this soon after a suspected fall belongs to the same fall: a body can bounce, and the wearer
        // can struggle.
        private const int SameFallS = 10;
        private const int LyingStillS = 5;

        private const int Idle = -1;

        private int _stillSeconds;
        private int _movedSeconds;
        private int _watchSeconds = Idle;
        private int _impactSeconds = Idle;
        private int _impactAge;
        private int _aftermathSeconds;
        private bool _moved;

        /// <summary>True while a weak suspicion is watched.</summary>
        public bool IsWatching
        {
            get { return _watchSeconds != Idle; }
        }

        /// <summary>True where a weak suspicion may be watched: none is watched, and no fall was suspected within the
        /// last minute.</summary>
        public bool MayWatch
        {
            get { return _watchSeconds == Idle && _aftermathSeconds == 0; }
        }

        /// <summary>True when, since the last impact, the wearer has lain still for the last five seconds or
        /// longer.</summary>
        public bool LyingStill
        {
            get { return _impactSeconds != Idle && _stillSeconds >= LyingStillS; }
        }

        /// <summary>Margin of the suspicion that is watched now or was watched last.</summary>
        public int Margin { get; private set; }

        /// <summary>True if the arm moved or turned (a deviation of more than 25 mg) in any whole second since the last
        /// call.</summary>
        public bool TakeMoved()
        {
            bool moved = _moved;
            _moved = false;
            return moved;
        }

        /// <summary>Begins to watch a weak suspicion.</summary>
        /// <param name="age">Age of the impact, samples.</param>
        /// <param name="margin">The forest's sum.</param>
        public void Watch(int age, int margin)
        {
            _watchSeconds = 0;
            Margin = margin;
            _movedSeconds = 0;
            BeginImpact(age);
        }

        /// <summary>Takes a strong suspicion.</summary>
        /// <param name="age">Age of the impact, samples.</param>
        /// <returns>False where the impact belongs to a fall that was suspected within the last 10 s.</returns>
        public bool Suspect(int age)
        {
            bool sameFall = _aftermathSeconds > AftermathS - SameFallS;
            BeginImpact(age);
            if (sameFall)
            {
                return false;
            }

            _watchSeconds = Idle;
            _aftermathSeconds = AftermathS;
            return true;
        }

        /// <summary>Ends a second.</summary>
        /// <param name="variance">Variance of its samples, all axes together, milli-g squared.</param>
        /// <returns>SuspectedLate or NearFall where the watch ends with this second, otherwise None.</returns>
        public FallVerdict CloseSecond(long variance)
        {
            bool still = variance <= StillDeviationMg * StillDeviationMg;
            if (variance > MovedDeviationMg * MovedDeviationMg)
            {
                _moved = true;
            }

            _stillSeconds = still ? _stillSeconds + 1 : 0;
            if (_aftermathSeconds > 0)
            {
                _aftermathSeconds--;
            }

            if (_impactSeconds != Idle)
            {
                _impactSeconds++;
            }

            if (_watchSeconds == Idle)
            {
                return FallVerdict.None;
            }

            _watchSeconds++;
            if (!still)
            {
                _movedSeconds++;
            }

            if (_stillSeconds >= StillS)
            {
                _watchSeconds = Idle;
                _aftermathSeconds = AftermathS;
                return FallVerdict.SuspectedLate;
            }

            if (_movedSeconds >= MovedS || _watchSeconds >= WindowS)
            {
                _watchSeconds = Idle;
                return FallVerdict.NearFall;
            }

            return FallVerdict.None;
        }

        /// <summary>Age of the last impact, ms.</summary>
        /// <param name="rateHz">Samples a second.</param>
        public int ImpactAgeMs(int rateHz)
        {
            return (_impactSeconds * 1000) + (_impactAge * 1000 / rateHz);
        }

        /// <summary>Forgets the impact and the watch.</summary>
        public void Abandon()
        {
            _watchSeconds = Idle;
            _impactSeconds = Idle;
            _aftermathSeconds = 0;
            _stillSeconds = 0;
            _movedSeconds = 0;
        }

        private void BeginImpact(int age)
        {
            _impactAge = age;
            _impactSeconds = 0;
            _stillSeconds = 0;
        }
    }
}

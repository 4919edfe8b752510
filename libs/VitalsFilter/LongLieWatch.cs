namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// What follows an impact, second by second: whether the wearer lies still, which confirms a weak suspicion, and
    /// the time after a suspicion in which weaker impacts belong to the same fall.
    /// </summary>
    public sealed class LongLieWatch
    {
        /// <summary>A weak suspicion is watched for this long.</summary>
        public const int WindowS = 60;

        /// <summary>So many seconds of lying still in a row confirm it.</summary>
        public const int StillS = 25;

        /// <summary>So many seconds of moving, in all, end the watch.</summary>
        public const int MovedS = 12;

        /// <summary>A second whose samples deviate from their mean by no more than this counts as still.</summary>
        public const int StillDeviationMg = 45;

        private const int MovedDeviationMg = 25;

        // After a suspicion the countdown runs; what then moves weakly is the same fall's aftermath, not another one.
        private const int AftermathS = 60;

        // Bodies bounce and people struggle: another strong event this soon is the same fall, whose countdown has only
        // begun.
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

        /// <summary>A weak suspicion waits to be confirmed.</summary>
        public bool IsWatching
        {
            get { return _watchSeconds != Idle; }
        }

        /// <summary>A weak suspicion may be watched: none is, and no fall was suspected within the last
        /// minute.</summary>
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

        /// <summary>Margin of the suspicion that is watched, or was last.</summary>
        public int Margin { get; private set; }

        /// <summary>True if in any whole second since the last call the arm moved or turned: a deviation of more than
        /// 25 mg.</summary>
        public bool TakeMoved()
        {
            bool moved = _moved;
            _moved = false;
            return moved;
        }

        /// <summary>A weak suspicion: watch whether the wearer lies still.</summary>
        /// <param name="age">Age of the impact, samples.</param>
        /// <param name="margin">The forest's sum.</param>
        public void Watch(int age, int margin)
        {
            _watchSeconds = 0;
            Margin = margin;
            _movedSeconds = 0;
            BeginImpact(age);
        }

        /// <summary>A strong suspicion.</summary>
        /// <param name="age">Age of the impact, samples.</param>
        /// <returns>False where it belongs to a fall that was suspected within the last 10 s.</returns>
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

        /// <summary>A second is over.</summary>
        /// <param name="variance">Variance of its samples, all axes together, milli-g squared.</param>
        /// <returns>SuspectedLate or NearFall where the watch ends with it.</returns>
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

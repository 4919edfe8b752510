namespace ElderBand.VitalsFilter
{
    /// <summary>What the detector says after a sample.</summary>
    public enum FallVerdict : byte
    {
        /// <summary>Nothing to act on.</summary>
        None = 0,

        /// <summary>A possible fall that ended in movement; for the log only.</summary>
        NearFall = 1,

        /// <summary>Strong suspicion: start the wearer's countdown.</summary>
        Suspected = 2,

        /// <summary>A weaker suspicion that lying still has confirmed: start the wearer's countdown.</summary>
        SuspectedLate = 3,
    }

    /// <summary>Where the detector stands between two samples.</summary>
    public enum FallPhase : byte
    {
        /// <summary>Nothing has passed 1.5 g.</summary>
        Idle = 0,

        /// <summary>Something has, less than a second ago: a higher peak may follow.</summary>
        Peak = 1,

        /// <summary>The peak is a second old or more; the signal after it is awaited. The time to see whether the band sits on
        /// a wrist or was dropped.</summary>
        Settle = 2,

        /// <summary>A weak suspicion: does the wearer lie still?</summary>
        LongLie = 3,
    }

    /// <summary>
    /// Fall detector for the wrist, accelerometer only. Idle until the magnitude passes 1.5 g; then the highest peak of the
    /// next moments is the impact, 3 s of signal after it are awaited, and a forest of integer trees scores the features
    /// around it. A high score is suspected at once; a middling one only if the wearer then lies still.
    /// One sample at a time, no clock, no allocation after construction. Not for several threads.
    /// </summary>
    public sealed class FallDetector
    {
        private const int AxisBits = 15;
        private const int AxisLimit = 1 << (AxisBits - 1); // 16.4 g

        private const int TriggerSquare = 1500 * 1500;

        // The impact is the highest sample within this time of the trigger; later peaks are events of their own.
        private const int PeakSearchMs = 2000;

        // A peak this long after the impact may be an event of its own (the first one was only a movement before the fall).
        private const int NextPeakMs = 1000;

        /// <summary>A weak suspicion is watched for this long.</summary>
        public const int LongLieWindowS = 60;

        /// <summary>So many seconds of lying still in a row confirm it.</summary>
        public const int LongLieStillS = 25;

        /// <summary>So many seconds of moving, in all, end the watch.</summary>
        public const int LongLieMovedS = 12;

        /// <summary>A second whose samples deviate from their mean by no more than this counts as still.</summary>
        public const int StillDeviationMg = 45;

        private const int MovedDeviationMg = 25;

        // After a suspicion the countdown runs; what then moves weakly is the same fall's aftermath, not another one.
        private const int AftermathS = 60;

        // Bodies bounce and people struggle: another strong event this soon is the same fall, whose countdown has only begun.
        private const int SameFallS = 10;
        private const int LyingStillS = 5;

        private const int Idle = -1;

        private readonly int _rateHz;
        private readonly int _after;
        private readonly int _peakSearch;
        private readonly int _nextPeak;
        private readonly int _length;
        private readonly FallFeatures _features;
        private readonly short[] _x;
        private readonly short[] _y;
        private readonly short[] _z;

        private int _at;
        private bool _isFull;
        private bool _holed;
        private bool _worn = true;
        private int _strong;
        private int _weak;

        private int _peakSquare;
        private int _peakAge = Idle;
        private int _peakAfterTrigger;
        private int _nextSquare;
        private int _nextAfterPeak;

        // One-second blocks, for stillness.
        private int _secondEnd;
        private int _blockX;
        private int _blockY;
        private int _blockZ;
        private long _blockSquares;
        private int _stillSeconds;
        private int _movedSeconds;
        private int _watchSeconds = Idle;
        private int _watchMargin;
        private int _impactAge = Idle;
        private int _aftermathSeconds;
        private int _square;
        private bool _moved;

        /// <param name="rateHz">25 or 50; anything else is treated as the nearer of the two.</param>
        public FallDetector(int rateHz)
        {
            _rateHz = rateHz < 38 ? 25 : 50;
            _after = FallFeatures.AfterMs * _rateHz / 1000;
            _peakSearch = PeakSearchMs * _rateHz / 1000;
            _nextPeak = NextPeakMs * _rateHz / 1000;
            _features = new FallFeatures(_rateHz);
            _length = _features.Length;
            _x = new short[_length];
            _y = new short[_length];
            _z = new short[_length];
            ForgetBlock();
            Configure(1, false);
        }

        /// <summary>0..100: how much the last classified event, or the one that lying still confirmed, looked like a fall; 50 is the normal line of suspicion.</summary>
        public int LastScore { get; private set; }

        /// <summary>The forest's sum behind <see cref="LastScore"/>, in 1/64 of log-odds: for evaluation and training.</summary>
        public int LastMargin { get; private set; }

        /// <summary>Age of the impact when the last event was classified, or when lying still confirmed it, ms.</summary>
        public int LastImpactAgeMs { get; private set; }

        /// <summary>Events classified since construction or <see cref="Reset"/>.</summary>
        public int EventCount { get; private set; }

        /// <summary>True when, since the last impact, the wearer has lain still for the last five seconds or longer.</summary>
        public bool LyingStill
        {
            get { return _impactAge != Idle && _stillSeconds >= LyingStillS; }
        }

        /// <summary>True from an impact's first sample until it is judged, and while lying still may yet confirm it.</summary>
        public bool IsUnderWay
        {
            get { return _peakAge != Idle || _watchSeconds != Idle; }
        }

        /// <summary>Where the detector stands.</summary>
        public FallPhase Phase
        {
            get
            {
                return _peakAge >= _nextPeak ? FallPhase.Settle
                    : _peakAge != Idle ? FallPhase.Peak
                    : _watchSeconds != Idle ? FallPhase.LongLie : FallPhase.Idle;
            }
        }

        /// <summary>Square of the last sample's magnitude, milli-g squared, each axis limited to 16.4 g: what <see cref="Activity"/>
        /// goes on with.</summary>
        public int Square
        {
            get { return _square; }
        }

        /// <summary>Features of the last event, for evaluation and training; owned by the detector.</summary>
        public int[] LastFeatures
        {
            get { return _features.Values; }
        }

        /// <summary>Sets the profile from the centre.</summary>
        /// <param name="sensitivity">0 low, 1 normal, 2 high; anything else counts as normal.</param>
        /// <param name="walkingAid">The wearer holds a stick or frame: a fall beside it is softer, so the line from which
        /// lying still is watched is lower. Nobody has recorded such falls; see the model card.</param>
        public void Configure(byte sensitivity, bool walkingAid)
        {
            int step = sensitivity == 0 ? FallForest.SensitivityStep : sensitivity == 2 ? -FallForest.SensitivityStep : 0;
            _strong = NormalLine + step;
            _weak = (_rateHz == 25 ? FallForest.Weak25Hz : FallForest.Weak50Hz) + step - (walkingAid ? FallForest.SensitivityStep : 0);
        }

        /// <summary>A band that is not worn suspects nothing: the verdict falls only if it is worn by then. Taking it off also
        /// ends an event under way.</summary>
        public void SetWorn(bool worn)
        {
            if (_worn && !worn)
            {
                Abandon();
            }

            _worn = worn;
        }

        /// <summary>True if in any whole second since the last call the arm moved or turned: a deviation of more than 25 mg. What
        /// <see cref="WearDetector"/> wants to know.</summary>
        public bool TakeMoved()
        {
            bool moved = _moved;
            _moved = false;
            return moved;
        }

        /// <summary>Takes one sample at the detector's rate; axes in milli-g, gravity included.</summary>
        public FallVerdict Push(int xMg, int yMg, int zMg)
        {
            // The interpreter pays for every instruction here, 25 times a second for months, and a call costs twenty: one look
            // tells whether any axis is beyond what the chip can give.
            if (unchecked((xMg + AxisLimit) | (yMg + AxisLimit) | (zMg + AxisLimit)) >> AxisBits != 0)
            {
                xMg = IntegerMath.Clamp(xMg, -AxisLimit, AxisLimit - 1);
                yMg = IntegerMath.Clamp(yMg, -AxisLimit, AxisLimit - 1);
                zMg = IntegerMath.Clamp(zMg, -AxisLimit, AxisLimit - 1);
            }

            int at = _at;
            _x[at] = (short)xMg;
            _y[at] = (short)yMg;
            _z[at] = (short)zMg;
            at++;
            if (at == _length)
            {
                at = 0;
                _isFull = true;
            }

            _at = at;
            int square = (xMg * xMg) + (yMg * yMg) + (zMg * zMg);
            _square = square;
            _blockX += xMg;
            _blockY += yMg;
            _blockZ += zMg;
            _blockSquares += square;
            FallVerdict verdict = FallVerdict.None;
            if (at == _secondEnd)
            {
                verdict = CloseSecond();
            }

            int age = _peakAge;
            if (age == Idle)
            {
                if (square >= TriggerSquare)
                {
                    _peakSquare = square;
                    _peakAge = 0;
                    _peakAfterTrigger = 0;
                    _nextSquare = 0;
                }

                return verdict;
            }

            age++;
            if (square >= TriggerSquare)
            {
                if (square > _peakSquare && _peakAfterTrigger + age <= _peakSearch)
                {
                    _peakSquare = square;
                    _peakAfterTrigger += age;
                    age = 0;
                    _nextSquare = 0;
                }
                else if (square > _nextSquare && age >= _nextPeak)
                {
                    _nextSquare = square;
                    _nextAfterPeak = age;
                }
            }

            _peakAge = age;
            if (age < _after)
            {
                return verdict;
            }

            FallVerdict classified = Classify();
            return classified == FallVerdict.None ? verdict : classified;
        }

        /// <summary>Samples were lost before the next one. What lies on the two sides of the hole is never looked at together; an
        /// impact that is too near to it to be scored is watched for lying still, as a weak suspicion is.</summary>
        public void Gap()
        {
            _at = 0;
            _isFull = false;
            _holed = true;
            ForgetBlock();
        }

        /// <summary>Forgets everything but the configuration and whether the band is worn.</summary>
        public void Reset()
        {
            Abandon();
            _at = 0;
            _isFull = false;
            _holed = false;
            ForgetBlock();
            EventCount = 0;
            LastScore = 0;
            LastMargin = 0;
            LastImpactAgeMs = 0;
        }

        private int NormalLine
        {
            get { return _rateHz == 25 ? FallForest.Strong25Hz : FallForest.Strong50Hz; }
        }

        private void Abandon()
        {
            _peakAge = Idle;
            _watchSeconds = Idle;
            _impactAge = Idle;
            _aftermathSeconds = 0;
            _stillSeconds = 0;
            _movedSeconds = 0;
        }

        private FallVerdict Classify()
        {
            int age = _peakAge;
            if (_nextSquare > 0)
            {
                _peakSquare = _nextSquare;
                _peakAge = age - _nextAfterPeak;
                _peakAfterTrigger = 0;
                _nextSquare = 0;
            }
            else
            {
                _peakAge = Idle;
            }

            // Whether the band is worn is asked only now: who falls out of bed after hours without a movement is known to wear
            // it by the movement of falling.
            if (!_worn)
            {
                return FallVerdict.None;
            }

            // Right after power-on what came before the impact is unknown, and the wrist is that of whoever puts the band on.
            if (!_isFull)
            {
                if (_holed && MayWatch)
                {
                    Watch(age, _weak);
                }

                return FallVerdict.None;
            }

            _features.Compute(_x, _y, _z, _at);
            LastMargin = FallForest.Margin(_features.Values);
            LastScore = FallForest.Score(LastMargin, NormalLine);
            LastImpactAgeMs = age * 1000 / _rateHz;
            EventCount++;
            if (LastMargin >= _strong)
            {
                bool sameFall = _aftermathSeconds > AftermathS - SameFallS;
                Impact(age);
                if (sameFall)
                {
                    return FallVerdict.None;
                }

                _watchSeconds = Idle;
                _aftermathSeconds = AftermathS;
                return FallVerdict.Suspected;
            }

            if (LastMargin >= _weak && MayWatch)
            {
                Watch(age, LastMargin);
            }

            return FallVerdict.None;
        }

        private bool MayWatch
        {
            get { return _watchSeconds == Idle && _aftermathSeconds == 0; }
        }

        private void Watch(int age, int margin)
        {
            _watchSeconds = 0;
            _watchMargin = margin;
            _movedSeconds = 0;
            Impact(age);
        }

        private void ForgetBlock()
        {
            _secondEnd = _at + _rateHz;
            if (_secondEnd >= _length)
            {
                _secondEnd -= _length;
            }

            _blockX = 0;
            _blockY = 0;
            _blockZ = 0;
            _blockSquares = 0;
        }

        private void Impact(int age)
        {
            _impactAge = age;
            _stillSeconds = 0;
        }

        // Once a second: was it still, and does that settle a weak suspicion?
        private FallVerdict CloseSecond()
        {
            long mean = ((long)_blockX * _blockX) + ((long)_blockY * _blockY) + ((long)_blockZ * _blockZ);
            long variance = (_blockSquares - (mean / _rateHz)) / _rateHz;
            bool still = variance <= StillDeviationMg * StillDeviationMg;
            if (variance > MovedDeviationMg * MovedDeviationMg)
            {
                _moved = true;
            }

            ForgetBlock();
            _stillSeconds = still ? _stillSeconds + 1 : 0;
            if (_aftermathSeconds > 0)
            {
                _aftermathSeconds--;
            }

            if (_impactAge == Idle)
            {
                return FallVerdict.None;
            }

            if (_impactAge < int.MaxValue - _rateHz)
            {
                _impactAge += _rateHz;
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

            if (_stillSeconds >= LongLieStillS)
            {
                _watchSeconds = Idle;
                _aftermathSeconds = AftermathS;
                LastMargin = _watchMargin; // of the impact that is confirmed, not of what stirred after it
                LastScore = FallForest.Score(_watchMargin, NormalLine);
                LastImpactAgeMs = (int)((long)_impactAge * 1000 / _rateHz);
                return FallVerdict.SuspectedLate;
            }

            if (_movedSeconds >= LongLieMovedS || _watchSeconds >= LongLieWindowS)
            {
                _watchSeconds = Idle;
                return FallVerdict.NearFall;
            }

            return FallVerdict.None;
        }
    }
}

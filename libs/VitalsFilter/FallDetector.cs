namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Fall detector for the wrist, accelerometer only. Idle until the magnitude passes 1.5 g; then the highest peak of
    /// the next moments is the impact, 3 s of signal after it are awaited, and a forest of integer trees scores the
    /// features around it. A high score is suspected at once; a middling one only if the wearer then lies still. One
    /// sample at a time, no clock, no allocation after construction. Not for several threads.
    /// </summary>
    public sealed class FallDetector
    {
        private const int AxisLimit = 1 << 14; // 16.4 g; a power of two

        private const int TriggerSquare = 1500 * 1500;

        // The impact is the highest sample within this time of the trigger; later peaks are events of their own.
        private const int PeakSearchMs = 2000;

        // A peak this long after the impact may be an event of its own (the first one was only a movement before the
        // fall).
        private const int NextPeakMs = 1000;

        private const int Idle = -1;

        private readonly int _rateHz;
        private readonly int _after;
        private readonly int _peakSearch;
        private readonly int _nextPeak;
        private readonly int _length;
        private readonly int _blocksFrom;
        private readonly FallBlocks _blocks;
        private readonly FallFeatures _features;
        private readonly LongLieWatch _lying = new LongLieWatch();
        private readonly AccelerationRing _ring;

        private bool _holed;
        private bool _worn = true;
        private int _strong;
        private int _weak;

        private int _peakSquare;
        private int _peakAge = Idle;
        private int _peakAfterTrigger;
        private int _nextSquare;
        private int _nextAfterPeak;
        private bool _summing;

        private int _square;

        /// <param name="rateHz">25 or 50; anything else is treated as the nearer of the two.</param>
        public FallDetector(int rateHz)
        {
            _rateHz = rateHz < 38 ? 25 : 50;
            _after = FallBlocks.AfterMs * _rateHz / 1000;
            _peakSearch = PeakSearchMs * _rateHz / 1000;
            _nextPeak = NextPeakMs * _rateHz / 1000;
            _blocks = new FallBlocks(_rateHz);
            _features = new FallFeatures(_rateHz, _blocks);
            _length = _blocks.Length;
            _blocksFrom = _after - FallBlocks.Count + 1;
            _ring = new AccelerationRing(_rateHz, _length);
            Configure(1, false);
        }

        /// <summary>0..100: how much the last classified event, or the one that lying still confirmed, looked like a
        /// fall; 50 is the normal line of suspicion.</summary>
        public int LastScore { get; private set; }

        /// <summary>The forest's sum behind <see cref="LastScore"/>, in 1/64 of log-odds: for evaluation and
        /// training.</summary>
        public int LastMargin { get; private set; }

        /// <summary>Age of the impact when the last event was classified, or when lying still confirmed it,
        /// ms.</summary>
        public int LastImpactAgeMs { get; private set; }

        /// <summary>What the last sample of <see cref="PushBatch"/> led to.</summary>
        public FallVerdict Verdict { get; private set; }

        /// <summary>Events classified since construction or <see cref="Reset"/>.</summary>
        public int EventCount { get; private set; }

        /// <summary>True when, since the last impact, the wearer has lain still for the last five seconds or
        /// longer.</summary>
        public bool LyingStill
        {
            get { return _lying.LyingStill; }
        }

        /// <summary>True from an impact's first sample until it is judged, and while lying still may yet confirm
        /// it.</summary>
        public bool IsUnderWay
        {
            get { return _peakAge != Idle || _lying.IsWatching; }
        }

        /// <summary>True in the last second before an event is judged. A sample then costs 1,500 instructions more than
        /// usual, and the one that ends it 36,000: feed at most 8 samples a step.</summary>
        public bool IsSumming
        {
            get { return _summing; }
        }

        /// <summary>Where the detector stands.</summary>
        public FallPhase Phase
        {
            get
            {
                return _peakAge >= _nextPeak ? FallPhase.Settle
                    : _peakAge != Idle ? FallPhase.Peak
                    : _lying.IsWatching ? FallPhase.LongLie : FallPhase.Idle;
            }
        }

        /// <summary>Square of the last sample's magnitude, milli-g squared, each axis limited to 16.4 g: what
        /// <see cref="Activity"/> goes on with.</summary>
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
        /// <param name="walkingAid">The wearer holds a stick or frame: a fall beside it is softer, so the line from
        /// which lying still is watched is lower. Nobody has recorded such falls; see the model card.</param>
        public void Configure(byte sensitivity, bool walkingAid)
        {
            int step = sensitivity == 0
                ? FallForest.SensitivityStep : sensitivity == 2 ? -FallForest.SensitivityStep : 0;
            _strong = NormalLine + step;
            _weak = (_rateHz == 25 ? FallForest.Weak25Hz : FallForest.Weak50Hz)
                + step - (walkingAid ? FallForest.SensitivityStep : 0);
        }

        /// <summary>A band that is not worn suspects nothing: the verdict falls only if it is worn by then. Taking it
        /// off also ends an event under way.</summary>
        public void SetWorn(bool worn)
        {
            if (_worn && !worn)
            {
                Abandon();
            }

            _worn = worn;
        }

        /// <summary>True if in any whole second since the last call the arm moved or turned: a deviation of more than
        /// 25 mg. What <see cref="WearDetector"/> wants to know.</summary>
        public bool TakeMoved()
        {
            return _lying.TakeMoved();
        }

        /// <summary>Takes one sample at the detector's rate; axes in milli-g, gravity included.</summary>
        public FallVerdict Push(int xMg, int yMg, int zMg)
        {
            // The interpreter pays for every instruction here, and a call costs twenty: one test tells whether any axis
            // is beyond what the chip can give.
            if (unchecked((uint)((xMg + AxisLimit) | (yMg + AxisLimit) | (zMg + AxisLimit))) >= 2 * AxisLimit)
            {
                xMg = IntegerMath.Clamp(xMg, -AxisLimit, AxisLimit - 1);
                yMg = IntegerMath.Clamp(yMg, -AxisLimit, AxisLimit - 1);
                zMg = IntegerMath.Clamp(zMg, -AxisLimit, AxisLimit - 1);
            }

            int square = (xMg * xMg) + (yMg * yMg) + (zMg * zMg);
            _square = square;
            FallVerdict verdict = FallVerdict.None;
            if (_ring.Push(xMg, yMg, zMg, square))
            {
                verdict = CloseSecond();
            }

            int age = _peakAge;
            if (age == Idle)
            {
                if (square >= TriggerSquare)
                {
                    BeginPeak(square, 0);
                }

                return verdict;
            }

            age++;
            if (square >= TriggerSquare)
            {
                if (square > _peakSquare && _peakAfterTrigger + age <= _peakSearch)
                {
                    BeginPeak(square, _peakAfterTrigger + age);
                    return verdict;
                }

                if (square > _nextSquare && age >= _nextPeak)
                {
                    _nextSquare = square;
                    _nextAfterPeak = age;
                }
            }

            _peakAge = age;
            if (age < _blocksFrom)
            {
                return verdict;
            }

            FallVerdict classified = StepEvent(age);
            return classified == FallVerdict.None ? verdict : classified;
        }

        /// <summary>Takes samples as <see cref="Push"/> does, at three quarters of the cost while nothing passes 1.5 g.
        /// Stops after a sample that leads to a verdict or with which <see cref="IsSumming"/> begins.</summary>
        /// <param name="x">Milli-g.</param>
        /// <param name="y">Milli-g.</param>
        /// <param name="z">Milli-g.</param>
        /// <param name="begin">The first sample to take.</param>
        /// <param name="end">Behind the last one.</param>
        /// <param name="squares">Gets <see cref="Square"/> of each sample taken, at its index.</param>
        /// <returns>Where to go on: <paramref name="end"/>, or less where it stopped.</returns>
        public int PushBatch(short[] x, short[] y, short[] z, int begin, int end, int[] squares)
        {
            FallVerdict verdict = FallVerdict.None;
            bool wasSumming = _summing;
            int i = begin;
            while (i < end && verdict == FallVerdict.None && (wasSumming || !_summing))
            {
                bool isSecondOver = false;
                int quiet = _peakAge == Idle
                    ? _ring.PushBelow(x, y, z, i, end, TriggerSquare, squares, out isSecondOver)
                    : i;
                if (quiet > i)
                {
                    i = quiet;
                    _square = squares[i - 1];
                    verdict = isSecondOver ? CloseSecond() : FallVerdict.None;
                    continue;
                }

                verdict = Push(x[i], y[i], z[i]);
                squares[i] = _square;
                i++;
            }

            Verdict = verdict;
            return i;
        }

        /// <summary>Samples were lost before the next one. What lies on the two sides of the hole is never looked at
        /// together; an impact that is too near to it to be scored is watched for lying still, as a weak suspicion
        /// is.</summary>
        public void Gap()
        {
            _ring.Clear();
            _holed = true;
        }

        /// <summary>Forgets everything but the configuration and whether the band is worn.</summary>
        public void Reset()
        {
            Abandon();
            _ring.Clear();
            _holed = false;
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
            _lying.Abandon();
        }

        private void BeginPeak(int square, int afterTrigger)
        {
            _peakSquare = square;
            _peakAge = 0;
            _peakAfterTrigger = afterTrigger;
            _nextSquare = 0;
            _summing = false;
        }

        // The signal around the impact is summed up a block a sample over the last second before it is judged, not all
        // at once (F3).
        private FallVerdict StepEvent(int age)
        {
            if (!_summing)
            {
                _summing = true;
                int oldest = _ring.At + _after - age;
                _blocks.Begin(oldest < _length ? oldest : oldest - _length);
            }

            _blocks.Add(_ring.X, _ring.Y, _ring.Z);
            if (age < _after)
            {
                return FallVerdict.None;
            }

            _summing = false;
            return Classify();
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

            // Whether the band is worn is asked only now: who falls out of bed after hours without a movement is known
            // to wear it by the movement of falling.
            if (!_worn)
            {
                return FallVerdict.None;
            }

            // Right after power-on what came before the impact is unknown, and the wrist is that of whoever puts the
            // band on.
            if (!_ring.IsFull)
            {
                if (_holed && _lying.MayWatch)
                {
                    _lying.Watch(age, _weak);
                }

                return FallVerdict.None;
            }

            _blocks.Finish(_ring.X, _ring.Y, _ring.Z);
            _features.Compute(_ring.X, _ring.Y, _ring.Z, _ring.At);
            LastMargin = FallForest.Margin(_features.Values);
            LastScore = FallForest.Score(LastMargin, NormalLine);
            LastImpactAgeMs = age * 1000 / _rateHz;
            EventCount++;
            if (LastMargin >= _strong)
            {
                return _lying.Suspect(age) ? FallVerdict.Suspected : FallVerdict.None;
            }

            if (LastMargin >= _weak && _lying.MayWatch)
            {
                _lying.Watch(age, LastMargin);
            }

            return FallVerdict.None;
        }

        // Once a second: was it still, and does that settle a weak suspicion?
        private FallVerdict CloseSecond()
        {
            FallVerdict verdict = _lying.CloseSecond(_ring.TakeVariance());
            if (verdict == FallVerdict.SuspectedLate)
            {
                LastMargin = _lying.Margin; // of the impact that is confirmed, not of what stirred after it
                LastScore = FallForest.Score(LastMargin, NormalLine);
                LastImpactAgeMs = _lying.ImpactAgeMs(_rateHz);
            }

            return verdict;
        }
    }
}

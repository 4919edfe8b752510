namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Fall detector for the wrist, accelerometer only. The detector is idle until the magnitude passes 1.5 g. The
    /// highest peak within the next 2 s is the impact. 3 s after the impact, a forest of integer trees scores the
    /// features of the signal around the impact. A high score is a suspected fall at once; a medium score only if the
    /// wearer then lies still. One sample at a time, no clock, no allocation after construction. Not thread-safe.
    /// </summary>
    public sealed class FallDetector
    {
        private const int AxisLimit = 1 << 14; // 16.4 g; a power of two

        private const int TriggerSquare = 1500 * 1500;

        // The impact is the highest sample within this time after the trigger. A later peak is a separate event.
        private const int PeakSearchMs = 2000;

        // A peak this long after the impact may be a separate event: the first may have been only a movement before the
        // fall.
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

        /// <summary>Score of the last event that was classified or that lying still confirmed, 0..100. 50 is the normal
        /// threshold of suspicion.</summary>
        public int LastScore { get; private set; }

        /// <summary>The forest's sum from which <see cref="LastScore"/> was made, in 1/64 of log-odds: for evaluation
        /// and training.</summary>
        public int LastMargin { get; private set; }

        /// <summary>Age of the impact when the last event was classified, or when lying still confirmed it,
        /// ms.</summary>
        public int LastImpactAgeMs { get; private set; }

        /// <summary>The verdict after the last sample of <see cref="PushBatch"/>.</summary>
        public FallVerdict Verdict { get; private set; }

        /// <summary>Events classified since construction or <see cref="Reset"/>.</summary>
        public int EventCount { get; private set; }

        /// <summary>True when, since the last impact, the wearer has lain still for the last five seconds or
        /// longer.</summary>
        public bool LyingStill
        {
            get { return _lying.LyingStill; }
        }

        /// <summary>True from the trigger of an event until the event is classified, and while a weak suspicion is
        /// watched for lying still.</summary>
        public bool IsUnderWay
        {
            get { return _peakAge != Idle || _lying.IsWatching; }
        }

        /// <summary>True in the last second before an event is classified. A sample then costs 1,500 instructions more
        /// than usual, and the sample that ends the event costs 36,000. Feed at most 8 samples a step then.</summary>
        public bool IsSumming
        {
            get { return _summing; }
        }

        /// <summary>Phase of the current event.</summary>
        public FallPhase Phase
        {
            get
            {
                return _peakAge >= _nextPeak ? FallPhase.Settle
                    : _peakAge != Idle ? FallPhase.Peak
                    : _lying.IsWatching ? FallPhase.LongLie : FallPhase.Idle;
            }
        }

        /// <summary>Square of the last sample's magnitude, milli-g squared, each axis limited to 16.4 g; the input of
        /// <see cref="Activity"/>.</summary>
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
        /// <param name="walkingAid">True where the wearer walks with a stick or frame. A fall with such an aid is
        /// softer, so the threshold from which lying still is watched is lower. No recordings of such falls exist; see
        /// the model card.</param>
        public void Configure(byte sensitivity, bool walkingAid)
        {
            int step = sensitivity == 0
                ? FallForest.SensitivityStep : sensitivity == 2 ? -FallForest.SensitivityStep : 0;
            _strong = NormalLine + step;
            _weak = (_rateHz == 25 ? FallForest.Weak25Hz : FallForest.Weak50Hz)
                + step - (walkingAid ? FallForest.SensitivityStep : 0);
        }

        /// <summary>Tells whether the band is worn. A band that is not worn suspects no fall. This state is read when
        /// an event is classified, not when it begins. Taking the band off also ends an event under way.</summary>
        public void SetWorn(bool worn)
        {
            if (_worn && !worn)
            {
                Abandon();
            }

            _worn = worn;
        }

        /// <summary>True if the arm moved or turned (a deviation of more than 25 mg) in any whole second since the last
        /// call; the input of <see cref="WearDetector"/>.</summary>
        public bool TakeMoved()
        {
            return _lying.TakeMoved();
        }

        /// <summary>Takes one sample at the detector's rate; axes in milli-g, gravity included.</summary>
        public FallVerdict Push(int xMg, int yMg, int zMg)
        {
            // Every instruction here costs time on the interpreter, and a call costs as much as twenty. So one test
            // finds whether any axis is outside the limits.
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

        /// <summary>Takes samples as <see cref="Push"/> does, at three quarters of the cost while no sample passes 1.5
        /// g. Stops after a sample that leads to a verdict or that sets <see cref="IsSumming"/>.</summary>
        /// <param name="x">Milli-g.</param>
        /// <param name="y">Milli-g.</param>
        /// <param name="z">Milli-g.</param>
        /// <param name="begin">The first sample to take.</param>
        /// <param name="end">Behind the last one.</param>
        /// <param name="squares">Gets <see cref="Square"/> of each sample taken, at its index.</param>
        /// <returns>Index of the next sample to take: <paramref name="end"/>, or less where the method stopped
        /// before.</returns>
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

        /// <summary>Tells that samples were lost before the next one. Features are never computed across the gap. An
        /// impact too near to the gap to be scored is watched for lying still, as a weak suspicion is.</summary>
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

        // In the last second before the event is classified, each sample adds one block of the signal, so that no
        // single step pays for all blocks (F3).
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

            // Whether the band is worn is read only now. A wearer who lay for hours without a movement may count as
            // off; if she falls out of bed, the movement of the fall itself shows that she wears the band.
            if (!_worn)
            {
                return FallVerdict.None;
            }

            // Right after power-on the signal before the impact is missing, and the movement may come from putting the
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

        // Once a second: decides whether the second was still, and whether that ends the watch over a weak suspicion.
        private FallVerdict CloseSecond()
        {
            FallVerdict verdict = _lying.CloseSecond(_ring.TakeVariance());
            if (verdict == FallVerdict.SuspectedLate)
            {
                LastMargin = _lying.Margin; // margin of the confirmed impact, not of a later movement
                LastScore = FallForest.Score(LastMargin, NormalLine);
                LastImpactAgeMs = _lying.ImpactAgeMs(_rateHz);
            }

            return verdict;
        }
    }
}

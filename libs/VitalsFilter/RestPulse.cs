namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// The pulse at rest in 8 s of one PPG channel, by two independent methods: the period from the autocorrelation,
    /// and the beats from the slope sum of the systolic edge with fractional timing. Computed in slices
    /// (<see cref="Begin"/>, <see cref="Step"/>). No allocation after construction, integers only.
    /// </summary>
    public sealed class RestPulse
    {
        private const int SlowestMs = 2000; // 30 bpm
        private const int FastestMs = 250; // 240 bpm
        private const int GapMs = 360; // no beat within this time after a beat: a peak there is the dicrotic wave
        private const int EdgeMs = 160;
        private const int LagsPerSlice = 24; // about 30,000 instructions

        private readonly int _rateHz;
        private readonly int _fold;
        private readonly int _length;
        private readonly PulseWave _wave;
        private readonly int[] _intervals;
        private readonly int _shortest;
        private readonly int _longest;
        private readonly int _stride;
        private readonly int _edgeLength;

        private PulseStage _stage;
        private int _lag;
        private int _headEnergy;
        private int _tailEnergy;
        private int _periodicityX1000;
        private int _halfwayX1000;
        private int _periodX256;
        private int _changePercent;
        private int _beatBpmX10;
        private int _edge;

        /// <param name="rateHz">Sample rate before folding.</param>
        /// <param name="fold">Samples of the sensor added into one value of the window.</param>
        /// <param name="length">Samples in the window.</param>
        public RestPulse(int rateHz, int fold, int length)
        {
            _rateHz = rateHz;
            _fold = fold;
            _length = length;
            _wave = new PulseWave(rateHz, fold, length);
            _intervals = new int[length * fold * 1000 / (rateHz * FastestMs)];
            _shortest = FastestMs * rateHz / (1000 * fold);
            _longest = SlowestMs * rateHz / (1000 * fold);
            _stride = 120 * rateHz / (1000 * fold);
            _edgeLength = EdgeMs * rateHz / (1000 * fold);
        }

        private enum PulseStage : byte
        {
            Smooth,
            Scale,
            Correlate,
            Beats,
        }

        /// <summary>Autocorrelation at the period, x1000 (a sine: 1000).</summary>
        public int PeriodicityX1000
        {
            get { return _periodicityX1000; }
        }

        /// <summary>Highest autocorrelation around half of the period, x1000: high where two beats were taken for
        /// one.</summary>
        public int HalfwayX1000
        {
            get { return _halfwayX1000; }
        }

        /// <summary>Heart rate from the period, bpm x10; 0 where no period was found.</summary>
        public int PeriodBpmX10
        {
            get { return _periodX256 == 0 ? 0 : 600 * 256 * _rateHz / _fold / _periodX256; }
        }

        /// <summary>Heart rate from the median of the last 8 intervals between beats, bpm x10; 0 for fewer than
        /// three.</summary>
        public int BeatBpmX10
        {
            get { return _beatBpmX10; }
        }

        /// <summary>Mean change between successive intervals, percent of their median, 0..100: small in respiratory
        /// arrhythmia, large in atrial fibrillation.</summary>
        public int ChangePercent
        {
            get { return _changePercent; }
        }

        /// <summary>Approximate peak to peak of the wave, in the counts of the window.</summary>
        public int Swing
        {
            get { return _wave.Swing; }
        }

        /// <summary>Typical rise of a systolic edge within 160 ms; the wave is limited to +-1000.</summary>
        public int Edge
        {
            get { return _edge; }
        }

        /// <summary><see cref="PulseWave.SteepnessX1000"/> of the wave.</summary>
        public int SteepnessX1000
        {
            get { return _wave.SteepnessX1000; }
        }

        /// <summary>Begins the analysis of a channel.</summary>
        public void Begin()
        {
            _stage = PulseStage.Smooth;
        }

        /// <summary>Does the next slice of the analysis of a channel.</summary>
        /// <param name="channel">Oldest value first; the same one for all slices.</param>
        /// <param name="isLight">True: less light is more blood. False: a filtered recording, which may be
        /// inverted.</param>
        /// <returns>True when the analysis is done.</returns>
        public bool Step(int[] channel, bool isLight)
        {
            switch (_stage)
            {
                case PulseStage.Smooth:
                    _wave.Smooth(channel);
                    _stage = PulseStage.Scale;
                    return false;
                case PulseStage.Scale:
                    _wave.Scale(!isLight);
                    _lag = 0;
                    _stage = PulseStage.Correlate;
                    return false;
                case PulseStage.Correlate:
                    if (Correlate())
                    {
                        FindPeriod();
                        SumSlopes();
                        _stage = PulseStage.Beats;
                    }

                    return false;
                default:
                    FindBeats();
                    return true;
            }
        }

        private void BeginCorrelation()
        {
            int[] wave = _wave.Values;
            int energy = 0;
            for (int i = 0; i < _length; i++)
            {
                energy += wave[i] * wave[i]; // at most 392 x 1000^2
            }

            _headEnergy = energy;
            _tailEnergy = energy;
        }

        // Computes the autocorrelation at the next lags, divided by the mean of both energies, which needs no square
        // root. One sample every 120 ms is enough, because the wave was smoothed over 120 ms.
        private bool Correlate()
        {
            if (_lag == 0)
            {
                BeginCorrelation();
            }

            int[] wave = _wave.Values; // locals, because this loop is most of an estimate's cost
            int[] alike = _wave.Scratch;
            int length = _length;
            int stride = _stride;
            int last = _lag + LagsPerSlice - 1;
            last = last > _longest + 1 ? _longest + 1 : last;
            for (int lag = _lag; lag <= last; lag++)
            {
                int product = 0;
                int end = length - lag;
                for (int i = 0; i < end; i += stride)
                {
                    product += wave[i] * wave[i + lag];
                }

                int norm = ((_headEnergy / 2) + (_tailEnergy / 2)) / (1000 * stride);
                alike[lag] = norm == 0 ? 0 : product / norm;
                _headEnergy -= wave[end - 1] * wave[end - 1];
                _tailEnergy -= wave[lag] * wave[lag];
            }

            _lag = last + 1;
            return last == _longest + 1;
        }

        // The period is the lowest lag at which the autocorrelation nearly reaches its highest value. A later peak
        // would be two beats (half the rate). The peak of a dicrotic notch (double the rate) is not that high.
        private void FindPeriod()
        {
            int[] alike = _wave.Scratch;
            int highest = 0;
            for (int lag = _shortest; lag <= _longest; lag++)
            {
                if (alike[lag] > highest && alike[lag] > alike[lag - 1])
                {
                    highest = alike[lag];
                }
            }

            _periodX256 = 0;
            _periodicityX1000 = highest;
            for (int lag = _shortest; lag <= _longest; lag++)
            {
                if (alike[lag] * 100 >= highest * 85 && highest > 0 && alike[lag] >= alike[lag + 1]
                    && alike[lag] > alike[lag - 1])
                {
                    _periodicityX1000 = alike[lag];
                    _halfwayX1000 = HighestBetween((lag * 2 / 5) - 1, (lag * 3 / 5) + 1);
                    _periodX256 = (lag * 256) + IntegerMath.VertexX256(alike[lag - 1], alike[lag], alike[lag + 1]);
                    return;
                }
            }
        }

        // The highest peak strictly between two lags. Where two beats were taken for one, the peak at half of the
        // period is nearly as high.
        private int HighestBetween(int fromLag, int toLag)
        {
            int[] alike = _wave.Scratch;
            int highest = 0;
            for (int lag = fromLag < 1 ? 1 : fromLag; lag < toLag; lag++)
            {
                if (alike[lag] > highest && alike[lag] >= alike[lag + 1] && alike[lag] > alike[lag - 1])
                {
                    highest = alike[lag];
                }
            }

            return highest;
        }

        // A beat is the steepest point of a systolic edge whose slope sum passes the threshold. Intervals are between
        // the interpolated times of two beats.
        private void FindBeats()
        {
            _beatBpmX10 = 0;
            _changePercent = 100;
            int intervals = FindIntervals(SlopeThreshold());
            if (intervals >= 3)
            {
                JudgeIntervals(intervals);
            }
        }

        private void SumSlopes()
        {
            int[] wave = _wave.Values;
            int[] sums = _wave.Scratch;
            int window = _edgeLength;
            int slopeSum = 0;
            sums[0] = 0;
            for (int i = 1; i < _length; i++)
            {
                int entering = wave[i] - wave[i - 1];
                int leaving = i > window ? wave[i - window] - wave[i - window - 1] : 0;
                slopeSum += entering > 0 ? entering : 0;
                slopeSum -= leaving > 0 ? leaving : 0;
                sums[i] = slopeSum;
            }
        }

        private int FindIntervals(int threshold)
        {
            // Beats are found without the period; otherwise the two methods would always agree. Only the period of a
            // fast pulse shortens the gap.
            int gap = GapMs * _rateHz / (1000 * _fold);
            int share = _periodX256 * 6 / 2560;
            if (share > 0 && share < gap)
            {
                gap = share < _shortest ? _shortest : share;
            }

            int[] sums = _wave.Scratch;
            int last = -1;
            int lastX256 = 0;
            int intervals = 0;
            for (int i = 1; i < _length - 1; i++)
            {
                if (sums[i] < threshold || sums[i] < sums[i - 1] || sums[i] <= sums[i + 1] || !IsHighestNear(i, gap))
                {
                    continue;
                }

                int steepest = Steepest(i, _edgeLength);
                int nowX256 = (steepest * 256)
                    + IntegerMath.VertexX256(Rise(steepest - 1), Rise(steepest), Rise(steepest + 1));
                if (last >= 0 && intervals < _intervals.Length)
                {
                    _intervals[intervals++] = nowX256 - lastX256;
                }

                last = i;
                lastX256 = nowX256;
            }

            return intervals;
        }

        // The median of the last 8 intervals, and how much they change.
        private void JudgeIntervals(int intervals)
        {
            int first = intervals > 8 ? intervals - 8 : 0;
            int count = intervals - first;
            int change = 0;
            for (int i = 0; i < count; i++)
            {
                _intervals[i] = _intervals[first + i];
                change += i > 0 ? IntegerMath.Distance(_intervals[i], _intervals[i - 1]) : 0;
            }

            IntegerMath.Sort(_intervals, count);
            int medianX2 = _intervals[(count - 1) / 2] + _intervals[count / 2];
            if (medianX2 <= 0)
            {
                return;
            }

            _changePercent = IntegerMath.Clamp((int)((long)change * 200 / ((long)medianX2 * (count - 1))), 0, 100);
            _beatBpmX10 = 600 * 512 * _rateHz / (_fold * medianX2);
        }

        private int Rise(int i)
        {
            int d = i <= 0 || i >= _length ? 0 : _wave.Values[i] - _wave.Values[i - 1];
            return d > 0 ? d : 0;
        }

        // Half of the median of the highest slope sums of four 2 s parts, so that one artefact cannot raise the
        // threshold and one pause cannot lower it.
        private int SlopeThreshold()
        {
            int[] sums = _wave.Scratch;
            int part = _length / 4;
            for (int p = 0; p < 4; p++)
            {
                int highest = 0;
                for (int i = p * part; i < (p + 1) * part; i++)
                {
                    if (sums[i] > highest)
                    {
                        highest = sums[i];
                    }
                }

                _intervals[p] = highest;
            }

            IntegerMath.Sort(_intervals, 4);
            _edge = (_intervals[1] + _intervals[2]) / 2;
            return 1 + (_edge / 2);
        }

        // No higher slope sum within the gap on either side.
        private bool IsHighestNear(int i, int gap)
        {
            int[] sums = _wave.Scratch;
            int end = i + gap < _length ? i + gap : _length;
            for (int j = i - gap > 0 ? i - gap : 0; j < end; j++)
            {
                if (sums[j] > sums[i])
                {
                    return false;
                }
            }

            return true;
        }

        private int Steepest(int i, int window)
        {
            int best = i;
            for (int j = i - window; j <= i; j++)
            {
                if (Rise(j) > Rise(best))
                {
                    best = j;
                }
            }

            return best;
        }
    }
}

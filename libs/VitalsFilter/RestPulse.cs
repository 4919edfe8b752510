namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// What 8 s of one channel say about a pulse at rest, found in two independent ways: the period from the autocorrelation,
    /// and the beats from the slope sum of the systolic edge with fractional timing. No allocation after construction,
    /// integers only.
    /// </summary>
    public sealed class RestPulse
    {
        private const int SlowestMs = 2000; // 30 bpm
        private const int FastestMs = 250; // 240 bpm
        private const int GapMs = 360; // a dicrotic wave comes within it

        private readonly int _rateHz;
        private readonly int _fold;
        private readonly int _length;
        private int[] _pulse;
        private int[] _work;
        private readonly int[] _intervals;
        private readonly int _shortest;
        private readonly int _longest;
        private readonly int _stride;

        private int _periodicityX1000;
        private int _halfwayX1000;
        private int _periodX256;
        private int _changePercent;
        private int _beatBpmX10;
        private int _swing;
        private int _steepnessX1000;
        private int _edge;

        /// <param name="rateHz">Sample rate before folding.</param>
        /// <param name="fold">Samples of the sensor added into one of the window.</param>
        /// <param name="length">Samples in the window.</param>
        public RestPulse(int rateHz, int fold, int length)
        {
            _rateHz = rateHz;
            _fold = fold;
            _length = length;
            _pulse = new int[length];
            _work = new int[length];
            _intervals = new int[length * fold * 1000 / (rateHz * FastestMs)];
            _shortest = FastestMs * rateHz / (1000 * fold);
            _longest = SlowestMs * rateHz / (1000 * fold);
            _stride = 120 * rateHz / (1000 * fold);
        }

        /// <summary>How well the wave repeats after its period, x1000 (a sine: 1000).</summary>
        public int PeriodicityX1000
        {
            get { return _periodicityX1000; }
        }

        /// <summary>How well it repeats after half of the period, x1000: high where two beats were taken for one.</summary>
        public int HalfwayX1000
        {
            get { return _halfwayX1000; }
        }

        /// <summary>Heart rate from the period, bpm x10; 0 where nothing repeats.</summary>
        public int PeriodBpmX10
        {
            get { return _periodX256 == 0 ? 0 : 600 * 256 * _rateHz / _fold / _periodX256; }
        }

        /// <summary>Heart rate from the median of the last 8 intervals between beats, bpm x10; 0 for fewer than three.</summary>
        public int BeatBpmX10
        {
            get { return _beatBpmX10; }
        }

        /// <summary>Mean change from one of those intervals to the next, percent of their median, 0..100: small
        /// where breathing speeds and slows the heart, large where it fibrillates.</summary>
        public int ChangePercent
        {
            get { return _changePercent; }
        }

        /// <summary>Peak to peak of the wave, about, in the counts of the window.</summary>
        public int Swing
        {
            get { return _swing; }
        }

        /// <summary>Rise within 160 ms of a usual systolic edge; the whole wave is limited to +-1000.</summary>
        public int Edge
        {
            get { return _edge; }
        }

        /// <summary>Squared slopes of the rises against those of the falls, x1000: 1000 for a sine such as aliased lamp light, 1500
        /// and more for a pulse.</summary>
        public int SteepnessX1000
        {
            get { return _steepnessX1000; }
        }

        /// <summary>Analyses one channel.</summary>
        /// <param name="ring">The window.</param>
        /// <param name="oldest">Where in it the oldest sample is.</param>
        /// <param name="isLight">True: less light is more blood. False: a filtered recording, which may be either way up.</param>
        public void Analyse(int[] ring, int oldest, bool isLight)
        {
            Shape(ring, oldest);
            CompareSlopes(!isLight);
            FindPeriod();
            FindBeats();
        }

        /// <summary>Only the wave and its <see cref="Swing"/>: the ring in order, turned over (more blood = less light), smoothed
        /// over 120 ms, twice without its mean over 1.2 s, which leaves a twentieth of slow breathing, limited to three times its
        /// mean deviation so that one step of ambient light does not own the window, scaled to +-1000.</summary>
        public void Shape(int[] ring, int oldest)
        {
            int at = oldest;
            for (int i = 0; i < _length; i++)
            {
                // 16 times, so that folding and averaging do not round a weak pulse away: 5 x 18 bits x 16 is 25 bits, and the
                // sums below are of 30 samples at most where five are folded, of 59 where none is: 31 bits are enough.
                _work[i] = -ring[at] * 16;
                at = at + 1 == _length ? 0 : at + 1;
            }

            MeanAround(_rateHz * 60 / (1000 * _fold));
            for (int pass = 0; pass < 2; pass++)
            {
                int[] smooth = _pulse;
                _pulse = _work;
                _work = smooth;
                MeanAround(_rateHz * 600 / (1000 * _fold));
                for (int i = 0; i < _length; i++)
                {
                    _pulse[i] = _work[i] - _pulse[i];
                }
            }

            int[] pulse = _pulse;
            int length = _length;
            long absolute = 0;
            for (int i = 0; i < length; i++)
            {
                int value = pulse[i];
                absolute += value < 0 ? -value : value;
            }

            int mean = (int)(absolute / length);
            _swing = mean / 4; // mean deviation x 4, without the 16
            int limit = mean * 3;
            int shift = 0;
            while (limit >> shift > int.MaxValue / 1000)
            {
                shift++;
            }

            int scale = limit >> shift;
            for (int i = 0; i < length; i++)
            {
                int value = pulse[i];
                pulse[i] = scale == 0 ? 0 : value > limit ? 1000 : value < -limit ? -1000 : (value >> shift) * 1000 / scale;
            }
        }

        // The mean of each value of _work and its neighbours on both sides, as far as there are any.
        private void MeanAround(int neighbours)
        {
            int[] from = _work;
            int[] means = _pulse;
            int length = _length;
            int sum = 0;
            int count = 0;
            for (int i = 0; i < length + neighbours; i++)
            {
                if (i < length)
                {
                    sum += from[i];
                    count++;
                }

                int at = i - neighbours;
                if (at > neighbours)
                {
                    sum -= from[at - neighbours - 1];
                    count--;
                }

                if (at >= 0)
                {
                    means[at] = sum / count;
                }
            }
        }

        // A heart fills the vessels faster than they empty; a wave that falls faster is upside down.
        private void CompareSlopes(bool mayTurn)
        {
            int[] pulse = _pulse;
            int length = _length;
            int rises = 0;
            int falls = 0;
            for (int i = 1; i < length; i++)
            {
                int d = pulse[i] - pulse[i - 1];
                if (d > 0)
                {
                    rises += d * d; // at most 392 x 2000^2, on one side only every other
                }
                else
                {
                    falls += d * d;
                }
            }

            if (mayTurn && rises < falls)
            {
                int swap = rises;
                rises = falls;
                falls = swap;
                for (int i = 0; i < length; i++)
                {
                    pulse[i] = -pulse[i];
                }
            }

            _steepnessX1000 = falls < 1000 ? 0 : rises / (falls / 1000);
        }

        // The first strong peak of the autocorrelation: the lowest lag that reaches nearly the highest value, so that two
        // beats are not taken for one (half the rate); a dicrotic notch does not get that high (double the rate).
        private void FindPeriod()
        {
            int[] pulse = _pulse; // locals: this loop is most of what an estimate costs
            int length = _length;
            int stride = _stride;
            int headEnergy = 0;
            for (int i = 0; i < length; i++)
            {
                headEnergy += pulse[i] * pulse[i]; // at most 392 x 1000^2
            }

            // Against the mean of both energies, which needs no root. After smoothing over 120 ms the product of two waves changes
            // so slowly that a sample every 120 ms is enough of it.
            int tailEnergy = headEnergy;
            int highest = 0;
            for (int lag = 0; lag <= _longest + 1; lag++)
            {
                int product = 0;
                int end = length - lag;
                for (int i = 0; i < end; i += stride)
                {
                    product += pulse[i] * pulse[i + lag];
                }

                int norm = ((headEnergy / 2) + (tailEnergy / 2)) / (1000 * stride);
                int alike = norm == 0 ? 0 : product / norm;
                _work[lag] = alike;
                headEnergy -= pulse[end - 1] * pulse[end - 1];
                tailEnergy -= pulse[lag] * pulse[lag];
                if (lag >= _shortest && lag <= _longest && alike > highest && alike > _work[lag - 1])
                {
                    highest = alike;
                }
            }

            _periodX256 = 0;
            _periodicityX1000 = highest;
            for (int lag = _shortest; lag <= _longest; lag++)
            {
                if (_work[lag] * 100 >= highest * 85 && highest > 0 && _work[lag] >= _work[lag + 1] && _work[lag] > _work[lag - 1])
                {
                    _periodicityX1000 = _work[lag];
                    _halfwayX1000 = HighestBetween((lag * 2 / 5) - 1, (lag * 3 / 5) + 1);
                    _periodX256 = (lag * 256) + VertexX256(_work[lag - 1], _work[lag], _work[lag + 1]);
                    return;
                }
            }
        }

        // The highest peak strictly between two lags: two beats taken for one repeat nearly as well at half of the period.
        private int HighestBetween(int fromLag, int toLag)
        {
            int highest = 0;
            for (int lag = fromLag < 1 ? 1 : fromLag; lag < toLag; lag++)
            {
                if (_work[lag] > highest && _work[lag] >= _work[lag + 1] && _work[lag] > _work[lag - 1])
                {
                    highest = _work[lag];
                }
            }

            return highest;
        }

        // Where the parabola through three points has its top, in 1/256 of their distance, -128..128.
        private static int VertexX256(int before, int top, int after)
        {
            int curve = before - (2 * top) + after;
            return curve >= 0 ? 0 : IntegerMath.Clamp(128 * (before - after) / curve, -128, 128);
        }

        // Beats: the steepest point of each systolic edge whose slope sum stands out; between them, fractional intervals.
        private void FindBeats()
        {
            _beatBpmX10 = 0;
            _changePercent = 100;
            int window = _rateHz * 160 / (1000 * _fold);

            // Found without help from the period, or the two would always agree: only for a quick heart it shortens the gap.
            int gap = GapMs * _rateHz / (1000 * _fold);
            int share = _periodX256 * 6 / 2560;
            if (share > 0 && share < gap)
            {
                gap = share < _shortest ? _shortest : share;
            }

            int[] pulse = _pulse;
            int slopeSum = 0;
            _work[0] = 0;
            for (int i = 1; i < _length; i++)
            {
                int entering = pulse[i] - pulse[i - 1];
                int leaving = i > window ? pulse[i - window] - pulse[i - window - 1] : 0;
                slopeSum += entering > 0 ? entering : 0;
                slopeSum -= leaving > 0 ? leaving : 0;
                _work[i] = slopeSum;
            }

            int threshold = SlopeThreshold();
            int last = -1;
            int lastX256 = 0;
            int intervals = 0;
            for (int i = 1; i < _length - 1; i++)
            {
                if (_work[i] < threshold || _work[i] < _work[i - 1] || _work[i] <= _work[i + 1] || !Stands(i, gap))
                {
                    continue;
                }

                int steepest = Steepest(i, window);
                int nowX256 = (steepest * 256) + VertexX256(Rise(steepest - 1), Rise(steepest), Rise(steepest + 1));
                if (last >= 0 && intervals < _intervals.Length)
                {
                    _intervals[intervals++] = nowX256 - lastX256;
                }

                last = i;
                lastX256 = nowX256;
            }

            if (intervals < 3)
            {
                return;
            }

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
            if (i <= 0 || i >= _length)
            {
                return 0;
            }

            int d = _pulse[i] - _pulse[i - 1];
            return d > 0 ? d : 0;
        }

        // Half the median of the highest slope sums of four 2 s parts: one artefact cannot raise it, one pause cannot lower it.
        private int SlopeThreshold()
        {
            int part = _length / 4;
            for (int p = 0; p < 4; p++)
            {
                int highest = 0;
                for (int i = p * part; i < (p + 1) * part; i++)
                {
                    if (_work[i] > highest)
                    {
                        highest = _work[i];
                    }
                }

                _intervals[p] = highest;
            }

            IntegerMath.Sort(_intervals, 4);
            _edge = (_intervals[1] + _intervals[2]) / 2;
            return 1 + (_edge / 2);
        }

        // No higher slope sum within the gap on either side.
        private bool Stands(int i, int gap)
        {
            int end = i + gap < _length ? i + gap : _length;
            for (int j = i - gap > 0 ? i - gap : 0; j < end; j++)
            {
                if (_work[j] > _work[i])
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

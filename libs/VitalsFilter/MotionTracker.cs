namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Follows the heart rate while the arm moves. Every 4 s the last 8 s of light and acceleration become spectra of 66 bins
    /// between 32 and 223 a minute; a forest of integer trees says of each bin how much it looks like the heart's (and not
    /// like the stride's, or a harmonic of either), and the most likely path through the bins that a heart can take is
    /// followed. It asks nothing of the light's level, polarity or scale. No clock, no allocation after construction,
    /// integers only.
    /// </summary>
    public sealed class MotionTracker
    {
        /// <summary>Bins that a heart rate can lie in.</summary>
        public const int Bins = 66;

        /// <summary>Bytes that describe one bin.</summary>
        public const int FeatureCount = 20;

        /// <summary>What <see cref="Update"/> counts in, ms.</summary>
        public const int StepMs = 4000;

        private const int FirstBin = 11;
        private const int Points = Spectrum.Samples; // 12.5 Hz for 8 s
        private const int MotionFold = 2; // the accelerometer's 25 Hz
        private const int LimitMg = 4000;
        private const int HalfMean = 7; // 1.2 s around a point
        private const int LowestBin = 5; // half of the lowest one that counts
        private const int LightUnit = 32768; // a channel's power between 32 and 223 a minute
        private const int FullSquare = 255 * 255;

        // A sine of 20 mg: quieter arms have no stride worth a name.
        private const int QuietPower = 6600;

        // What a path pays for moving by 1..4 bins of 2.93 bpm in 2 s, and for beginning anew anywhere, in 1/64 of log-odds.
        private const int MoveOneCost = 19;
        private const int MoveTwoCost = 64;
        private const int MoveThreeCost = 144;
        private const int MoveFourCost = 224;
        private const int AnewCost = 768;
        private const int Reach = 4;
        private const int SpreadsPerStep = 2;
        private const int MostSteps = 2;
        private const int PastSteps = 2;

        // Four of five windows with a moving arm lie above it, of people and data sets not trained on; noise and drift do not.
        private const int ReportEvidence = 190;
        private const int StrideAmplitude = 100; // of 255 for the arm's strongest bin
        private const int MemorySteps = 15;
        private const int LeapX10 = 60;
        private const int LeapPerStepX10 = 10;
        private const int LowestEvidence = -384;
        private const int EvidencePercent = 80; // windows overlap: each repeats part of what the last one said

        private readonly Spectrum _spectrum = new Spectrum();
        private readonly short[] _x = new short[Points];
        private readonly short[] _y = new short[Points];
        private readonly short[] _z = new short[Points];
        private readonly int[] _points = new int[2 * Points];
        private readonly int[] _light = new int[Spectrum.Bins];
        private readonly int[] _arm = new int[Spectrum.Bins];
        private readonly byte[] _features = new byte[FeatureCount * Bins];
        private readonly byte[] _pastLight = new byte[PastSteps * Bins];
        private readonly byte[] _pastClean = new byte[PastSteps * Bins];
        private readonly int[] _path = new int[Bins];
        private readonly int[] _scores = new int[Bins];

        private int _motionAt;
        private int _motionFolded;
        private int _sumX;
        private int _sumY;
        private int _sumZ;
        private int _pastAt;
        private int _shift;
        private int _apartBpmX10;
        private int _sinceApart;

        /// <summary>Rate of the most likely path x10; 0 before the first update.</summary>
        public int BpmX10 { get; private set; }

        /// <summary>How much less likely the best path is that ends elsewhere (more than 4 bins away), 1/64 of log-odds.</summary>
        public int Margin { get; private set; }

        /// <summary>How much the bin of the answer looked like a pulse lately, against there being none, 1/64 of log-odds.</summary>
        public int Evidence { get; private set; }

        /// <summary>0..100. An answer on the stride stays below <see cref="HeartRate.ReportConfidence"/> where nothing but the
        /// stride speaks for it: no rate apart from the stride within the last minute that a heart could have come from.</summary>
        public int Confidence { get; private set; }

        /// <summary>The last update's description of all bins, feature by feature, for training and tests.</summary>
        public byte[] Features
        {
            get { return _features; }
        }

        /// <summary>Takes one accelerometer sample, milli-g, at 25 Hz.</summary>
        public void PushMotion(int xMg, int yMg, int zMg)
        {
            _sumX += xMg;
            _sumY += yMg;
            _sumZ += zMg;
            if (++_motionFolded < MotionFold)
            {
                return;
            }

            _x[_motionAt] = (short)IntegerMath.Clamp(_sumX / MotionFold, -LimitMg, LimitMg);
            _y[_motionAt] = (short)IntegerMath.Clamp(_sumY / MotionFold, -LimitMg, LimitMg);
            _z[_motionAt] = (short)IntegerMath.Clamp(_sumZ / MotionFold, -LimitMg, LimitMg);
            _motionAt = _motionAt + 1 == Points ? 0 : _motionAt + 1;
            _motionFolded = 0;
            _sumX = 0;
            _sumY = 0;
            _sumZ = 0;
        }

        /// <summary>Forgets the path; what the arm did in the last 8 s stays.</summary>
        public void Reset()
        {
            for (int i = 0; i < Bins; i++)
            {
                _path[i] = 0;
            }

            for (int i = 0; i < _pastLight.Length; i++)
            {
                _pastLight[i] = 0;
            }

            for (int i = 0; i < _pastClean.Length; i++)
            {
                _pastClean[i] = 0;
            }

            BpmX10 = 0;
            Margin = 0;
            Evidence = 0;
            Confidence = 0;
            _apartBpmX10 = 0;
        }

        /// <summary>Moves on by some steps and looks at the last 8 s.</summary>
        /// <param name="red">Ring of the first channel; its length is 8 s at 25 to 50 Hz.</param>
        /// <param name="ir">The second one, or empty.</param>
        /// <param name="green">The third one, or empty.</param>
        /// <param name="at">Where the oldest sample is.</param>
        /// <param name="steps">Steps of <see cref="StepMs"/> since the last call, at least 1.</param>
        public void Update(int[] red, int[] ir, int[] green, int at, int steps)
        {
            for (int k = 0; k < Spectrum.Bins; k++)
            {
                _light[k] = 0;
                _arm[k] = 0;
            }

            int channels = green.Length > 0 ? 3 : ir.Length > 0 ? 2 : 1;
            Shape(red, at);
            _spectrum.Load(_points, false);
            if (channels > 1)
            {
                Shape(ir, at);
                _spectrum.Load(_points, true);
                _spectrum.Transform();
                AddLight(false);
                AddLight(true);
                if (channels > 2)
                {
                    Shape(green, at);
                    _spectrum.Load(_points, false);
                }
            }

            // The three axes share one scale; they fill what the light leaves free of the pairs.
            int variance = Variance();
            bool second = channels != 2;
            Centre(_x);
            _spectrum.Load(_points, second);
            if (second)
            {
                _spectrum.Transform();
                AddLight(false);
                _spectrum.AddPower(_arm, true);
                Centre(_y);
                _spectrum.Load(_points, false);
                Centre(_z);
                _spectrum.Load(_points, true);
                _spectrum.Transform();
                _spectrum.AddPower(_arm, false);
                _spectrum.AddPower(_arm, true);
            }
            else
            {
                Centre(_y);
                _spectrum.Load(_points, true);
                _spectrum.Transform();
                _spectrum.AddPower(_arm, false);
                _spectrum.AddPower(_arm, true);
                Centre(_z);
                _spectrum.Load(_points, false);
                _spectrum.LoadNothing();
                _spectrum.Transform();
                _spectrum.AddPower(_arm, false);
            }

            Describe(channels, variance);
            PulseForest.Judge(_features, Bins, _scores);
            Follow(steps);
        }

        // One channel at 12.5 Hz: interpolated to 25 Hz, smoothed, every second point; without its mean over 1.2 s, limited to
        // three times its mean deviation so that one blow does not own the window, scaled to +-1000.
        private void Shape(int[] ring, int at)
        {
            int length = ring.Length;
            int[] points = _points;
            int level = ring[at];
            for (int i = 0; i < 2 * Points; i++)
            {
                int position = i * length;
                int whole = position / (2 * Points);
                int rest = position - (whole * 2 * Points);
                int index = at + whole < length ? at + whole : at + whole - length;
                int value = ring[index];
                if (rest > 0 && whole + 1 < length)
                {
                    int next = index + 1 == length ? 0 : index + 1;
                    value += (ring[next] - value) * rest / (2 * Points);
                }

                points[i] = value;
            }

            int before = points[0];
            for (int i = 0; i < Points; i++)
            {
                int middle = points[2 * i];
                int after = points[(2 * i) + 1];

                // In whole counts of the ring times 4; five samples of 18 bits are 21 bits.
                points[i] = before + (2 * middle) + after - (4 * level);
                before = after;
            }

            int sum = 0;
            int count = 0;
            for (int i = 0; i < HalfMean; i++)
            {
                sum += points[i];
                count++;
            }

            long absolute = 0;
            for (int i = 0; i < Points; i++)
            {
                if (i + HalfMean < Points)
                {
                    sum += points[i + HalfMean];
                    count++;
                }

                if (i > HalfMean)
                {
                    sum -= points[i - HalfMean - 1];
                    count--;
                }

                int wave = points[i] - (sum / count);
                points[Points + i] = wave;
                absolute += wave < 0 ? -wave : wave;
            }

            int limit = (int)(absolute * 3 / Points);
            int shift = 0;
            while (limit >> shift >= 1 << 20)
            {
                shift++; // 1000 times it then stays within 31 bits
            }

            int scale = limit >> shift;
            for (int i = 0; i < Points; i++)
            {
                points[i] = scale == 0 ? 0 : (IntegerMath.Clamp(points[Points + i], -limit, limit) >> shift) * Spectrum.Limit / scale;
            }
        }

        // Mean square of the arm's acceleration without its mean, all axes together, mg^2; and the shift that brings the
        // largest of it under the transform's limit.
        private int Variance()
        {
            int largest = 0;
            long squares = 0;
            for (int axis = 0; axis < 3; axis++)
            {
                short[] values = axis == 0 ? _x : axis == 1 ? _y : _z;
                int mean = 0;
                for (int i = 0; i < Points; i++)
                {
                    mean += values[i];
                }

                mean /= Points;
                for (int i = 0; i < Points; i++)
                {
                    int value = values[i] - mean;
                    squares += value * value;
                    value = value < 0 ? -value : value;
                    largest = value > largest ? value : largest;
                }
            }

            _shift = 0;
            while (largest >> _shift > Spectrum.Limit)
            {
                _shift++;
            }

            return (int)(squares / Points);
        }

        private void Centre(short[] axis)
        {
            int mean = 0;
            for (int i = 0; i < Points; i++)
            {
                mean += axis[i];
            }

            mean /= Points;
            int at = _motionAt;
            for (int i = 0; i < Points; i++)
            {
                _points[i] = IntegerMath.Clamp((axis[at] - mean) >> _shift, -Spectrum.Limit, Spectrum.Limit);
                at = at + 1 == Points ? 0 : at + 1;
            }
        }

        // Each channel counts with the same power, whatever its light.
        private void AddLight(bool second)
        {
            int[] power = _points;
            for (int k = 0; k < Spectrum.Bins; k++)
            {
                power[k] = 0;
            }

            _spectrum.AddPower(power, second);
            int sum = 0;
            for (int i = 0; i < Bins; i++)
            {
                sum += power[FirstBin + i];
            }

            int shift = 0;
            while (sum >> shift >= 1 << 16)
            {
                shift++;
            }

            sum >>= shift;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                int share = power[k] >> shift;
                share = sum == 0 ? 0 : share >= sum ? LightUnit : share * LightUnit / sum;
                _light[k] += share;
            }
        }

        // ---- what a tree can ask about a bin; the order is the training's ----

        private void Describe(int channels, int variance)
        {
            int highest = 1;
            for (int i = 0; i < Bins; i++)
            {
                int value = _light[FirstBin + i] / channels;
                highest = value > highest ? value : highest;
            }

            Amplitudes(_light, highest, channels);
            int cadence = 0;
            int strongest = QuietPower >> (2 * _shift);
            for (int i = 0; i < Bins; i++)
            {
                if (_arm[FirstBin + i] > strongest)
                {
                    strongest = _arm[FirstBin + i];
                    cadence = FirstBin + i;
                }
            }

            int shift = 0;
            while (strongest >> shift >= 1 << 15)
            {
                shift++;
            }

            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                _arm[k] >>= shift;
            }

            Amplitudes(_arm, (strongest >> shift) + 1, 1);
            Harmonics(_light, 0);
            Harmonics(_arm, 4);
            Stand();
            Clean();
            Rank();
            Whole(12, variance, cadence);
            Past();
        }

        // Powers become amplitudes, 255 for the highest.
        private static void Amplitudes(int[] powers, int highest, int divisor)
        {
            int root = 0;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                int power = powers[k] / divisor;
                root = IntegerMath.IsqrtNear((power > highest ? highest : power) * FullSquare / highest, root);
                powers[k] = root;
            }
        }

        // The bin itself, twice, half and one and a half times its frequency.
        private void Harmonics(int[] amplitudes, int feature)
        {
            byte[] features = _features;
            int own = feature * Bins;
            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                features[own + i] = (byte)amplitudes[k];
                features[own + Bins + i] = (byte)(2 * k < Spectrum.Bins ? amplitudes[2 * k] : 0);
                features[own + (2 * Bins) + i] = (byte)((amplitudes[k >> 1] + amplitudes[(k + 1) >> 1]) >> 1);
                k *= 3;
                features[own + (3 * Bins) + i] = (byte)(k + 1 < 2 * Spectrum.Bins ? (amplitudes[k >> 1] + amplitudes[(k + 1) >> 1]) >> 1 : 0);
            }
        }

        // How far it stands out of the 13 bins around it, and how near it is to the top of its peak.
        private void Stand()
        {
            int sum = 0;
            for (int k = FirstBin - 6; k < FirstBin + 6; k++)
            {
                sum += _light[k];
            }

            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                sum += _light[k + 6];
                int value = _light[k] * 416 / (sum + 1);
                _features[(8 * Bins) + i] = (byte)(value > 255 ? 255 : value);
                sum -= _light[k - 6];
                int top = _light[k];
                for (int j = k - 2; j <= k + 2; j++)
                {
                    if (_light[j] > top)
                    {
                        top = _light[j];
                    }
                }

                _features[(9 * Bins) + i] = (byte)(_light[k] * 255 / (top + 1));
            }
        }

        // The light where the arm is quiet: Wiener's weight, scaled to the highest.
        private void Clean()
        {
            int highest = 0;
            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                int value = _light[k] * (255 - (_arm[k] * _arm[k] / 255)) / 255;
                _scores[i] = value;
                highest = value > highest ? value : highest;
            }

            for (int i = 0; i < Bins; i++)
            {
                _features[(10 * Bins) + i] = (byte)(_scores[i] * 255 / (highest + 1));
            }
        }

        // How many peaks of the light are higher.
        private void Rank()
        {
            byte[] features = _features;
            const int First = 11 * Bins;
            for (int i = 0; i < Bins; i++)
            {
                features[First + i] = 0;
            }

            for (int k = FirstBin; k < FirstBin + Bins; k++)
            {
                int peak = _light[k];
                if (peak < _light[k - 1] || peak <= _light[k + 1])
                {
                    continue;
                }

                for (int i = 0; i < Bins; i++)
                {
                    if (_light[FirstBin + i] < peak)
                    {
                        features[First + i]++;
                    }
                }
            }
        }

        // What is said of the window as a whole, and where the bin lies in it.
        private void Whole(int feature, int variance, int cadence)
        {
            int light = 0;
            for (int i = 0; i < Bins; i++)
            {
                light += _light[FirstBin + i];
            }

            int first = feature * Bins;
            byte motion = (byte)LogX8(variance + 1);
            for (int i = 0; i < Bins; i++)
            {
                int strides = cadence == 0 ? 0 : (FirstBin + i) * 32 / cadence;
                _features[first + i] = (byte)(FirstBin + i);
                _features[first + Bins + i] = motion;
                _features[first + (2 * Bins) + i] = (byte)(strides > 255 ? 255 : strides);
                _features[first + (3 * Bins) + i] = (byte)(light / Bins);
            }
        }

        // What stood near the bin 4 and 8 s ago, and what of it was clean.
        private void Past()
        {
            int older = _pastAt * Bins;
            int newer = (PastSteps - 1 - _pastAt) * Bins;
            Recall(_pastLight, newer, 16);
            Recall(_pastLight, older, 17);
            Recall(_pastClean, newer, 18);
            Recall(_pastClean, older, 19);
            for (int i = 0; i < Bins; i++)
            {
                _pastLight[older + i] = _features[i];
                _pastClean[older + i] = _features[(10 * Bins) + i];
            }

            _pastAt = PastSteps - 1 - _pastAt;
        }

        private void Recall(byte[] past, int row, int feature)
        {
            int before = 0;
            int here = past[row];
            for (int i = 0; i < Bins; i++)
            {
                int after = i + 1 < Bins ? past[row + i + 1] : 0;
                int most = here > before ? here : before;
                _features[(feature * Bins) + i] = (byte)(after > most ? after : most);
                before = here;
                here = after;
            }
        }

        // Eight times the logarithm to base 2, by the highest bit and the three below it.
        private static int LogX8(int value)
        {
            int log = 24;
            while (value >= 16)
            {
                value >>= 1;
                log += 8;
            }

            while (value < 8)
            {
                value <<= 1;
                log -= 8;
            }

            return log + (value & 7);
        }

        // ---- the path ----

        private void Follow(int steps)
        {
            for (int step = 0; step < SpreadsPerStep * (steps < MostSteps ? steps : MostSteps); step++)
            {
                Spread();
            }

            int top = _scores[0];
            for (int i = 1; i < Bins; i++)
            {
                top = _scores[i] > top ? _scores[i] : top;
            }

            int best = 0;
            for (int i = 0; i < Bins; i++)
            {
                int evidence = _scores[i] - top;
                _path[i] += (evidence < LowestEvidence ? LowestEvidence : evidence) * EvidencePercent / 100;
                best = _path[i] > _path[best] ? i : best;
            }

            int end = _path[best];
            int elsewhere = end - AnewCost;
            for (int i = 0; i < Bins; i++)
            {
                _path[i] -= end;
                if (IntegerMath.Distance(i, best) > Reach && _path[i] > elsewhere - end)
                {
                    elsewhere = _path[i] + end;
                }
            }

            Margin = end - elsewhere;
            int peak = Refine(best);
            Evidence += (_scores[peak] - Evidence) / 2;
            JudgeStride(peak, steps);
        }

        private void JudgeStride(int peak, int steps)
        {
            Confidence = IntegerMath.Clamp(HeartRate.ReportConfidence + ((Evidence - ReportEvidence) / 4), 0, 100);
            int k = FirstBin + peak;
            _sinceApart += steps;
            if (_arm[k - 1] < StrideAmplitude && _arm[k] < StrideAmplitude && _arm[k + 1] < StrideAmplitude)
            {
                if (Evidence >= ReportEvidence)
                {
                    _apartBpmX10 = BpmX10;
                    _sinceApart = 0;
                }
            }
            else if (_apartBpmX10 == 0 || _sinceApart > MemorySteps
                || IntegerMath.Distance(BpmX10, _apartBpmX10) > LeapX10 + (LeapPerStepX10 * _sinceApart))
            {
                Confidence = IntegerMath.Clamp(Confidence, 0, HeartRate.ReportConfidence - 1);
            }
        }

        // The best that can come before: from the bin itself, from one nearby at a price, or from anywhere at a high one.
        private void Spread()
        {
            int[] before = _points;
            for (int i = 0; i < Bins + (2 * Reach); i++)
            {
                before[i] = -AnewCost;
            }

            for (int i = 0; i < Bins; i++)
            {
                before[i + Reach] = _path[i];
            }

            for (int i = 0; i < Bins; i++)
            {
                int best = before[i + 4];
                best = Larger(best, Larger(before[i + 3], before[i + 5]) - MoveOneCost);
                best = Larger(best, Larger(before[i + 2], before[i + 6]) - MoveTwoCost);
                best = Larger(best, Larger(before[i + 1], before[i + 7]) - MoveThreeCost);
                best = Larger(best, Larger(before[i], before[i + 8]) - MoveFourCost);
                _path[i] = Larger(best, -AnewCost);
            }
        }

        private static int Larger(int a, int b)
        {
            return a > b ? a : b;
        }

        // The path lags a quick heart by a bin or two: within two bins of its end the newest window decides, and between bins
        // the parabola through three scores.
        private int Refine(int best)
        {
            int peak = best;
            for (int i = best - 2; i <= best + 2; i++)
            {
                if (i >= 0 && i < Bins && _scores[i] > _scores[peak])
                {
                    peak = i;
                }
            }

            int fractionX256 = 0;
            if (peak > 0 && peak < Bins - 1)
            {
                int before = _scores[peak - 1];
                int after = _scores[peak + 1];
                int curve = before + after - (2 * _scores[peak]);
                fractionX256 = curve >= 0 ? 0 : IntegerMath.Clamp(128 * (before - after) / curve, -128, 128);
            }

            BpmX10 = (((FirstBin + peak) * 256) + fractionX256) * 7500 / 65536;
            return peak;
        }
    }
}

using System;

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Follows the heart rate while the arm moves. Every 2 s the last 8 s of light and acceleration become spectra of 66 bins
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
        public const int FeatureCount = 17;

        /// <summary>What <see cref="Update"/> counts in, ms.</summary>
        public const int StepMs = 2000;

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
        private const int MoveOneCost = 9;
        private const int MoveTwoCost = 30;
        private const int MoveThreeCost = 65;
        private const int MoveFourCost = 100;
        private const int AnewCost = 768;
        private const int Reach = 4;
        private const int MostSteps = 4;
        private const int PastSteps = 2;

        // Four of five windows with a moving arm lie above it, of people and data sets not trained on; noise and drift do not.
        private const int ReportEvidence = 180;
        private const int StrideAmplitude = 100; // of 255 for the arm's strongest bin
        private const int MemorySteps = 30;
        private const int LeapX10 = 60;
        private const int LeapPerStepX10 = 5;
        private const int LowestEvidence = -384;
        private const int EvidencePercent = 50; // windows overlap: each repeats part of what the last one said

        private readonly Spectrum _spectrum = new Spectrum();
        private readonly short[] _x = new short[Points];
        private readonly short[] _y = new short[Points];
        private readonly short[] _z = new short[Points];
        private readonly short[] _frozenX = new short[Points];
        private readonly short[] _frozenY = new short[Points];
        private readonly short[] _frozenZ = new short[Points];
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

        /// <summary>Copies the accelerometer's last 8 s for the next <see cref="Update"/>; samples may arrive in between.</summary>
        public void Freeze()
        {
            Copy(_x, _frozenX);
            Copy(_y, _frozenY);
            Copy(_z, _frozenZ);
        }

        private void Copy(short[] ring, short[] frozen)
        {
            Array.Copy(ring, _motionAt, frozen, 0, Points - _motionAt);
            Array.Copy(ring, 0, frozen, Points - _motionAt, _motionAt);
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
            int[] light = _light;
            int[] arm = _arm;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                light[k] = 0;
                arm[k] = 0;
            }

            int channels = green.Length > 0 ? 3 : ir.Length > 0 ? 2 : 1;
            Shape(red, at);
            _spectrum.Load(_points, false);
            if (channels > 1)
            {
                Shape(ir, at);
                _spectrum.Load(_points, true);
                _spectrum.Transform();
                AddLight(_spectrum.First);
                AddLight(_spectrum.Second);
                if (channels > 2)
                {
                    Shape(green, at);
                    _spectrum.Load(_points, false);
                }
            }

            // The three axes share one scale; they fill what the light leaves free of the pairs.
            int meanX = Mean(_frozenX);
            int meanY = Mean(_frozenY);
            int meanZ = Mean(_frozenZ);
            Scale(meanX, meanY, meanZ);
            bool second = channels != 2;
            Centre(_frozenX, meanX);
            _spectrum.Load(_points, second);
            if (second)
            {
                _spectrum.Transform();
                AddLight(_spectrum.First);
                AddArm(_spectrum.Second);
                Centre(_frozenY, meanY);
                _spectrum.Load(_points, false);
                Centre(_frozenZ, meanZ);
                _spectrum.Load(_points, true);
                _spectrum.Transform();
                AddArm(_spectrum.First);
                AddArm(_spectrum.Second);
            }
            else
            {
                Centre(_frozenY, meanY);
                _spectrum.Load(_points, true);
                _spectrum.Transform();
                AddArm(_spectrum.First);
                AddArm(_spectrum.Second);
                Centre(_frozenZ, meanZ);
                _spectrum.Load(_points, false);
                _spectrum.LoadNothing();
                _spectrum.Transform();
                AddArm(_spectrum.First);
            }

            Describe(channels);
            PulseForest.Judge(_features, Bins, _scores, _points);
            Follow(steps);
        }

        // One channel at 12.5 Hz: interpolated to 25 Hz, smoothed, every second point; without its mean over 1.2 s, limited to
        // three times its mean deviation so that one blow does not own the window, scaled to +-1000.
        private void Shape(int[] ring, int at)
        {
            int[] points = _points;
            if (ring.Length == 2 * Points)
            {
                int newer = ring.Length - at;
                Array.Copy(ring, at, points, 0, newer);
                Array.Copy(ring, 0, points, newer, at);
            }
            else
            {
                Interpolate(ring, at);
            }

            int level = points[0];
            int before = level;
            for (int i = 0; i < Points; i++)
            {
                int middle = points[2 * i];
                int after = points[(2 * i) + 1];

                // In whole counts of the ring times 4; five samples of 18 bits are 21 bits.
                points[i] = before + (2 * middle) + after - (4 * level);
                before = after;
            }

            int sum = 0;
            int count = HalfMean;
            for (int i = 0; i < HalfMean; i++)
            {
                sum += points[i];
            }

            int absolute = 0; // 100 waves of 5 samples of 18 bits, times 4 and 3, are 31 bits
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

            int limit = absolute * 3 / Points;
            int shift = 0;
            while (limit >> shift >= 1 << 20)
            {
                shift++; // 1000 times it then stays within 31 bits
            }

            int scale = (limit >> shift) + 1;
            for (int i = 0; i < Points; i++)
            {
                int wave = points[Points + i];
                wave = wave > limit ? limit : wave < -limit ? -limit : wave;
                points[i] = (wave >> shift) * Spectrum.Limit / scale;
            }
        }

        private void Interpolate(int[] ring, int at)
        {
            int length = ring.Length;
            int[] points = _points;
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
        }

        private static int Mean(short[] axis)
        {
            int sum = 0;
            for (int i = 0; i < Points; i++)
            {
                sum += axis[i];
            }

            return sum / Points;
        }

        // The shift that brings all axes under the transform's limit.
        private void Scale(int meanX, int meanY, int meanZ)
        {
            int largest = 0;
            for (int axis = 0; axis < 3; axis++)
            {
                short[] values = axis == 0 ? _frozenX : axis == 1 ? _frozenY : _frozenZ;
                int mean = axis == 0 ? meanX : axis == 1 ? meanY : meanZ;
                for (int i = 0; i < Points; i++)
                {
                    int value = values[i] - mean;
                    value = value < 0 ? -value : value;
                    largest = value > largest ? value : largest;
                }
            }

            _shift = 0;
            while (largest >> _shift >= Spectrum.Limit)
            {
                _shift++;
            }
        }

        private void Centre(short[] axis, int mean)
        {
            int[] points = _points;
            int shift = _shift;
            for (int i = 0; i < Points; i++)
            {
                points[i] = (axis[i] - mean) >> shift;
            }
        }

        // Each channel counts with the same power, whatever its light.
        private void AddLight(int[] power)
        {
            int sum = 0;
            for (int k = FirstBin; k < FirstBin + Bins; k++)
            {
                sum += power[k];
            }

            int shift = 0;
            while (sum >> shift >= 1 << 16)
            {
                shift++;
            }

            sum >>= shift;
            if (sum == 0)
            {
                return;
            }

            int[] light = _light;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                int share = power[k] >> shift;
                light[k] += share < sum ? share * LightUnit / sum : LightUnit;
            }
        }

        private void AddArm(int[] power)
        {
            int[] arm = _arm;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                arm[k] += power[k];
            }
        }

        // ---- what a tree can ask about a bin; the order is the training's ----

        private void Describe(int channels)
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
            Between();
            Harmonics(_arm, 4);
            Stand();
            Clean();
            Rank();
            Whole(cadence);
            Past();
        }

        // Powers become amplitudes, 255 for the highest.
        private static void Amplitudes(int[] powers, int highest, int divisor)
        {
            int root = 1;
            for (int k = LowestBin; k < Spectrum.Bins; k++)
            {
                int power = powers[k] / divisor;
                int square = (power > highest ? highest : power) * FullSquare / highest;

                // Newton's step never lands below the root, wherever it begins; from there it only descends. Neighbours are alike.
                int guess = root < 8 ? 8 : root;
                int next = (guess + (square / guess)) >> 1;
                do
                {
                    root = next;
                    next = root == 0 ? 0 : (root + (square / root)) >> 1;
                }
                while (next < root);

                powers[k] = root;
            }
        }

        // The bin itself, twice and half its frequency.
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
            }
        }

        // The light at one and a half times its frequency.
        private void Between()
        {
            byte[] features = _features;
            int[] light = _light;
            for (int i = 0; i < Bins; i++)
            {
                int k = (FirstBin + i) * 3;
                features[(3 * Bins) + i] = (byte)(k + 1 < 2 * Spectrum.Bins ? (light[k >> 1] + light[(k + 1) >> 1]) >> 1 : 0);
            }
        }

        // How far it stands out of the 13 bins around it.
        private void Stand()
        {
            byte[] features = _features;
            int[] light = _light;
            int sum = 0;
            for (int k = FirstBin - 6; k < FirstBin + 6; k++)
            {
                sum += light[k];
            }

            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                sum += light[k + 6];
                int value = light[k] * 416 / (sum + 1);
                features[(7 * Bins) + i] = (byte)(value > 255 ? 255 : value);
                sum -= light[k - 6];
            }
        }

        // The light where the arm is quiet: Wiener's weight, scaled to the highest.
        private void Clean()
        {
            int[] light = _light;
            int[] arm = _arm;
            int[] clean = _points;
            int highest = 0;
            for (int i = 0; i < Bins; i++)
            {
                int k = FirstBin + i;
                int value = light[k] * (255 - (arm[k] * arm[k] / 255)) / 255;
                clean[i] = value;
                highest = value > highest ? value : highest;
            }

            byte[] features = _features;
            for (int i = 0; i < Bins; i++)
            {
                features[(8 * Bins) + i] = (byte)(clean[i] * 255 / (highest + 1));
            }
        }

        // How many peaks of the light are higher.
        private void Rank()
        {
            int[] light = _light;
            int[] peaks = _points;
            int count = 0;
            for (int k = FirstBin; k < FirstBin + Bins; k++)
            {
                int value = light[k];
                if (value >= light[k - 1] && value > light[k + 1])
                {
                    int at = count++;
                    while (at > 0 && peaks[at - 1] < value)
                    {
                        peaks[at] = peaks[at - 1];
                        at--;
                    }

                    peaks[at] = value;
                }
            }

            byte[] features = _features;
            int higher = 0;
            for (int i = 0; i < Bins; i++)
            {
                int value = light[FirstBin + i];
                while (higher < count && peaks[higher] > value)
                {
                    higher++;
                }

                while (higher > 0 && peaks[higher - 1] <= value)
                {
                    higher--;
                }

                features[(9 * Bins) + i] = (byte)higher;
            }
        }

        // What is said of the window as a whole, and where the bin lies in it.
        private void Whole(int cadence)
        {
            int light = 0;
            for (int i = 0; i < Bins; i++)
            {
                light += _light[FirstBin + i];
            }

            byte[] features = _features;
            byte mean = (byte)(light / Bins);
            for (int i = 0; i < Bins; i++)
            {
                int strides = cadence == 0 ? 0 : (FirstBin + i) * 32 / cadence;
                features[(10 * Bins) + i] = (byte)(FirstBin + i);
                features[(11 * Bins) + i] = (byte)(strides > 255 ? 255 : strides);
                features[(12 * Bins) + i] = mean;
            }
        }

        // What stood near the bin 2 and 4 s ago, and what of it was clean.
        private void Past()
        {
            int older = _pastAt * Bins;
            int newer = (PastSteps - 1 - _pastAt) * Bins;
            Recall(_pastLight, newer, 13);
            Recall(_pastLight, older, 14);
            Recall(_pastClean, newer, 15);
            Recall(_pastClean, older, 16);
            for (int i = 0; i < Bins; i++)
            {
                _pastLight[older + i] = _features[i];
                _pastClean[older + i] = _features[(8 * Bins) + i];
            }

            _pastAt = PastSteps - 1 - _pastAt;
        }

        private void Recall(byte[] past, int row, int feature)
        {
            byte[] features = _features;
            int at = feature * Bins;
            int before = 0;
            int here = past[row];
            for (int i = row + 1; i < row + Bins; i++)
            {
                int after = past[i];
                int most = here > before ? here : before;
                features[at++] = (byte)(after > most ? after : most);
                before = here;
                here = after;
            }

            features[at] = (byte)(here > before ? here : before);
        }

        // ---- the path ----

        private void Follow(int steps)
        {
            for (int step = 0; step < (steps < MostSteps ? steps : MostSteps); step++)
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
            for (int i = 0; i < Bins; i++)
            {
                _path[i] -= end;
            }

            int peak = Refine(best);
            Evidence += (_scores[peak] - Evidence) / 4;
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
            int[] path = _path;
            int[] before = _points;
            for (int i = 0; i < Reach; i++)
            {
                before[i] = -AnewCost;
                before[Bins + Reach + i] = -AnewCost;
            }

            for (int i = 0; i < Bins; i++)
            {
                before[i + Reach] = path[i];
            }

            for (int i = 0; i < Bins; i++)
            {
                int best = before[i + 4];
                best = best > -AnewCost ? best : -AnewCost;
                int from = (before[i + 3] > before[i + 5] ? before[i + 3] : before[i + 5]) - MoveOneCost;
                best = from > best ? from : best;
                from = (before[i + 2] > before[i + 6] ? before[i + 2] : before[i + 6]) - MoveTwoCost;
                best = from > best ? from : best;
                from = (before[i + 1] > before[i + 7] ? before[i + 1] : before[i + 7]) - MoveThreeCost;
                best = from > best ? from : best;
                from = (before[i] > before[i + 8] ? before[i] : before[i + 8]) - MoveFourCost;
                path[i] = from > best ? from : best;
            }
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

namespace ElderBand.VitalsFilter.DeviceTests
{
    /// <summary>
    /// Signals through the filters; what comes out, as a row of numbers. The vectors say what it must be.
    /// </summary>
    public sealed class Replay
    {
        /// <summary>Name of each replay, in the vectors' order.</summary>
        public static readonly string[] Names =
        {
            "falls at 25 Hz",
            "falls at 50 Hz",
            "heart at 25 Hz, 1 channel",
            "heart at 50 Hz, 2 channels",
            "heart at 50 Hz, 3 channels",
            "heart at 64 Hz, 3 channels",
            "heart at 100 Hz, 2 channels",
            "heart at 125 Hz, 2 channels",
            "heart at 50 Hz, 3 channels, in motion",
            "heart at 25 Hz, red and infrared, means of two",
            "heart at 25 Hz, with green, means of two",
            "activity at 25 Hz",
            "activity at 50 Hz",
            "wear",
            "integer functions",
        };

        private readonly int[] _numbers = new int[400];
        private int _count;

        private Replay()
        {
        }

        /// <summary>Replays one.</summary>
        /// <param name="index">Its place in <see cref="Names"/>.</param>
        public static int[] Run(int index)
        {
            Replay replay = new Replay();
            switch (index)
            {
                case 0: replay.Falls(25); break;
                case 1: replay.Falls(50); break;
                case 2: replay.Heart(25, 1, 62, 0); break;
                case 3: replay.Heart(50, 2, 71, 0); break;
                case 4: replay.Heart(50, 3, 88, 0); break;
                case 5: replay.Heart(64, 3, 54, 0); break;
                case 6: replay.Heart(100, 2, 120, 0); break;
                case 7: replay.Heart(125, 2, 75, 0); break;
                case 8: replay.Heart(50, 3, 104, 25); break;
                case 9: replay.Averaged(2, 71); break;
                case 10: replay.Averaged(3, 88); break;
                case 11: replay.Steps(25); break;
                case 12: replay.Steps(50); break;
                case 13: replay.Wear(); break;
                default: replay.Functions(); break;
            }

            int[] numbers = new int[replay._count];
            for (int i = 0; i < numbers.Length; i++)
            {
                numbers[i] = replay._numbers[i];
            }

            return numbers;
        }

        // Two falls; each verdict and event with everything the detector says of it.
        private void Falls(int rateHz)
        {
            FallDetector detector = new FallDetector(rateHz);
            for (int fall = 0; fall < 2; fall++)
            {
                Signal signal = new Signal(rateHz, 11 + fall);
                for (int i = 0; i < 40 * rateHz; i++)
                {
                    signal.Fall(7000 + (fall * 300));
                    int events = detector.EventCount;
                    FallVerdict verdict = detector.Push(signal.X, signal.Y, signal.Z);
                    if (verdict == FallVerdict.None && detector.EventCount == events)
                    {
                        continue;
                    }

                    Add(i);
                    Add((int)verdict);
                    Add(detector.LastMargin);
                    Add(detector.LastScore);
                    Add(detector.LastImpactAgeMs);
                    for (int f = 0; f < FallFeatures.Count && detector.EventCount > events; f++)
                    {
                        Add(detector.LastFeatures[f]);
                    }
                }
            }
        }

        // What the chip gives at 25 Hz where it averages two samples of 50 Hz (F3).
        private void Averaged(int channels, int bpm)
        {
            const int RateHz = 25;
            HeartRate heart = new HeartRate(RateHz, channels);
            Signal pulse = new Signal(2 * RateHz, bpm);
            Signal arm = new Signal(RateHz, bpm);
            for (int i = 0; i < 24 * RateHz; i++)
            {
                arm.Rest();
                heart.PushMotion(arm.X, arm.Y, arm.Z);
                pulse.Pulse(bpm, 0);
                int red = pulse.Red;
                int ir = pulse.Ir;
                int green = pulse.Green;
                pulse.Pulse(bpm, 0);
                heart.Push((red + pulse.Red) >> 1, (ir + pulse.Ir) >> 1, (green + pulse.Green) >> 1);
                if ((i + 1) % (2 * RateHz) == 0)
                {
                    Estimate(heart);
                }
            }
        }

        private void Estimate(HeartRate heart)
        {
            heart.TryEstimate();
            Add(heart.BpmX10);
            Add(heart.GuessBpmX10);
            Add(heart.Confidence);
            Add((int)heart.Refusal);
            Add(heart.Spo2X10);
            Add(heart.RatioX1000);
        }

        private void Heart(int rateHz, int channels, int bpm, int swayX1000)
        {
            const int MotionRateHz = 25;
            HeartRate heart = new HeartRate(rateHz, channels);
            Signal pulse = new Signal(rateHz, bpm);
            Signal arm = new Signal(MotionRateHz, bpm);
            int moved = 0;
            for (int i = 0; i < 24 * rateHz; i++)
            {
                for (; moved * rateHz <= i * MotionRateHz; moved++)
                {
                    if (swayX1000 == 0)
                    {
                        arm.Rest();
                    }
                    else
                    {
                        arm.Walk();
                    }

                    heart.PushMotion(arm.X, arm.Y, arm.Z);
                }

                pulse.Pulse(bpm, swayX1000);
                heart.Push(pulse.Red, pulse.Ir, pulse.Green);
                if ((i + 1) % (2 * rateHz) == 0)
                {
                    Estimate(heart);
                }
            }
        }

        private void Steps(int rateHz)
        {
            FallDetector detector = new FallDetector(rateHz);
            Activity activity = new Activity(rateHz);
            Signal signal = new Signal(rateHz, 5);
            for (int second = 0; second < 180; second++)
            {
                for (int i = 0; i < rateHz; i++)
                {
                    if (second < 90)
                    {
                        signal.Walk();
                    }
                    else
                    {
                        signal.Rest();
                    }

                    detector.Push(signal.X, signal.Y, signal.Z);
                    activity.Push(detector.Square);
                }

                if ((second + 1) % 10 == 0)
                {
                    Add(activity.TakeSteps());
                    Add((int)activity.MinuteClass);
                    Add(activity.StillSeconds);
                }
            }
        }

        // Put on, worn, laid down: one number where the state changes.
        private void Wear()
        {
            WearDetector wear = new WearDetector();
            FallDetector detector = new FallDetector(25);
            Signal signal = new Signal(25, 7);
            WearState last = WearState.Off;
            for (int second = 0; second < 900; second++)
            {
                for (int i = 0; i < 25; i++)
                {
                    if (second > 60 && second < 120)
                    {
                        signal.Walk();
                    }
                    else
                    {
                        signal.Rest();
                    }

                    detector.Push(signal.X, signal.Y, signal.Z);
                }

                wear.PushIr(second < 30 ? 1200 : second < 700 ? 90000 : 15000 - second);
                if (detector.TakeMoved())
                {
                    wear.LifeSeen();
                }

                WearState state = wear.Step(1000);
                if (state != last || wear.NeedsPulse)
                {
                    Add(second);
                    Add((int)state);
                    last = state;
                    if (second > 400)
                    {
                        wear.LifeSeen();
                    }
                }
            }
        }

        private void Functions()
        {
            for (int i = 0; i < 31; i++)
            {
                int value = 1 << i;
                Add(IntegerMath.Isqrt(value));
                Add(IntegerMath.Isqrt(value - 1));
                Add(IntegerMath.IsqrtNear(value, 1000));
            }

            Add(IntegerMath.Isqrt(int.MaxValue));
            Add(IntegerMath.Isqrt(int.MinValue));
            Add(IntegerMath.IsqrtNear(int.MaxValue, 1000000000));
            for (int i = 30; i < 63; i++)
            {
                long value = 1L << i;
                AddLong(IntegerMath.IsqrtLong(value));
                AddLong(IntegerMath.IsqrtLong(value - 1));
            }

            AddLong(IntegerMath.IsqrtLong(long.MaxValue));
            AddLong(IntegerMath.IsqrtLong(3037000499L * 3037000499L));
            AddLong(IntegerMath.IsqrtLong((3037000499L * 3037000499L) - 1));
            int[] unsorted = { 5, -3, int.MaxValue, 0, int.MinValue, 5, 1 };
            Add(IntegerMath.Lowest(unsorted));
            Add(IntegerMath.Mean(unsorted));
            IntegerMath.Sort(unsorted, unsorted.Length);
            for (int i = 0; i < unsorted.Length; i++)
            {
                Add(unsorted[i]);
            }
        }

        private void Add(int number)
        {
            _numbers[_count] = number;
            _count++;
        }

        private void AddLong(long number)
        {
            Add((int)(number >> 16));
            Add((int)(number & 65535));
        }
    }
}

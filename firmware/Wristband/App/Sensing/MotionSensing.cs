using ElderBand.VitalsFilter;
using Iot.Device.Adxl343;
using Iot.Device.RegisterBus;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The accelerometer: from its FIFO to the fall detector, to steps and stillness, and to the heart rate's motion
    /// correction. The part runs at 25 Hz in every mode, so that a change of mode costs the fall detector nothing.
    /// </summary>
    public sealed class MotionSensing
    {
        private const int FrozenSamples = 60 * Adxl343.RateHz;
        private const int JudgingSlice = 6;

        private readonly IRegisterBus _bus;
        private readonly Adxl343 _part;
        private readonly HeartRate _heart;
        private readonly SensorWatch _watch = new SensorWatch();
        private readonly FallDetector _fall = new FallDetector(Adxl343.RateHz);
        private readonly Activity _activity = new Activity(Adxl343.RateHz);
        private readonly int[] _squares = new int[Adxl343.MaxEntries];

        private FallVerdict _verdict;
        private int _lastX;
        private int _lastY;
        private int _lastZ;
        private int _same;
        private int _overrunsBefore;
        private int _fed;

        /// <summary>
        /// Over the accelerometer's registers; samples also go to <paramref name="heart"/> where wanted.
        /// </summary>
        public MotionSensing(IRegisterBus bus, HeartRate heart)
        {
            _bus = bus;
            _part = Adxl343.OnBus(bus);
            _heart = heart;
        }

        /// <summary>Faults of the part.</summary>
        public SensorWatch Watch
        {
            get { return _watch; }
        }

        /// <summary>Falls.</summary>
        public FallDetector Fall
        {
            get { return _fall; }
        }

        /// <summary>Steps and stillness.</summary>
        public Activity Activity
        {
            get { return _activity; }
        }

        /// <summary>Score of the last suspicion, 0-100.</summary>
        public byte Score { get; private set; }

        /// <summary>
        /// Reads the samples that wait, or starts the part. The heart rate gets the samples only while the PPG sensor
        /// runs.
        /// </summary>
        public void Step(bool forHeart, long nowMs)
        {
            if (!_watch.IsRunning)
            {
                TryStart(nowMs);
                return;
            }

            SensorHealth read = _part.ReadBurst();
            if (_part.Overruns != _overrunsBefore)
            {
                _overrunsBefore = _part.Overruns;
                _fall.Gap(); // the FIFO drops the oldest samples: the gap lies before this burst
            }

            for (int i = 0; i < _part.Count; i++)
            {
                WatchFrozen(_part.X(i), _part.Y(i), _part.Z(i));
            }

            _fed = 0;
            Feed(forHeart);
            if (_part.Count > 0)
            {
                _watch.OnSamples(nowMs);
            }

            if (read != SensorHealth.Ok)
            {
                Fail(read, nowMs);
            }
            else if (_watch.IsSilent(nowMs))
            {
                FailAt(SensorHealth.Silent, Adxl343Register.FifoStatus, nowMs);
            }
            else if (_same >= FrozenSamples)
            {
                // A working converter shows noise within a minute.
                FailAt(SensorHealth.Nonsense, Adxl343Register.DataX0, nowMs);
            }
        }

        /// <summary>True while samples of the last read wait for <see cref="Feed"/>.</summary>
        public bool HasMore
        {
            get { return _fed < _part.Count; }
        }

        /// <summary>
        /// Gives the waiting samples to the filters. While the fall detector judges an impact, one call takes at most 6
        /// samples, so that no Step exceeds 60,000 IL and the key is heard between them.
        /// </summary>
        public void Feed(bool forHeart)
        {
            // In batches, because a batch without a movement costs a quarter less than its samples one by one.
            bool wasSumming = _fall.IsSumming;
            int end = wasSumming && _part.Count - _fed > JudgingSlice ? _fed + JudgingSlice : _part.Count;
            int begin = _fed;
            while (_fed < end && (wasSumming || !_fall.IsSumming))
            {
                int to = _fall.PushBatch(_part.AllX, _part.AllY, _part.AllZ, _fed, end, _squares);
                if (_fall.Verdict >= FallVerdict.Suspected)
                {
                    _verdict = _fall.Verdict;
                    Score = (byte)_fall.LastScore;
                }

                _activity.PushBatch(_squares, _fed, to);
                _fed = to;
            }

            for (int i = begin; forHeart && i < _fed; i++)
            {
                _heart.PushMotion(_part.X(i), _part.Y(i), _part.Z(i));
            }
        }

        /// <summary>Checks number and settings of a part that runs.</summary>
        public void Verify(long nowMs)
        {
            if (!_watch.IsRunning)
            {
                return;
            }

            SensorHealth health = _part.Verify();
            if (health != SensorHealth.Ok)
            {
                Fail(health, nowMs);
            }
        }

        /// <summary>A verdict waits to be taken.</summary>
        public bool HasVerdict
        {
            get { return _verdict != FallVerdict.None; }
        }

        /// <summary>The suspicion of the samples since the last call.</summary>
        public FallVerdict TakeVerdict()
        {
            FallVerdict verdict = _verdict;
            _verdict = FallVerdict.None;
            return verdict;
        }

        /// <summary>
        /// Tells the fall detector whether the band is worn; a suspicion of a band that is not is dropped.
        /// </summary>
        public void SetWorn(bool worn)
        {
            _fall.SetWorn(worn);
            if (!worn)
            {
                _verdict = FallVerdict.None;
            }
        }

        /// <summary>Before deep sleep: the part waits for a movement to wake the band, or is off.</summary>
        public void PrepareSleep(bool wakeOnMovement)
        {
            if (wakeOnMovement)
            {
                _part.WatchForMovement();
            }
            else
            {
                _part.Stop();
            }

            _watch.OnStopped();
        }

        private void TryStart(long nowMs)
        {
            if (!_watch.MayStart(nowMs))
            {
                return;
            }

            SensorHealth health = _part.Validate();
            health = health == SensorHealth.Ok ? _part.Start() : health;
            if (health != SensorHealth.Ok)
            {
                Fail(health, nowMs);
                return;
            }

            _watch.OnStarted(nowMs);
            _fall.Reset();
            _same = 0;
        }

        private void Fail(SensorHealth health, long nowMs)
        {
            _watch.OnFailed(health, _part.FaultRegister, _part.FaultValue, nowMs);
            _bus.Recover();
            _same = 0;
        }

        private void FailAt(SensorHealth health, Adxl343Register register, long nowMs)
        {
            _watch.OnFailed(health, (byte)register, 0, nowMs);
            _bus.Recover();
            _same = 0;
        }

        private void WatchFrozen(int x, int y, int z)
        {
            _same = x == _lastX && y == _lastY && z == _lastZ ? _same + 1 : 0;
            _lastX = x;
            _lastY = y;
            _lastZ = z;
        }
    }
}

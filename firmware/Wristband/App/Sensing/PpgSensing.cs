using ElderBand.VitalsFilter;
using Iot.Device.Max30102;
using Iot.Device.RegisterBus;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The PPG sensor: from its FIFO to the heart rate and to the wear detector. An estimate begins after a read of
    /// the FIFO and is made in slices, one a step, so that the key is heard between them and the FIFO is read in time
    /// (F3).
    /// </summary>
    public sealed class PpgSensing
    {
        private const int FrozenSamples = 10 * Max30102.RateHz;

        // The part averages two conversions. A mean from here on may hide a clipped one; with the other one lower than
        // that, the two would differ by 9 % within 20 ms, which no pulse does.
        private const int MayBeClipped = 250000;

        private readonly IRegisterBus _bus;
        private readonly Max30102 _part;
        private readonly HeartRate _heart;
        private readonly WearDetector _wear;
        private readonly SensorWatch _watch = new SensorWatch();

        private int _lastRed;
        private int _lastIr;
        private int _same;
        private int _lostBefore;
        private bool _wanted;
        private bool _mayBegin;

        /// <summary>
        /// Over the PPG sensor's registers; samples go to <paramref name="heart"/> and <paramref name="wear"/>.
        /// </summary>
        /// <param name="bus">The registers.</param>
        /// <param name="hasGreen">The part is a MAX30101 or MAX30105.</param>
        /// <param name="heart">Takes every sample.</param>
        /// <param name="wear">Takes every infrared level.</param>
        public PpgSensing(IRegisterBus bus, bool hasGreen, HeartRate heart, WearDetector wear)
        {
            _bus = bus;
            _part = Max30102.OnBus(bus, hasGreen);
            _heart = heart;
            _wear = wear;
        }

        /// <summary>Faults of the part.</summary>
        public SensorWatch Watch
        {
            get { return _watch; }
        }

        /// <summary>
        /// An estimate is asked for or under way: the next step is due at once where <see cref="MayStep"/>.
        /// </summary>
        public bool IsEstimating
        {
            get { return _wanted || _heart.IsEstimating; }
        }

        /// <summary>
        /// A slice can be computed now. Until the FIFO was read after the request an estimate does not begin.
        /// </summary>
        public bool MayStep
        {
            get { return _heart.IsEstimating || (_wanted && _mayBegin); }
        }

        /// <summary>Reads what waits, starts the part or stops it; true where samples came.</summary>
        public bool Step(bool isOn, long nowMs)
        {
            if (!isOn)
            {
                Stop();
                return false;
            }

            if (!_watch.IsRunning)
            {
                TryStart(nowMs);
                return false;
            }

            SensorHealth read = _part.ReadBurst();
            for (int i = 0; i < _part.Count; i++)
            {
                Push(_part.Red(i), _part.Ir(i), _part.Green(i));
            }

            if (_part.Lost != _lostBefore)
            {
                // A full FIFO drops the newest samples: the gap lies after this burst.
                _heart.Gap(_part.Lost - _lostBefore);
                _lostBefore = _part.Lost;
            }

            bool came = _part.Count > 0;
            if (came)
            {
                _watch.OnSamples(nowMs);
                _mayBegin = true;
            }

            if (read != SensorHealth.Ok)
            {
                Fail(read, _part.FaultRegister, _part.FaultValue, nowMs);
            }
            else if (_watch.IsSilent(nowMs))
            {
                Fail(SensorHealth.Silent, (byte)Max30102Register.FifoWritePointer, 0, nowMs);
            }
            else if (_same >= FrozenSamples)
            {
                Fail(SensorHealth.Nonsense, (byte)Max30102Register.FifoData, 0, nowMs);
            }

            return came;
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
                Fail(health, _part.FaultRegister, _part.FaultValue, nowMs);
            }
        }

        /// <summary>Asks for an estimate; it begins with the first slice after the next read of the FIFO.</summary>
        public void AskForEstimate()
        {
            if (!IsEstimating)
            {
                _wanted = true;
                _mayBegin = false;
            }
        }

        /// <summary>Asks for an estimate from the samples that are there: none will follow.</summary>
        public void AskForLastEstimate()
        {
            _wanted = !_heart.IsEstimating;
            _mayBegin = true;
        }

        /// <summary>
        /// Begins the estimate or computes its next slice; true where the estimate has ended with it.
        /// </summary>
        public bool StepEstimate()
        {
            if (_wanted)
            {
                _wanted = false;
                _heart.BeginEstimate();
                return false;
            }

            return _heart.StepEstimate();
        }

        /// <summary>Forgets all samples and the estimate that is asked for or under way.</summary>
        public void Forget()
        {
            _heart.Reset();
            _wanted = false;
            _same = 0;
        }

        /// <summary>Before deep sleep: LEDs off, also where the part is believed to be off.</summary>
        public void PrepareSleep()
        {
            _part.Stop();
            _watch.OnStopped();
        }

        private void Stop()
        {
            if (_watch.IsRunning)
            {
                _part.Stop();
                _watch.OnStopped();
                _wanted &= _mayBegin; // the read that the request waits for will not come
            }
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
                Fail(health, _part.FaultRegister, _part.FaultValue, nowMs);
                return;
            }

            _watch.OnStarted(nowMs);
            Forget();
        }

        private void Fail(SensorHealth health, byte register, byte value, long nowMs)
        {
            _watch.OnFailed(health, register, value, nowMs);
            _bus.Recover();
            Forget();
        }

        private void Push(int red, int ir, int green)
        {
            // Sunlight can hold the sensor at full scale, and the filter refuses those samples. Any other constant
            // value is a fault of the part.
            _same = red == _lastRed && ir == _lastIr && ir != Max30102.FullScale ? _same + 1 : 0;
            _lastRed = red;
            _lastIr = ir;
            _heart.Push(Clip(red), Clip(ir), Clip(green));
            _wear.PushIr(ir);
        }

        private static int Clip(int mean)
        {
            return mean >= MayBeClipped ? Max30102.FullScale : mean;
        }
    }
}

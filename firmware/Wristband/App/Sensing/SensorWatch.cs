using Iot.Device.RegisterBus;

namespace ElderBand.Wristband
{
    /// <summary>Health of a sensor as a technician sees it.</summary>
    public enum SensorFault : byte
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>The part answers nonsense, has stopped converting, or the bus is held.</summary>
        Failed = 1,

        /// <summary>Nothing acknowledges the part's address.</summary>
        Absent = 2,

        /// <summary>Another part is at the address.</summary>
        WrongPart = 3,

        /// <summary>The right part was there in this boot, and now its number is another one.</summary>
        Changed = 4,
    }

    /// <summary>
    /// Tracks the faults of one sensor (P05). A failure leads at once to a recovery of the bus and a restart of the
    /// part. A failure that lasts, or keeps coming back, is reported.
    /// </summary>
    public sealed class SensorWatch
    {
        /// <summary>A fault that lasts this long is reported, ms.</summary>
        public const int ReportAfterMs = 20000;

        /// <summary>Samples without a failure for this long end the fault, ms.</summary>
        public const int RecoveredAfterMs = 30000;

        /// <summary>A part that runs and gives no sample for this long has failed, ms.</summary>
        public const int SilentMs = 2000;

        private const int QuickRetryMs = 1000;
        private const int SlowRetryMs = 5000;
        private const int QuickTries = 5;
        private const int FlappingTries = 3;

        private bool _trouble;
        private bool _down;
        private bool _wasRight;
        private long _steppedMs;
        private long _troubleMs;
        private long _goodMs;
        private long _lastSampleMs;
        private long _retryMs;
        private int _tries;
        private SensorFault _kind;

        /// <summary>The part runs, as far as known.</summary>
        public bool IsRunning { get; private set; }

        /// <summary>
        /// The fault that is reported. While a fault lasts it changes only to a wrong or changed part, once.
        /// </summary>
        public SensorFault Fault { get; private set; }

        /// <summary>Register at which the last failure showed.</summary>
        public byte FaultRegister { get; private set; }

        /// <summary>What was read there; 0 where nothing was.</summary>
        public byte FaultValue { get; private set; }

        /// <summary>A fault has lasted long enough to be reported.</summary>
        public bool IsFaulty
        {
            get { return Fault != SensorFault.None; }
        }

        /// <summary>True where a start may be tried now.</summary>
        public bool MayStart(long nowMs)
        {
            return !IsRunning && nowMs >= _retryMs;
        }

        /// <summary>The part was started.</summary>
        public void OnStarted(long nowMs)
        {
            IsRunning = true;
            _down = false;
            _wasRight = true;
            _lastSampleMs = nowMs;
        }

        /// <summary>
        /// The part was stopped on purpose: until its next start no time counts as health or as failure.
        /// </summary>
        public void OnStopped()
        {
            IsRunning = false;
            _down = false;
            _retryMs = 0;
        }

        /// <summary>The part gave samples.</summary>
        public void OnSamples(long nowMs)
        {
            _lastSampleMs = nowMs;
        }

        /// <summary>The part failed.</summary>
        /// <param name="health">How.</param>
        /// <param name="register">Register at which the failure showed.</param>
        /// <param name="value">What was read there, 0 where nothing was.</param>
        /// <param name="nowMs">When.</param>
        public void OnFailed(SensorHealth health, byte register, byte value, long nowMs)
        {
            IsRunning = false;
            _down = true;
            _goodMs = 0;
            FaultRegister = register;
            FaultValue = value;
            _kind = Kind(health);
            if (!_trouble)
            {
                _trouble = true;
                _troubleMs = 0;
                _tries = 0;
            }

            _tries++;
            _retryMs = _tries == 1 ? nowMs : nowMs + (_tries < QuickTries ? QuickRetryMs : SlowRetryMs);
        }

        /// <summary>True where a running part has gone quiet.</summary>
        public bool IsSilent(long nowMs)
        {
            return IsRunning && nowMs - _lastSampleMs >= SilentMs;
        }

        /// <summary>Lets time pass.</summary>
        public void Step(long nowMs)
        {
            long elapsedMs = nowMs - _steppedMs;
            _steppedMs = nowMs;
            if (!_trouble)
            {
                return;
            }

            // In Daily the part runs for short times only, so its running times are added up.
            _goodMs += IsRunning ? elapsedMs : 0;
            _troubleMs += IsRunning || _down ? elapsedMs : 0;
            if (_goodMs >= RecoveredAfterMs)
            {
                _trouble = false;
                Fault = SensorFault.None;
            }
            else if (_troubleMs >= ReportAfterMs && (_down || _tries >= FlappingTries))
            {
                // A single failure that a restart has mended is not reported.
                Fault = Fault == SensorFault.None || _kind >= SensorFault.WrongPart ? _kind : Fault;
            }
        }

        private SensorFault Kind(SensorHealth health)
        {
            switch (health)
            {
                case SensorHealth.NoAnswer:
                    return SensorFault.Absent;
                case SensorHealth.WrongPart:
                    return _wasRight ? SensorFault.Changed : SensorFault.WrongPart;
                default:
                    return SensorFault.Failed;
            }
        }
    }
}

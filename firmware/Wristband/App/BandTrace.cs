using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Notes in the trace what a technician asks for after a reset. It compares after each step, so no other part has
    /// to know of the trace.
    /// </summary>
    public sealed class BandTrace
    {
        private const int PpgPart = 1;
        private const int AccelerometerPart = 2;

        private readonly TraceRing _ring;
        private readonly AlarmLatch _latch;
        private readonly LinkPolicy _link;
        private readonly Measuring _measuring;
        private readonly BandReports _reports;
        private BandMode _mode;
        private bool _radioOn;
        private int _radioStarts;
        private int _restarts;
        private int _links;
        private FlashResult _flash;
        private SensorFault _ppg;
        private SensorFault _accelerometer;

        /// <summary>Watches these parts of a band.</summary>
        public BandTrace(
            TraceRing ring,
            AlarmLatch latch,
            LinkPolicy link,
            Measuring measuring,
            BandReports reports)
        {
            _ring = ring;
            _latch = latch;
            _link = link;
            _measuring = measuring;
            _reports = reports;
        }

        /// <summary>A boot has begun in this mode; what the last boot left is loaded.</summary>
        public void Start(WakeCause cause, int boot, BandMode mode, long nowMs)
        {
            _ring.Add(TraceKind.Boot, (int)cause, boot & 0xFFFF, nowMs);
            _mode = mode;
        }

        /// <summary>The band restarts itself now: the trace goes to flash first.</summary>
        public void Restart(RestartReason reason, long nowMs)
        {
            _ring.Add(TraceKind.Restart, (int)reason, 0, nowMs);
            _latch.Touch();
            _reports.SaveLatch(nowMs);
        }

        /// <summary>Notes what has changed since the last step.</summary>
        public void Step(BandMode mode, long nowMs)
        {
            if (mode != _mode)
            {
                _ring.Add(TraceKind.Mode, (int)mode, (int)_mode, nowMs);
                _mode = mode;
            }

            FlashResult flash = _reports.FlashState;
            if (flash != _flash)
            {
                bool works = flash == FlashResult.Ok;
                _ring.Add(works ? TraceKind.FlashWorks : TraceKind.FlashFault, (int)flash, _latch.PendingCount, nowMs);
                _flash = flash;
            }

            StepRadio(nowMs);
            _ppg = StepSensor(_measuring.Ppg, PpgPart, _ppg, nowMs);
            _accelerometer = StepSensor(_measuring.Accelerometer, AccelerometerPart, _accelerometer, nowMs);
        }

        private void StepRadio(long nowMs)
        {
            if (_link.Restarts != _restarts)
            {
                _restarts = _link.Restarts;
                _radioStarts = _link.RadioStarts;
                _ring.Add(TraceKind.RadioRestart, _restarts, 0, nowMs);
            }

            if (_link.RadioStarts != _radioStarts)
            {
                _radioStarts = _link.RadioStarts;
                _radioOn = true;
                _ring.Add(TraceKind.RadioStart, _radioStarts, 0, nowMs);
            }

            if (_link.Links != _links)
            {
                _ring.Add(_link.Links > _links ? TraceKind.LinkUp : TraceKind.LinkDown, _link.Links, 0, nowMs);
                _links = _link.Links;
            }

            if (_radioOn && !_link.RadioIsOn)
            {
                _radioOn = false;
                _ring.Add(TraceKind.RadioStop, _radioStarts, 0, nowMs);
            }
        }

        private SensorFault StepSensor(SensorWatch sensor, int part, SensorFault before, long nowMs)
        {
            if (sensor.Fault == before)
            {
                return before;
            }

            if (sensor.Fault == SensorFault.None)
            {
                _ring.Add(TraceKind.SensorWorks, part, 0, nowMs);
            }
            else
            {
                int where = (sensor.FaultRegister << 8) | sensor.FaultValue;
                _ring.Add(TraceKind.SensorFault, part | ((int)sensor.Fault << 8), where, nowMs);
            }

            return sensor.Fault;
        }
    }
}

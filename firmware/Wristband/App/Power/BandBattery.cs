using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>Reads the battery every minute and tells the centre when it is low.</summary>
    public sealed class BandBattery
    {
        private const int EveryMs = 60000;
        private const int FullPct = 100;

        private readonly IPower _power;
        private readonly PowerPolicy _policy;
        private readonly AlarmLatch _latch;
        private readonly BandReports _reports;
        private long _nextMs;

        /// <summary>Composes the reader over the gauge and the reports.</summary>
        public BandBattery(IPower power, PowerPolicy policy, AlarmLatch latch, BandReports reports)
        {
            _power = power;
            _policy = policy;
            _latch = latch;
            _reports = reports;
        }

        /// <summary>First reading of a boot; tells nothing yet.</summary>
        public void Start(long nowMs)
        {
            _nextMs = nowMs;
            _reports.BatteryPct = _power.BatteryPct();
            _policy.OnBattery(_reports.BatteryPct, _power.External());
        }

        /// <summary>Reads where a minute has passed.</summary>
        public void Step(long nowMs)
        {
            if (nowMs >= _nextMs)
            {
                Read(nowMs);
            }
        }

        /// <summary>Reads now.</summary>
        public void Read(long nowMs)
        {
            _nextMs = nowMs + EveryMs;
            byte pct = _power.BatteryPct();
            bool external = _power.External();
            _reports.BatteryPct = pct;
            _policy.OnBattery(pct, external);
            if (pct <= FullPct || external)
            {
                Tell(LatchMemory.LowTold, TechnicalCode.BatteryLow, PowerPolicy.LowPct, external, nowMs);
                Tell(LatchMemory.CriticalTold, TechnicalCode.BatteryCritical, PowerPolicy.CriticalPct, external, nowMs);
            }
        }

        // A low battery is reported once in a discharge, not once in a boot: in Shelf every beat is a boot.
        private void Tell(LatchMemory told, TechnicalCode code, int belowPct, bool external, long nowMs)
        {
            bool known = (_latch.Memory & told) != LatchMemory.None;
            if (!known && !external && _reports.BatteryPct < belowPct)
            {
                _latch.Remember(told, true);
                _reports.LatchEvent(FrameType.Technical, 0, (byte)code, nowMs);
            }
            else if (known && (external || _reports.BatteryPct >= belowPct + PowerPolicy.HysteresisPct))
            {
                _latch.Remember(told, false);
                _reports.LatchRecovered(code, nowMs);
            }
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>What the hub reports about itself and its bands: technical records in the alarm lane.</summary>
    public sealed class Reports
    {
        private const byte BatteryUnknown = 255;

        private readonly Outbox _outbox;

        /// <summary>Reports are added to this outbox.</summary>
        public Reports(Outbox outbox)
        {
            _outbox = outbox;
        }

        /// <summary>
        /// Reports a boot that the watchdog has caused, and a bad copy of the provision that this boot has found.
        /// </summary>
        public void Start(WakeCause cause, bool provisionCopyWasBad, long nowMs)
        {
            if (cause == WakeCause.Watchdog)
            {
                Add(TechnicalCode.WatchdogReset, 0, nowMs);
            }

            if (provisionCopyWasBad)
            {
                Add(TechnicalCode.ProvisionCopyBad, 0, nowMs);
            }
        }

        /// <summary>Reports a code about a band; address 0: about the hub.</summary>
        public void Add(TechnicalCode code, long address, long nowMs)
        {
            _outbox.AddOwn(FrameType.HubTechnical, address, 0, (byte)code, nowMs, BatteryUnknown);
        }

        /// <summary>Reports a code about the hub with a number from 0 to 254.</summary>
        public void AddWith(TechnicalCode code, byte number, long nowMs)
        {
            _outbox.AddOwn(FrameType.HubTechnical, 0, 0, (byte)code, nowMs, number);
        }

        /// <summary>The hub's own key calls for help.</summary>
        public void AddKeyPress(long nowMs)
        {
            _outbox.AddOwn(FrameType.HubKey, 0, 0, (byte)SosSource.Key, nowMs, BatteryUnknown);
        }
    }
}

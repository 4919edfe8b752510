using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// The ports through which the hub reaches hardware and network. Set all of them before making a
    /// <see cref="Hub"/>.
    /// </summary>
    public sealed class HubPorts
    {
        /// <summary>Scanner and links.</summary>
        public IHubLink Radio;

        /// <summary>MQTT over TLS.</summary>
        public IUplink Uplink;

        /// <summary>File system.</summary>
        public IFlash Flash;

        /// <summary>Monotonic and wall time.</summary>
        public IClock Clock;

        /// <summary>HMAC-SHA256.</summary>
        public IMac Mac;

        /// <summary>Mains, reset, watchdog.</summary>
        public IPower Power;

        /// <summary>The hub's own key.</summary>
        public IPin Key;

        /// <summary>Buzzer.</summary>
        public IPin Buzzer;

        /// <summary>Light.</summary>
        public IPin Light;

        /// <summary>Key and radio; slots of at least <see cref="Frame.Size"/>.</summary>
        public EventRing Events;

        /// <summary>Line and messages; slots of at least <see cref="HubMessage.MaxDownSize"/>.</summary>
        public EventRing Downlinks;

        /// <summary>End of the certificate authority that the line pins, ms since 1970.</summary>
        public long AuthorityEndsMs = long.MaxValue;

        /// <summary>True: one of the two copies of the provision on flash was bad at this boot.</summary>
        public bool ProvisionCopyWasBad;

        /// <summary>Local time for the wrist, minutes ahead of UTC; China has one zone and no summer time.</summary>
        public int UtcOffsetMinutes = 480;
    }
}

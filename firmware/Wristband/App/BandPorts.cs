using ElderBand.BandProtocol;
using Iot.Device.RegisterBus;

namespace ElderBand.Wristband
{
    /// <summary>The ports through which the band reaches hardware. The composition root fills them once.</summary>
    public sealed class BandPorts
    {
        /// <summary>Radio.</summary>
        public IBandLink Link;

        /// <summary>Flash files.</summary>
        public IFlash Flash;

        /// <summary>Monotonic time.</summary>
        public IClock Clock;

        /// <summary>Keyed hash.</summary>
        public IMac Mac;

        /// <summary>Battery, charger, sleep, watchdog.</summary>
        public IPower Power;

        /// <summary>The one key; true while pressed.</summary>
        public IPin Key;

        /// <summary>The latch that remembers a press while the chip boots, sleeps or is reset.</summary>
        public IPressLatch PressLatch;

        /// <summary>Vibration motor.</summary>
        public IPin Vibration;

        /// <summary>LED that is lit while the motor vibrates, for wearers who feel less.</summary>
        public IPin Light;

        /// <summary>MAX30102, MAX30101 or MAX30105.</summary>
        public IRegisterBus Ppg;

        /// <summary>The pulse sensor has the green LED (MAX30101, MAX30105), which reads a wrist better. The part id is
        /// the same for all three (register 0xFF reads 0x15), so the provision file says which part is
        /// fitted.</summary>
        public bool PpgHasGreen;

        /// <summary>ADXL343.</summary>
        public IRegisterBus Accelerometer;

        /// <summary>Ring into which callbacks enqueue events.</summary>
        public EventRing Events;
    }

    /// <summary>
    /// Who the band is: provisioned once; a LinkGroup frame from the centre may later move the link keys.
    /// </summary>
    public sealed class BandIdentity
    {
        /// <summary>32 random bytes, the same as in the band's QR code.</summary>
        public byte[] Secret;

        /// <summary>Link group: the home whose hubs share the band's link keys.</summary>
        public uint LinkGroup;

        /// <summary>Epoch of the link keys, 0-65535; only rises.</summary>
        public int LinkEpoch;

        /// <summary>True: one of the two copies of the identity on flash was bad at this boot.</summary>
        public bool CopyWasBad;
    }
}

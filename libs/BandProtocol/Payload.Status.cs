namespace ElderBand.BandProtocol
{
    /// <summary>Modes of the band (promises of reach and battery differ).</summary>
    public enum BandMode : byte
    {
        /// <summary>The default: worn, radio mostly off, press on the air within 3 s.</summary>
        Daily = 0,

        /// <summary>Charger, walk-test or open alarm: link held, 10 s vitals.</summary>
        Guard = 1,

        /// <summary>Not worn or battery under 10 %: deep sleep, a press still calls.</summary>
        Shelf = 2,
    }

    /// <summary>The beat of the band.</summary>
    public static partial class Payload
    {
        private const byte LinkWantedBit = 0x04;

        /// <summary>The beat of the band.</summary>
        /// <param name="frame">20 bytes; <see cref="Frame.Begin"/> has written the header.</param>
        /// <param name="uptimeS">Seconds since boot now; lets the hub tell the age of an event of the same
        /// boot.</param>
        /// <param name="mode">Mode.</param>
        /// <param name="wear">Worn, maybe, off.</param>
        /// <param name="pendingFrames">Frames still in the latch, 0-7.</param>
        /// <param name="batteryPct">0-100, 255 unknown.</param>
        /// <param name="configVersion">Low 8 bits of the applied configuration's version.</param>
        public static void PutStatus(
            byte[] frame,
            int uptimeS,
            BandMode mode,
            Wear wear,
            int pendingFrames,
            byte batteryPct,
            byte configVersion)
        {
            Bytes.PutU24(frame, P, uptimeS);
            frame[P + 3] = (byte)((int)mode | ((int)wear << 3) | (pendingFrames << 5));
            frame[P + 4] = batteryPct;
            frame[P + 5] = configVersion;
        }

        /// <summary>Mode in a status frame.</summary>
        public static BandMode StatusMode(byte[] frame, int offset)
        {
            return (BandMode)(frame[offset + P + 3] & 0x03);
        }

        /// <summary>
        /// Marks a written status: the band asks the hub for a link, also where the hub has nothing for the band.
        /// </summary>
        public static void AskForLink(byte[] frame)
        {
            frame[P + 3] |= LinkWantedBit;
        }

        /// <summary>True where the band asks for a link.</summary>
        public static bool AsksForLink(byte[] frame, int offset)
        {
            return (frame[offset + P + 3] & LinkWantedBit) != 0;
        }

        /// <summary>Wear in a status frame.</summary>
        public static Wear StatusWear(byte[] frame, int offset)
        {
            return (Wear)((frame[offset + P + 3] >> 3) & 0x03);
        }

        /// <summary>Frames waiting in the band's latch.</summary>
        public static int StatusPending(byte[] frame, int offset)
        {
            return frame[offset + P + 3] >> 5;
        }

        /// <summary>Battery in a status frame, percent; 255 unknown.</summary>
        public static byte StatusBatteryPct(byte[] frame, int offset)
        {
            return frame[offset + P + 4];
        }

        /// <summary>Low 8 bits of the configuration that the band has applied.</summary>
        public static byte StatusConfigVersion(byte[] frame, int offset)
        {
            return frame[offset + P + 5];
        }
    }
}

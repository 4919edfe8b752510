namespace ElderBand.BandProtocol
{
    /// <summary>Settings of the band.</summary>
    public static partial class Payload
    {
        /// <summary>Highest fall sensitivity.</summary>
        public const int HighestSensitivity = 2;

        /// <summary>Last quarter hour of a day.</summary>
        public const int LastQuarter = 95;

        /// <summary>Longest time without movement that may be allowed, 10 min: a day.</summary>
        public const int LongestInactivityTenMinutes = 144;

        /// <summary>Settings of the band.</summary>
        /// <param name="frame">20 bytes; the header carries the version in place of the boot.</param>
        /// <param name="guardAlways">True keeps the band in Guard.</param>
        /// <param name="sensitivity">Fall sensitivity 0 low, 1 normal, 2 high.</param>
        /// <param name="walkingAid">The wearer uses a stick or a walker.</param>
        /// <param name="bedFromQuarter">Bed time begins, quarter hours since midnight, 0-95.</param>
        /// <param name="bedToQuarter">Bed time ends, quarter hours since midnight, 0-95.</param>
        /// <param name="inactivityTenMinutes">Inactivity alarm after this many 10 minutes by day, 1-144; 0 off.</param>
        public static void PutConfiguration(
            byte[] frame,
            bool guardAlways,
            byte sensitivity,
            bool walkingAid,
            byte bedFromQuarter,
            byte bedToQuarter,
            byte inactivityTenMinutes)
        {
            frame[P] = (byte)((guardAlways ? 1 : 0) | (walkingAid ? 2 : 0));
            frame[P + 1] = sensitivity;
            frame[P + 2] = bedFromQuarter;
            frame[P + 3] = bedToQuarter;
            frame[P + 4] = inactivityTenMinutes;
        }

        /// <summary>
        /// Adds the number of the centre's question for the band's trace to a written configuration: 1-255, 0 for no
        /// question.
        /// </summary>
        public static void AskForTrace(byte[] frame, byte ask)
        {
            frame[P + 5] = ask;
        }

        /// <summary>Number of the centre's question for the trace, 0 for none.</summary>
        public static byte ConfigTraceAsk(byte[] frame, int offset)
        {
            return frame[offset + P + 5];
        }

        /// <summary>True where every field of a configuration is in its range; anything else is not applied.</summary>
        public static bool ConfigurationIsValid(byte[] frame, int offset)
        {
            int p = offset + P;
            return frame[p] <= 3 && frame[p + 1] <= HighestSensitivity && frame[p + 2] <= LastQuarter
                && frame[p + 3] <= LastQuarter
                && frame[p + 4] <= LongestInactivityTenMinutes;
        }

        /// <summary>Keep Guard.</summary>
        public static bool ConfigGuardAlways(byte[] frame, int offset)
        {
            return (frame[offset + P] & 1) != 0;
        }

        /// <summary>Walking aid in use.</summary>
        public static bool ConfigWalkingAid(byte[] frame, int offset)
        {
            return (frame[offset + P] & 2) != 0;
        }

        /// <summary>Fall sensitivity 0-2.</summary>
        public static byte ConfigSensitivity(byte[] frame, int offset)
        {
            return frame[offset + P + 1];
        }

        /// <summary>Bed time begins, quarter hours.</summary>
        public static byte ConfigBedFrom(byte[] frame, int offset)
        {
            return frame[offset + P + 2];
        }

        /// <summary>Bed time ends, quarter hours.</summary>
        public static byte ConfigBedTo(byte[] frame, int offset)
        {
            return frame[offset + P + 3];
        }

        /// <summary>Inactivity threshold in 10 minutes; 0 off.</summary>
        public static byte ConfigInactivity(byte[] frame, int offset)
        {
            return frame[offset + P + 4];
        }
    }
}

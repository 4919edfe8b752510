namespace ElderBand.BandProtocol
{
    /// <summary>Worn or not (byte 5 of a wear change, bits 0-1 of byte 4 of vitals).</summary>
    public enum Wear : byte
    {
        /// <summary>Not on a wrist.</summary>
        Off = 0,

        /// <summary>Not sure: nothing is claimed.</summary>
        Maybe = 1,

        /// <summary>On a wrist.</summary>
        On = 2,
    }

    /// <summary>Vitals over one period.</summary>
    public static partial class Payload
    {
        /// <summary>Vitals over one period.</summary>
        /// <param name="frame">20 bytes; <see cref="Frame.Begin"/> has written the header.</param>
        /// <param name="bpm">30-240, or 0 where refused.</param>
        /// <param name="confidence">0-100.</param>
        /// <param name="spo2Pct">70-100, or 0 where refused.</param>
        /// <param name="heartRefusal">Why there is no heart rate (4 bits, 0 none).</param>
        /// <param name="spo2Refusal">Why there is no oxygen value (4 bits, 0 none).</param>
        /// <param name="wear">Worn, maybe, off.</param>
        /// <param name="activity">0 still, 1 light, 2 moderate.</param>
        /// <param name="tenMinutes">True for a 10-minute period, false for 10 s.</param>
        /// <param name="steps">Steps in the period, at most 255.</param>
        public static void PutVitals(
            byte[] frame,
            byte bpm,
            byte confidence,
            byte spo2Pct,
            byte heartRefusal,
            byte spo2Refusal,
            Wear wear,
            byte activity,
            bool tenMinutes,
            byte steps)
        {
            frame[P] = bpm;
            frame[P + 1] = confidence;
            frame[P + 2] = spo2Pct;
            frame[P + 3] = (byte)((heartRefusal & 0x0F) | (spo2Refusal << 4));
            frame[P + 4] = (byte)((int)wear | (activity << 2) | (tenMinutes ? 0x10 : 0));
            frame[P + 5] = steps;
        }

        /// <summary>Heart rate in beats per minute, 0 where refused.</summary>
        public static byte Bpm(byte[] frame, int offset)
        {
            return frame[offset + P];
        }

        /// <summary>Confidence of the heart rate, 0-100.</summary>
        public static byte Confidence(byte[] frame, int offset)
        {
            return frame[offset + P + 1];
        }

        /// <summary>Blood oxygen in percent, 0 where refused.</summary>
        public static byte Spo2Pct(byte[] frame, int offset)
        {
            return frame[offset + P + 2];
        }

        /// <summary>Why there is no heart rate.</summary>
        public static byte HeartRefusal(byte[] frame, int offset)
        {
            return (byte)(frame[offset + P + 3] & 0x0F);
        }

        /// <summary>Why there is no oxygen value.</summary>
        public static byte Spo2Refusal(byte[] frame, int offset)
        {
            return (byte)(frame[offset + P + 3] >> 4);
        }

        /// <summary>Wear over the period.</summary>
        public static Wear VitalsWear(byte[] frame, int offset)
        {
            return (Wear)(frame[offset + P + 4] & 0x03);
        }

        /// <summary>0 still, 1 light, 2 moderate.</summary>
        public static byte VitalsActivity(byte[] frame, int offset)
        {
            return (byte)((frame[offset + P + 4] >> 2) & 0x03);
        }

        /// <summary>True for a 10-minute summary.</summary>
        public static bool IsTenMinutes(byte[] frame, int offset)
        {
            return (frame[offset + P + 4] & 0x10) != 0;
        }

        /// <summary>Steps in the period.</summary>
        public static byte Steps(byte[] frame, int offset)
        {
            return frame[offset + P + 5];
        }
    }
}

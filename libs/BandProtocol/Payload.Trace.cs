namespace ElderBand.BandProtocol
{
    /// <summary>The trace of a band: half an entry in each frame, because an entry has 8 bytes.</summary>
    public static partial class Payload
    {
        /// <summary>Entries that a band sends when it is asked.</summary>
        public const int TraceEntries = 16;

        /// <summary>Frames that carry these entries.</summary>
        public const int TraceHalves = 2 * TraceEntries;

        /// <summary>Bytes of an entry in one frame.</summary>
        public const int TraceHalfSize = TraceRing.EntrySize / 2;

        /// <summary>Half an entry of the answer.</summary>
        /// <param name="frame">20 bytes; <see cref="Frame.Begin"/> has written the header.</param>
        /// <param name="half">0 to <see cref="TraceHalves"/> - 1: even for the first half of an entry.</param>
        /// <param name="ask">Number of the question, 1-255.</param>
        /// <param name="entries">The entries as <see cref="TraceRing"/> writes them.</param>
        public static void PutTraceHalf(byte[] frame, int half, byte ask, byte[] entries)
        {
            frame[P] = (byte)half;
            frame[P + 1] = ask;
            Bytes.Copy(entries, half * TraceHalfSize, frame, P + 2, TraceHalfSize);
        }

        /// <summary>
        /// Number of the half. A band sends less than <see cref="TraceHalves"/>; the receiver must check that.
        /// </summary>
        public static int TraceHalf(byte[] frame, int offset)
        {
            return frame[offset + P];
        }

        /// <summary>Number of the question that the frame answers.</summary>
        public static byte TraceAsk(byte[] frame, int offset)
        {
            return frame[offset + P + 1];
        }

        /// <summary>Copies the half to its place among the entries.</summary>
        public static void TakeTraceHalf(byte[] frame, int offset, byte[] entries)
        {
            Bytes.Copy(frame, offset + P + 2, entries, TraceHalf(frame, offset) * TraceHalfSize, TraceHalfSize);
        }
    }
}

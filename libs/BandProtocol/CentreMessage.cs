namespace ElderBand.BandProtocol
{
    /// <summary>
    /// What the centre says of itself after a hub's hello (down/centre): version 1, centre time in ms 8, incarnation of
    /// the database 4. The incarnation is never 0 and is another one after each restore of a backup. Bytes behind are
    /// for newer versions and are not read.
    /// </summary>
    public static class CentreMessage
    {
        /// <summary>Version byte.</summary>
        public const byte Version = 1;

        /// <summary>Bytes of a message.</summary>
        public const int Size = 13;

        /// <summary>Writes a message; returns its size.</summary>
        public static int Put(byte[] data, long centreTimeMs, uint incarnation)
        {
            data[0] = Version;
            Bytes.PutI64(data, 1, centreTimeMs);
            Bytes.PutU32(data, 9, incarnation);
            return Size;
        }

        /// <summary>True where a message is well formed.</summary>
        public static bool IsValid(byte[] data, int count)
        {
            return count >= Size && data[0] == Version && Incarnation(data) != 0;
        }

        /// <summary>The centre's time, ms since 1970.</summary>
        public static long TimeMs(byte[] data)
        {
            return Bytes.GetI64(data, 1);
        }

        /// <summary>Incarnation of the centre's database.</summary>
        public static uint Incarnation(byte[] data)
        {
            return Bytes.GetU32(data, 9);
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// The first 164 bytes of a segment: kind 1, number 4 (from 1), boot 3, checkpoint 152, CRC 4.
    /// </summary>
    public static class SegmentHeader
    {
        /// <summary>Bytes of a header.</summary>
        public const int Size = CheckpointAt + SegmentFiles.CheckpointSize + 4;

        /// <summary>Offset of the checkpoint.</summary>
        public const int CheckpointAt = 8;

        private const byte Kind = 0x5E;
        private const int CrcAt = Size - 4;

        /// <summary>Writes a header; the checkpoint stays empty without an owner.</summary>
        public static void Put(byte[] header, uint number, int boot, ICheckpoint checkpoint)
        {
            for (int i = CheckpointAt; i < Size; i++)
            {
                header[i] = 0;
            }

            header[0] = Kind;
            Bytes.PutU32(header, 1, number);
            Bytes.PutU24(header, 5, boot);
            if (checkpoint != null)
            {
                checkpoint.Save(header, CheckpointAt);
            }

            Bytes.PutU32(header, CrcAt, Crc32.Compute(header, 0, CrcAt));
        }

        /// <summary>True where so many bytes were read and are a header as it was written.</summary>
        public static bool IsWhole(byte[] header, int read)
        {
            return read == Size
                && header[0] == Kind
                && Number(header) != 0
                && Bytes.GetU32(header, CrcAt) == Crc32.Compute(header, 0, CrcAt);
        }

        /// <summary>Number of the segment.</summary>
        public static uint Number(byte[] header)
        {
            return Bytes.GetU32(header, 1);
        }

        /// <summary>The hub's boot.</summary>
        public static int Boot(byte[] header)
        {
            return Bytes.GetU24(header, 5);
        }
    }
}

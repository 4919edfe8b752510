using System;

namespace ElderBand.BandProtocol
{
    /// <summary>
    /// CRC-32 (IEEE 802.3, reflected), four bytes at a time. The table costs 4 KB of RAM; bit by bit, the CRCs of a
    /// full outbox are 7 million instructions and keep a hub from its first step for seconds.
    /// </summary>
    public static class Crc32
    {
        private const int Stride = 256;

        // Entry n * 256 + b: the CRC of byte b followed by n zero bytes.
        private static readonly uint[] Table = MakeTable();

        /// <summary>CRC of a range.</summary>
        public static uint Compute(byte[] data, int offset, int count)
        {
            uint[] table = Table;
            uint crc = 0xFFFFFFFF;
            int at = offset;
            int end = offset + count;
            while (end - at >= 4)
            {
                // The device reads four bytes natively.
                crc ^= BitConverter.ToUInt32(data, at);
                crc = table[(3 * Stride) + (byte)crc]
                    ^ table[(2 * Stride) + (byte)(crc >> 8)]
                    ^ table[Stride + (byte)(crc >> 16)]
                    ^ table[(int)(crc >> 24)];
                at += 4;
            }

            for (; at < end; at++)
            {
                crc = table[(byte)(crc ^ data[at])] ^ (crc >> 8);
            }

            return ~crc;
        }

        private static uint[] MakeTable()
        {
            uint[] table = new uint[4 * Stride];
            for (int i = 0; i < Stride; i++)
            {
                uint crc = (uint)i;
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
                }

                table[i] = crc;
            }

            for (int i = Stride; i < table.Length; i++)
            {
                uint before = table[i - Stride];
                table[i] = table[(byte)before] ^ (before >> 8);
            }

            return table;
        }
    }
}

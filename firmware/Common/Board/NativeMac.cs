using System;
using System.Security.Cryptography;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>
    /// HMAC-SHA256 in native code: one tag in managed code would cost about 100,000 interpreted instructions.
    /// </summary>
    public sealed class NativeMac : IMac
    {
        /// <inheritdoc/>
        public void HmacSha256(byte[] key, byte[] data, int count, byte[] digest)
        {
            byte[] message = data;
            if (count != data.Length)
            {
                message = new byte[count];
                Array.Copy(data, 0, message, 0, count);
            }

            Array.Copy(HMACSHA256.HashData(key, message), 0, digest, 0, digest.Length);
        }
    }
}

using System.Security.Cryptography;

namespace ElderBand.BandProtocol.DeviceTests.Board
{
    /// <summary>The device's native hash.</summary>
    public sealed class DeviceMac : IMac
    {
        /// <inheritdoc/>
        public void HmacSha256(byte[] key, byte[] data, int count, byte[] digest)
        {
            byte[] message = new byte[count];
            Bytes.Copy(data, 0, message, 0, count);
            Bytes.Copy(HMACSHA256.HashData(key, message), 0, digest, 0, 32);
        }
    }
}

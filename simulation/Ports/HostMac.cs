using System.Security.Cryptography;
using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>HMAC-SHA256 of the host. On the device the hash is native.</summary>
public sealed class HostMac : IMac
{
    /// <inheritdoc/>
    public void HmacSha256(byte[] key, byte[] data, int count, byte[] digest) =>
        HMACSHA256.HashData(key, data.AsSpan(0, count), digest);
}

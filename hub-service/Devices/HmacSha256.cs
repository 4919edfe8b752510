using System.Security.Cryptography;
using ElderBand.BandProtocol;

namespace ElderBand.HubService.Devices;

/// <summary>The hash of the protocol, from the platform.</summary>
public sealed class HmacSha256 : IMac
{
    /// <inheritdoc/>
    void IMac.HmacSha256(byte[] key, byte[] data, int count, byte[] digest) =>
        HMACSHA256.HashData(key, data.AsSpan(0, count), digest);
}

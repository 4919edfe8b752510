using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ElderBand.HubService.Audit;

/// <summary>
/// A closed part of the audit's chain: rows from FirstId to LastId, the hash of the last one, when it was closed (UTC
/// ms), and the signature of the service's authority over these four (docs/adr/0102).
/// </summary>
public sealed record AuditSegment(long FirstId, long LastId, byte[] Head, long ClosedAtMs, byte[] Signature)
{
    /// <summary>Closes a segment that ends with this row.</summary>
    public static AuditSegment Close(long firstId, AuditRow last, long nowMs, ECDsa key) => new(
        firstId, last.Id, last.Hash, nowMs,
        key.SignData(Signed(firstId, last.Id, last.Hash, nowMs), HashAlgorithmName.SHA256));

    /// <summary>True where the authority with this key has signed it.</summary>
    public bool IsSigned(ECDsa key) =>
        key.VerifyData(Signed(FirstId, LastId, Head, ClosedAtMs), Signature, HashAlgorithmName.SHA256);

    /// <summary>The first segment that does not fit, in words; null where all do.</summary>
    public static string? FindBreak(IEnumerable<AuditSegment> segments, ECDsa key)
    {
        long lastId = 0;
        foreach (AuditSegment segment in segments)
        {
            if (segment.FirstId != lastId + 1)
            {
                return $"the segment that begins with row {lastId + 1} is missing";
            }
            if (!segment.IsSigned(key))
            {
                return $"the segment of rows {segment.FirstId} to {segment.LastId} is not signed by this service";
            }
            lastId = segment.LastId;
        }
        return null;
    }

    private static byte[] Signed(long firstId, long lastId, byte[] head, long closedAtMs) =>
        Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"ElderBand audit segment {firstId} {lastId} {Convert.ToHexString(head)} {closedAtMs}"));
}

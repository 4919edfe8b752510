using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ElderBand.HubService.Audit;

/// <summary>What is known of an audited act.</summary>
public sealed record AuditEntry(string CentreId, long AtMs, string Who, string Action, string Subject, string Detail);

/// <summary>A stored audit row.</summary>
public sealed record AuditRow(long Id, AuditEntry Entry, byte[] PrevHash, byte[] Hash);

/// <summary>
/// The chain of the audit: each row's hash covers its own content and the hash of the row before, so a row that was
/// altered, removed or put in later shows (P43). Cutting off the end does not show by itself: compare the head that
/// <c>audit-verify</c> prints with one that was written down.
/// </summary>
public static class AuditChain
{
    /// <summary>Hash before the first row.</summary>
    public static readonly byte[] Genesis = new byte[32];

    /// <summary>SHA-256 over the previous hash, the time and each text with its length in front.</summary>
    public static byte[] Hash(byte[] prevHash, AuditEntry entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(prevHash);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, entry.AtMs);
        hash.AppendData(number);
        foreach (string text in (
            ReadOnlySpan<string>)[entry.CentreId, entry.Who, entry.Action, entry.Subject, entry.Detail])
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt64LittleEndian(number, bytes.Length);
            hash.AppendData(number);
            hash.AppendData(bytes);
        }
        return hash.GetHashAndReset();
    }

    /// <summary>
    /// The first row that does not fit, or null where all do; <paramref name="head"/> is the last row's hash.
    /// <paramref name="after"/> is the closed segment that the rows follow; null for the first row of all.
    /// </summary>
    public static string? FindBreak(
        IEnumerable<AuditRow> rows, out long count, out byte[] head, AuditSegment? after = null)
    {
        count = 0;
        head = after?.Head ?? Genesis;
        long lastId = after?.LastId ?? 0;
        foreach (AuditRow row in rows)
        {
            if (row.Id != lastId + 1)
            {
                return $"row {lastId + 1} is missing";
            }
            if (!row.PrevHash.AsSpan().SequenceEqual(head))
            {
                return $"row {row.Id} does not follow row {lastId}";
            }
            if (!row.Hash.AsSpan().SequenceEqual(Hash(head, row.Entry)))
            {
                return $"row {row.Id} was altered";
            }
            lastId = row.Id;
            head = row.Hash;
            count++;
        }
        return null;
    }
}

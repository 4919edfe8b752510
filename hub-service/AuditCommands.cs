using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService.Audit;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService;

/// <summary>
/// The commands that verify the audit and that close its old part (docs/adr/0102). They work while the service runs.
/// </summary>
public static class AuditCommands
{
    // One transaction must not hold the alarms of the running service up.
    private const int DeletedAtOnce = 500;

    /// <summary>
    /// Closes the rows before a date: writes them and their signed head to a file, then deletes them.
    /// </summary>
    /// <exception cref="StartException">The chain is broken, or the file cannot be written.</exception>
    public static async Task<int> CloseAsync(Arguments a, Store store, TextWriter output)
    {
        string file = a.Required("out");
        if (!DateTimeOffset.TryParseExact(
            a.Required("before"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out DateTimeOffset before))
        {
            throw new StartException($"--before must be a date as 2026-01-31, not '{a["before"]}'.");
        }
        using ServiceCertificates certificates = ServiceCertificates.Open(store.Folder!);
        using ECDsa key = certificates.Key();
        AuditSegment? last = Verify(store, key, out List<AuditRow> rows);
        long endMs = before.ToUnixTimeMilliseconds();
        // The row that is newest stays open: with it the chain and the ids go on.
        List<AuditRow> old = [.. rows.Take(rows.Count - 1).TakeWhile(row => row.Entry.AtMs < endMs)];
        if (old.Count == 0)
        {
            await DeleteAsync(store);
            await output.WriteLineAsync($"No open audit row is older than {a["before"]}.");
            return 0;
        }

        var segment = AuditSegment.Close(
            (last?.LastId ?? 0) + 1, old[^1], DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), key);
        Write(file, segment, old);
        await store.WriteAsync(
            Lane.Vitals, tx => AuditRows.Close(tx, ResidentRows.FirstCentre(tx.Db)?.CentreId ?? "", segment));
        await DeleteAsync(store);
        await output.WriteLineAsync(
            $"Rows {segment.FirstId} to {segment.LastId} are closed and in {file}. Signed head: "
                + Convert.ToHexString(segment.Head).ToLowerInvariant());
        return 0;
    }

    /// <summary>Verifies closed segments and open rows, or a file that <c>audit-close</c> has written.</summary>
    /// <exception cref="StartException">Something does not fit.</exception>
    public static int Verify(Arguments a, Store store, TextWriter output)
    {
        using ServiceCertificates certificates = ServiceCertificates.Open(store.Folder!);
        using ECDsa key = certificates.Key();
        if (a["file"] is { } file)
        {
            (AuditSegment closed, List<AuditRow> kept) = Read(file);
            string? wrong = closed.IsSigned(key) ? Break(closed, kept) : "it is not signed";
            output.WriteLine(wrong is null
                ? $"{kept.Count} audit rows in {file} follow one another and are signed."
                : throw new StartException($"'{file}' is no whole segment of this service's audit: {wrong}."));
            return 0;
        }
        AuditSegment? last = Verify(store, key, out List<AuditRow> rows);
        byte[] head = rows.Count > 0 ? rows[^1].Hash : last?.Head ?? AuditChain.Genesis;
        string closedRows = last is null ? "" : $" {last.LastId} rows before them are closed in signed segments.";
        output.WriteLine(
            $"{rows.Count} audit rows follow one another.{closedRows} Head: "
                + Convert.ToHexString(head).ToLowerInvariant());
        return 0;
    }

    /// <summary>The last closed segment and the open rows after it, all of which fit.</summary>
    private static AuditSegment? Verify(Store store, ECDsa key, out List<AuditRow> rows)
    {
        (List<AuditSegment> segments, rows) = store.Read(db =>
        {
            List<AuditSegment> closed = AuditRows.Segments(db);
            return (closed, AuditRows.After(db, closed.Count > 0 ? closed[^1].LastId : 0));
        });
        AuditSegment? last = segments.LastOrDefault();
        long count = 0;
        string? wrong = AuditSegment.FindBreak(segments, key)
            ?? AuditChain.FindBreak(rows, out count, out _, last);
        return wrong is null ? last : throw new StartException(
            $"The audit is broken: {wrong}. {count} rows before it are whole. Keep the file and restore the backup "
                + "beside it.");
    }

    private static string? Break(AuditSegment closed, List<AuditRow> rows)
    {
        if (rows.Count == 0 || rows[0].Id != closed.FirstId)
        {
            return $"row {closed.FirstId} is missing";
        }
        var before = new AuditSegment(0, closed.FirstId - 1, rows[0].PrevHash, 0, []);
        return AuditChain.FindBreak(rows, out _, out byte[] head, before)
            ?? (head.AsSpan().SequenceEqual(closed.Head) ? null : $"row {closed.LastId} is missing");
    }

    private static async Task DeleteAsync(Store store)
    {
        while (await store.WriteAsync(Lane.Vitals, static tx => AuditRows.DeleteClosed(tx.Db, DeletedAtOnce)) > 0)
        {
            // The service's own writer takes its turn between two deletions.
        }
    }

    /// <summary>The segment in the first line, then one row a line. On the disk before it returns.</summary>
    private static void Write(string path, AuditSegment segment, List<AuditRow> rows)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            using var stream = new FileStream(path, options);
            using (var writer = new StreamWriter(stream, leaveOpen: true))
            {
                writer.WriteLine(JsonSerializer.Serialize(segment));
                rows.ForEach(row => writer.WriteLine(JsonSerializer.Serialize(row)));
            }
            stream.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"'{path}' cannot be written: {e.Message} Nothing was closed.", e);
        }
    }

    private static (AuditSegment Segment, List<AuditRow> Rows) Read(string path)
    {
        try
        {
            string[] lines = File.ReadAllLines(path);
            return (
                JsonSerializer.Deserialize<AuditSegment>(lines[0])!,
                [.. lines.Skip(1).Select(static line => JsonSerializer.Deserialize<AuditRow>(line)!)]);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or JsonException or IndexOutOfRangeException)
        {
            throw new StartException($"'{path}' is no file of audit-close: {e.Message}", e);
        }
    }
}

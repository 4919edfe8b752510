using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Audit;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>Old audit rows leave the database in signed segments, and the chain goes on (docs/adr/0102).</summary>
public sealed class AuditSegmentTests
{
    private const int Old = 1200;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P70_old_rows_leave_in_a_signed_segment_while_the_service_runs_and_the_chain_goes_on()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await FillAsync(centre);
        long last = centre.Count("audit");
        string file = Path.Combine(centre.DataDir, "audit-2020.jsonl");

        string told = await RunAsync(centre, "audit-close", "--before", "2021-01-01", "--out", file);
        told.ShouldContain("are closed");
        await centre.Store.WriteAsync(Lane.Alarm, static tx => tx.Audit("c1", "test", "after", "s"), Token);
        List<AuditRow> open = centre.Store.Read(AuditRows.All);
        AuditSegment segment = centre.Store.Read(AuditRows.Segments).ShouldHaveSingleItem();
        open[0].Id.ShouldBe(segment.LastId + 1, "closed rows are gone, ids have no gap");
        open.ShouldContain(row => row.Id == last + 1 && row.Entry.Action == "audit.closed");
        open.ShouldNotContain(static row => row.Entry.Action == "old");
        (await RunAsync(centre, "audit-verify")).ShouldContain($"{segment.LastId} rows before them are closed");
        (await RunAsync(centre, "audit-verify", "--file", file)).ShouldContain($"{segment.LastId} audit rows");

        // An open row stays; a second segment follows the first.
        await Should.ThrowAsync<Microsoft.Data.Sqlite.SqliteException>(
            centre.Store.WriteAsync(Lane.Alarm, static tx => tx.Db.Run("DELETE FROM audit"), Token));
        await RunAsync(
            centre, "audit-close", "--before", "2100-01-01", "--out", Path.Combine(centre.DataDir, "audit-2.jsonl"));
        centre.Store.Read(AuditRows.Segments).Count.ShouldBe(2);
        (await RunAsync(centre, "audit-verify")).ShouldContain("are closed in signed segments");
    }

    [Theory]
    [InlineData("UPDATE audit_segment SET head=zeroblob(32)", "is not signed by this service")]
    [InlineData("DELETE FROM audit_segment", "row 1 is missing")]
    [InlineData("UPDATE audit SET detail='x' WHERE action='audit.closed'", "was altered")]
    public async Task P70_a_segment_that_was_altered_or_removed_shows(string sql, string shown)
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await FillAsync(centre);
        await RunAsync(
            centre, "audit-close", "--before", "2021-01-01", "--out", Path.Combine(centre.DataDir, "a.jsonl"));
        await centre.Store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                string[] triggers = ["audit_segment_no_update", "audit_segment_no_delete", "audit_no_update"];
                foreach (string trigger in triggers)
                {
                    tx.Db.Run($"DROP TRIGGER {trigger}");
                }
                tx.Db.Run(sql);
            },
            Token);
        (await Should.ThrowAsync<StartException>(() => RunAsync(centre, "audit-verify"))).Message.ShouldContain(shown);
    }

    [Fact]
    public async Task P70_a_kept_file_that_was_altered_or_cut_shows_and_a_file_is_never_written_over()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await FillAsync(centre);
        string file = Path.Combine(centre.DataDir, "a.jsonl");
        await File.WriteAllTextAsync(file, "kept", Token);
        (await Should.ThrowAsync<StartException>(
            () => RunAsync(centre, "audit-close", "--before", "2021-01-01", "--out", file)))
            .Message.ShouldContain("Nothing was closed");
        centre.Count("audit_segment").ShouldBe(0);
        File.Delete(file);
        await RunAsync(centre, "audit-close", "--before", "2021-01-01", "--out", file);
        string[] lines = await File.ReadAllLinesAsync(file, Token);
        await File.WriteAllLinesAsync(file, lines[..^1], Token);
        (await Should.ThrowAsync<StartException>(() => RunAsync(centre, "audit-verify", "--file", file)))
            .Message.ShouldContain("is missing");
        lines[2] = lines[2].Replace("\"Action\":\"", "\"Action\":\"x", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(file, lines, Token);
        (await Should.ThrowAsync<StartException>(() => RunAsync(centre, "audit-verify", "--file", file)))
            .Message.ShouldContain("row 2 was altered");
    }

    /// <summary>The rows of the enrolment and many more become rows of 2020.</summary>
    private static Task FillAsync(TestCentre centre) => centre.Store.WriteAsync(
        Lane.Alarm,
        static tx =>
        {
            List<AuditRow> rows = AuditRows.All(tx.Db);
            tx.Db.Run("DROP TRIGGER audit_no_delete");
            tx.Db.Run("DELETE FROM audit");
            foreach (AuditEntry entry in rows.ConvertAll(static row => row.Entry))
            {
                AuditRows.Append(tx.Db, entry with { AtMs = 1_577_836_800_000 });
            }
            for (int i = 0; i < Old; i++)
            {
                AuditRows.Append(tx.Db, new AuditEntry("c1", 1_577_836_800_000 + i, "test", "old", "s", $"{i}"));
            }
            tx.Audit("c1", "test", "new", "s");
            tx.Db.Run(
                "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN old.id > (SELECT ifnull(max(last_id),0) "
                    + "FROM audit_segment) BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END");
        },
        Token);

    private static async Task<string> RunAsync(TestCentre centre, string command, params string[] words)
    {
        var output = new StringWriter();
        (await Commands.RunAsync(command, ["--data", centre.DataDir, .. words], output)).ShouldBe(0);
        return output.ToString();
    }
}

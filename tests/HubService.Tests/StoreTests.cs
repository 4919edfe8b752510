using ElderBand.BandProtocol;
using ElderBand.HubService.Audit;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>
/// The database: a job is committed whole or not at all, audit rows are chained, and the quarantine is bounded.
/// </summary>
public class StoreTests
{
    [Fact]
    public async Task P34_a_failure_at_any_step_of_a_job_leaves_nothing_of_it_and_its_neighbours_whole()
    {
        await using var d = await DeskRig.OpenAsync();
        Task<bool>[] jobs = [.. Enumerable.Range(0, 30).Select(i => d.Store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                tx.Audit("c1", "test", "step", $"{i}");
                return i % 3 == 0 ? throw new InvalidOperationException("fails here") : true;
            },
            TestContext.Current.CancellationToken))];
        await Should.ThrowAsync<InvalidOperationException>(Task.WhenAll(jobs));
        jobs.Select(j => j.IsFaulted).ShouldBe(Enumerable.Range(0, 30).Select(i => i % 3 == 0));
        d.Store.Read(db => db.Number("SELECT count(*) FROM audit WHERE action='step'")).ShouldBe(20);
        AuditChain.FindBreak(d.Store.Read(AuditRows.All), out _, out _).ShouldBeNull();
    }

    [Fact]
    public async Task P43_an_altered_or_removed_audit_row_shows_and_the_table_refuses_both()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        List<AuditRow> rows = d.Store.Read(AuditRows.All);
        AuditChain.FindBreak(rows, out long count, out _).ShouldBeNull();
        count.ShouldBe(rows.Count);
        AuditRow second = rows[1];
        rows[1] = second with { Entry = second.Entry with { Detail = "nothing happened" } };
        AuditChain.FindBreak(rows, out _, out _).ShouldBe("row 2 was altered");
        rows.RemoveAt(1);
        AuditChain.FindBreak(rows, out _, out _).ShouldBe("row 2 is missing");
        foreach (string sql in (string[])["UPDATE audit SET who='x'", "DELETE FROM audit"])
        {
            await Should.ThrowAsync<Microsoft.Data.Sqlite.SqliteException>(
                d.Store.WriteAsync(Lane.Alarm, tx => tx.Db.Run(sql), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task R9_the_quarantine_is_bounded_and_drops_the_oldest()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                for (int i = 0; i < EventRows.QuarantineLimit + 50; i++)
                {
                    EventRows.Quarantine(tx.Db, "c1", "hub-1", 0, $"{i}", [], tx.NowMs);
                }
            },
            TestContext.Current.CancellationToken);
        d.Store.Read(EventRows.QuarantineCount).ShouldBe(EventRows.QuarantineLimit);
        d.Store.Read(db => db.Value("SELECT reason FROM quarantine ORDER BY id LIMIT 1")).ShouldBe("50");
    }
}

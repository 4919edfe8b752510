using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>
/// P56: a database that is restored from a backup gets a new incarnation number, so hubs send their alarms again.
/// </summary>
public class RestoreTests
{
    private const long DayMs = 86_400_000;

    [Fact]
    public async Task P56_a_restored_database_says_so_takes_everything_again_and_jumps_over_revisions()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        byte[] first = band.Sos();
        byte[] later = band.Sos();
        uint before;
        await using (TestHub hub = await centre.HubAsync())
        {
            before = await IncarnationAsync(hub);
            await hub.SendAsync(band, first);
            await SweptAsync(centre);
            await BackUpAsync(centre);
            centre.Clock.Advance(DayMs);
            await hub.SendAsync(band, later);
            await ConfigureAsync(centre);
            await ConfigureAsync(centre);
            await SweptAsync(centre);
        }
        int version = Version(centre);
        long revision = Revision(centre);

        await RestoreAsync(centre);
        centre.Count("event").ShouldBe(1, "the later press is not in the backup");
        Version(centre).ShouldBeGreaterThan(version, "a band ignores a version that it has applied");
        Revision(centre).ShouldBeGreaterThan(revision, "a wrist ignores a revision that it has shown");
        await using (TestHub hub = await centre.HubAsync())
        {
            uint after = await IncarnationAsync(hub);
            after.ShouldNotBe(before);
            await hub.SendAsync(band, first);
            await hub.SendAsync(band, later, ageMs: DayMs, quality: AgeQuality.AtLeast);
            centre.Count("event").ShouldBe(2);
            centre.Count("alarm", $"revision>{revision}").ShouldBe(1, "one card, on which the wrist follows");

            await SweptAsync(centre);
            await centre.StopAsync();
            await centre.RunAsync();
            await using TestHub again = await centre.HubAsync();
            (await IncarnationAsync(again)).ShouldBe(after, "a restart is no restore");
        }
    }

    [Fact]
    public async Task P68_after_a_restore_hubs_get_the_next_keys_of_bands_until_they_are_heard()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using (TestHub hub = await centre.HubAsync())
        {
            await hub.SendAsync(centre.Band(), centre.Band().Sos());
            await hub.SendAsync(centre.Band(TestCentre.BandTwo), centre.Band(TestCentre.BandTwo).Sos());
            await SweptAsync(centre);
            await BackUpAsync(centre);
            centre.Clock.Advance(DayMs);
            await SweptAsync(centre);
            await hub.HelloAsync();
            await TestCentre.UntilAsync(() => !hub.Tables.IsEmpty, "the table");
            hub.Tables.Last()[HubMessage.CountAt].ShouldBe((byte)2);
        }
        await RestoreAsync(centre);
        await using (TestHub hub = await centre.HubAsync())
        {
            await hub.HelloAsync();
            await TestCentre.UntilAsync(() => !hub.Tables.IsEmpty, "the table");
            hub.Tables.Last()[HubMessage.CountAt].ShouldBe((byte)4, "both may have changed their secret since");
            TestBand band = centre.Band();
            band.Sos();
            await hub.SendAsync(band, band.Sos());
        }
        await using TestHub later = await centre.HubAsync();
        await later.HelloAsync();
        await TestCentre.UntilAsync(() => !later.Tables.IsEmpty, "the table");
        later.Tables.Last()[HubMessage.CountAt].ShouldBe((byte)3, "one of them was heard");
    }

    [Fact]
    public async Task P56_a_backup_on_another_machine_is_another_incarnation_and_two_restores_of_one_differ()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await SweptAsync(centre);
        await BackUpAsync(centre);
        var seen = new HashSet<uint> { centre.Store.Read(Incarnation.Value) };
        for (int i = 0; i < 2; i++)
        {
            await RestoreAsync(centre, isOtherMachine: true);
            seen.Add(centre.Store.Read(Incarnation.Value)).ShouldBeTrue();
        }
    }

    private static async Task<uint> IncarnationAsync(TestHub hub)
    {
        await hub.HelloAsync();
        await TestCentre.UntilAsync(() => !hub.Incarnations.IsEmpty, "the centre's incarnation");
        return hub.Incarnations.Last();
    }

    /// <summary>
    /// Waits until the file beside the database holds a heartbeat that is later than now.
    /// </summary>
    private static async Task SweptAsync(TestCentre centre)
    {
        long nowMs = centre.Clock.NowMs;
        centre.Clock.Advance(6000);
        string file = Path.Combine(centre.DataDir, "incarnation");
        await TestCentre.UntilAsync(
            () => File.Exists(file) && long.Parse(File.ReadAllText(file).Split(' ')[1]) > nowMs, "a noted heartbeat");
    }

    private static Task BackUpAsync(TestCentre centre)
    {
        using var db = new Db(Path.Combine(centre.DataDir, "elderband.db"), readOnly: true);
        using var backup = new Db(Path.Combine(centre.DataDir, "backup.db"), create: true);
        db.CopyTo(backup);
        return Task.CompletedTask;
    }

    private static async Task RestoreAsync(TestCentre centre, bool isOtherMachine = false)
    {
        await centre.StopAsync();
        string path = Path.Combine(centre.DataDir, "elderband.db");
        foreach (string file in Directory.GetFiles(centre.DataDir, "elderband.db*"))
        {
            File.Delete(file);
        }
        if (isOtherMachine)
        {
            File.Delete(Path.Combine(centre.DataDir, "incarnation"));
        }
        File.Copy(Path.Combine(centre.DataDir, "backup.db"), path);
        await centre.RunAsync();
    }

    private static Task ConfigureAsync(TestCentre centre) => centre.Store.WriteAsync(
        Lane.Alarm,
        tx => DeviceRows.RaiseConfiguration(tx.Db, DeviceRows.BandByAddress(tx.Db, TestCentre.BandOne)!.Id));

    private static int Version(TestCentre centre) =>
        centre.Store.Read(db => DeviceRows.BandByAddress(db, TestCentre.BandOne)!.Configuration.Version);

    private static long Revision(TestCentre centre) =>
        centre.Store.Read(db => db.Number("SELECT max(revision) FROM alarm"));
}

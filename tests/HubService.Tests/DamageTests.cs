using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>P62: damage to a page of a database stops no call for help.</summary>
public sealed class DamageTests
{
    private const int PageBytes = 4096;
    private const string VitalsIndex = "sqlite_autoindex_vitals_1";

    [Fact]
    public async Task P62_a_rotten_page_of_the_measurements_at_the_start_loses_no_measurement_and_stops_no_press()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await MeasureAsync(centre, band, 40);
        await centre.StopAsync();
        Damage(Vitals(centre), VitalsIndex);

        await centre.RunAsync();
        await MeasureAsync(centre, band, 5);
        await PressAsync(centre, band);
        Rows(Vitals(centre)).ShouldBe(45);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "databaseDamaged"), "the card", 15_000);
        Directory.GetFiles(centre.DataDir, "vitals.db.damaged-*").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task P62_a_page_that_rots_while_the_service_runs_loses_no_measurement_and_stops_no_press()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await MeasureAsync(centre, band, 40);
        using (var other = new Db(Vitals(centre)))
        {
            // Changes the file through another connection, so that the service reads the damaged page from the disk.
            other.Number("PRAGMA wal_checkpoint(TRUNCATE)");
            Damage(Vitals(centre), VitalsIndex);
            other.Run("UPDATE vitals SET steps=steps");
        }
        await PressAsync(centre, band);
        await MeasureAsync(centre, band, 5);
        Rows(Vitals(centre)).ShouldBe(45);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "databaseDamaged"), "the card", 15_000);
    }

    [Fact]
    public async Task P62_measurements_that_cannot_be_read_are_set_aside_and_an_empty_file_is_begun()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await MeasureAsync(centre, band, 40);
        await centre.StopAsync();
        Damage(Vitals(centre), "vitals");

        await centre.RunAsync();
        await PressAsync(centre, band);
        await MeasureAsync(centre, band, 5);
        Rows(Vitals(centre)).ShouldBe(5);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "databaseDamaged"), "the card", 15_000);
        Directory.GetFiles(centre.DataDir, "vitals.db.damaged-*").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task P62_a_file_of_measurements_that_is_no_database_is_set_aside()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await centre.StopAsync();
        File.Delete(Vitals(centre) + "-wal");
        await File.WriteAllTextAsync(
            Vitals(centre), new string('x', 8192), TestContext.Current.CancellationToken);

        await centre.RunAsync();
        TestBand band = centre.Band();
        await PressAsync(centre, band);
        await MeasureAsync(centre, band, 5);
        Rows(Vitals(centre)).ShouldBe(5);
    }

    [Theory]
    [InlineData("sqlite_autoindex_event_1")]
    [InlineData("alarm_open")]
    [InlineData("event_alarm")]
    public async Task P62_a_rotten_index_of_the_alarm_file_is_made_anew_at_the_start_and_nothing_is_lost(string index)
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await PressAsync(centre, band);
        await centre.StopAsync();
        Damage(Path.Combine(centre.DataDir, "elderband.db"), index);

        await centre.RunAsync();
        await PressAsync(centre, band);
        centre.Count("event", $"type={(int)FrameType.Sos}").ShouldBe(2);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "databaseDamaged" && t.Urgent), "the card", 15_000);
    }

    [Fact]
    public async Task P62_an_index_of_the_alarm_file_that_rots_while_the_service_runs_stops_no_press()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await PressAsync(centre, band);
        string file = Path.Combine(centre.DataDir, "elderband.db");
        Damage(file, "sqlite_autoindex_event_1");
        using (var other = new Db(file))
        {
            other.Run("UPDATE resident SET phone=phone");
        }
        await PressAsync(centre, band);
        centre.Count("event", $"type={(int)FrameType.Sos}").ShouldBe(2);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "databaseDamaged"), "the card", 15_000);
    }

    [Fact]
    public async Task P62_a_file_of_measurements_that_cannot_be_mended_stops_no_press_and_is_said()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await MeasureAsync(centre, band, 40);
        await centre.StopAsync();
        Damage(Vitals(centre), VitalsIndex);
        // The copy cannot be made, as on a disk that takes no new file.
        Directory.CreateDirectory(Vitals(centre) + ".copy");

        await centre.RunAsync();
        await MeasureAsync(centre, band, 1);
        await PressAsync(centre, band);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "databaseDamaged"), "the card", 15_000);
        File.Exists(Vitals(centre) + ".whole").ShouldBeFalse();
    }

    [Fact]
    public async Task P62_a_press_whose_table_cannot_be_read_is_an_urgent_card_within_10_s()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await PressAsync(centre, band);
        await centre.StopAsync();
        Damage(Path.Combine(centre.DataDir, "elderband.db"), "frame_key");

        await centre.RunAsync();
        await using TestHub hub = await centre.HubAsync("hub-2");
        (await hub.SendAsync(band, band.Sos()).WaitAsync(
            TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBeTrue();
        centre.Technicals().ShouldContain(static t => t.Kind == "unknownFrame" && t.Urgent);
        centre.Count("quarantine").ShouldBe(1);
    }

    private static string Vitals(TestCentre centre) => Path.Combine(centre.DataDir, "vitals.db");

    private static long Rows(string file)
    {
        using var db = new Db(file, readOnly: true);
        return db.Number("SELECT count(*) FROM vitals");
    }

    private static async Task MeasureAsync(TestCentre centre, TestBand band, int count)
    {
        await using TestHub hub = await centre.HubAsync();
        for (int i = 0; i < count; i++)
        {
            (await hub.SendAsync(band, band.Vitals(70), topic: "vitals")).ShouldBeTrue();
        }
    }

    private static async Task PressAsync(TestCentre centre, TestBand band)
    {
        await using TestHub hub = await centre.HubAsync("hub-2");
        long before = centre.Count("event", $"type={(int)FrameType.Sos}");
        (await hub.SendAsync(band, band.Sos()).WaitAsync(
            TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBeTrue();
        centre.Count("event", $"type={(int)FrameType.Sos}").ShouldBe(before + 1);
    }

    /// <summary>Overwrites the root page of a table or an index, so that no row is found through it.</summary>
    private static void Damage(string file, string name)
    {
        long page;
        using (var db = new Db(file))
        {
            page = db.Number("SELECT rootpage FROM sqlite_master WHERE name=$1", name);
            db.Number("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        page.ShouldBeGreaterThan(1, name);
        using FileStream stream = File.Open(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Position = (page - 1) * PageBytes;
        stream.Write(Enumerable.Repeat((byte)0xA5, PageBytes).ToArray());
    }
}

using System.Diagnostics;
using System.IO.Compression;
using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ElderBand.Tests.HubService;

/// <summary>One file holds the whole centre, and another machine goes on with it (docs/adr/0115).</summary>
public sealed class BackupTests(ITestOutputHelper output) : IDisposable
{
    private const int PressesAfter = 50;
    private const int ServingWithinS = 300;

    private readonly string _folder = Directory.CreateTempSubdirectory("eb-backup-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string File1 => Path.Combine(_folder, "night.zip");

    private string Spare => Path.Combine(_folder, "spare");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task P71_a_spare_machine_has_every_press_of_the_day_from_last_nights_backup_and_the_hubs_replay()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        byte[][] presses = [.. Enumerable.Range(0, PressesAfter + 1).Select(_ => band.Sos())];
        uint before;
        await using (TestHub hub = await centre.HubAsync())
        {
            await hub.HelloAsync();
            await hub.SendAsync(band, presses[0]);
            await hub.SendAsync(band, band.Vitals(70), topic: "vitals");
            await TestCentre.UntilAsync(() => centre.Count("vitals") == 1, "the measurement");
            await TestCentre.UntilAsync(() => centre.Count("heartbeat") == 1, "a heartbeat");
            before = centre.Store.Read(Incarnation.Value);
            (await RunAsync("backup", "--data", centre.DataDir, "--out", File1)).ShouldContain("night.zip");
            foreach (byte[] press in presses[1..])
            {
                await hub.SendAsync(band, press);
            }
            centre.Count("event", $"type={(int)FrameType.Sos}").ShouldBe(1 + PressesAfter);
        }
        await centre.StopAsync(); // the machine is lost

        var clock = Stopwatch.StartNew();
        File.Copy(SecretBox.DefaultFile(centre.DataDir), SecretBox.DefaultFile(Spare));
        (await RunAsync("restore", "--file", File1, "--data", Spare)).ShouldContain($"{before} -> ");
        await using WebApplication spare = Service.Build(
            new ServiceOptions { DataDir = Spare, HttpPort = 0, MqttPort = 0 });
        await Service.StartAsync(spare);
        Store store = spare.Services.GetRequiredService<Store>();
        double servingS = clock.Elapsed.TotalSeconds;
        await using (TestHub hub = await TestHub.ConnectAsync(centre, "hub-1", Service.Ports(spare).Mqtt))
        {
            await hub.HelloAsync();
            await TestCentre.UntilAsync(() => !hub.Incarnations.IsEmpty, "the centre's incarnation");
            hub.Incarnations.Last().ShouldNotBe(before, "the hub sends its kept alarms again");
            foreach (byte[] press in presses)
            {
                (await hub.SendAsync(band, press, ageMs: 3_600_000, quality: AgeQuality.AtLeast)).ShouldBeTrue();
            }
            Number(store, $"SELECT count(*) FROM event WHERE type={(int)FrameType.Sos}").ShouldBe(1 + PressesAfter);
            Number(store, "SELECT presses FROM alarm WHERE state='ringing'").ShouldBe(1 + PressesAfter);
            await hub.SendAsync(centre.Band(TestCentre.BandTwo), centre.Band(TestCentre.BandTwo).Sos());
            Number(store, "SELECT count(*) FROM alarm WHERE state='ringing'").ShouldBe(2, "a new press rings");
        }
        spare.Services.GetRequiredService<VitalsStore>().Read(static db => db.Number("SELECT count(*) FROM vitals"))
            .ShouldBe(1);
        output.WriteLine(
            $"serving {servingS:0.0} s after the restore began; all presses after {clock.Elapsed.TotalSeconds:0.0} s");
        servingS.ShouldBeLessThan(ServingWithinS);

        uint restored = store.Read(Incarnation.Value);
        await spare.StopAsync(Token);
        await spare.DisposeAsync();
        using Store again = Store.Open(Spare, new Clock());
        again.Read(Incarnation.Value).ShouldBe(restored, "a restart is no restore");
    }

    [Fact]
    public async Task P71_a_damaged_backup_a_folder_with_a_database_and_a_missing_key_are_refused_and_change_nothing()
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        VitalsStore.Open(centre.DataDir, new Clock()).Dispose();
        await RunAsync("backup", "--data", centre.DataDir, "--out", File1);
        (await RefusedAsync("backup", "--data", centre.DataDir, "--out", File1)).ShouldContain("never written over");
        (await RefusedAsync("restore", "--file", File1, "--data", centre.DataDir)).ShouldContain("elderband.db");
        (await RefusedAsync("restore", "--file", File1, "--data", Spare)).ShouldContain(".key' is missing");
        Directory.Exists(Spare).ShouldBeFalse();

        await File.WriteAllBytesAsync(SecretBox.DefaultFile(Spare), new byte[SecretBox.KeyBytes], Token);
        (await RefusedAsync("restore", "--file", File1, "--data", Spare)).ShouldContain("not the one of this database");
        File.Copy(SecretBox.DefaultFile(centre.DataDir), SecretBox.DefaultFile(Spare), overwrite: true);
        byte[] whole = await File.ReadAllBytesAsync(File1, Token);
        var random = new Random(1);
        for (int i = 0; i < 40; i++)
        {
            byte[] altered = [.. whole];
            altered[random.Next(altered.Length)] ^= (byte)(1 << random.Next(8));
            if (i % 4 == 0)
            {
                altered = altered[..random.Next(altered.Length)];
            }
            await File.WriteAllBytesAsync(File1, altered, Token);
            if (await TryRestoreAsync())
            {
                // The byte stood in a part of the archive that says nothing, such as a time.
                Directory.Delete(Spare, recursive: true);
                continue;
            }
            Directory.Exists(Spare).ShouldBeFalse();
        }
        await File.WriteAllBytesAsync(File1, whole, Token);
        (await TryRestoreAsync()).ShouldBeTrue();
        if (!OperatingSystem.IsWindows())
        {
            Directory.GetFiles(Spare).Append(File1).ShouldAllBe(
                static path => TestCentre.ModeOf(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }
        Directory.GetFileSystemEntries(_folder).Length.ShouldBe(3, "backup, key and data folder, nothing left over");
    }

    [Fact]
    public async Task P71_a_hub_that_was_revoked_since_the_backup_is_revoked_again_by_the_file_of_revocations()
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        VitalsStore.Open(centre.DataDir, new Clock()).Dispose();
        using (Store store = Store.Open(centre.DataDir, new Clock()))
        {
            await store.WriteAsync(
                Lane.Alarm, static tx => DeviceRows.InsertHub(tx.Db, "c1", "hub-8", new byte[32], tx.NowMs), Token);
        }
        await RunAsync("backup", "--data", centre.DataDir, "--out", File1);
        await RunAsync("hub-revoke", "--data", centre.DataDir, "--id", "hub-3");
        await RunAsync(
            "enrol-hub", "--data", centre.DataDir, "--home", "h1", "--id", "hub-9", "--replaces", "hub-1");
        (long epoch, long wanted) = Keys(centre.DataDir);
        string revocations = Path.Combine(centre.DataDir, Revocations.FileName);
        await File.AppendAllTextAsync(revocations, "hub hub-", Token); // a line that the power cut off
        Revocations.Add(centre.DataDir, "hub-8", 17);
        Revocations.Read(revocations).ShouldBe(["hub-3", "hub-1", "hub-8"]);

        File.Copy(SecretBox.DefaultFile(centre.DataDir), SecretBox.DefaultFile(Spare));
        (await RefusedAsync("restore", "--file", File1, "--data", Spare, "--revocations", File1))
            .ShouldContain("no file of revocations");
        await RunAsync("restore", "--file", File1, "--data", Spare, "--revocations", revocations);
        using (Store store = Store.Open(Spare, new Clock()))
        {
            foreach (string id in (string[])["hub-1", "hub-3", "hub-8"])
            {
                store.Read(db => DeviceRows.Hub(db, id))!.RevokedAtMs.ShouldNotBeNull($"{id}; hub-8 has no home");
            }
            store.Read(static db => DeviceRows.Hub(db, "hub-2"))!.RevokedAtMs.ShouldBeNull();
        }
        Keys(Spare).ShouldBe((epoch, wanted), "the home's keys are those that its bands have taken since");
        Revocations.Read(Path.Combine(Spare, Revocations.FileName)).ShouldBe(["hub-3", "hub-1", "hub-8"]);
    }

    [Theory]
    [InlineData("elderband.db-wal")]
    [InlineData("elderband.db.whole")]
    [InlineData("vitals.db-wal")]
    public async Task P71_a_folder_with_a_left_over_log_or_copy_of_a_database_is_refused(string leftOver)
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        VitalsStore.Open(centre.DataDir, new Clock()).Dispose();
        await RunAsync("backup", "--data", centre.DataDir, "--out", File1);
        File.Copy(SecretBox.DefaultFile(centre.DataDir), SecretBox.DefaultFile(Spare));
        Directory.CreateDirectory(Spare);
        await File.WriteAllBytesAsync(Path.Combine(Spare, leftOver), [1, 2, 3], Token);
        (await RefusedAsync("restore", "--file", File1, "--data", Spare)).ShouldContain($"holds {leftOver}");
        Directory.GetFiles(Spare).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("""{"form":1,"madeAtMs":1,"incarnation":1}""")]
    [InlineData("""{"form":1,"madeAtMs":1,"incarnation":1,"files":[null]}""")]
    public async Task P71_a_backup_whose_manifest_names_no_files_is_refused_in_one_line(string manifest)
    {
        await using (var archive = new ZipArchive(File.Create(File1), ZipArchiveMode.Create))
        await using (var entry = new StreamWriter(archive.CreateEntry("manifest.json").Open()))
        {
            await entry.WriteAsync(manifest);
        }
        (await RefusedAsync("restore", "--file", File1, "--data", Spare)).ShouldContain("manifest.json cannot be read");
    }

    private static (long Epoch, long Wanted) Keys(string dataDir)
    {
        using Store store = Store.Open(dataDir, new Clock());
        return store.Read(static db => (
            db.Number("SELECT link_epoch FROM home WHERE code='h1'"), db.Number("SELECT min(key_wanted) FROM band")));
    }

    private async Task<bool> TryRestoreAsync()
    {
        try
        {
            await RunAsync("restore", "--file", File1, "--data", Spare);
            return true;
        }
        catch (StartException)
        {
            return false;
        }
    }

    private static long Number(Store store, string sql) => store.Read(db => db.Number(sql));

    private static async Task<string> RefusedAsync(string command, params string[] words) =>
        (await Should.ThrowAsync<StartException>(() => RunAsync(command, words))).Message;

    private static async Task<string> RunAsync(string command, params string[] words)
    {
        var told = new StringWriter();
        (await Commands.RunAsync(command, words, told)).ShouldBe(0);
        return told.ToString();
    }
}

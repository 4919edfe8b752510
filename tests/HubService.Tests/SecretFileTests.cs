using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>Who can read the files of the data folder, and what they tell.</summary>
public sealed class SecretFileTests
{
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Folder700 = FileMode600 | UnixFileMode.UserExecute;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P78_every_file_of_the_data_folder_is_for_its_owner_alone_also_after_an_open_installation()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // Windows has no modes: the folder inherits its rights (docs/not-proven.md)
        }
        await using TestCentre centre = await TestCentre.EnrolAsync();
        File.SetUnixFileMode(centre.DataDir, Folder700 | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        foreach (string file in Directory.GetFiles(centre.DataDir))
        {
            File.SetUnixFileMode(file, FileMode600 | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        await centre.RunAsync();
        await using TestHub hub = await centre.HubAsync();
        (await hub.SendAsync(centre.Band(), centre.Band().Sos())).ShouldBeTrue();
        await TestCentre.UntilAsync(() => File.Exists(Path.Combine(centre.DataDir, "incarnation")), "a heartbeat");

        File.GetUnixFileMode(centre.DataDir).ShouldBe(Folder700);
        Directory.GetFiles(centre.DataDir).Where(static file => TestCentre.ModeOf(file) != FileMode600)
            .Select(Path.GetFileName).ShouldBeEmpty();
        Directory.GetFiles(centre.DataDir).Length.ShouldBeGreaterThan(6);
    }

    [Fact]
    public async Task P78_the_data_folder_tells_no_secret_of_a_band()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        (await hub.SendAsync(centre.Band(), centre.Band().Sos())).ShouldBeTrue();
        centre.Alarms().ShouldHaveSingleItem("the service itself can read the secret");
        List<byte[]> secrets = [.. centre.Enrolled.Bands.Select(static b => Convert.FromBase64String(b.Secret!))];
        secrets.Add(centre.Store.Read(db => BandKeyRows.RotationKey(db, "c1")));
        secrets.Count.ShouldBe(4);
        Found(centre.DataDir, secrets).ShouldBeEmpty();
        await centre.StopAsync();
        Found(centre.DataDir, secrets).ShouldBeEmpty();
    }

    [Fact]
    public async Task P78_secrets_that_an_earlier_program_stored_in_clear_are_sealed_at_the_start_and_leave_no_trace()
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        List<byte[]> secrets = [.. centre.Enrolled.Bands.Select(static b => Convert.FromBase64String(b.Secret!))];
        using (var earlier = new Db(Path.Combine(centre.DataDir, "elderband.db")))
        {
            foreach ((EnrolledBand band, byte[] secret) in centre.Enrolled.Bands.Zip(secrets))
            {
                earlier.Run("UPDATE band SET secret=$2, old_secret=$2 WHERE address=$1", band.Address, secret);
            }
        }
        Found(centre.DataDir, secrets).ShouldNotBeEmpty("the test sees what is in clear");
        await centre.RunAsync();
        Found(centre.DataDir, secrets).ShouldBeEmpty();
        await using TestHub hub = await centre.HubAsync();
        (await hub.SendAsync(centre.Band(), centre.Band().Sos())).ShouldBeTrue();
        centre.Alarms().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task P78_without_its_key_file_or_with_another_one_the_service_says_so_and_makes_no_new_key()
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        string file = SecretBox.DefaultFile(centre.DataDir);
        byte[] key = await File.ReadAllBytesAsync(file, Token);
        key.Length.ShouldBe(32);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).ShouldBe(FileMode600);
        }
        File.Delete(file);
        (await Should.ThrowAsync<StartException>(() => centre.RunAsync())).Message.ShouldContain("--key-file");
        File.Exists(file).ShouldBeFalse();
        await File.WriteAllBytesAsync(file, new byte[32], Token);
        (await Should.ThrowAsync<StartException>(() => centre.RunAsync())).Message.ShouldContain("not the one");
        await File.WriteAllBytesAsync(file, new byte[31], Token);
        (await Should.ThrowAsync<StartException>(() => centre.RunAsync())).Message.ShouldContain("31 bytes");
        Should.Throw<StartException>(() => SecretBox.Open(Path.Combine(centre.DataDir, "x.key"), centre.DataDir))
            .Message.ShouldContain("lies in the data folder");
        await File.WriteAllBytesAsync(file, key, Token);
        await centre.RunAsync();
        centre.Store.Read(static db => DeviceRows.Bands(db, "c1")).Count.ShouldBe(3);
    }

    [Fact]
    public async Task P78_two_first_starts_at_once_use_the_key_that_was_written_first()
    {
        string folder = Directory.CreateTempSubdirectory("eb-key-").FullName;
        try
        {
            string file = Path.Combine(folder, "bands.key");
            SecretBox service = SecretBox.Open(file, Path.Combine(folder, "data"));
            SecretBox command = SecretBox.Open(file, Path.Combine(folder, "data"));
            service.Write(file);
            byte[] sealedFirst = service.Seal([1, 2, 3], 7);
            command.Write(file);
            command.Unseal(sealedFirst, 7).ShouldBe([1, 2, 3]);
            SecretBox.Open(file, Path.Combine(folder, "data")).Unseal(command.Seal([4], 7), 7).ShouldBe([4]);
            (await File.ReadAllBytesAsync(file, Token)).Length.ShouldBe(SecretBox.KeyBytes);
            Directory.GetFiles(folder).ShouldHaveSingleItem("the file of a key that was not taken is gone");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task P78_a_crash_between_the_sealing_and_the_new_file_leaves_no_clear_secret_after_the_next_starts()
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        List<byte[]> secrets = [.. centre.Enrolled.Bands.Select(static b => Convert.FromBase64String(b.Secret!))];
        string file = Path.Combine(centre.DataDir, "elderband.db");
        using (var earlier = new Db(file))
        {
            // Free pages with the clear bytes, and the mark that is committed with the sealing.
            earlier.Script("CREATE TABLE dropped (secret BLOB)");
            foreach (byte[] secret in secrets)
            {
                earlier.Run("INSERT INTO dropped VALUES ($1)", secret);
            }
            earlier.Script("DROP TABLE dropped; PRAGMA application_id=0x45425731;");
        }
        Found(centre.DataDir, secrets).ShouldNotBeEmpty("the test sees what is in free pages");
        using (var reader = new Db(file, readOnly: true))
        {
            reader.Run("BEGIN");
            reader.Number("SELECT count(*) FROM band");
            await centre.RunAsync();
            await TestCentre.UntilAsync(
                () => centre.Technicals().Exists(static t => t.Detail.Contains("clear bytes")), "the card");
            reader.Run("COMMIT");
        }
        await centre.StopAsync();
        await centre.RunAsync();
        Found(centre.DataDir, secrets).ShouldBeEmpty();
        centre.Store.Read(static db => db.Number("PRAGMA application_id")).ShouldBe(0);
    }

    private static List<string> Found(string folder, List<byte[]> secrets) =>
        [.. from file in Directory.GetFiles(folder)
            let content = Read(file)
            from secret in secrets
            where content.AsSpan().IndexOf(secret) >= 0
            select Path.GetFileName(file)];

    private static byte[] Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}

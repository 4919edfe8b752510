using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Soak;

/// <summary>
/// The centre as a real process whose data folder is a small file system of its own, and the faults of process and
/// disk.
/// </summary>
public sealed class SoakCentre : IDisposable
{
    private const string Clerk = "clerk";
    private const int DiskMiB = 512;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("elderband-soak-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly string _program;
    private readonly int _httpPort = ServiceProcess.FreePort();
    private readonly int _mqttPort = ServiceProcess.FreePort();

    /// <summary>Makes the data folder.</summary>
    /// <param name="program">The service.</param>
    /// <param name="wantsSmall">
    /// True: a small file system is mounted on the folder where this machine allows that.
    /// </param>
    /// <param name="core">The one core on which the process runs; null for all.</param>
    public SoakCentre(string program, bool wantsSmall, int? core = null)
    {
        _program = program;
        Directory.CreateDirectory(Data);
        IsSmall = wantsSmall && OperatingSystem.IsLinux()
            && Command("mount", "-t", "tmpfs", "-o", $"size={DiskMiB}m", "tmpfs", Data);
        Process = new ServiceProcess(
            program,
            ["run", "--data", Data, "--http-port", $"{_httpPort}", "--mqtt-port", $"{_mqttPort}"],
            new Uri($"http://localhost:{_httpPort}/"),
            Path.Combine(_folder.FullName, "centre.log"))
        {
            Core = core,
        };
        Staff = new StaffClient(Process.Address);
    }

    /// <summary>True: the data folder is a file system of 512 MiB. False: the soak cannot fill the disk.</summary>
    public bool IsSmall { get; }

    /// <summary>The process of the service.</summary>
    public ServiceProcess Process { get; }

    /// <summary>The officer who takes and closes the alarms.</summary>
    public StaffClient Staff { get; }

    private string Data => Path.Combine(_folder.FullName, "data");

    private string Database => Path.Combine(Data, "elderband.db");

    private string Certificate => Path.Combine(Data, "server.pem");

    /// <summary>Enrols homes with one hub and one band each, starts the process and signs the officer in.</summary>
    public async Task<IReadOnlyList<EnrolledHome>> StartAsync(int hubs, CancellationToken cancellation)
    {
        var (input, output) = (Path.Combine(Data, "enrol.json"), Path.Combine(Data, "enrolled.json"));
        await File.WriteAllTextAsync(input, JsonSerializer.Serialize(Enrolment(hubs), Json), cancellation);
        await ServiceProcess.CommandAsync(
            _program, ["enrol", "--data", Data, "--file", input, "--out", output], cancellation);
        var enrolled = JsonSerializer.Deserialize<Enrolled>(await File.ReadAllTextAsync(output, cancellation), Json)!;
        await Process.StartAsync(cancellation);
        var link = await ServiceProcess.SignInLinkAsync(_program, Data, _httpPort, Clerk, cancellation);
        await Staff.SignInAsync(link, cancellation);
        var ca = X509Certificate2.CreateFromPem(enrolled.CaPem);
        return [.. enrolled.Hubs.Zip(enrolled.Bands, (hub, band) => new EnrolledHome(
            new MqttAccount(_mqttPort, enrolled.Centre, hub.Id, Encoding.ASCII.GetBytes(hub.Password), ca),
            band.Address, Convert.FromBase64String(band.Secret), band.Group, band.Epoch))];
    }

    /// <summary>How many commits the database has refused; the service counts them.</summary>
    public async Task<long> RefusalsAsync(CancellationToken cancellation)
    {
        var text = await _http.GetStringAsync(new Uri(Process.Address, "metrics"), cancellation);
        var line = text.Split('\n').First(
            static l => l.Contains("database_refusals_total ", StringComparison.Ordinal));
        return (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Kills the process and starts it again after <paramref name="downMs"/>; true where the process ran before.
    /// </summary>
    public async Task<bool> KillAsync(int downMs, CancellationToken cancellation)
    {
        var ran = Process.IsRunning;
        Process.Kill();
        await Task.Delay(downMs, cancellation);
        await Process.StartAsync(cancellation);
        return ran;
    }

    /// <summary>
    /// Keeps the file system full for <paramref name="forMs"/>; true where the database refused a commit meanwhile.
    /// </summary>
    public Task<bool> FillDiskAsync(int forMs, CancellationToken cancellation) => RefusedAsync(async () =>
    {
        var ballast = Path.Combine(Data, "ballast");
        try
        {
            Fill(ballast);
            await Task.Delay(forMs, cancellation);
        }
        finally
        {
            File.Delete(ballast);
        }
    }, cancellation);

    /// <summary>
    /// Holds the write locks of both databases while <paramref name="meanwhile"/> runs; true where the database refused
    /// a commit meanwhile.
    /// </summary>
    public Task<bool> LockAsync(Func<Task> meanwhile, CancellationToken cancellation) => RefusedAsync(async () =>
    {
        using var other = new Db(Database);
        using var vitals = new Db(Path.Combine(Data, "vitals.db"));
        other.Run("BEGIN IMMEDIATE");
        vitals.Run("BEGIN IMMEDIATE");
        await meanwhile();
        vitals.Run("ROLLBACK");
        other.Run("ROLLBACK");
    }, cancellation);

    /// <summary>
    /// Deletes the server's certificate and restarts the process, which makes a new one under the same authority. True
    /// where the certificate is new and the authority the same.
    /// </summary>
    public async Task<bool> ChangeCertificateAsync(CancellationToken cancellation)
    {
        using var before = X509CertificateLoader.LoadCertificateFromFile(Certificate);
        File.Delete(Certificate);
        Process.Stop();
        await Process.StartAsync(cancellation);
        using var after = X509CertificateLoader.LoadCertificateFromFile(Certificate);
        return before.SerialNumber != after.SerialNumber && before.Issuer == after.Issuer;
    }

    /// <summary>Ends the process, verifies the audit and reads the committed rows.</summary>
    public async Task<SoakRows> ReadAsync(CancellationToken cancellation)
    {
        Process.Stop();
        var audit = await ServiceProcess.CommandAsync(_program, ["audit-verify", "--data", Data], cancellation);
        using var db = new Db(Database, readOnly: true);
        var events = EventRows.After(db, 0).FindAll(static e => e.Type == FrameType.Sos);
        var addresses = events.Select(static e => e.BandId!.Value).Distinct()
            .ToDictionary(static id => id, id => DeviceRows.Band(db, id)!.Address);
        return new SoakRows(
            [.. events.GroupBy(e => (addresses[e.BandId!.Value], Frame.SequenceOf(e.Frame, 0)))
                .Select(static g => (g.Key.Item1, g.Key.Item2, g.Count()))],
            events.Select(static e => e.AlarmId).OfType<long>().Distinct().Sum(id => AlarmRows.Get(db, id)!.Presses),
            EventRows.QuarantineCount(db),
            new FileInfo(Database).Length,
            audit.Trim());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Staff.Dispose();
        Process.Dispose();
        _http.Dispose();
        if (IsSmall)
        {
            Command("umount", Data);
        }

        _folder.Delete(recursive: true);
    }

    private async Task<bool> RefusedAsync(Func<Task> fault, CancellationToken cancellation)
    {
        var before = await RefusalsAsync(cancellation);
        await fault();
        return await RefusalsAsync(cancellation) > before;
    }

    private static void Fill(string ballast)
    {
        var block = new byte[1 << 16];
        using var file = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (long size = 0; size < (long)DiskMiB << 20; size += block.Length)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // The file system is full, as intended.
        }
    }

    private static bool Command(string program, params string[] arguments)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static object Enrolment(int hubs) => new
    {
        centre = new { id = "c1", name = "soak", phone = "021 0000 0000" },
        staff = new[]
        {
            new { name = Clerk, displayName = Clerk, role = "officer", password = Guid.NewGuid().ToString("N") },
        },
        homes = Enumerable.Range(1, hubs).Select(static h => new
        {
            code = $"h{h}",
            address = "soak",
            building = "",
            floor = "",
            door = $"{h}",
            grid = "",
            hubs = new[] { new { id = $"hub-{h}" } },
            residents = new[]
            {
                new
                {
                    code = $"r{h}",
                    name = $"resident {h}",
                    phone = "021 0000 0000",
                    contacts = Array.Empty<object>(),
                    band = new { address = 0xEB_0000_0000L + h, label = $"B-{h:0000}", guardAlways = true },
                },
            },
        }).ToArray(),
    };

    private sealed record Enrolled(string Centre, string CaPem, EnrolledHub[] Hubs, EnrolledBand[] Bands);

    private sealed record EnrolledHub(string Id, string Password);

    private sealed record EnrolledBand(long Address, string Secret, uint Group, int Epoch);
}

/// <summary>What the database held after the end of the process.</summary>
/// <param name="Presses">Address and sequence of each press, and how many rows it has.</param>
/// <param name="OnCards">Sum of the presses that the cards show.</param>
/// <param name="Quarantined">Rows in quarantine.</param>
/// <param name="Bytes">Size of the database's file, bytes.</param>
/// <param name="Audit">Output of <c>audit-verify</c>.</param>
public sealed record SoakRows(
    IReadOnlyList<(long Address, int Sequence, int Rows)> Presses, long OnCards, long Quarantined, long Bytes,
    string Audit);

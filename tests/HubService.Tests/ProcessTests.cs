using System.Diagnostics;
using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>The service as a process of its own: killed, started again, refused.</summary>
public class ProcessTests
{
    [Fact]
    public async Task P25_P30_kill_9_at_random_moments_under_load_loses_no_receipted_press_and_doubles_none()
    {
        const int rounds = 6;
        TestCentre centre = await TestCentre.EnrolAsync();
        var random = new Random(20251122);
        var receipted = new HashSet<(int Boot, int Sequence)>();
        var unreceipted = new List<byte[]>();
        int mqttPort = FreePort();
        int httpPort = FreePort();
        TestBand band = centre.Band();
        long slowestStartMs = 0;
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            using Process service = Start(
                "run", "--data", centre.DataDir, "--http-port", $"{httpPort}", "--mqtt-port", $"{mqttPort}");
            await ReadyAsync(service, httpPort);
            slowestStartMs = Math.Max(slowestStartMs, (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await using TestHub hub = await TestHub.ConnectAsync(centre, "hub-1", mqttPort);

            // What was not receipted is sent again, as a hub does, and new presses come until the process is dead.
            int killAfter = random.Next(1, 120);
            Task killing = Task.Run(
                async () =>
                {
                    while (hub.Receipts.Count < killAfter)
                    {
                        await Task.Delay(1);
                    }
                    service.Kill();
                },
                TestContext.Current.CancellationToken);
            List<byte[]> sent = [.. unreceipted];
            List<Task> sending = [.. sent.Select(frame => hub.SendAsync(band, frame))];
            while (!hub.Closed.IsCompleted)
            {
                sent.Add(band.Sos());
                sending.Add(hub.SendAsync(band, sent[^1]));
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }
            await killing;
            await Task.WhenAll(sending);
            await service.WaitForExitAsync(TestContext.Current.CancellationToken);
            // The hub numbers its records from 0 in the order of sending.
            HashSet<int> got = [.. hub.Receipts.Select(r => r.Sequence)];
            unreceipted = [.. sent.Where((_, i) => !got.Contains(i))];
            receipted.UnionWith(
                sent.Where((_, i) => got.Contains(i)).Select(f => (Frame.BootOf(f, 0), Frame.SequenceOf(f, 0))));
        }

        receipted.Count.ShouldBeGreaterThan(rounds);
        using (Store store = Store.Open(centre.DataDir, new Clock()))
        {
            HashSet<(int, int)> stored = [
                .. store.Read(db => db.All("SELECT boot, sequence FROM event", r => (r.Int(0), r.Int(1))))];
            receipted.ShouldBeSubsetOf(stored);
            store.Read(db => db.Number("SELECT count(*) FROM alarm WHERE state='ringing'")).ShouldBe(1);
            store.Read(db => db.Number("SELECT presses FROM alarm")).ShouldBe(stored.Count);
            ElderBand.HubService.Audit.AuditChain.FindBreak(store.Read(AuditRows.All), out _, out _).ShouldBeNull();
            store.Read(TimerRows.Orphans).ShouldBeEmpty();
        }
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{rounds} kills, {receipted.Count} presses receipted and stored once, {unreceipted.Count} still with the "
                + $"hub, slowest start {slowestStartMs} ms");
        await centre.DisposeAsync();
    }

    [Fact]
    public async Task P32_a_database_whose_WAL_is_cut_anywhere_opens_to_a_whole_prefix()
    {
        TestCentre centre = await TestCentre.EnrolAsync();
        string file = Path.Combine(centre.DataDir, "elderband.db");
        byte[] wal;
        var walBytesAfter = new List<long>();
        using (var writer = new Db(file))
        {
            writer.Run("PRAGMA wal_autocheckpoint=0");
            for (int i = 0; i < 40; i++)
            {
                writer.Run("BEGIN IMMEDIATE");
                AuditRows.Append(writer,
                    new ElderBand.HubService.Audit.AuditEntry("c1", i, "test", "cut", $"{i}", new string('x', 300)));
                writer.Run("COMMIT");
                walBytesAfter.Add(new FileInfo(file + "-wal").Length);
            }
            wal = ReadShared(file + "-wal");
            byte[] database = ReadShared(file);
            string folder = Directory.CreateTempSubdirectory("eb-service-cut-").FullName;
            int points = 0;
            for (int cut = 0; cut < wal.Length; cut += 397)
            {
                string copy = Path.Combine(folder, "elderband.db");
                await File.WriteAllBytesAsync(copy, database, TestContext.Current.CancellationToken);
                await File.WriteAllBytesAsync(copy + "-wal", wal[..cut], TestContext.Current.CancellationToken);
                File.Delete(copy + "-shm");
                using var opened = new Db(copy);
                long rows = opened.Number("SELECT count(*) FROM audit WHERE action='cut'");
                // what was whole is there
                rows.ShouldBeGreaterThanOrEqualTo(walBytesAfter.Count(bytes => bytes <= cut));
                (opened.Value("PRAGMA integrity_check") as string).ShouldBe("ok");
                ElderBand.HubService.Audit.AuditChain.FindBreak(AuditRows.All(opened), out _, out _).ShouldBeNull();
                points++;
            }
            points.ShouldBeGreaterThan(100);
            Directory.Delete(folder, recursive: true);
        }
        await centre.DisposeAsync();
    }

    [Theory]
    [InlineData("port", "--http-port")]
    [InlineData("folder", "--data")]
    [InlineData("database", "moved away|move it away")]
    [InlineData("option", "not understood")]
    [InlineData("webhook", "--webhook")]
    public async Task A_bad_start_ends_in_one_line_that_says_what_to_do_and_a_code_other_than_0(
        string fault, string says)
    {
        string folder = Directory.CreateTempSubdirectory("eb-service-bad-").FullName;
        using var busy = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        busy.Start();
        int busyPort = ((System.Net.IPEndPoint)busy.LocalEndpoint).Port;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "file"), "not a folder", TestContext.Current.CancellationToken);
        if (fault == "database")
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, "elderband.db"), new string('x', 5000), TestContext.Current.CancellationToken);
        }
        string[] arguments = fault switch
        {
            "port" => ["run", "--data", folder, "--http-port", $"{busyPort}", "--mqtt-port", "0"],
            "folder" => ["run", "--data", Path.Combine(folder, "file", "below")],
            "database" => ["run", "--data", folder],
            "option" => ["run", "--bogus", "1"],
            _ => ["run", "--data", folder, "--webhook", "ftp://nowhere"],
        };
        using Process service = Start(arguments);
        string error = await service.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await service.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await service.WaitForExitAsync(TestContext.Current.CancellationToken);
        service.ExitCode.ShouldBe(1);
        string line = error.Trim();
        line.ShouldNotContain("\n");
        line.ShouldNotContain("   at ");
        says.Split('|').Any(s => line.Contains(s, StringComparison.Ordinal)).ShouldBeTrue(line);
        output.ShouldNotContain("   at ");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Mosquitto_publishes_over_TLS_and_a_foreign_topic_is_refused_and_audited()
    {
        const string tool = "/usr/bin/mosquitto_pub";
        Assert.SkipUnless(File.Exists(tool), $"{tool} is not installed (Debian package mosquitto-clients)");
        await using TestCentre centre = await TestCentre.StartAsync();
        string payload = Path.Combine(centre.DataDir, "payload");
        TestBand band = centre.Band();
        byte[] data = new byte[Envelope.MaxSize];
        Envelope.Begin(data, 1, 1, 0);
        int size = Envelope.Add(
            data, 1, 1, band.Address, -60, Envelope.LinkChecked, AgeQuality.Measured, 0, band.Sos(), 0);
        await File.WriteAllBytesAsync(payload, data[..size], TestContext.Current.CancellationToken);

        async Task<int> PublishAsync(string topic)
        {
            using Process publish = Process.Start(new ProcessStartInfo(
                tool,
                [
                    "-h", "localhost", "-p", $"{centre.MqttPort}", "--cafile", Path.Combine(centre.DataDir, "ca.pem"),
                    "-i", "hub-1", "-u", "hub-1",
                    "-P", centre.Enrolled.Hubs.Single(h => h.Id == "hub-1").Password!, "-q", "1", "-t", topic, "-f",
                        payload,
                ])
            { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
            await publish.WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
            return publish.ExitCode;
        }

        (await PublishAsync("eb1/c1/hub-1/up/alarm")).ShouldBe(0);
        centre.Alarms().ShouldHaveSingleItem();
        (await PublishAsync("eb1/c1/hub-3/up/alarm")).ShouldNotBe(0);
        await TestCentre.UntilAsync(() => centre.Count("audit", "action='hub.publishRefused'") > 0, "the audit row");
        centre.Count("event").ShouldBe(1);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(
        "dotnet", [typeof(Service).Assembly.Location, .. arguments])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static async Task ReadyAsync(Process service, int httpPort)
    {
        using var http = new HttpClient();
        for (int i = 0; i < 400; i++)
        {
            service.HasExited.ShouldBeFalse("the service ended at its start");
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(
                    new Uri($"http://127.0.0.1:{httpPort}/health/ready"));
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(25);
        }
        throw new TimeoutException("the service is not ready after 10 s");
    }
}

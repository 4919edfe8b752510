using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ElderBand.Dev;

/// <summary>
/// <c>./dev publish</c>: the centre as one folder that needs neither .NET nor Node, and the same as a <c>.tar.gz</c>.
/// What can run on this machine is started once from an empty folder.
/// </summary>
internal static class Publish
{
    private static readonly string[] Platforms = ["linux-x64", "win-x64"];

    // So small that every part of the start is met: certificates, database, enrolment, both ports.
    private const string Neighbourhood = """
        {"centre":{"id":"c1","name":"check","phone":"021"},
         "staff":[{"name":"check","displayName":"check","role":"officer","password":"check-check-check"}],
         "homes":[{"code":"h1","address":"Road 1","building":"1","floor":"1","door":"1","grid":"",
           "hubs":[{"id":"hub-1"}],"residents":[]}]}
        """;

    private const int ReadyWithinMs = 30_000;

    /// <summary>Publishes for the named platforms, or for all; returns the exit code.</summary>
    public static int Run(string root, Builder builder, string[] platforms)
    {
        if (platforms.Except(Platforms, StringComparer.Ordinal).Any())
        {
            Console.Error.WriteLine($"./dev publish [{string.Join('|', Platforms)}]");
            return 2;
        }

        return builder.BuildConsole()
            && (platforms.Length == 0 ? Platforms : platforms).All(platform => One(root, builder, platform)) ? 0 : 1;
    }

    private static bool One(string root, Builder builder, string platform)
    {
        var folder = Path.Combine(root, "artifacts/publish", $"elderband-{platform}");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        if (!builder.Publish(platform, folder))
        {
            return false;
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "hub-service/deploy")))
        {
            Directory.CreateDirectory(Path.Combine(folder, "deploy"));
            File.Copy(file, Path.Combine(folder, "deploy", Path.GetFileName(file)));
        }

        File.Copy(Path.Combine(root, "docs/operations.md"), Path.Combine(folder, "operations.md"));
        File.Copy(Path.Combine(root, "LICENSE"), Path.Combine(folder, "LICENSE"));
        File.Copy(
            Path.Combine(root, "THIRD-PARTY-NOTICES.md"), Path.Combine(folder, "THIRD-PARTY-NOTICES.md"));
        using (var packed = new GZipStream(File.Create(folder + ".tar.gz"), CompressionLevel.Optimal))
        {
            TarFile.CreateFromDirectory(folder, packed, includeBaseDirectory: true);
        }

        var bytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Sum(static file => new FileInfo(file).Length);
        Console.WriteLine(
            $"{Path.GetRelativePath(root, folder)}: {bytes >> 20} MiB; .tar.gz "
                + $"{new FileInfo(folder + ".tar.gz").Length >> 20} MiB");
        return platform != RuntimeInformation.RuntimeIdentifier || Starts(folder);
    }

    // Without the machine's .NET: an empty folder and an environment that names none.
    private static bool Starts(string folder)
    {
        var program = Path.Combine(folder, OperatingSystem.IsWindows() ? "hub-service.exe" : "hub-service");
        var work = Directory.CreateTempSubdirectory("elderband-publish-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(work, "in.json"), Neighbourhood);
            var (http, mqtt) = (FreePort(), FreePort());
            using (var enrol = Begin(program, work, "enrol", "--file", "in.json", "--out", "out.json"))
            {
                enrol.WaitForExit();
                if (enrol.ExitCode != 0)
                {
                    Console.Error.WriteLine("the published program cannot enrol a neighbourhood");
                    return false;
                }
            }

            using var service = Begin(
                program, work, "run", "--http-port", $"{http}", "--mqtt-port", $"{mqtt}");
            try
            {
                var watch = Stopwatch.StartNew();
                var ready = IsReady(service, http);
                Console.WriteLine(
                    ready ? $"started from an empty folder: ready after {watch.ElapsedMilliseconds} ms"
                        : "the published program is not ready after 30 s, or has ended");
                return ready;
            }
            finally
            {
                service.Kill();
                service.WaitForExit();
            }
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static bool IsReady(Process service, int port)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        for (var watch = Stopwatch.StartNew(); watch.ElapsedMilliseconds < ReadyWithinMs; Thread.Sleep(50))
        {
            try
            {
                if (client.GetAsync(new Uri($"http://localhost:{port}/health/ready")).Result.IsSuccessStatusCode
                    && client.GetStringAsync(new Uri($"http://localhost:{port}/")).Result.Contains("<script"))
                {
                    return true;
                }
            }
            catch (AggregateException) when (!service.HasExited)
            {
                // Not yet.
            }
            catch (AggregateException)
            {
                return false;
            }
        }

        return false;
    }

    private static Process Begin(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false };
        start.Environment.Clear();
        start.Environment["HOME"] = folder;
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Ingest;

/// <summary>
/// A server under load: it takes messages at QoS 1 over TLS, stores them, and runs on one core of its own with an empty
/// data folder.
/// </summary>
public abstract class IngestServer : IDisposable
{
    private const int StartsWithinMs = 60_000;

    /// <summary>Core of the servers. The load runs on core 0.</summary>
    public const int Core = 1;

    /// <summary>Name in the tables.</summary>
    public abstract string Name { get; }

    /// <summary>The process that takes the messages.</summary>
    protected abstract int ProcessId { get; }

    /// <summary>Folder of the data, empty at the start. Deleted at the end.</summary>
    protected DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("elderband-ingest-");

    /// <summary>Memory of the process, bytes.</summary>
    public long WorkingSetBytes
    {
        get
        {
            using var process = Process.GetProcessById(ProcessId);
            return process.WorkingSet64;
        }
    }

    /// <summary>Starts the server for this many hubs and returns their accounts.</summary>
    /// <exception cref="SimulationException">The server does not start.</exception>
    public abstract Task<IReadOnlyList<IngestHome>> StartAsync(int hubs, CancellationToken cancellation);

    /// <summary>Ends the server and deletes the data.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the server's processes, then deletes its data.</summary>
    protected virtual void Dispose(bool disposing) => Folder.Delete(recursive: true);

    /// <summary>Path of a file in the data folder.</summary>
    protected string At(string name) => Path.Combine(Folder.FullName, name);

    /// <summary>Homes of a server that checks no tags: made-up bands, one user for each hub.</summary>
    protected static IReadOnlyList<IngestHome> MadeUp(int hubs, int port, X509Certificate2 ca) =>
        [.. Enumerable.Range(1, hubs).Select(i => new IngestHome(new EnrolledHome(
            new MqttAccount(port, "c1", $"hub-{i}", "hub"u8.ToArray(), ca), 0xEB_0000_0000L + i,
            RandomNumberGenerator.GetBytes(32), (uint)i, 1)))];

    /// <summary>Writes <c>cert.pem</c> and <c>key.pem</c> for localhost and returns the certificate.</summary>
    protected X509Certificate2 WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(At("cert.pem"), made.ExportCertificatePem());
        File.WriteAllText(At("key.pem"), key.ExportPkcs8PrivateKeyPem());
        return X509CertificateLoader.LoadCertificate(made.RawData);
    }

    /// <summary>Starts a program on the servers' core; its output goes to <c>server.log</c>.</summary>
    protected Process Begin(
        string program, IEnumerable<string> arguments, Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("taskset", ["-c", $"{Core}", program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Log(e.Data);
        process.ErrorDataReceived += (_, e) => Log(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Waits until the server takes connections.</summary>
    protected async Task ListensAsync(int port, CancellationToken cancellation)
    {
        for (var untilMs = Environment.TickCount64 + StartsWithinMs; ; await Task.Delay(100, cancellation))
        {
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync("127.0.0.1", port, cancellation);
                return;
            }
            catch (SocketException) when (Environment.TickCount64 < untilMs)
            {
                // Not yet.
            }
            catch (SocketException)
            {
                throw new SimulationException(
                    $"{Name} does not listen after {StartsWithinMs / 1000} s: {File.ReadAllText(At("server.log"))}");
            }
        }
    }

    /// <summary>Asks a process to end (SIGTERM) and waits; kills it after 10 s.</summary>
    protected static void End(Process? process)
    {
        if (process is null)
        {
            return;
        }

        if (!process.HasExited)
        {
            using var term = Process.Start(new ProcessStartInfo("kill", ["-TERM", $"{process.Id}"]));
            if (!process.WaitForExit(10_000))
            {
                process.Kill();
                process.WaitForExit();
            }
        }

        process.Dispose();
    }

    private void Log(string? line)
    {
        if (line is not null)
        {
            lock (Folder)
            {
                File.AppendAllText(At("server.log"), line + Environment.NewLine);
            }
        }
    }
}

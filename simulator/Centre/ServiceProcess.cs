using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Centre;

/// <summary>
/// The centre as a real process: started, killed without warning (SIGKILL) and started again on the same data.
/// </summary>
public sealed class ServiceProcess(string program, string[] arguments, Uri address, string logFile) : IDisposable
{
    private const int ReadyWithinS = 90;

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly Lock _gate = new();
    private Process? _process;

    /// <summary>Asks the service's command for a link that signs a member of staff in once.</summary>
    public static async Task<Uri> SignInLinkAsync(
        string service, string data, int httpPort, string staff, CancellationToken cancellation)
    {
        var said = await CommandAsync(
            service, ["signin-link", "--data", data, "--http-port", $"{httpPort}", "--staff", staff], cancellation);
        return new Uri(said.Split('\n').Select(static l => l.Trim())
            .Last(static l => l.StartsWith("http", StringComparison.Ordinal)));
    }

    /// <summary>The port that was asked for, or a free one for 0.</summary>
    /// <exception cref="SimulationException">Another program has the port; names the option to change.</exception>
    public static int Port(int port, string option)
    {
        if (port == 0)
        {
            return FreePort();
        }

        try
        {
            var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            listener.Stop();
            return port;
        }
        catch (SocketException)
        {
            throw new SimulationException(
                $"Port {port} is in use: end the program that has it, or choose another with {option} N.");
        }
    }

    /// <summary>A TCP port of the loopback that no program listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The one core on which the process runs; null for all.</summary>
    public int? Core { get; init; }

    /// <summary>Where its pages are.</summary>
    public Uri Address { get; } = address;

    /// <summary>A process of it exists.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate)
            {
                return _process is { HasExited: false };
            }
        }
    }

    /// <summary>Id of the process.</summary>
    public int Id => _process!.Id;

    /// <summary>Memory of the process, bytes; 0 where it does not run.</summary>
    public long WorkingSetBytes
    {
        get
        {
            lock (_gate)
            {
                _process?.Refresh();
                return IsRunning ? _process!.WorkingSet64 : 0;
            }
        }
    }

    /// <summary>
    /// Starts it and waits until it is ready; throws <see cref="SimulationException"/> with its own words where it is
    /// not.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        var said = new List<string>();
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(
                Core is null ? "dotnet" : "taskset",
                [.. Core is { } core ? ["-c", $"{core}", "dotnet"] : Array.Empty<string>(), program, .. arguments])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
        };
        void Take(string? line)
        {
            if (line is not null)
            {
                lock (said)
                {
                    said.Add(line);
                    File.AppendAllText(logFile, line + Environment.NewLine);
                }
            }
        }

        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        lock (_gate)
        {
            _process = process;
        }

        var watch = Stopwatch.StartNew();
        while (!await IsReadyAsync(cancellation))
        {
            if (process.HasExited || watch.Elapsed > TimeSpan.FromSeconds(ReadyWithinS))
            {
                await Task.Delay(200, cancellation);
                lock (said)
                {
                    throw new SimulationException(
                        process.HasExited
                            ? $"The centre ended at once (code {process.ExitCode}): "
                                + $"{string.Join(" ", said.TakeLast(4))}"
                            : $"The centre is not ready after {ReadyWithinS} s; its log is {logFile}.");
                }
            }

            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            if (_process is { HasExited: false } process)
            {
                process.Kill();
                process.WaitForExit();
            }
        }
    }

    /// <summary>Asks it to end (SIGTERM) and waits; kills it after 5 s.</summary>
    public void Stop()
    {
        Process? process;
        lock (_gate)
        {
            process = _process;
        }

        if (process is null || process.HasExited)
        {
            return;
        }

        using var term = Process.Start(new ProcessStartInfo("kill", ["-TERM", $"{process.Id}"]));
        if (!process.WaitForExit(5000))
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    /// <summary>Runs one of its commands to the end; returns what it printed.</summary>
    public static async Task<string> CommandAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var error = process.StandardError.ReadToEndAsync(cancellation);
        await using var ending = cancellation.Register(() => process.Kill());
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0
            ? await output
            : throw new SimulationException(
                $"The centre's command {arguments[0]} failed: {(await error).Trim()} {(await output).Trim()}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _http.Dispose();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Address, "health/ready"), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (
            e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}

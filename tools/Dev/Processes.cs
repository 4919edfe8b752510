using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ElderBand.Dev;

/// <summary>Runs other programs. What it starts it also ends, by process id.</summary>
internal static class Processes
{
    private static readonly Lock Gate = new();
    private static readonly List<Process> Running = [];

    /// <summary>Hands SIGINT and SIGTERM to the children; the process itself ends when they have.</summary>
    public static IDisposable EndChildrenOnSignals()
    {
        var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        return new Both(interrupt, terminate);
    }

    /// <summary>Runs a program with this terminal; returns its exit code, 127 where it does not exist.</summary>
    public static int Run(string file, IEnumerable<string> arguments, string directory, IReadOnlyDictionary<string,
        string>? environment = null)
    {
        using var process = Start(file, arguments, directory, capture: false, environment);
        if (process is null)
        {
            return 127;
        }

        process.WaitForExit();
        Forget(process);
        return process.ExitCode;
    }

    /// <summary>
    /// Runs a program and keeps what it says, line by line; returns its exit code, 127 where it does not exist.
    /// </summary>
    public static int Run(
        string file,
        IEnumerable<string> arguments,
        string directory,
        Action<string> line,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(file, arguments, directory, capture: true, environment);
        if (process is null)
        {
            return 127;
        }

        var gate = new Lock();
        void Take(string? text)
        {
            if (text is not null)
            {
                lock (gate)
                {
                    line(text);
                }
            }
        }

        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        Forget(process);
        return process.ExitCode;
    }

    private static Process? Start(
        string file,
        IEnumerable<string> arguments,
        string directory,
        bool capture,
        IReadOnlyDictionary<string, string>? environment)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = capture,
            RedirectStandardError = capture,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        try
        {
            var process = Process.Start(info)!;
            lock (Gate)
            {
                Running.Add(process);
            }

            return process;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static void Forget(Process process)
    {
        lock (Gate)
        {
            Running.Remove(process);
        }
    }

    private static void OnSignal(PosixSignalContext context)
    {
        // Ctrl-C reaches the children through the terminal; a SIGTERM to this process alone must be handed on.
        context.Cancel = true;
        if (context.Signal != PosixSignal.SIGTERM)
        {
            return;
        }

        lock (Gate)
        {
            foreach (var process in Running.Where(static p => !p.HasExited))
            {
                process.Kill();
            }
        }
    }

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}

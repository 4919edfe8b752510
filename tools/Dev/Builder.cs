using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace ElderBand.Dev;

/// <summary>
/// Builds what is missing or older than its sources, and says so. A stamp per product holds the names, sizes and times
/// of the sources it was built from, so that a second start costs no build.
/// </summary>
internal sealed class Builder(string root)
{
    private static readonly string[] DotnetShared =
        ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig"];

    private static readonly string[] Libraries =
    [
        "libs/BandProtocol", "libs/VitalsFilter", "libs/Mqtt",
        "libs/Iot.Device.RegisterBus", "libs/Iot.Device.Max30102", "libs/Iot.Device.Adxl343",
    ];

    /// <summary>The centre.</summary>
    public Product Service { get; } = new(
        "the centre", "hub-service/HubService.csproj", "hub-service/bin/Release/net10.0/hub-service.dll",
        [.. Libraries, "hub-service"]);

    /// <summary>The neighbourhood.</summary>
    public Product Simulator { get; } = new(
        "the neighbourhood", "simulator/Simulator.csproj", "simulator/bin/Release/net10.0/simulator.dll",
        [.. Libraries, "firmware", "simulation", "simulator"]);

    /// <summary>The figures on recordings.</summary>
    public Product Eval { get; } = new(
        "the evaluation", "tools/Eval/Eval.csproj", "tools/Eval/bin/Release/net10.0/eval.dll",
        [.. Libraries, "firmware", "simulation", "tools/Eval"]);

    /// <summary>Builds a .NET product if it must; false where that failed.</summary>
    public bool Build(Product product)
    {
        var stamp = Stamp(product.Name, product.Folders.Concat(DotnetShared), static name =>
            !name.StartsWith("console/", StringComparison.Ordinal));
        return stamp.IsFresh(Path.Combine(root, product.Output))
            || Step($"building {product.Name}", stamp, () => Dotnet(
            ["build", product.Project, "-c", "Release", "--nologo", "-v", "q", "-clp:NoSummary"]));
    }

    /// <summary>Builds the whole solution, tests included.</summary>
    public bool BuildAll()
    {
        var stamp = Stamp(
            "everything",
            ["libs", "firmware", "hub-service", "simulation", "simulator", "tests", "tools", "hardware",
                .. DotnetShared],
            static name => !name.StartsWith("console/", StringComparison.Ordinal));
        return stamp.IsFresh(Path.Combine(root, Service.Output)) || Step("building everything", stamp, () => Dotnet(
            ["build", "ElderBand.sln", "-c", "Release", "--nologo", "-v", "q", "-clp:NoSummary"]));
    }

    /// <summary>Publishes the centre for a platform, the runtime with it; false where that failed.</summary>
    public bool Publish(string platform, string folder)
    {
        Console.Write($"publishing the centre for {platform} ... ");
        var watch = Stopwatch.StartNew();
        // Compiled ahead: the first press after a start must not wait for a compiler.
        var done = Dotnet(
        [
            "publish", Service.Project, "-c", "Release", "-r", platform, "--self-contained", "-o", folder, "--nologo",
            "-v", "q", "-clp:NoSummary", "-p:PublishReadyToRun=true", "-p:PublishReadyToRunComposite=false",
            "-p:PublishSingleFile=true", "-p:DebugType=embedded",
        ]);
        Console.WriteLine(done ? Shown(watch.Elapsed) : "failed");
        return done;
    }

    /// <summary>Builds the console's pages if it must; false where that failed.</summary>
    public bool BuildConsole()
    {
        const string console = "hub-service/console";
        var stamp = Stamp(
            "console", [console], static name => !name.StartsWith("node_modules/", StringComparison.Ordinal));
        if (stamp.IsFresh(Path.Combine(root, "hub-service/wwwroot/index.html")))
        {
            return true;
        }

        return NodeIsThere() && NodeModules() && Step("building the console's pages", stamp, () =>
            Quiet("npm", ["run", "build", "--silent"], console));
    }

    /// <summary>Brings the console's pinned packages; false where that failed.</summary>
    public bool NodeModules()
    {
        const string console = "hub-service/console";
        var stamp = Stamp("node_modules", [console + "/package-lock.json"], static _ => true);
        return stamp.IsFresh(Path.Combine(root, console, "node_modules/.package-lock.json"))
            || (NodeIsThere() && Step("fetching the console's packages (npm ci)", stamp, () =>
                Quiet("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], console)));
    }

    private static string Shown(TimeSpan time) => $"{time.TotalSeconds:0.0} s";

    private bool Dotnet(string[] arguments) => Quiet("dotnet", arguments, ".");

    // A build's own words matter only when it fails.
    private bool Quiet(string file, string[] arguments, string folder)
    {
        var said = new List<string>();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_NOLOGO"] = "1",
        };
        if (Processes.Run(file, arguments, Path.Combine(root, folder), said.Add, environment) == 0)
        {
            return true;
        }

        foreach (var line in said.Distinct(StringComparer.Ordinal).TakeLast(40))
        {
            Console.Error.WriteLine(
                "  " + line.Replace(root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal));
        }

        return false;
    }

    private static bool NodeIsThere()
    {
        var said = "";
        var code = Processes.Run("node", ["--version"], ".", line => said = line);
        if (code == 0 && int.TryParse(said.TrimStart('v').Split('.')[0], out var major) && major >= 20)
        {
            return true;
        }

        Console.Error.WriteLine(code == 127
            ? "The console's pages need Node.js 20 or newer, and there is none: install it (https://nodejs.org) and "
                + "run this again."
            : $"The console's pages need Node.js 20 or newer; this is {said}. Install a newer one and run this again.");
        return false;
    }

    private static bool Step(string what, SourceStamp stamp, Func<bool> build)
    {
        Console.Write($"{what} ... ");
        var watch = Stopwatch.StartNew();
        if (!build())
        {
            Console.WriteLine("failed");
            return false;
        }

        Console.WriteLine(Shown(watch.Elapsed));
        stamp.Keep();
        return true;
    }

    private SourceStamp Stamp(string name, IEnumerable<string> sources, Func<string, bool> counts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var source in sources)
        {
            var path = Path.Combine(root, source);
            if (File.Exists(path))
            {
                Add(hash, source, new FileInfo(path));
            }
            else if (Directory.Exists(path))
            {
                foreach (var (file, relative) in Files(path, "")
                    .OrderBy(static f => f.Relative, StringComparer.Ordinal))
                {
                    if (counts(relative))
                    {
                        Add(hash, source + "/" + relative, file);
                    }
                }
            }
        }

        var stamps = Directory.CreateDirectory(Path.Combine(root, "artifacts/stamps"));
        return new SourceStamp(
            Path.Combine(stamps.FullName, name.Replace(' ', '-')), Convert.ToHexString(hash.GetHashAndReset()));
    }

    private static void Add(IncrementalHash hash, string name, FileInfo file) =>
        hash.AppendData(Encoding.UTF8.GetBytes($"{name}|{file.Length}|{file.LastWriteTimeUtc.Ticks}\n"));

    private static IEnumerable<(FileInfo File, string Relative)> Files(string directory, string prefix)
    {
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles())
        {
            yield return (file, prefix + file.Name);
        }

        foreach (var folder in new DirectoryInfo(directory).EnumerateDirectories())
        {
            if (folder.Name is "bin" or "obj" or "node_modules" or "wwwroot" or "dist" or "TestResults")
            {
                continue;
            }

            foreach (var found in Files(folder.FullName, prefix + folder.Name + "/"))
            {
                yield return found;
            }
        }
    }

    /// <summary>One thing to build: its project, what it makes, the folders it is made from.</summary>
    internal sealed record Product(string Name, string Project, string Output, string[] Folders);

    private sealed record SourceStamp(string Path, string Hash)
    {
        public bool IsFresh(string output) =>
            File.Exists(output) && File.Exists(Path) && File.ReadAllText(Path) == Hash;

        public void Keep() => File.WriteAllText(Path, Hash);
    }
}

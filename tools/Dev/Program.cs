using System.Globalization;
using ElderBand.Dev;

const string help = """
    ./dev run                 the centre, three homes, four bands, and a story of 150 s; Ctrl-C ends it
                              --homes N  --mode guard|daily  --data DIR  --http-port N  --mqtt-port N
    ./dev run --once --json FILE [--data DIR]
                              the same without a browser, ends by itself; code 0 only if all of it happened
    ./dev test                every test, the sum on the last line
    ./dev bench press         1,000 presses from 200 bands, with and without the delays of radio and flash
    ./dev bench kill          20 times kill -9 of the centre between a press and its receipt
    ./dev bench falls --data DIR
                              recorded falls and daily life through the whole chain
    ./dev bench ingest [--rounds N]
                              messages a second at QoS 1 over TLS: the service, RabbitMQ and mosquitto, side by side
    ./dev bench refusal       the database refuses for 10 minutes, 2,000 hubs send and reconnect: memory and presses
    ./dev bench mqtt          messages a second at QoS 1 over TLS, endpoint and clients in one process
    ./dev publish [linux-x64|win-x64]
                              the centre as a folder and a .tar.gz that need no .NET and no Node
    ./dev soak --minutes N    1,000 hubs over TLS on the real service: kill, full disk, lock, new certificate, storm
    ./dev eval ...            the filters on recordings (tools/Eval says what it takes)
    ./dev sim SEED            one seeded world of 5 virtual minutes with the real service: faults in, a log out
    ./dev sim --swarm N [--from SEED] [--only KIND,KIND] [--without KIND,KIND]
                              N worlds: faults that met something, violations with their seeds
    ./dev sim SEED --days N [--ns-per-il N] [--from day:193,sequence:0xFE00,boot:0xFFFF] [--methods] [--json FILE]
                              a band and a hub for many days: what is lost, what steps cost, what flash and battery give
    ./dev fuzz NAME --minutes N
                              changes inputs at random: frames, flash, mqtt, outbox or http; a failure names its seed
    ./dev backup --data DIR --out FILE
                              the whole centre in one file with checksums, also while it runs
    ./dev restore --file FILE --data DIR
                              verifies a backup and puts it into a new folder
    ./dev pictures            remakes the README's pictures from the running system
    ./dev vectors             writes the filters' golden vectors anew, for the host and for the device
    ./dev format              one form for every source file, and the file lists of the device projects
    """;

var root = Root();
var builder = new Builder(root);
using var signals = Processes.EndChildrenOnSignals();
var rest = args.Skip(1).ToArray();
switch (args.FirstOrDefault())
{
    case "run":
    case "soak":
    case "bench":
        if (args is ["bench", "ingest", ..])
        {
            SystemPackages.Install(root, SystemPackages.OfIngestBench);
        }

        return builder.Build(builder.Service) && builder.BuildConsole() && builder.Build(builder.Simulator)
            ? Simulator(args) : 1;
    case "backup":
    case "restore":
        return builder.Build(builder.Service)
            ? Processes.Run(
                "dotnet", [Path.Combine(root, builder.Service.Output), .. args], Environment.CurrentDirectory)
            : 1;
    case "sim":
        return builder.Build(builder.Simulator)
            ? Processes.Run(
                "dotnet", [Path.Combine(root, builder.Simulator.Output), .. args], Environment.CurrentDirectory)
            : 1;
    case "test":
        return Tests.Run(root, builder);
    case "eval":
        return builder.Build(builder.Eval)
            ? Processes.Run("dotnet", [Path.Combine(root, builder.Eval.Output), .. rest], Environment.CurrentDirectory)
            : 1;
    case "pictures":
        return builder.Build(builder.Service) && builder.BuildConsole() && builder.Build(builder.Simulator)
            ? Simulator(["pictures", Path.Combine(root, "docs/pictures"), .. rest])
            : 1;
    case "vectors":
        var written = Processes.Run(
            "dotnet",
            ["run", "-c", "Release", "--project", "tests/VitalsFilter.Tests", "--", "--filter-class",
                "*GoldenVectorTests"],
            root,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["ELDERBAND_WRITE_VECTORS"] = "1" });
        return written == 0 ? Processes.Run("git", ["diff", "--stat", "--", "tests/VitalsFilter.Tests/Vectors",
            "tests/VitalsFilter.DeviceTests"], root) : written;
    case "publish":
        return Publish.Run(root, builder, rest);
    case "fuzz":
        return Fuzz();
    case "format":
        foreach (var project in NfprojFiles.Update(root))
            Console.WriteLine($"{Path.GetRelativePath(root, project)}: the file list was not the folder's; mended");
        // By folder: the tool cannot read a solution in which a device project lies beside its host project of the same
        // name.
        return Processes.Run("dotnet",
            ["format", "whitespace", ".", "--folder", "--exclude", "hub-service/console/node_modules/"], root);
    case null or "help" or "--help" or "-h":
        Console.WriteLine(help);
        return 0;
    default:
        Console.Error.WriteLine($"There is no ./dev {args[0]}.");
        Console.WriteLine(help);
        return 2;
}

int Fuzz()
{
    string[] names = ["frames", "flash", "mqtt", "outbox", "http"];
    if (rest is not [var name, "--minutes", var minutes] || !names.Contains(name, StringComparer.Ordinal)
        || !int.TryParse(minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count is < 1 or > 1440)
    {
        Console.Error.WriteLine($"./dev fuzz {string.Join("|", names)} --minutes N, N 1 to 1440");
        return 2;
    }

    return Processes.Run(
        "dotnet",
        ["run", "-c", "Release", "--project", "tests/Fuzz.Tests", "--", "--output", "detailed", "--filter-method",
            $"*.{char.ToUpperInvariant(name[0])}{name[1..]}_*"],
        root,
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ELDERBAND_FUZZ_MINUTES"] = count.ToString(CultureInfo.InvariantCulture),
        });
}

// The simulator runs the centre as a real process of its own and ends it.
int Simulator(IEnumerable<string> arguments) => Processes.Run(
    "dotnet",
    [Path.Combine(root, builder.Simulator.Output), .. arguments, "--service",
        Path.Combine(root, builder.Service.Output)],
    Environment.CurrentDirectory);

static string Root()
{
    var folder = new DirectoryInfo(AppContext.BaseDirectory);
    while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ElderBand.sln")))
    {
        folder = folder.Parent;
    }

    return folder?.FullName ?? throw new InvalidOperationException("ElderBand.sln is in no folder above this program");
}

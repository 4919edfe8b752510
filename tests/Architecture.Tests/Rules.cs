using System.Text.RegularExpressions;

namespace ElderBand.Tests.Architecture;

/// <summary>The house's rules. Each takes a tree and returns one line per breach: "path: what is wrong".</summary>
public static partial class Rules
{
    private const int MaxColumns = 120;
    private const int MaxLines = 400;

    /// <summary>The code of the devices and of their simulation.</summary>
    private static readonly string[] DeviceFolders =
        ["firmware/", "libs/BandProtocol/", "libs/VitalsFilter/", "libs/Iot.Device.", "simulation/"];

    /// <summary>
    /// Who may refer to whom, by project folder. Simulator, tests and tools may use everything but the boards.
    /// </summary>
    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        ["libs/VitalsFilter"] = [],
        ["libs/BandProtocol"] = [],
        ["libs/Mqtt"] = [],
        ["libs/Iot.Device.RegisterBus"] = [],
        ["libs/Iot.Device.Max30102"] = ["libs/Iot.Device.RegisterBus"],
        ["libs/Iot.Device.Max30102/samples"] = ["libs/Iot.Device.Max30102", "libs/Iot.Device.RegisterBus"],
        ["libs/Iot.Device.Adxl343"] = ["libs/Iot.Device.RegisterBus"],
        ["libs/Iot.Device.Adxl343/samples"] = ["libs/Iot.Device.Adxl343", "libs/Iot.Device.RegisterBus"],
        ["firmware/Common"] = ["libs/BandProtocol"],
        ["firmware/Wristband"] =
        [
            "libs/BandProtocol", "libs/VitalsFilter", "firmware/Common",
            "libs/Iot.Device.RegisterBus", "libs/Iot.Device.Max30102", "libs/Iot.Device.Adxl343",
        ],
        ["firmware/HomeHub"] = ["libs/BandProtocol", "firmware/Common"],
        ["simulation"] = [
            "firmware/Wristband", "firmware/HomeHub", "libs/BandProtocol", "libs/VitalsFilter", "simulation/Bluetooth"],
        ["simulation/Bluetooth"] = ["libs/BandProtocol"],
        ["hub-service"] = ["libs/BandProtocol", "libs/Mqtt"],
    };

    /// <summary>The namespaces that a room may name. What is not listed under <c>ElderBand</c> is refused.</summary>
    private static readonly (string Folder, string[] Allowed, string[] Denied)[] MayName =
    [
        ("libs/VitalsFilter/", ["VitalsFilter"], []),
        ("libs/BandProtocol/", ["BandProtocol"], []),
        ("libs/Mqtt/", ["Mqtt"], []),
        ("libs/Iot.Device.", [], []),
        ("firmware/Common/Board/", ["BandProtocol", "Common.Board"], []),
        ("firmware/Wristband/App/", ["BandProtocol", "VitalsFilter", "Wristband"], ["Wristband.Board"]),
        ("firmware/Wristband/Board/", ["BandProtocol", "Common.Board", "Wristband.Board"], []),
        ("firmware/Wristband/Program.cs", ["BandProtocol", "VitalsFilter", "Common.Board", "Wristband"], []),
        ("firmware/HomeHub/App/", ["BandProtocol", "HomeHub"], ["HomeHub.Board"]),
        ("firmware/HomeHub/Board/", ["BandProtocol", "Common.Board", "HomeHub.Board"], []),
        ("firmware/HomeHub/Program.cs", ["BandProtocol", "Common.Board", "HomeHub"], []),
        ("hub-service/", ["BandProtocol", "Mqtt", "HubService"], []),
        ("simulation/Bluetooth/", ["BandProtocol", "Simulation.Bluetooth"], []),
        ("simulation/", ["BandProtocol", "VitalsFilter", "Wristband", "HomeHub", "Common.Board", "Simulation"], []),
        ("simulator/", [""], ["Wristband.Board", "HomeHub.Board", "Common"]),
        ("tests/HomeHub.Tests/DeviceFiles.cs", ["BandProtocol", "Common.Board"], []),
        ("tests/HomeHub.Tests/FlashTests.cs", ["BandProtocol", "Common.Board", "HomeHub", "Simulation", "Tests"],
            ["HomeHub.Board"]),
        ("tests/HomeHub.Tests/MqttUplinkTests.cs", ["BandProtocol", "Common.Board", "HomeHub", "Simulation", "Tests"],
            []),
        ("tests/World.Tests/Radio/", [""], []),
        ("tests/", [""], ["Wristband.Board", "HomeHub.Board", "Common"]),
        ("tools/", [""], ["Wristband.Board", "HomeHub.Board", "Common"]),
    ];

    private static readonly string[] RadioSources =
    [
        "../../firmware/Common/Board/Inbox.cs",
        "../../firmware/Common/Board/RadioIds.cs",
        "../../firmware/HomeHub/Board/HubRadio.cs",
        "../../firmware/HomeHub/Board/Peer.cs",
        "../../firmware/HomeHub/Board/Peers.cs",
        "../../firmware/Wristband/Board/BandRadio.cs",
    ];

    private static readonly Dictionary<string, string[]> BoardOnHost = new(StringComparer.Ordinal)
    {
        ["simulation/Bluetooth/Simulation.Bluetooth.csproj"] = RadioSources,
        ["tests/HomeHub.Tests/HomeHub.Tests.csproj"] =
        [
            "../../firmware/Common/Board/FlashFiles.cs",
            "../../firmware/Common/Board/Inbox.cs",
            "../../firmware/HomeHub/Board/MqttUplink.cs",
        ],
    };

    /// <summary>
    /// Project files refer only to what their row of the table allows; a project without a row is refused.
    /// </summary>
    public static IEnumerable<string> ProjectReferences(Tree tree)
    {
        foreach (var (path, text) in tree.Files.Where(file => file.Key.EndsWith("proj", StringComparison.Ordinal)))
        {
            var folder = Folder(path);
            var isOpen = folder.StartsWith("tests/", StringComparison.Ordinal)
                || folder.StartsWith("tools/", StringComparison.Ordinal) || folder == "simulator";
            if (!isOpen && !MayReference.ContainsKey(folder))
            {
                yield return $"{path}: this project has no row in the table of who may use whom";
                continue;
            }

            foreach (Match match in ProjectReference().Matches(text))
            {
                var target = Folder(Resolve(folder, match.Groups["path"].Value.Replace('\\', '/')));
                var isAllowed = isOpen
                    ? target != "firmware/Common" : MayReference[folder].Contains(target, StringComparer.Ordinal);
                if (!isAllowed)
                    yield return $"{path}: must not refer to {target}";
            }
        }
    }

    /// <summary>What a device runs, and what it shares with the service, brings no package of its own.</summary>
    public static IEnumerable<string> DeviceCodeHasNoPackages(Tree tree) =>
        tree.Files
            .Where(file => file.Key.EndsWith(".csproj", StringComparison.Ordinal)
                && file.Value.Contains("<DeviceCode>true", StringComparison.Ordinal))
            .Where(file => file.Value.Contains("<PackageReference", StringComparison.Ordinal))
            .Select(file => $"{file.Key}: device code refers to a package");

    /// <summary>
    /// The host builds no board, because it would test something that no device runs; except sources over a model of
    /// the device's API below them: the radio and MQTT (docs/adr/0062) and the flash (docs/adr/0038).
    /// </summary>
    public static IEnumerable<string> HostProjectsLeaveOutTheBoard(Tree tree) =>
        tree.Files
            .Where(file => file.Key.EndsWith(".csproj", StringComparison.Ordinal))
            .SelectMany(file => BoardSource().Matches(file.Value)
                .Select(match => (Path: file.Key, Source: match.Groups["source"].Value)))
            .Where(file => !BoardOnHost.GetValueOrDefault(file.Path, []).Contains(file.Source, StringComparer.Ordinal))
            .Select(file => $"{file.Path}: compiles {file.Source}, a Board or a device's Program.cs");

    /// <summary>
    /// The radio's sources wait only by what the model replaces: anything else would wait in real time.
    /// </summary>
    public static IEnumerable<string> RadioSourcesWaitInVirtualTime(Tree tree) =>
        RadioSources
            .Select(source => source["../../".Length..])
            .SelectMany(path => RealTime().Matches(tree.Files.GetValueOrDefault(path, ""))
                .Select(match => $"{path}: {match.Value} would pass in real time"));

    /// <summary>Sources name only namespaces of their own room and of the rooms it may use.</summary>
    public static IEnumerable<string> Namespaces(Tree tree)
    {
        foreach (var (path, code) in tree.Code("").Where(file => !IsExample(file.Path)))
        {
            var row = MayName.FirstOrDefault(room => path.StartsWith(room.Folder, StringComparison.Ordinal));
            if (row.Folder is null)
            {
                yield return $"{path}: this file is in no room";
                continue;
            }

            foreach (var name in ElderBandName().Matches(code).Select(match => match.Groups["name"].Value)
                .Distinct(StringComparer.Ordinal))
            {
                if (row.Denied.Any(denied => IsWithin(name, denied))
                    || !row.Allowed.Any(allowed => IsWithin(name, allowed)))
                    yield return $"{path}: must not name ElderBand.{name}";
            }
        }
    }

    /// <summary>
    /// SQL, and with it every table, belongs to hub-service/Storage; so no room can read another room's tables.
    /// </summary>
    public static IEnumerable<string> SqlOnlyInStorage(Tree tree) =>
        tree.Code("hub-service/").Concat(tree.Code("simulator/")).Concat(tree.Code("simulation/"))
            .Concat(tree.Code("libs/")).Concat(tree.Code("firmware/"))
            .Where(file => !file.Path.StartsWith("hub-service/Storage/", StringComparison.Ordinal))
            .SelectMany(file =>
                Sql().Matches(file.Code).Select(match => $"{file.Path}: SQL outside Storage ({match.Value.Trim()})"));

    /// <summary>No tracked file knows the machine it was written on.</summary>
    public static IEnumerable<string> NoMachinePaths(Tree tree) =>
        Find(tree, MachinePath(), "names a place on a machine");

    /// <summary>No tracked file names a package registry: where packages come from is the machine's business.</summary>
    public static IEnumerable<string> NoRegistryHosts(Tree tree) =>
        Find(tree, RegistryHost(), "names a package registry");

    /// <summary>Nothing unfinished is called done.</summary>
    public static IEnumerable<string> NothingUnfinished(Tree tree) =>
        Find(
            new Tree(tree.Files
                .Where(file => file.Key.EndsWith(".cs", StringComparison.Ordinal)
                    || file.Key.EndsWith(".ts", StringComparison.Ordinal)
                    || file.Key.EndsWith(".vue", StringComparison.Ordinal))
                .ToDictionary(file => file.Key, file => file.Value, StringComparer.Ordinal)),
            Unfinished(),
            "is unfinished");

    /// <summary>
    /// docs/promises.md names for each promise exactly the rooms whose tests begin with its number; this room's
    /// examples do not count.
    /// </summary>
    public static IEnumerable<string> PromisesNameTheirTests(Tree tree)
    {
        var shown = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var (path, code) in tree.Code("tests/")
            .Where(file => !file.Path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal)))
        {
            var room = path.Split('/')[1].Replace(".Tests", "", StringComparison.Ordinal);
            foreach (Match test in PromiseTest().Matches(code))
            {
                foreach (Capture number in test.Groups["number"].Captures)
                {
                    if (!shown.TryGetValue(number.Value, out var rooms))
                    {
                        shown[number.Value] = rooms = new SortedSet<string>(StringComparer.Ordinal);
                    }

                    rooms.Add(room);
                }
            }
        }

        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match row in PromiseRow().Matches(tree.Files.GetValueOrDefault("docs/promises.md", "")))
        {
            var number = row.Groups["number"].Value;
            written.Add(number);
            var expected = shown.TryGetValue(number, out var rooms) ? string.Join(", ", rooms) : "not yet";
            if (row.Groups["rooms"].Value != expected)
                yield return $"docs/promises.md: {number} is shown in: {expected}";
        }

        foreach (var number in shown.Keys.Where(number => !written.Contains(number)))
            yield return $"docs/promises.md: has no row for {number}, which tests are named after";
    }

    /// <summary>
    /// A test that needs a program of the system names its Debian package, and <c>./dev test</c> installs that package.
    /// </summary>
    public static IEnumerable<string> SkippedTestsNameAnInstalledPackage(Tree tree)
    {
        var installer = tree.Files.GetValueOrDefault("tools/Dev/SystemPackages.cs", "");
        foreach (var (path, code) in tree.Code("tests/").Where(file => !IsExample(file.Path)))
        {
            foreach (Match match in ExplicitTest().Matches(code))
                yield return $"{path}: {match.Value}: a test that never runs belongs in ./dev bench or nowhere";
            foreach (Match match in Skip().Matches(code))
            {
                var package = DebianPackage().Match(match.Value);
                if (!package.Success)
                    yield return $"{path}: skips a test without naming the Debian package that it needs";
                else if (!installer.Contains($"\"{package.Groups["name"].Value}\"", StringComparison.Ordinal))
                    yield return $"{path}: needs {package.Groups["name"].Value}, which ./dev test does not install";
            }
        }
    }

    /// <summary>Lines of C# are at most 120 columns, as .editorconfig says and the formatter does not check.</summary>
    /// <remarks>Generated files and the inside of raw strings, whose line ends are content, are left out.</remarks>
    public static IEnumerable<string> LinesFitTheScreen(Tree tree)
    {
        foreach (var (path, text) in tree.Files.Where(file => IsHandWritten(file.Key)))
        {
            var isInRawString = false;
            var number = 0;
            foreach (var line in text.Split('\n'))
            {
                number++;
                if (!isInRawString && line.TrimEnd('\r').Length > MaxColumns)
                    yield return $"{path}:{number}: {line.TrimEnd('\r').Length} columns, at most {MaxColumns}";
                isInRawString ^= RawStringEdge().Count(line) % 2 == 1;
            }
        }
    }

    /// <summary>
    /// A file of device code has one subject, so it has at most 400 lines. Generated tables are left out.
    /// </summary>
    public static IEnumerable<string> DeviceFilesAreShort(Tree tree)
    {
        foreach (var (path, text) in tree.Files.Where(file => IsHandWritten(file.Key)
            && DeviceFolders.Any(folder => file.Key.StartsWith(folder, StringComparison.Ordinal))))
        {
            var lines = text.TrimEnd().Split('\n').Length;
            if (lines > MaxLines)
                yield return $"{path}: {lines} lines, at most {MaxLines}";
        }
    }

    private static bool IsHandWritten(string path) =>
        path.EndsWith(".cs", StringComparison.Ordinal) && !path.EndsWith(".g.cs", StringComparison.Ordinal);

    /// <summary>Versions stand once, in Directory.Packages.props, and every project is locked.</summary>
    public static IEnumerable<string> VersionsArePinnedOnce(Tree tree)
    {
        foreach (var (path, text) in tree.Files.Where(file => file.Key.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            if (PackageWithVersion().IsMatch(text))
                yield return $"{path}: a package version stands outside Directory.Packages.props";
            if (!tree.Files.ContainsKey(LockFile(path)))
                yield return $"{path}: has no {LockFile(path)}";
        }

        // The restore of a device project takes a packages.lock.json in its folder for its own.
        foreach (var path in tree.Files.Keys.Where(
            path => path.EndsWith("/packages.lock.json", StringComparison.Ordinal)))
            yield return $"{path}: belongs in locks/";
        var projects = tree.Files.Keys.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(LockFile).ToHashSet(StringComparer.Ordinal);
        foreach (var path in tree.Files.Keys.Where(
            path => path.StartsWith("locks/", StringComparison.Ordinal) && !projects.Contains(path)))
            yield return $"{path}: there is no project of that name";
    }

    /// <summary>Versions that no project asks for, and that hold no transitive package either, go.</summary>
    public static IEnumerable<string> EveryPinnedVersionIsUsed(Tree tree)
    {
        var locks = string.Concat(tree.Files.Where(file => file.Key.StartsWith("locks/", StringComparison.Ordinal))
            .Select(file => file.Value));
        return PackageVersion().Matches(tree.Files.GetValueOrDefault("Directory.Packages.props", ""))
            .Select(match => match.Groups["name"].Value)
            .Where(name => !locks.Contains($"\"{name}\": {{", StringComparison.Ordinal))
            .Select(name => $"Directory.Packages.props: nothing uses {name}");
    }

    private static string LockFile(string project) => $"locks/{Path.GetFileNameWithoutExtension(project)}.lock.json";

    private static IEnumerable<string> Find(Tree tree, Regex pattern, string complaint) =>
        tree.Files
            .Where(file => !IsExample(file.Key))
            .SelectMany(
                file => pattern.Matches(file.Value).Select(match => $"{file.Key}: {complaint} ({match.Value.Trim()})"))
            .Distinct(StringComparer.Ordinal);

    /// <summary>The tests of these rules hold examples of what the rules refuse.</summary>
    private static bool IsExample(string path) =>
        path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal);

    private static bool IsWithin(string name, string prefix) =>
        prefix.Length == 0 || name == prefix || name.StartsWith(prefix + ".", StringComparison.Ordinal);

    private static string Folder(string path) => path.Contains('/') ? path[..path.LastIndexOf('/')] : "";

    private static string Resolve(string folder, string relative)
    {
        var parts = new List<string>(folder.Split('/'));
        foreach (var part in relative.Split('/'))
        {
            if (part == "..")
                parts.RemoveAt(parts.Count - 1);
            else if (part != ".")
                parts.Add(part);
        }

        return string.Join('/', parts);
    }

    [GeneratedRegex("\"{3,}")]
    private static partial Regex RawStringEdge();

    [GeneratedRegex(@"\bAssert\.Skip(?:Unless|When)?\([^;]*;|\[(?:Fact|Theory)\([^\]]*\bSkip\b[^\]]*\]")]
    private static partial Regex Skip();

    [GeneratedRegex(@"\bExplicit\s*=\s*true\b")]
    private static partial Regex ExplicitTest();

    [GeneratedRegex(@"\(Debian package (?<name>[\w-]+)\)")]
    private static partial Regex DebianPackage();

    [GeneratedRegex(@"\b(?:void|Task)\s+(?:(?<number>P\d\d)_)+")]
    private static partial Regex PromiseTest();

    [GeneratedRegex(@"^\| (?<number>P\d\d) \|.*\| (?<rooms>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex PromiseRow();

    [GeneratedRegex("<ProjectReference Include=\"(?<path>[^\"]+)\"")]
    private static partial Regex ProjectReference();

    [GeneratedRegex("<Compile Include=\"(?<source>[^\"]*(?:Board|(?<![\\w])Program\\.cs)[^\"]*)\"")]
    private static partial Regex BoardSource();

    [GeneratedRegex(
        @"\b(?:ManualResetEvent|Monitor|Mutex|Semaphore|SpinWait|Timer|Stopwatch|TickCount(?:64)?"
            + @"|UtcNow|HighResTimer|WaitHandle)\b")]
    private static partial Regex RealTime();

    [GeneratedRegex(@"\bElderBand\.(?<name>\w+(?:\.\w+)*)")]
    private static partial Regex ElderBandName();

    [GeneratedRegex(
        @"\b(?:SELECT\s+[\w*(][^;""]*?\sFROM\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s"
            + @"|CREATE\s+(?:TABLE|INDEX|UNIQUE)|PRAGMA\s+\w|Sqlite(?:Connection|Command))")]
    private static partial Regex Sql();

    [GeneratedRegex(@"(?<![\w.*~/:-])/(?:work|home|root|Users|mnt)/\w+|\b[A-Z]:\\+(?:Users|work|src)\b")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://[^\s""'/]*(?:nuget|npmjs|npmmirror|yarnpkg|pypi|pythonhosted|golang)[^\s""'/]*")]
    private static partial Regex RegistryHost();

    [GeneratedRegex(@"\b(?:TODO|FIXME|XXX|HACK)\b|\bthrow new (?:System\.)?NotImplementedException\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex("<PackageVersion Include=\"(?<name>[^\"]+)\"")]
    private static partial Regex PackageVersion();

    [GeneratedRegex("<PackageReference [^>]*\\bVersion(?:Override)?=")]
    private static partial Regex PackageWithVersion();
}

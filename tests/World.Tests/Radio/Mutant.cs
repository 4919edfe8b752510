using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.Simulation.Bluetooth;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ElderBand.Tests.Worlds.Radio;

/// <summary>
/// The firmware with a fault put back: its sources of today with words replaced, in the same world. A word that is no
/// longer in the sources fails the test: the fault must then be put back in another way.
/// </summary>
internal static class Mutant
{
    private static readonly string[] BandSources = ["firmware/Wristband/Board/BandRadio.cs"];

    private static readonly string[] HubSources =
        ["firmware/HomeHub/Board/HubRadio.cs", "firmware/HomeHub/Board/Peer.cs", "firmware/HomeHub/Board/Peers.cs"];

    // In the order of their references. The constants of an assembly are copied into those that follow.
    private static readonly (string Assembly, string Folder)[] DeviceAssemblies =
    [
        ("ElderBand.BandProtocol", "libs/BandProtocol"),
        ("Iot.Device.Max30102", "libs/Iot.Device.Max30102"),
        ("ElderBand.Wristband", "firmware/Wristband/App"),
        ("ElderBand.HomeHub", "firmware/HomeHub/App"),
    ];

    /// <summary>A band's radio with these words replaced.</summary>
    public static Func<Inbox, IBandLink> Band(params (string Now, string Then)[] words)
    {
        var type = Compile(BandSources, words).GetType("ElderBand.Wristband.Board.BandRadio", throwOnError: true)!;
        return inbox => (IBandLink)Activator.CreateInstance(type, inbox)!;
    }

    /// <summary>A hub's radio with these words replaced.</summary>
    public static Func<Inbox, IClock, IHubLink> Hub(params (string Now, string Then)[] words)
    {
        var type = Compile(HubSources, words).GetType("ElderBand.HomeHub.Board.HubRadio", throwOnError: true)!;
        return (inbox, clock) => (IHubLink)Activator.CreateInstance(type, inbox, clock)!;
    }

    /// <summary>
    /// What <paramref name="world"/> returns where the drivers and the Apps have these words replaced. The assembly of
    /// this test and all that it plays with are loaded once more around the changed ones, so <paramref name="world"/>
    /// must be a static method, and may return only types of the platform.
    /// </summary>
    public static T Play<T>(Func<T> world, params (string Now, string Then)[] words)
    {
        world.Method.IsStatic.ShouldBeTrue("a closure cannot be loaded once more");
        var method = new Worlds(Counted(CompileDevice(words)))
            .LoadFromAssemblyName(typeof(Mutant).Assembly.GetName())
            .GetType(world.Method.DeclaringType!.FullName!, throwOnError: true)!
            .GetMethod(world.Method.Name, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!;
        return (T)method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null)!;
    }

    private static Assembly Compile(string[] paths, (string Now, string Then)[] words)
    {
        var sources = paths.Select(path => File.ReadAllText(Path.Combine(Root(), path))).ToArray();
        ReplaceWords(sources, words);
        var aliases = $"""
            global using AutoResetEvent = {typeof(VirtualAutoResetEvent).FullName};
            global using Thread = {typeof(VirtualThread).FullName};
            """;
        return Assembly.Load(Compile($"mutant-{Guid.NewGuid():N}", sources.Append(aliases), []));
    }

    private static Dictionary<string, byte[]> CompileDevice((string Now, string Then)[] words)
    {
        var sources = DeviceAssemblies.Select(static device => SourcesOf(device.Folder)).ToArray();
        var all = sources.SelectMany(static list => list).ToArray();
        ReplaceWords(all, words);
        var images = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var at = 0;
        for (var i = 0; i < sources.Length; i++)
        {
            var mine = all[at..(at + sources[i].Length)];
            at += mine.Length;
            if (images.Count > 0 || !mine.SequenceEqual(sources[i], StringComparer.Ordinal))
            {
                images[DeviceAssemblies[i].Assembly] = Compile(DeviceAssemblies[i].Assembly, mine, images);
            }
        }

        return images;
    }

    // What the host's project of such a folder compiles.
    private static string[] SourcesOf(string folder) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Root(), folder), "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(Path.Combine(Root(), folder), path)
                .Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj" or "I2c" or "samples"))
            .Select(File.ReadAllText),
    ];

    private static void ReplaceWords(string[] sources, (string Now, string Then)[] words)
    {
        foreach (var (now, then) in words)
        {
            var holders = Enumerable.Range(0, sources.Length)
                .Where(i => sources[i].Contains(now, StringComparison.Ordinal)).ToList();
            holders.Count.ShouldBe(1, $"the sources must say this in one place: {now}");
            sources[holders[0]] = sources[holders[0]].Replace(now, then, StringComparison.Ordinal);
        }
    }

    private static byte[] Compile(string name, IEnumerable<string> sources, Dictionary<string, byte[]> before)
    {
        bool IsMade(string file) => file == name || before.ContainsKey(file);
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !IsMade(Path.GetFileNameWithoutExtension(path)));
        var compilation = CSharpCompilation.Create(
            name,
            sources.Select(static source => CSharpSyntaxTree.ParseText(source)),
            [
                .. platform.Select(static path => MetadataReference.CreateFromFile(path)),
                .. before.Values.Select(static image => MetadataReference.CreateFromImage(image)),
            ],
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        result.Diagnostics.Where(static d => d.Severity == DiagnosticSeverity.Error).ShouldBeEmpty();
        return image.ToArray();
    }

    // The numbers of the methods begin at 0 again, so only sums over all methods are right. A world charges no other.
    private static Dictionary<string, byte[]> Counted(Dictionary<string, byte[]> images)
    {
        var folder = Directory.CreateTempSubdirectory("mutant").FullName;
        try
        {
            List<string> files = [];
            foreach (var (name, image) in images)
            {
                files.Add(Path.Combine(folder, $"{name}.dll"));
                File.WriteAllBytes(files[^1], image);
            }

            var output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
            var built = Path.GetRelativePath(Path.Combine(Root(), "tests", "World.Tests"), output);
            var tool = Path.Combine(Root(), "tools", "CountIl", built, "count-il.dll");
            var counted = Path.Combine(folder, "counted");
            using var counting = Process.Start("dotnet", [tool, counted, .. files]);
            counting.WaitForExit();
            counting.ExitCode.ShouldBe(0);
            return images.Keys.ToDictionary(
                static name => name,
                name => File.ReadAllBytes(Path.Combine(counted, $"{name}.dll")),
                StringComparer.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The folder of ElderBand.sln above the test binaries.</summary>
    internal static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ElderBand.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("ElderBand.sln is not above the tests");
        }

        return folder;
    }

    // Everything that knows a device assembly is loaded around the changed ones; the platform and packages are shared.
    private sealed class Worlds(Dictionary<string, byte[]> images) : AssemblyLoadContext("mutant")
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            var name = assemblyName.Name!;
            if (images.TryGetValue(name, out var image))
            {
                return LoadFromStream(new MemoryStream(image));
            }

            var isOurs = name is "simulator" or "hub-service" or "World.Tests"
                || name.StartsWith("ElderBand.", StringComparison.Ordinal)
                || name.StartsWith("Iot.Device.", StringComparison.Ordinal);
            return isOurs ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, $"{name}.dll")) : null;
        }
    }
}

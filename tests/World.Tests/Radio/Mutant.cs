using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.Simulation.Bluetooth;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ElderBand.Tests.Worlds.Radio;

/// <summary>
/// The Board's radio code with a fault put back: its sources of today with words replaced, over the same model.
/// A word that is no longer in the source fails the test: the fault must then be put back in another way.
/// </summary>
internal static class Mutant
{
    private static readonly string[] BandSources = ["firmware/Wristband/Board/BandRadio.cs"];

    private static readonly string[] HubSources =
        ["firmware/HomeHub/Board/HubRadio.cs", "firmware/HomeHub/Board/Peer.cs", "firmware/HomeHub/Board/Peers.cs"];

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

    private static System.Reflection.Assembly Compile(string[] paths, (string Now, string Then)[] words)
    {
        var sources = paths.Select(path => File.ReadAllText(Path.Combine(Root(), path))).ToArray();
        foreach (var (now, then) in words)
        {
            sources.Count(source => source.Contains(now, StringComparison.Ordinal))
                .ShouldBe(1, $"the sources no longer say: {now}");
            sources = [.. sources.Select(source => source.Replace(now, then, StringComparison.Ordinal))];
        }

        var aliases = $"""
            global using AutoResetEvent = {typeof(VirtualAutoResetEvent).FullName};
            global using Thread = {typeof(VirtualThread).FullName};
            """;
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            $"mutant-{Guid.NewGuid():N}",
            sources.Append(aliases).Select(static source => CSharpSyntaxTree.ParseText(source)),
            platform.Select(static path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        result.Diagnostics.Where(static d => d.Severity == DiagnosticSeverity.Error).ShouldBeEmpty();
        return System.Reflection.Assembly.Load(image.ToArray());
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ElderBand.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("ElderBand.sln is not above the tests");
        }

        return folder;
    }
}

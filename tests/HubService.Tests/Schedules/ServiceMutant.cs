using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ElderBand.Tests.HubService.Schedules;

/// <summary>
/// Compiles the service's alarms with a fault in them: some words of their sources are replaced (docs/adr/0068). The
/// test fails unless exactly one source contains the words.
/// </summary>
internal static class ServiceMutant
{
    // The sources that a schedule runs. The rest of the service is not compiled.
    private static readonly string[] Sources =
    [
        "Alarms", "Storage", "Audit", "Codes.cs", "Clock.cs", "ClockCheck.cs", "Metrics.cs", "Sweeper.cs",
        "Ingest/FrameEvent.cs", "Devices/Liveness.cs",
    ];

    /// <summary>
    /// Returns what <paramref name="world"/> returns when it runs on the service with the replaced words. The assembly
    /// of this test is loaded once more around the changed service, so <paramref name="world"/> must be a static
    /// method.
    /// </summary>
    public static string Play(Func<string> world, params (string Now, string Then)[] words)
    {
        world.Method.IsStatic.ShouldBeTrue("a closure cannot be loaded once more");
        MethodInfo method = new Mutated(Compile(words))
            .LoadFromAssemblyName(typeof(ServiceMutant).Assembly.GetName())
            .GetType(world.Method.DeclaringType!.FullName!, throwOnError: true)!
            .GetMethod(world.Method.Name, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!;
        return (string)method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null)!;
    }

    private static byte[] Compile((string Now, string Then)[] words)
    {
        string folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../..", "hub-service"));
        string[] sources =
        [
            .. Sources.Select(source => Path.Combine(folder, source))
                .SelectMany(static path => File.Exists(path) ? [path] : Directory.GetFiles(path, "*.cs"))
                .Select(File.ReadAllText),
        ];
        foreach ((string now, string then) in words)
        {
            int[] holders = [.. Enumerable.Range(0, sources.Length).Where(i => sources[i].Contains(now))];
            holders.Length.ShouldBe(1, $"the sources must say this in one place: {now}");
            sources[holders[0]] = sources[holders[0]].Replace(now, then, StringComparison.Ordinal);
        }

        const string Usings =
            """
            global using System; global using System.Collections.Generic; global using System.IO;
            global using System.Linq; global using System.Threading; global using System.Threading.Tasks;
            global using Microsoft.Extensions.Hosting; global using Microsoft.Extensions.Logging;
            """;
        var compilation = CSharpCompilation.Create(
            "hub-service",
            sources.Append(Usings).Select(static source => CSharpSyntaxTree.ParseText(source)),
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
                .Where(static path => Path.GetFileName(path) != "hub-service.dll")
                .Select(static path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
                nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        compilation.Emit(image).Diagnostics.Where(static d => d.Severity == DiagnosticSeverity.Error).ShouldBeEmpty();
        return image.ToArray();
    }

    private sealed class Mutated(byte[] service) : AssemblyLoadContext("mutant")
    {
        protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name switch
        {
            "hub-service" => LoadFromStream(new MemoryStream(service)),
            "HubService.Tests" => LoadFromAssemblyPath(typeof(ServiceMutant).Assembly.Location),
            _ => null,
        };
    }
}

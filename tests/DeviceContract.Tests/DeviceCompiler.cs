using System.Collections.Concurrent;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace ElderBand.Tests.DeviceContract;

/// <param name="Image">The assembly, empty when there are errors.</param>
/// <param name="Errors">Compiler errors, one line each.</param>
public sealed record DeviceAssembly(byte[] Image, IReadOnlyList<string> Errors);

/// <summary>Compiles device code as the device build would: C# 9, no unsafe code, only the named packages.</summary>
public static class DeviceCompiler
{
    private static readonly ConcurrentDictionary<string, Lazy<DeviceAssembly>> Built = new(StringComparer.Ordinal);

    /// <summary>The project with the references that it names itself; projects it refers to are built first.</summary>
    public static DeviceAssembly Build(DeviceProject project) =>
        Built.GetOrAdd(project.Path, _ => new Lazy<DeviceAssembly>(() =>
        {
            var sources = project.SourceFiles.Where(File.Exists)
                .ToDictionary(file => file, File.ReadAllText, StringComparer.Ordinal);
            if (sources.Count == 0)
                return new DeviceAssembly([], [$"{project.AssemblyName}: there is no source file to compile"]);
            var references = project.References
                .Select(reference => ReferenceAssemblies.Shared.Image(reference.Assembly))
                .OfType<byte[]>()
                .Concat(project.ProjectReferences.Select(path => Build(DeviceProject.Load(path)).Image)
                    .Where(image => image.Length > 0));
            return Compile(project.AssemblyName, sources, references, project.IsExecutable);
        })).Value;

    /// <returns>The image of a project that was built before, by assembly name; null if there is none.</returns>
    public static byte[]? ImageOf(string assemblyName) =>
        Built.Where(entry => DeviceProject.Load(entry.Key).AssemblyName == assemblyName)
            .Select(entry => entry.Value.Value.Image).FirstOrDefault();

    public static DeviceAssembly Compile(
        string assemblyName,
        IReadOnlyDictionary<string, string> sources,
        IEnumerable<byte[]> references,
        bool isExecutable = false,
        bool allowUnsafe = false)
    {
        var options = new CSharpParseOptions(LanguageVersion.CSharp9);
        var compilation = CSharpCompilation.Create(
            assemblyName,
            sources.Select(source =>
                CSharpSyntaxTree.ParseText(SourceText.From(source.Value, Encoding.UTF8), options, source.Key)),
            references.Select(image => MetadataReference.CreateFromImage(image)),
            new CSharpCompilationOptions(
                isExecutable ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Release,
                allowUnsafe: allowUnsafe));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        return new DeviceAssembly(
            result.Success ? image.ToArray() : [],
            result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()).ToArray());
    }
}

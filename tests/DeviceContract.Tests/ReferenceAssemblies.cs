using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// The device's packages as reference assemblies: mscorlib is the real one, the others are compiled once per test run
/// from the listings in api/, against it.
/// </summary>
public sealed class ReferenceAssemblies
{
    private static readonly Lazy<ReferenceAssemblies> Cached = new(() => new ReferenceAssemblies());
    private readonly Dictionary<string, byte[]> _imageByAssembly = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ApiListing> _listingByAssembly;

    private ReferenceAssemblies()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "api");
        Listings = Directory.GetFiles(folder, "*.api.txt")
            .Order(StringComparer.Ordinal)
            .Select(file => ApiListing.Parse(Path.GetFileName(file), File.ReadAllText(file)))
            .ToArray();
        PackageVersions = File.ReadAllLines(Path.Combine(folder, "packages.txt"))
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        _listingByAssembly = Listings.ToDictionary(listing => listing.Assembly, StringComparer.Ordinal);
        CoreLibrary = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "device", "mscorlib.dll"));
        CoreLibraryAsListed = Compile(Listings.Single(listing => listing.Assembly == "mscorlib"));
        _imageByAssembly["mscorlib"] = CoreLibrary;
        foreach (var listing in Listings)
            CompileWithReferences(listing);
    }

    public static ReferenceAssemblies Shared => Cached.Value;

    public IReadOnlyList<ApiListing> Listings { get; }

    /// <summary>The one set of versions that every packages.config uses.</summary>
    public IReadOnlyDictionary<string, string> PackageVersions { get; }

    /// <summary>mscorlib.dll of the package, as a device build takes it.</summary>
    public byte[] CoreLibrary { get; }

    /// <summary>What the listing of the same package compiles to.</summary>
    public byte[] CoreLibraryAsListed { get; }

    /// <summary>Errors of a listing's stub source, by package; empty when the listing compiles.</summary>
    public Dictionary<string, string[]> ErrorsByPackage { get; } = new(StringComparer.Ordinal);

    /// <returns>The image, or null for an assembly that no listing describes.</returns>
    public byte[]? Image(string assembly) => _imageByAssembly.GetValueOrDefault(assembly);

    public ApiListing? ListingOfPackage(string package) =>
        Listings.FirstOrDefault(listing => string.Equals(listing.Package, package, StringComparison.Ordinal));

    /// <summary>Every assembly that the given one needs on the device, itself excluded.</summary>
    public IReadOnlySet<string> Closure(ApiListing listing)
    {
        var needed = new SortedSet<string>(StringComparer.Ordinal);
        var toVisit = new Stack<string>(listing.References);
        while (toVisit.TryPop(out var assembly))
        {
            if (!needed.Add(assembly))
                continue;
            foreach (var reference in _listingByAssembly[assembly].References)
                toVisit.Push(reference);
        }

        return needed;
    }

    private void CompileWithReferences(ApiListing listing)
    {
        if (_imageByAssembly.ContainsKey(listing.Assembly))
            return;
        foreach (var reference in Closure(listing))
            CompileWithReferences(_listingByAssembly[reference]);
        _imageByAssembly[listing.Assembly] = Compile(listing);
    }

    private byte[] Compile(ApiListing listing)
    {
        var compilation = CSharpCompilation.Create(
            listing.Assembly,
            [CSharpSyntaxTree.ParseText(listing.ToSource(), new CSharpParseOptions(LanguageVersion.CSharp9))],
            Closure(listing).Select(reference => MetadataReference.CreateFromImage(_imageByAssembly[reference])),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release));
        using var image = new MemoryStream();
        // mscorlib references nothing, so nothing says which metadata version to write.
        var result = compilation.Emit(image, options: new EmitOptions(runtimeMetadataVersion: "v4.0.30319"));
        ErrorsByPackage[listing.Package] = result.Diagnostics
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(diagnostic => diagnostic.ToString())
            .ToArray();
        return image.ToArray();
    }
}

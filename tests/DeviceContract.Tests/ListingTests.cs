using ElderBand.Dev;
using Mono.Cecil;

namespace ElderBand.Tests.DeviceContract;

public class ListingTests
{
    private static readonly ReferenceAssemblies Device = ReferenceAssemblies.Shared;

    [Fact]
    public void Every_listing_compiles_into_a_reference_assembly()
    {
        Device.Listings.Count.ShouldBe(Device.PackageVersions.Count);
        var broken = Device.ErrorsByPackage.Where(errors => errors.Value.Length > 0)
            .Select(errors => $"{errors.Key}: {errors.Value.Length} errors, first {errors.Value[0]}");
        broken.ShouldBeEmpty();
    }

    [Fact]
    public void No_declaration_of_a_listing_is_lost_on_the_way()
    {
        // The stub assemblies are read back: as many members as the listings have lines.
        var listed = 0;
        var compiled = 0;
        foreach (var listing in Device.Listings)
        {
            var image = listing.Assembly == "mscorlib" ? Device.CoreLibraryAsListed : Device.Image(listing.Assembly)!;
            using var module = ModuleDefinition.ReadModule(new MemoryStream(image));
            var types = module.GetTypes().Where(type => type.Namespace.Length > 0 || type.DeclaringType is not null)
                .Where(type => !type.FullName.Contains('<', StringComparison.Ordinal) && !IsEmbedded(type))
                .ToArray();
            compiled += types.Length + types.Sum(Members);
            listed += File.ReadLines(Path.Combine(AppContext.BaseDirectory, "api", listing.Package + ".api.txt"))
                .Count(line => line.StartsWith("  ", StringComparison.Ordinal));
        }

        listed.ShouldBeGreaterThan(3_000);
        compiled.ShouldBe(listed);
    }

    [Fact]
    public void Every_listing_is_of_the_version_that_the_package_set_names_or_the_readme_says_of_which()
    {
        var readme = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "api", "README.md"));
        foreach (var (package, version) in Device.PackageVersions)
        {
            var listing = Device.ListingOfPackage(package).ShouldNotBeNull(package);
            var listed = listing.AssemblyVersion.Length > 0 ? listing.AssemblyVersion[..^".0".Length] : "unknown";
            var saysSo = readme.Contains($"| `{package}` | {version} | {listed} |", StringComparison.Ordinal);
            saysSo.ShouldBe(listed != version, $"{package}: {version} is built with, the listing is of {listed}");
        }
    }

    [Fact]
    public void Every_package_of_the_set_is_used_by_a_project_and_every_listing_is_in_the_set()
    {
        var used = NfprojFiles.Projects(Repository.Root)
            .SelectMany(project => DeviceProject.Load(project).Packages.Keys)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        Device.PackageVersions.Keys.Order(StringComparer.Ordinal).ShouldBe(used);
        Device.Listings.Select(listing => listing.Package).Order(StringComparer.Ordinal).ShouldBe(used);
    }

    private static bool IsEmbedded(TypeDefinition type) =>
        type.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "EmbeddedAttribute");

    // One line of a listing is one field, property, event, method or constructor; accessors and backing fields are
    // none.
    private static int Members(TypeDefinition type)
    {
        if (type.BaseType?.FullName == "System.MulticastDelegate")
            return 0;
        var events = type.Events.Select(e => e.Name).ToHashSet(StringComparer.Ordinal);
        var constructorIsListed = !type.IsValueType;
        return type.Fields.Count(field => field.Name != "value__" && !events.Contains(field.Name))
            + type.Properties.Count
            + type.Events.Count
            + type.Methods.Count(method =>
                !method.IsGetter && !method.IsSetter && !method.IsAddOn && !method.IsRemoveOn
                && !(method.IsConstructor && method.IsStatic)
                && (constructorIsListed || !method.IsConstructor || method.Parameters.Count > 0));
    }
}

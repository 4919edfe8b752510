using Mono.Cecil;

namespace ElderBand.Tests.DeviceContract;

public class ListingTests
{
    private static readonly ReferenceAssemblies Device = ReferenceAssemblies.Shared;

    [Fact]
    public void Every_listing_compiles_into_a_reference_assembly()
    {
        Device.Listings.Count.ShouldBe(47);
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
            using var module = ModuleDefinition.ReadModule(new MemoryStream(Device.Image(listing.Assembly)!));
            var types = module.GetTypes().Where(type => type.Namespace.Length > 0 || type.DeclaringType is not null)
                .Where(type => !type.FullName.Contains('<', StringComparison.Ordinal) && !IsEmbedded(type))
                .ToArray();
            compiled += types.Length + types.Sum(Members);
            listed += File.ReadLines(Path.Combine(AppContext.BaseDirectory, "api", listing.Package + ".api.txt"))
                .Count(line => line.StartsWith("  ", StringComparison.Ordinal));
        }

        listed.ShouldBeGreaterThan(5_000);
        compiled.ShouldBe(listed);
    }

    [Fact]
    public void The_package_set_names_only_listed_packages_and_no_older_build_than_was_listed()
    {
        Device.PackageVersions.Count.ShouldBeGreaterThan(10);
        foreach (var (package, version) in Device.PackageVersions)
        {
            var listing = Device.ListingOfPackage(package).ShouldNotBeNull(package);
            if (listing.AssemblyVersion.Length > 0)
                Version.Parse(version + ".0").ShouldBeGreaterThanOrEqualTo(Version.Parse(listing.AssemblyVersion), package);
        }
    }

    private static bool IsEmbedded(TypeDefinition type) =>
        type.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "EmbeddedAttribute");

    // One line of a listing is one field, property, event, method or constructor; accessors and backing fields are none.
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

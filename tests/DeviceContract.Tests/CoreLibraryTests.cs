using System.Text.Json;
using Mono.Cecil;

namespace ElderBand.Tests.DeviceContract;

/// <summary>The listing of the core library says what the real mscorlib.dll has, member by member.</summary>
public class CoreLibraryTests
{
    [Fact]
    public void The_listing_has_every_member_of_the_real_core_library_and_no_other()
    {
        var real = Members(ReferenceAssemblies.Shared.CoreLibrary);
        var listed = Members(ReferenceAssemblies.Shared.CoreLibraryAsListed);
        real.Count.ShouldBeGreaterThan(1_000);
        real.Except(listed).Order(StringComparer.Ordinal)
            .ShouldBeEmpty("the real library has these, the listing has not");
        listed.Except(real).Order(StringComparer.Ordinal)
            .ShouldBeEmpty("the listing has these, the real library has not");
    }

    [Fact]
    public void Device_code_is_compiled_against_the_real_core_library()
    {
        ReferenceAssemblies.Shared.Image("mscorlib").ShouldBeSameAs(ReferenceAssemblies.Shared.CoreLibrary);
        using var module = ModuleDefinition.ReadModule(new MemoryStream(ReferenceAssemblies.Shared.CoreLibrary));
        module.Assembly.Name.Version.ToString()
            .ShouldBe(ReferenceAssemblies.Shared.PackageVersions["nanoFramework.CoreLibrary"] + ".0");
        module.GetType("System.String").Methods.Count(method => method.HasBody)
            .ShouldBeGreaterThan(10, "a stub has no code to speak of");
    }

    [Fact]
    public void The_pinned_image_has_the_native_half_of_this_core_library()
    {
        using var module = ModuleDefinition.ReadModule(new MemoryStream(ReferenceAssemblies.Shared.CoreLibrary));
        var native = module.Assembly.CustomAttributes.Single(
            attribute => attribute.AttributeType.Name == "AssemblyNativeVersionAttribute");
        using var images = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "hardware/images.json")));
        var row = images.RootElement.GetProperty("native").EnumerateArray()
            .Single(e => e.GetProperty("assembly").GetString() == "mscorlib");
        row.GetProperty("native").GetString().ShouldBe((string)native.ConstructorArguments[0].Value);

        // A .pe file begins with 8 bytes of marker and three words (two CRCs, flags); then the checksum of its native
        // methods.
        var file = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "device", "mscorlib.pe"));
        row.GetProperty("checksum").GetString().ShouldBe($"0x{BitConverter.ToUInt32(file, 20):X8}");
    }

    /// <summary>Every type and member that another assembly may use, as one line.</summary>
    private static HashSet<string> Members(byte[] image)
    {
        using var module = ModuleDefinition.ReadModule(new MemoryStream(image));
        var members = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in module.GetTypes().Where(IsVisible))
        {
            members.Add($"type {type.FullName} : {type.BaseType?.FullName}");
            members.UnionWith(type.Fields.Where(f => IsOpen(f.IsPublic, f.IsFamily, f.IsFamilyOrAssembly))
                .Select(f => $"field {f.FullName} {(f.HasConstant ? f.Constant : "")}"));
            members.UnionWith(type.Methods
                .Where(m => IsOpen(m.IsPublic, m.IsFamily, m.IsFamilyOrAssembly) && !(m.IsConstructor && m.IsStatic))
                .Select(m => $"{(m.IsStatic ? "static " : "")}method {m.FullName}"));
        }

        return members;
    }

    private static bool IsVisible(TypeDefinition type) =>
        type.DeclaringType is { } owner
            ? IsVisible(owner) && (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamilyOrAssembly)
            : type.IsPublic;

    private static bool IsOpen(bool isPublic, bool isFamily, bool isFamilyOrAssembly) =>
        isPublic || isFamily || isFamilyOrAssembly;
}

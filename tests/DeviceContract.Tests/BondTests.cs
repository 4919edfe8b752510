using Mono.Cecil;

namespace ElderBand.Tests.DeviceContract;

/// <summary>P16: frames carry their own proof, so no device code pairs, bonds or asks for an encrypted link.</summary>
public class BondTests
{
    [Fact]
    public void P16_no_device_code_pairs_or_bonds()
    {
        var boards = 0;
        foreach (var path in ProjectTests.DeviceProjects.Select(row => row.Data)
            .Where(path => path.StartsWith("firmware/", StringComparison.Ordinal)))
        {
            var built = DeviceCompiler.Build(DeviceProject.Load(Path.Combine(Repository.Root, path)));
            built.Errors.ShouldBeEmpty();
            using var module = ModuleDefinition.ReadModule(new MemoryStream(built.Image));
            boards += module.GetTypeReferences().Any(type => type.FullName.Contains("Bluetooth")) ? 1 : 0;
            Bonds(module).ShouldBeEmpty(path);
        }

        boards.ShouldBe(2, "the band's and the hub's board use the radio");
    }

    [Fact]
    public void Code_that_pairs_is_found()
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/r/A.cs"] = "using nanoFramework.Device.Bluetooth; "
                + "class A { void M(BluetoothLEDevice d) { d.Pairing.Pair(); } }",
        };
        var shared = ReferenceAssemblies.Shared;
        var built = DeviceCompiler.Compile(
            "N", sources, shared.Listings.Select(listing => shared.Image(listing.Assembly)).OfType<byte[]>());
        built.Errors.ShouldBeEmpty();
        using var module = ModuleDefinition.ReadModule(new MemoryStream(built.Image));
        Bonds(module).ShouldContain("DevicePairing.Pair");
    }

    private static IEnumerable<string> Bonds(ModuleDefinition module) => module.GetMemberReferences()
        .Where(member => member.DeclaringType.Name.Contains("Pairing", StringComparison.Ordinal)
            || member.Name.Contains("ProtectionLevel", StringComparison.Ordinal)
            || member.Name.Contains("Bond", StringComparison.Ordinal))
        .Select(member => $"{member.DeclaringType.Name}.{member.Name}");
}

using System.Text.Json;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// hardware/images.json: the interpreter's native half and the packages' managed half are of one age. A device whose
/// native checksums differ from those its program was built for runs nothing.
/// </summary>
public class ImageTests
{
    private static readonly JsonElement Images =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "hardware/images.json"))).RootElement;

    [Fact]
    public void The_images_name_the_versions_that_the_projects_build_with()
    {
        var native = Images.GetProperty("native").EnumerateArray().ToArray();
        native.Select(row => row.GetProperty("package").GetString()).ShouldBeUnique();
        foreach (var row in native)
        {
            var package = row.GetProperty("package").GetString()!;
            var version = row.GetProperty("version").GetString();
            ReferenceAssemblies.Shared.PackageVersions[package].ShouldBe(version, package);
            ReferenceAssemblies.Shared.ListingOfPackage(package)!.Assembly.ShouldBe(
                row.GetProperty("assembly").GetString());
            row.GetProperty("checksum").GetString()!.ShouldMatch("^0x[0-9A-F]{8}$");
            Version.TryParse(row.GetProperty("native").GetString(), out _).ShouldBeTrue();
        }
    }

    [Fact]
    public void The_image_has_the_sockets_that_System_Net_1_11_60_was_built_for()
    {
        var net = Images.GetProperty("native").EnumerateArray()
            .Single(row => row.GetProperty("assembly").GetString() == "System.Net");
        net.GetProperty("version").GetString().ShouldBe("1.11.60");
        net.GetProperty("native").GetString().ShouldBe("100.2.0.14");
    }

    [Fact]
    public void Every_device_has_an_image_with_psram_and_the_instructions_name_it()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "hardware/README.md"));
        var images = Images.GetProperty("images").EnumerateArray().ToArray();
        images.Select(image => image.GetProperty("device").GetString()).ShouldBe(["wristband", "hub"]);
        images.ShouldAllBe(image => image.GetProperty("psram").GetBoolean());
        foreach (var image in images)
            readme.ShouldContain($"`{image.GetProperty("target").GetString()}`");
        readme.ShouldContain(Images.GetProperty("interpreter").GetString()!);
        readme.ShouldContain(Images.GetProperty("notBefore").GetString()!);
    }
}

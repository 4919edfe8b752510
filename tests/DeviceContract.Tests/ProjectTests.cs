using ElderBand.Dev;
using Mono.Cecil;

namespace ElderBand.Tests.DeviceContract;

/// <summary>Every device project of the repository, built as the device build would and looked into.</summary>
public class ProjectTests
{
    public static TheoryData<string> DeviceProjects { get; } =
        [.. NfprojFiles.Projects(Repository.Root)
            .Select(project => Path.GetRelativePath(Repository.Root, project).Replace('\\', '/'))];

    [Fact]
    public void Every_folder_of_device_code_has_a_device_project()
    {
        string[] expected =
        [
            "firmware/Common/Common.nfproj",
            "firmware/HomeHub/HomeHub.nfproj",
            "firmware/Wristband/Wristband.nfproj",
            "libs/BandProtocol/BandProtocol.nfproj",
            "libs/Iot.Device.Adxl343/Iot.Device.Adxl343.nfproj",
            "libs/Iot.Device.Max30102/Iot.Device.Max30102.nfproj",
            "libs/Iot.Device.RegisterBus/Iot.Device.RegisterBus.nfproj",
            "libs/VitalsFilter/VitalsFilter.nfproj",
            "tests/BandProtocol.DeviceTests/BandProtocol.DeviceTests.nfproj",
            "tests/VitalsFilter.DeviceTests/VitalsFilter.DeviceTests.nfproj",
        ];
        DeviceProjects.Select(row => row.Data).Intersect(expected, StringComparer.Ordinal).ShouldBe(expected);

        var hostProjects = Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("<DeviceCode>true</DeviceCode>", StringComparison.Ordinal))
            .ToArray();
        hostProjects.Length.ShouldBeGreaterThanOrEqualTo(4);
        hostProjects.Where(file => Directory.GetFiles(Path.GetDirectoryName(file)!, "*.nfproj").Length != 1)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(DeviceProjects))]
    public void A_device_project_is_complete_and_consistent(string path) =>
        DeviceProject.Load(Path.Combine(Repository.Root, path)).Problems().ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(DeviceProjects))]
    public void A_device_project_compiles_against_what_the_device_has(string path)
    {
        var built = DeviceCompiler.Build(DeviceProject.Load(Path.Combine(Repository.Root, path)));
        built.Errors.ShouldBeEmpty();
        built.Image.Length.ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(DeviceProjects))]
    public void A_device_assembly_holds_nothing_that_a_device_cannot_load(string path)
    {
        var project = DeviceProject.Load(Path.Combine(Repository.Root, path));
        var built = DeviceCompiler.Build(project);
        built.Errors.ShouldBeEmpty();
        DeviceInspector.Inspect(built.Image, integersOnly: project.AssemblyName == "ElderBand.VitalsFilter")
            .ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(DeviceProjects))]
    public void A_device_project_names_no_package_that_nothing_uses(string path)
    {
        var project = DeviceProject.Load(Path.Combine(Repository.Root, path));
        using var module = ModuleDefinition.ReadModule(new MemoryStream(DeviceCompiler.Build(project).Image));
        var device = ReferenceAssemblies.Shared;
        var used = module.AssemblyReferences.Select(reference => reference.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var listing in device.Listings.Where(listing => used.Contains(listing.Assembly)).ToArray())
            used.UnionWith(device.Closure(listing));
        if (used.Contains("nanoFramework.TestFramework"))
            used.Add("nanoFramework.UnitTestLauncher"); // runs the tests, is never called
        project.References.Select(reference => reference.Assembly).Where(assembly => !used.Contains(assembly))
            .ShouldBeEmpty();
    }
}

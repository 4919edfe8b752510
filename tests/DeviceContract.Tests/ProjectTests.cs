using ElderBand.Dev;
using Mono.Cecil;

namespace ElderBand.Tests.DeviceContract;

/// <summary>Every device project of the repository, built as the device build would and looked into.</summary>
public class ProjectTests
{
    public static TheoryData<string> DeviceProjects { get; } =
        [.. NfprojFiles.Projects(Repository.Root).Select(project => Path.GetRelativePath(Repository.Root, project).Replace('\\', '/'))];

    [Fact]
    public void The_device_projects_of_the_house_are_found()
    {
        var found = DeviceProjects.Select(row => row.Data).ToArray();
        found.ShouldContain("libs/BandProtocol/BandProtocol.nfproj");
        found.ShouldContain("libs/VitalsFilter/VitalsFilter.nfproj");
        found.ShouldContain("firmware/Common/Common.nfproj");
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
        DeviceInspector.Inspect(built.Image, integersOnly: project.AssemblyName == "ElderBand.VitalsFilter").ShouldBeEmpty();
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
        project.References.Select(reference => reference.Assembly).Where(assembly => !used.Contains(assembly)).ShouldBeEmpty();
    }
}

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// A device test project that is wrong in one way, and the complaint that names it. On the device's side nothing
/// complains: the test runner would run no test and report success.
/// </summary>
public sealed class TestProjectRefusalTests : IDisposable
{
    private const string Sample = "BandProtocol.DeviceTests";
    private readonly string _folder = Directory.CreateTempSubdirectory("device-tests-").FullName;

    public TestProjectRefusalTests()
    {
        foreach (var file in Directory.GetFiles(
            Path.Combine(Repository.Root, "tests", Sample), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(
                _folder, Path.GetRelativePath(Path.Combine(Repository.Root, "tests", Sample), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_copy_of_the_real_test_project_has_no_problem() => Problems().ShouldBeEmpty();

    [Theory]
    [InlineData("<AssemblyName>NFUnitTest</AssemblyName>", "<AssemblyName>ElderBand.Tests</AssemblyName>",
        "an assembly called ElderBand.Tests")]
    [InlineData(
        "<ProjectCapability Include=\"TestContainer\" />", "", "no <ProjectCapability Include=\"TestContainer\" />")]
    [InlineData("<IsTestProject>true</IsTestProject>", "", "is no test project")]
    [InlineData("<TestProjectType>UnitTest</TestProjectType>", "", "is no test project")]
    [InlineData(@"<RunSettingsFilePath>$(MSBuildProjectDirectory)\nano.runsettings</RunSettingsFilePath>", "",
        "does not name nano.runsettings")]
    public void A_test_project_that_the_runner_would_not_find_is_refused(
        string setting, string replacement, string complaint)
    {
        Edit(Sample + ".nfproj", setting, replacement);
        Problems().ShouldHaveSingleItem().ShouldContain(complaint);
    }

    [Fact]
    public void The_capability_in_the_project_extensions_alone_is_refused()
    {
        // Visual Studio reads the capabilities there; the test explorer does not.
        Edit(Sample + ".nfproj", "<ProjectCapability Include=\"TestContainer\" />", "");
        Edit(Sample + ".nfproj", "<ProjectConfigurationsDeclaredAsItems />",
            "<ProjectConfigurationsDeclaredAsItems /><TestContainer />");
        Problems().ShouldHaveSingleItem().ShouldContain("TestContainer");
    }

    [Fact]
    public void Missing_run_settings_are_refused()
    {
        File.Delete(Path.Combine(_folder, "nano.runsettings"));
        Problems().ShouldHaveSingleItem().ShouldContain("nano.runsettings does not lie beside it");
    }

    [Fact]
    public void Run_settings_without_the_adapters_section_are_refused()
    {
        Edit("nano.runsettings", "nanoFrameworkAdapter", "anotherAdapter");
        Problems().ShouldHaveSingleItem().ShouldContain("does not say where the tests run");
    }

    // The project that is tested lies elsewhere than in the copy; that alone is no problem of the project file.
    private IReadOnlyList<string> Problems() =>
        DeviceProject.Load(Path.Combine(_folder, Sample + ".nfproj")).Problems();

    private void Edit(string file, string text, string replacement)
    {
        var path = Path.Combine(_folder, file);
        var before = File.ReadAllText(path);
        before.ShouldContain(text, Case.Sensitive);
        File.WriteAllText(path, before.Replace(text, replacement, StringComparison.Ordinal));
    }
}

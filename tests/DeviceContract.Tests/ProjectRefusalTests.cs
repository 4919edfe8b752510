using ElderBand.Dev;

namespace ElderBand.Tests.DeviceContract;

/// <summary>A device project that is wrong in one way, and the complaint that names it.</summary>
public sealed class ProjectRefusalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("device-project-").FullName;

    public ProjectRefusalTests()
    {
        // A correct project: the smallest library, with one source of its own.
        var sample = Path.Combine(Repository.Root, "libs", "BandProtocol");
        var project = File.ReadAllText(Path.Combine(sample, "BandProtocol.nfproj"));
        Write("Sample.nfproj", project);
        Write("packages.config", File.ReadAllText(Path.Combine(sample, "packages.config")));
        Write("Sample.cs",
            "namespace Sample { public static class One { public static int Value(int x) { return x + 1; } } }\n");
        NfprojFiles.Update(_folder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_correct_project_has_no_problem_and_compiles()
    {
        Load().Problems().ShouldBeEmpty();
        DeviceCompiler.Build(Load()).Errors.ShouldBeEmpty();
    }

    [Fact]
    public void A_file_missing_from_the_list_is_refused_and_format_mends_it()
    {
        Write("App/Second.cs", "namespace Sample { public static class Two { } }\n");
        Load().Problems().ShouldContain(@"Sample.nfproj does not name App\Second.cs: run ./dev format");

        NfprojFiles.Update(_folder).Count.ShouldBe(1);
        Load().Problems().ShouldBeEmpty();
        NfprojFiles.Update(_folder).ShouldBeEmpty();
    }

    [Fact]
    public void A_listed_file_that_does_not_exist_is_refused()
    {
        File.Delete(Path.Combine(_folder, "Sample.cs"));
        Load().Problems().ShouldContain("Sample.nfproj names Sample.cs, which does not exist: run ./dev format");
        DeviceCompiler.Build(Load()).Errors.ShouldHaveSingleItem().ShouldContain("no source file");
    }

    [Fact]
    public void A_project_without_any_source_is_refused()
    {
        Edit("Sample.nfproj", "    <Compile Include=\"Sample.cs\" />\n", "");
        File.Delete(Path.Combine(_folder, "Sample.cs"));
        Load().Problems().ShouldContain("names no source file");
        Should.Throw<FormatException>(() => NfprojFiles.Update(_folder)).Message.ShouldContain("found 0");
    }

    [Fact]
    public void Build_output_is_no_source()
    {
        Write("obj/Debug/Generated.cs", "class Generated { }\n");
        Load().Problems().ShouldBeEmpty();
    }

    [Fact]
    public void A_package_that_is_used_but_not_named_does_not_compile()
    {
        Write("Sample.cs", "namespace Sample.Board { class One { System.Device.Gpio.GpioController pins; } }\n");
        DeviceCompiler.Build(Load()).Errors.ShouldContain(error => error.Contains("CS0234"));
    }

    [Fact]
    public void A_package_without_a_listing_is_refused()
    {
        AddPackage("nanoFramework.Iot.Device.Max30102", "1.0.0");
        Load().Problems()
            .ShouldContain(
                "packages.config names nanoFramework.Iot.Device.Max30102, which has no listing or no place in the "
                    + "version set");
    }

    [Fact]
    public void A_package_of_another_version_is_refused()
    {
        Edit("packages.config", "1.17.11", "1.15.5");
        Load().Problems()
            .ShouldContain("packages.config has nanoFramework.CoreLibrary 1.15.5, the version set 1.17.11");
    }

    [Fact]
    public void A_package_without_the_packages_it_needs_is_refused()
    {
        AddPackage("nanoFramework.System.Device.Gpio", "1.1.62");
        Load().Problems()
            .ShouldContain(
                "packages.config names nanoFramework.System.Device.Gpio but not nanoFramework.Runtime.Events, which it "
                    + "needs");
    }

    [Fact]
    public void A_named_package_that_is_not_referenced_is_refused()
    {
        AddPackage("nanoFramework.Runtime.Events", "1.11.39");
        Load().Problems()
            .ShouldContain("packages.config brings nanoFramework.Runtime.Events, which the project does not reference");
    }

    [Fact]
    public void A_reference_without_its_package_is_refused()
    {
        Edit("packages.config", "nanoFramework.CoreLibrary", "nanoFramework.Runtime.Native");
        Load().Problems().ShouldContain("references mscorlib, which no package of packages.config brings");
    }

    [Fact]
    public void A_reference_that_looks_in_another_place_is_refused()
    {
        Edit("Sample.nfproj", "nanoFramework.CoreLibrary.1.17.11", "nanoFramework.CoreLibrary.1.17.7");
        Load().Problems()
            .ShouldContain(problem => problem.StartsWith("looks for mscorlib at", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<LangVersion>9.0</LangVersion>", "<LangVersion>latest</LangVersion>", "C# 9.0")]
    [InlineData("<TargetFrameworkVersion>v1.0</TargetFrameworkVersion>", "", "nanoFramework 1.x")]
    [InlineData("{11A8DD76-328B-46DF-9F39-F559912D0360};", "", "not a nanoFramework project")]
    public void A_project_of_another_kind_is_refused(string setting, string replacement, string complaint)
    {
        Edit("Sample.nfproj", setting, replacement);
        Load().Problems().ShouldContain(problem => problem.Contains(complaint));
    }

    [Theory]
    [InlineData("App/Two.cs", "#if DEVICE\nclass Two { }\n#endif\n", "conditional")]
    [InlineData("App/Two.cs", "namespace Sample.Board { class Two { } }\n", "declares Sample.Board")]
    [InlineData("Board/Two.cs", "namespace Sample.App { class Two { } }\n", "declares Sample.App")]
    [InlineData(
        "App/Two.cs", "using System.Device.Gpio;\nnamespace Sample.App { class Two { } }\n", "uses System.Device.Gpio")]
    [InlineData(
        "Drivers/Two.cs", "using Bt = nanoFramework.Device.Bluetooth;\n", "uses nanoFramework.Device.Bluetooth")]
    public void A_source_in_the_wrong_room_is_refused(string file, string text, string complaint)
    {
        Write(file, text);
        NfprojFiles.Update(_folder);
        Load().Problems().ShouldHaveSingleItem().ShouldContain(complaint);
    }

    private DeviceProject Load() => DeviceProject.Load(Path.Combine(_folder, "Sample.nfproj"));

    private void AddPackage(string id, string version) =>
        Edit("packages.config", "</packages>",
            $"  <package id=\"{id}\" version=\"{version}\" targetFramework=\"netnano1.0\" />\n</packages>");

    private void Edit(string file, string text, string replacement)
    {
        var before = File.ReadAllText(Path.Combine(_folder, file));
        before.ShouldContain(text, Case.Sensitive);
        Write(file, before.Replace(text, replacement, StringComparison.Ordinal));
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

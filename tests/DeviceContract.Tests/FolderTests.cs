namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// Inside a firmware's App folder no two subjects need each other: a newcomer can read them one after the other.
/// </summary>
public class FolderTests
{
    [Theory]
    [InlineData("firmware/Wristband")]
    [InlineData("firmware/HomeHub")]
    public void The_folders_of_an_App_form_no_cycle(string folder)
    {
        var edges = Edges(folder);
        edges.Count.ShouldBeGreaterThan(5);
        FolderGraph.Cycles(edges).ShouldBeEmpty();
    }

    [Fact]
    public void Two_folders_that_need_each_other_are_refused()
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/r/Key/A.cs"] = "namespace N { class A { B b; } }",
            ["/r/Link/B.cs"] = "namespace N { class B { const int Two = C.One + 1; } }",
            ["/r/Wrist/C.cs"] = "namespace N { class C { public const int One = 1; } }",
        };
        FolderGraph.Cycles(FolderGraph.Edges("/r", sources, CoreLibrary)).ShouldBeEmpty();

        // Through a constant, which leaves no trace in the compiled assembly, and through a third folder.
        sources["/r/Wrist/C.cs"] = "namespace N { class C { public const int One = D.Zero + 1; } }";
        sources["/r/Key/D.cs"] = "namespace N { class D { public const int Zero = 0; } }";
        FolderGraph.Cycles(FolderGraph.Edges("/r", sources, CoreLibrary)).ShouldBe([
            "Key/ -> Link/: Key/A.cs uses B",
            "Link/ -> Wrist/: Link/B.cs uses C",
            "Wrist/ -> Key/: Wrist/C.cs uses D",
        ]);
    }

    [Fact]
    public void A_file_in_no_folder_is_a_node_of_its_own()
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/r/Band.cs"] = "namespace N { class Band { A a; } }",
            ["/r/Settings.cs"] = "namespace N { class Settings { } }",
            ["/r/Key/A.cs"] = "namespace N { class A { Settings s; } }",
        };
        FolderGraph.Cycles(FolderGraph.Edges("/r", sources, CoreLibrary)).ShouldBeEmpty();
        sources["/r/Key/A.cs"] = "namespace N { class A { Band b; } }";
        FolderGraph.Cycles(FolderGraph.Edges("/r", sources, CoreLibrary)).Count.ShouldBe(2);
    }

    private static byte[][] CoreLibrary => [ReferenceAssemblies.Shared.CoreLibrary];

    private static IReadOnlyDictionary<(string From, string To), string> Edges(string folder)
    {
        var project = DeviceProject.Load(
            Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.nfproj").Single());
        var app = Path.Combine(Repository.Root, folder, "App");
        var sources = project.SourceFiles.Where(file => file.StartsWith(app, StringComparison.Ordinal))
            .ToDictionary(file => file, File.ReadAllText, StringComparer.Ordinal);
        return FolderGraph.Edges(app, sources, CoreLibrary.Concat(
            project.ProjectReferences.Select(path => DeviceCompiler.Build(DeviceProject.Load(path)).Image)));
    }
}

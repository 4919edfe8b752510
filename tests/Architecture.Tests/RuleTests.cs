namespace ElderBand.Tests.Architecture;

/// <summary>The repository keeps the house's rules, and each rule bites.</summary>
public class RuleTests
{
    private static readonly Lazy<Tree> Repository = new(Tree.OfRepository);

    [Fact]
    public void The_whole_repository_is_read()
    {
        // A rule over an empty tree would always hold.
        var files = Repository.Value.Files;
        files.Keys.ShouldContain("libs/BandProtocol/Frame.cs");
        files.Keys.ShouldContain("firmware/Wristband/Board/Pins.cs");
        files.Keys.ShouldContain("hub-service/HubService.csproj");
        files.Count(file => file.Key.EndsWith("proj", StringComparison.Ordinal)).ShouldBeGreaterThan(15);
        files.Keys.ShouldNotContain(path => path.Contains("/obj/"));
    }

    [Fact]
    public void Projects_refer_only_to_whom_they_may_use() => Rules.ProjectReferences(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Device_code_brings_no_package() => Rules.DeviceCodeHasNoPackages(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void The_host_never_builds_a_board() => Rules.HostProjectsLeaveOutTheBoard(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Sources_name_only_rooms_that_they_may_use() => Rules.Namespaces(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Sql_is_only_in_storage() => Rules.SqlOnlyInStorage(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void No_file_names_a_place_on_a_machine() => Rules.NoMachinePaths(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void No_file_names_a_package_registry() => Rules.NoRegistryHosts(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Nothing_unfinished_is_called_done() => Rules.NothingUnfinished(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Versions_are_pinned_once_and_locked() => Rules.VersionsArePinnedOnce(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Every_pinned_version_is_used() => Rules.EveryPinnedVersionIsUsed(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Every_promise_names_the_rooms_that_show_it() =>
        Rules.PromisesNameTheirTests(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Lines_of_C_sharp_fit_the_screen() => Rules.LinesFitTheScreen(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void A_line_of_121_columns_is_refused_and_one_of_120_or_inside_a_raw_string_is_not()
    {
        var (fits, wide) = (new string('x', 120), new string('x', 121));
        Rules.LinesFitTheScreen(Tree.Of(("libs/Mqtt/A.cs", $"{fits}\n{wide}\r\n")))
            .ShouldBe(["libs/Mqtt/A.cs:2: 121 columns, at most 120"]);
        Rules.LinesFitTheScreen(Tree.Of(
            ("libs/Mqtt/A.cs", $"{fits}\r\nvar sql = \"\"\"\n{wide}\n\"\"\";\n{fits}\n"), ("libs/B.g.cs", wide),
                ("docs/c.md", wide)))
            .ShouldBeEmpty();
        Rules.LinesFitTheScreen(Tree.Of(("libs/Mqtt/A.cs", $"var one = \"\"\"x\"\"\";\n{wide}\n")))
            .ShouldHaveSingleItem();
    }

    [Fact]
    public void Files_of_device_code_have_400_lines_at_most() =>
        Rules.DeviceFilesAreShort(Repository.Value).ShouldBeEmpty();

    [Theory]
    [InlineData("firmware/HomeHub/App/Hub.cs")]
    [InlineData("libs/VitalsFilter/HeartRate.cs")]
    [InlineData("libs/Iot.Device.Adxl343/Adxl343.cs")]
    [InlineData("simulation/World.cs")]
    public void A_file_of_401_lines_is_refused_and_one_of_400_is_not(string path)
    {
        static string Lines(int count) => string.Concat(Enumerable.Repeat("int x;\r\n", count));
        Rules.DeviceFilesAreShort(Tree.Of((path, Lines(401)))).ShouldBe([$"{path}: 401 lines, at most 400"]);
        Rules.DeviceFilesAreShort(Tree.Of((path, Lines(400)), ("firmware/A.g.cs", Lines(401)))).ShouldBeEmpty();
    }

    [Fact]
    public void A_test_is_skipped_only_for_a_program_that_dev_test_installs() =>
        Rules.SkippedTestsNameAnInstalledPackage(Repository.Value).ShouldBeEmpty();

    [Theory]
    [InlineData("Assert.SkipUnless(File.Exists(tool), \"no curl (Debian package curl)\");",
        "curl, which ./dev test does not install")]
    [InlineData("Assert.SkipWhen(tool is null, \"no tool\");", "without naming the Debian package")]
    [InlineData("Assert.Skip(\"later\");", "without naming the Debian package")]
    [InlineData("[Fact(Skip = \"later\")]", "without naming the Debian package")]
    [InlineData("[Theory(Explicit = true)]", "never runs")]
    public void A_test_that_is_skipped_for_another_reason_is_refused(string code, string complaint) =>
        Rules.SkippedTestsNameAnInstalledPackage(Tree.Of(
            ("tools/Dev/SystemPackages.cs", "(\"mosquitto-clients\", [])"), ("tests/Mqtt.Tests/A.cs", code)))
            .ShouldHaveSingleItem().ShouldContain(complaint);

    [Fact]
    public void A_test_that_is_skipped_for_a_package_that_dev_test_installs_passes() =>
        Rules.SkippedTestsNameAnInstalledPackage(Tree.Of(
            ("tools/Dev/SystemPackages.cs", "(\"mosquitto-clients\", [])"),
            ("tests/Mqtt.Tests/A.cs",
                "Assert.SkipUnless(File.Exists(tool), $\"{tool} is missing (Debian package mosquitto-clients)\");")))
            .ShouldBeEmpty();

    [Theory]
    [InlineData("| P12 | f | p | Band |", "public void P13_x()", "P12 is shown in: not yet")]
    [InlineData("| P12 | f | p | not yet |", "public void P04_P12_x()", "P12 is shown in: Band")]
    [InlineData("| P12 | f | p | Band |", "public async Task P12_x() { } void P40_y()", "has no row for P40")]
    public void A_promise_that_says_other_than_the_tests_is_refused(string row, string test, string complaint) =>
        Rules.PromisesNameTheirTests(Tree.Of(("docs/promises.md", row + "\n"), ("tests/Band.Tests/T.cs", test)))
            .ShouldContain(line => line.Contains(complaint, StringComparison.Ordinal));

    [Theory]
    [InlineData("libs/VitalsFilter/VitalsFilter.csproj", "../BandProtocol/BandProtocol.csproj",
        "must not refer to libs/BandProtocol")]
    [InlineData(
        "firmware/Wristband/Wristband.nfproj", @"..\HomeHub\HomeHub.nfproj", "must not refer to firmware/HomeHub")]
    [InlineData("firmware/HomeHub/HomeHub.Host.csproj", "../Wristband/Wristband.Host.csproj",
        "must not refer to firmware/Wristband")]
    [InlineData("hub-service/HubService.csproj", "../firmware/HomeHub/HomeHub.Host.csproj",
        "must not refer to firmware/HomeHub")]
    [InlineData("libs/BandProtocol/BandProtocol.csproj", "../../hub-service/HubService.csproj",
        "must not refer to hub-service")]
    [InlineData("simulator/Simulator.csproj", "../firmware/Common/Common.nfproj", "must not refer to firmware/Common")]
    [InlineData("libs/Iot.Device.Max30102/Iot.Device.Max30102.csproj", "../BandProtocol/BandProtocol.csproj",
        "must not refer to libs/BandProtocol")]
    [InlineData("libs/Another/Another.csproj", "../BandProtocol/BandProtocol.csproj", "has no row")]
    public void A_forbidden_project_reference_is_refused(string project, string reference, string complaint) =>
        Rules.ProjectReferences(Tree.Of((project, $"<ProjectReference Include=\"{reference}\" />")))
            .ShouldHaveSingleItem().ShouldContain(complaint);

    [Theory]
    [InlineData("simulator/Simulator.csproj", "../firmware/HomeHub/HomeHub.Host.csproj")]
    [InlineData("tests/World.Tests/World.Tests.csproj", "../../hub-service/HubService.csproj")]
    [InlineData("firmware/Wristband/Wristband.nfproj", @"..\..\libs\VitalsFilter\VitalsFilter.nfproj")]
    public void An_allowed_project_reference_passes(string project, string reference) =>
        Rules.ProjectReferences(Tree.Of((project, $"<ProjectReference Include=\"{reference}\" />"))).ShouldBeEmpty();

    [Theory]
    [InlineData("libs/Iot.Device.Max30102/Max30102.cs", "using ElderBand.BandProtocol;")]
    [InlineData("libs/Iot.Device.Adxl343/samples/Program.cs", "using ElderBand.Wristband;")]
    [InlineData("firmware/Wristband/App/Band.cs", "using ElderBand.Wristband.Board;")]
    [InlineData("firmware/Wristband/App/Band.cs", "using ElderBand.Common.Board;")]
    [InlineData("firmware/Wristband/App/Band.cs", "class A { ElderBand.HomeHub.Hub hub; }")]
    [InlineData("firmware/Wristband/Board/BandRadio.cs", "using ElderBand.VitalsFilter;")]
    [InlineData("firmware/HomeHub/App/Hub.cs", "using ElderBand.Wristband;")]
    [InlineData("firmware/HomeHub/App/Hub.cs", "using ElderBand.HubService;")]
    [InlineData("hub-service/Ingest/Endpoint.cs", "using ElderBand.HomeHub;")]
    [InlineData("libs/VitalsFilter/HeartRate.cs", "using ElderBand.BandProtocol;")]
    [InlineData("simulator/World/World.cs", "using ElderBand.Common.Board;")]
    [InlineData("somewhere/Else.cs", "class A { }")]
    public void A_forbidden_namespace_is_refused(string path, string code) =>
        Rules.Namespaces(Tree.Of((path, code))).ShouldHaveSingleItem();

    [Theory]
    [InlineData("libs/Iot.Device.Max30102/Max30102.cs", "using Iot.Device.RegisterBus; // not ElderBand.VitalsFilter")]
    [InlineData("firmware/Wristband/App/Band.cs", "using ElderBand.VitalsFilter; using Iot.Device.Max30102;")]
    [InlineData("firmware/Wristband/Program.cs", "using ElderBand.Wristband.Board; using ElderBand.Common.Board;")]
    [InlineData(
        "simulator/World/World.cs", "using ElderBand.Wristband; using ElderBand.HomeHub; using ElderBand.Mqtt;")]
    public void An_allowed_namespace_passes(string path, string code) =>
        Rules.Namespaces(Tree.Of((path, code))).ShouldBeEmpty();

    [Theory]
    [InlineData("hub-service/Alarms/Queue.cs", "db.Query(\"SELECT id FROM alarm WHERE id = $1\");")]
    [InlineData("hub-service/Alarms/Queue.cs", "db.Run(\"INSERT OR IGNORE INTO alarm VALUES (1)\");")]
    [InlineData("hub-service/Ingest/Writer.cs", "db.Run(\"UPDATE band SET boot = 1\");")]
    [InlineData("hub-service/Ingest/Writer.cs", "db.Run(\"DELETE FROM band\");")]
    [InlineData("hub-service/Ingest/Writer.cs", "db.Run(\"PRAGMA synchronous = OFF\");")]
    [InlineData("hub-service/Program.cs", "using var c = new SqliteConnection();")]
    [InlineData("simulator/World/World.cs", "db.Query(\"SELECT * FROM alarm \");")]
    public void Sql_outside_storage_is_refused(string path, string code) =>
        Rules.SqlOnlyInStorage(Tree.Of((path, code))).ShouldHaveSingleItem().ShouldContain("SQL outside Storage");

    [Fact]
    public void Sql_in_storage_and_words_that_only_look_like_it_pass() =>
        Rules.SqlOnlyInStorage(Tree.Of(
            ("hub-service/Storage/AlarmRows.cs", "db.Query(\"SELECT id FROM alarm \");"),
            ("hub-service/Alarms/Queue.cs",
                "// SELECT id FROM alarm \nvar text = \"Select a resident from the list\";"))).ShouldBeEmpty();

    [Theory]
    [InlineData("docs/a.md", "see /wo" + "rk/main/x")]
    [InlineData("dev", "cd /home/" + "anna/elderband")]
    [InlineData("simulator/A.cs", "var path = @\"C:\\Users\\anna\";")]
    public void A_place_on_a_machine_is_refused(string path, string text) =>
        Rules.NoMachinePaths(Tree.Of((path, text))).ShouldHaveSingleItem().ShouldContain("names a place on a machine");

    [Fact]
    public void A_route_of_the_service_is_no_place_on_a_machine() =>
        Rules.NoMachinePaths(Tree.Of(("docs/a.md", "GET /api/homes/4, ../shared/data, https://example.org/home/x")))
            .ShouldBeEmpty();

    [Theory]
    [InlineData("package-lock.json", "\"resolved\": \"https://mirror.npmjs.example/vue\"")]
    [InlineData("NuGet.config", "<add value=\"https://nuget.example/index\" />")]
    public void A_package_registry_is_refused(string path, string text) =>
        Rules.NoRegistryHosts(Tree.Of((path, text))).ShouldHaveSingleItem().ShouldContain("names a package registry");

    [Theory]
    [InlineData("hub-service/A.cs", "// TODO: later")]
    [InlineData("hub-service/A.cs", "throw new NotImplementedException();")]
    [InlineData("hub-service/console/src/App.vue", "<!-- FIXME -->")]
    public void Something_unfinished_is_refused(string path, string text) =>
        Rules.NothingUnfinished(Tree.Of((path, text))).ShouldHaveSingleItem().ShouldContain("is unfinished");

    [Fact]
    public void A_package_in_device_code_a_board_on_the_host_and_a_version_elsewhere_are_refused()
    {
        var device = Tree.Of(
            ("libs/BandProtocol/A.csproj", "<DeviceCode>true</DeviceCode><PackageReference Include=\"X\" />"));
        Rules.DeviceCodeHasNoPackages(device).ShouldHaveSingleItem();
        var board = Tree.Of(("firmware/Wristband/A.csproj", "<Compile Include=\"App/**/*.cs;Board/**/*.cs\" />"));
        Rules.HostProjectsLeaveOutTheBoard(board).ShouldHaveSingleItem();
        var version = Tree.Of(("libs/Mqtt/A.csproj", "<PackageReference Include=\"X\" Version=\"1.0.0\" />"),
            ("locks/A.lock.json", "{}"));
        Rules.VersionsArePinnedOnce(version).ShouldHaveSingleItem().ShouldContain("outside Directory.Packages.props");
        var unlocked = Tree.Of(("libs/Mqtt/A.csproj", "<PackageReference Include=\"X\" />"));
        Rules.VersionsArePinnedOnce(unlocked).ShouldHaveSingleItem().ShouldContain("has no locks/A.lock.json");
        var beside = Tree.Of(("libs/Mqtt/packages.lock.json", "{}"), ("locks/Gone.lock.json", "{}"));
        Rules.VersionsArePinnedOnce(beside).ShouldBe(
            ["libs/Mqtt/packages.lock.json: belongs in locks/",
                "locks/Gone.lock.json: there is no project of that name"]);
        var unused = Tree.Of(
            ("Directory.Packages.props",
                "<PackageVersion Include=\"X\" Version=\"1\" /><PackageVersion Include=\"Y\" Version=\"1\" />"),
            ("locks/A.lock.json", "\"X\": {"));
        Rules.EveryPinnedVersionIsUsed(unused).ShouldHaveSingleItem().ShouldContain("nothing uses Y");
    }
}

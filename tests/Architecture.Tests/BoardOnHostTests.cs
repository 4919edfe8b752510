namespace ElderBand.Tests.Architecture;

/// <summary>
/// A host project compiles a Board source only where a model of the device's API lies below it (docs/adr/0062).
/// </summary>
public class BoardOnHostTests
{
    private const string BandRadio = "<Compile Include=\"../../firmware/Wristband/Board/BandRadio.cs\" />";
    private const string Model = "simulation/Bluetooth/Simulation.Bluetooth.csproj";

    [Fact]
    public void The_radio_may_be_compiled_over_the_model_of_its_api() =>
        Rules.HostProjectsLeaveOutTheBoard(Tree.Of((Model, BandRadio))).ShouldBeEmpty();

    [Theory]
    [InlineData("simulation/Simulation.csproj", "BandRadio")]
    [InlineData("tests/World.Tests/World.Tests.csproj", "BandRadio")]
    [InlineData(Model, "BandPower")]
    public void Another_project_and_another_source_are_refused(string project, string source) =>
        Rules.HostProjectsLeaveOutTheBoard(
            Tree.Of((project, BandRadio.Replace("BandRadio", source, StringComparison.Ordinal))))
            .ShouldHaveSingleItem().ShouldContain($"{source}.cs");

    [Fact]
    public void The_radio_waits_in_virtual_time() =>
        Rules.RadioSourcesWaitInVirtualTime(Tree.OfRepository()).ShouldBeEmpty();

    [Fact]
    public void A_radio_that_waits_in_real_time_is_refused() =>
        Rules.RadioSourcesWaitInVirtualTime(
            Tree.Of(("firmware/HomeHub/Board/HubRadio.cs", "new ManualResetEvent(false).WaitOne();")))
            .ShouldHaveSingleItem().ShouldContain("real time");
}

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// The compiler as the judge of who uses whom inside one firmware: a room is compiled with what it may use and nothing
/// else. Namespaces alone would not show it.
/// </summary>
public class RoomTests
{
    private static readonly string[] Ports = ["libs/BandProtocol/BandProtocol.nfproj"];
    private static readonly string[] PortsAndCommon = [.. Ports, "firmware/Common/Common.nfproj"];

    [Fact]
    public void Drivers_use_the_ports_and_nothing_else() =>
        Compile(Sources("firmware/Wristband/Drivers"), Ports, withPackages: false).ShouldBeEmpty();

    [Theory]
    [InlineData("firmware/Wristband/Board")]
    [InlineData("firmware/HomeHub/Board")]
    public void A_board_uses_the_ports_and_the_packages_and_nothing_else(string folder) =>
        Compile(Sources(folder), PortsAndCommon, withPackages: true).ShouldBeEmpty();

    [Fact]
    public void The_bands_app_needs_no_board() =>
        Compile(
            [.. Sources("firmware/Wristband/App"), .. Sources("firmware/Wristband/Drivers")],
            [.. Ports, "libs/VitalsFilter/VitalsFilter.nfproj"],
            withPackages: false).ShouldBeEmpty();

    [Fact]
    public void The_hubs_app_needs_no_board() =>
        Compile(Sources("firmware/HomeHub/App"), Ports, withPackages: false).ShouldBeEmpty();

    [Fact]
    public void A_room_that_uses_too_much_does_not_compile()
    {
        var board = Sources("firmware/Wristband/Board");
        Compile(board, PortsAndCommon, withPackages: false).ShouldNotBeEmpty();
        Compile(board, Ports, withPackages: true).ShouldNotBeEmpty();
        Compile(
            [.. Sources("firmware/HomeHub/App"), KeyValuePair.Create("Breach.cs", "namespace ElderBand.HomeHub { class Breach { Board.HubRadio radio; } }")],
            Ports,
            withPackages: false).ShouldHaveSingleItem();
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Sources(string folder)
    {
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => KeyValuePair.Create(file, File.ReadAllText(file)))
            .ToArray();
        sources.ShouldNotBeEmpty();
        return sources;
    }

    private static IReadOnlyList<string> Compile(IEnumerable<KeyValuePair<string, string>> sources, string[] projects, bool withPackages)
    {
        var device = ReferenceAssemblies.Shared;
        var packages = withPackages
            ? device.Listings.Select(listing => device.Image(listing.Assembly)!)
            : [device.Image("mscorlib")!];
        var libraries = projects.Select(project => DeviceCompiler.Build(DeviceProject.Load(Path.Combine(Repository.Root, project))).Image);
        return DeviceCompiler.Compile("Room", new Dictionary<string, string>(sources, StringComparer.Ordinal), packages.Concat(libraries)).Errors;
    }
}

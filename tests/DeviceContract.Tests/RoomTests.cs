namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// The compiler as the judge of who uses whom inside one firmware: a room is compiled with what it may use and nothing
/// else. Namespaces alone would not show it.
/// </summary>
public class RoomTests
{
    private static readonly string[] Ports = ["libs/BandProtocol/BandProtocol.nfproj"];
    private static readonly string[] PortsAndCommon = [.. Ports, "firmware/Common/Common.nfproj"];
    private static readonly string[] RegisterBus = ["libs/Iot.Device.RegisterBus/Iot.Device.RegisterBus.nfproj"];

    private static readonly string[] Bindings =
    [
        .. RegisterBus, "libs/Iot.Device.Max30102/Iot.Device.Max30102.nfproj",
        "libs/Iot.Device.Adxl343/Iot.Device.Adxl343.nfproj",
    ];

    [Theory]
    [InlineData("libs/Iot.Device.Max30102")]
    [InlineData("libs/Iot.Device.Adxl343")]
    public void A_driver_without_its_I2c_folder_uses_the_register_bus_and_nothing_else(string folder) =>
        Compile(
            Sources(folder).Where(file => !file.Key.Contains("/I2c/", StringComparison.Ordinal)
                && !file.Key.Contains("/samples/", StringComparison.Ordinal)),
            RegisterBus,
            withPackages: false).ShouldBeEmpty();

    [Theory]
    [InlineData("firmware/Wristband/Board")]
    [InlineData("firmware/HomeHub/Board")]
    public void A_board_uses_the_ports_and_the_packages_and_nothing_else(string folder) =>
        Compile(Sources(folder), [.. PortsAndCommon, .. RegisterBus], withPackages: true).ShouldBeEmpty();

    [Fact]
    public void The_bands_app_needs_no_board() =>
        Compile(
            Sources("firmware/Wristband/App"),
            [.. Ports, .. Bindings, "libs/VitalsFilter/VitalsFilter.nfproj"],
            withPackages: false).ShouldBeEmpty();

    [Fact]
    public void The_hubs_app_needs_no_board() =>
        Compile(Sources("firmware/HomeHub/App"), Ports, withPackages: false).ShouldBeEmpty();

    [Fact]
    public void A_room_that_uses_too_much_does_not_compile()
    {
        var board = Sources("firmware/Wristband/Board");
        Compile(board, [.. PortsAndCommon, .. RegisterBus], withPackages: false).ShouldNotBeEmpty();
        Compile(board, [.. Ports, .. RegisterBus], withPackages: true).ShouldNotBeEmpty();
        Compile(
            [.. Sources("firmware/HomeHub/App"), KeyValuePair.Create(
                "Breach.cs", "namespace ElderBand.HomeHub { class Breach { Board.HubRadio radio; } }")],
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

    private static IReadOnlyList<string> Compile(
        IEnumerable<KeyValuePair<string, string>> sources, string[] projects, bool withPackages)
    {
        var device = ReferenceAssemblies.Shared;
        var packages = withPackages
            ? device.Listings.Select(listing => device.Image(listing.Assembly)!)
            : [device.Image("mscorlib")!];
        var libraries = projects.Select(
            project => DeviceCompiler.Build(DeviceProject.Load(Path.Combine(Repository.Root, project))).Image);
        return DeviceCompiler.Compile(
            "Room", new Dictionary<string, string>(sources, StringComparer.Ordinal), packages.Concat(libraries)).Errors;
    }
}

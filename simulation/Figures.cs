namespace ElderBand.Simulation;

/// <summary>
/// The delays of the virtual radio and flash, milliseconds. They are fixed in docs/simulator.md with what each is based
/// on, and printed beside every figure that contains them.
/// </summary>
public sealed record Figures
{
    /// <summary>Figures of docs/simulator.md.</summary>
    public static Figures Fixed { get; } = new();

    /// <summary>Every delay 0: what remains is our own share.</summary>
    public static Figures Zero { get; } = new()
    {
        ConnectionIntervalMs = (0, 0),
        ConnectMs = (0, 0),
        DiscoveryMs = (0, 0),
        StackStartMs = (0, 0),
        StackStopMs = (0, 0),
        FlashMs = (0, 0),
        AdvertisingIntervalMs = (0, 0),
        ScanShare = 1,
    };

    /// <summary>Time between two connection events of a link; drawn once a link.</summary>
    public (int Min, int Max) ConnectionIntervalMs { get; init; } = (30, 50);

    /// <summary>From the hub's connect to the link.</summary>
    public (int Min, int Max) ConnectMs { get; init; } = (200, 2000);

    /// <summary>One discovery procedure; a new device object needs three: services, characteristics, descriptors.</summary>
    public (int Min, int Max) DiscoveryMs { get; init; } = (100, 650);

    /// <summary>Starting the Bluetooth stack; the whole board stands still meanwhile.</summary>
    public (int Min, int Max) StackStartMs { get; init; } = (100, 200);

    /// <summary>Stopping the Bluetooth stack; the whole board stands still meanwhile.</summary>
    public (int Min, int Max) StackStopMs { get; init; } = (50, 100);

    /// <summary>Share of the starts of advertising that the controller refuses, 0 to 1.</summary>
    public double StartRefusals { get; init; }

    /// <summary>One write, append or delete on littlefs, open to close.</summary>
    public (int Min, int Max) FlashMs { get; init; } = (20, 120);

    /// <summary>Time between two advertisements, the random 0-10 ms of the Bluetooth standard included.</summary>
    public (int Min, int Max) AdvertisingIntervalMs { get; init; } = (100, 110);

    /// <summary>Share of the advertisements in range that a scanning hub hears: its radio also serves Wi-Fi and links.</summary>
    public double ScanShare { get; init; } = 0.5;

    /// <summary>A link without a heard connection event for this long is dead.</summary>
    public int SupervisionTimeoutMs { get; init; } = 2560;

    /// <summary>A connect to a band that does not answer fails after this; the hub is deaf meanwhile.</summary>
    public int ConnectTimeoutMs { get; init; } = 7000;

    /// <summary>Power-on or wake from deep sleep to the first step of the band's App.</summary>
    public int BandBootMs { get; init; } = 700;

    /// <summary>Power-on to the first step of the hub's App.</summary>
    public int HubBootMs { get; init; } = 1500;

    /// <summary>Share of radio packets lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Share of delivered frames that arrive twice, 0 to 1: an application that retries looks like this.</summary>
    public double Duplicates { get; init; }
}

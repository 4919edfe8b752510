namespace ElderBand.Simulation;

/// <summary>
/// Times of the virtual board: radio, flash, bus, computing. docs/simulator.md states each figure and its basis;
/// reports print these figures beside every result that contains them.
/// </summary>
public sealed record Figures
{
    /// <summary>Figures of docs/simulator.md.</summary>
    public static Figures Fixed { get; } = new();

    /// <summary>Every delay is 0; only the time of our own code remains.</summary>
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

    /// <summary>
    /// One discovery procedure; a new device object needs three: services, characteristics, descriptors.
    /// </summary>
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

    /// <summary>
    /// Share of the advertisements in range that a scanning hub hears: its radio also serves Wi-Fi and links.
    /// </summary>
    public double ScanShare { get; init; } = 0.5;

    /// <summary>A link without a heard connection event for this long is dead.</summary>
    public int SupervisionTimeoutMs { get; init; } = 2560;

    /// <summary>
    /// A connect to a band that does not answer fails after this time; the hub hears no advertisement meanwhile.
    /// </summary>
    public int ConnectTimeoutMs { get; init; } = 7000;

    /// <summary>Power-on or wake from deep sleep to the first step of the band's App.</summary>
    public int BandBootMs { get; init; } = 700;

    /// <summary>Power-on to the first step of the hub's App.</summary>
    public int HubBootMs { get; init; } = 1500;

    /// <summary>
    /// Time that the device's interpreter needs for one IL instruction, ns: 500 to 2000 by what is known of ESP32s.
    /// With 0 computing takes no time, and neither do transfers, hashes, collections and waking from light sleep.
    /// </summary>
    public int NsPerIl { get; init; }

    /// <summary>One byte on the I2C bus at 400 kHz with its acknowledge bit: 9 bits, ns.</summary>
    public int I2cByteNs { get; init; } = 22_500;

    /// <summary>Time of a transfer on the I2C bus in addition to its bytes, µs.</summary>
    public int I2cTransferUs { get; init; } = 150;

    /// <summary>Garbage of a transfer on the managed heap, bytes.</summary>
    public int I2cGarbageBytes { get; init; } = 336;

    /// <summary>One HMAC-SHA256 of a frame, native, µs.</summary>
    public int HmacUs { get; init; } = 200;

    /// <summary>Garbage of a hash on the managed heap, bytes: the 32 bytes that it returns.</summary>
    public int HmacGarbageBytes { get; init; } = 60;

    /// <summary>
    /// Free managed heap of the band after its start, bytes: this much garbage causes one collection.
    /// </summary>
    public int BandHeapBytes { get; init; } = 700_000;

    /// <summary>The same of the hub.</summary>
    public int HubHeapBytes { get; init; } = 2_000_000;

    /// <summary>One collection of the heap, µs; every managed thread stands still.</summary>
    public int CollectionUs { get; init; } = 60_000;

    /// <summary>From the end of light sleep to the first instruction, with falling asleep, µs.</summary>
    public int LightSleepUs { get; init; } = 5000;

    /// <summary>
    /// Longest time, by all tolerances, from the last feed to a reset by the band's external watchdog.
    /// </summary>
    public int BandWatchdogMs { get; init; } = 7400;

    /// <summary>The same of the hub.</summary>
    public int HubWatchdogMs { get; init; } = 42_000;

    /// <summary>
    /// Shortest time, by all tolerances, for which the capacitor keeps the band's watchdog on while its chip drives no
    /// line.
    /// </summary>
    public int WatchdogHoldMs { get; init; } = 8300;

    /// <summary>Share of radio packets lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Share of delivered frames that arrive twice, 0 to 1, as from an application that retries.</summary>
    public double Duplicates { get; init; }
}

namespace ElderBand.Simulation.Bluetooth;

/// <summary>Names of the counts of stack behaviour that the firmware must avoid or survive.</summary>
public static class Faults
{
    /// <summary>The stack was started: every thread of the board stood still for it.</summary>
    public const string StackStarts = "radio stack starts";

    /// <summary>An id beyond the low 8 bits that an event carries: the write reached no characteristic.</summary>
    public const string WriteLost = "writes lost: no characteristic of that id";

    /// <summary>As <see cref="WriteLost"/>, for a subscription; the central gets no error.</summary>
    public const string SubscriptionLost = "subscriptions lost: no characteristic of that id";

    /// <summary>A request was left unanswered and the BLE host stood still for 2 s.</summary>
    public const string HostBlocked = "BLE host blocked for 2 s";

    /// <summary>A service context was dropped without StopAdvertising.</summary>
    public const string ContextLeaked = "service contexts leaked";

    /// <summary>A new publisher dropped the advertisement before it.</summary>
    public const string AdvertisementLeaked = "advertisements leaked";

    /// <summary>Each start of advertising drops the device's name once.</summary>
    public const string NameLeaked = "device names leaked";

    /// <summary>A connect that was refused at once leaves its context.</summary>
    public const string ConnectionLeaked = "connection contexts leaked";

    /// <summary>StopAdvertising freed the service context while the host still ran a link over it.</summary>
    public const string FreedUnderLink = "service contexts freed under a link";

    /// <summary>A second StartAdvertising without a stop.</summary>
    public const string SecondStart = "service contexts broken by a second start";

    /// <summary>The controller refused to start advertising (injected).</summary>
    public const string StartRefused = "advertising starts refused";

    /// <summary>Advertising ended with a connect.</summary>
    public const string EndedByConnect = "advertising ended by a connect";

    /// <summary>The stack stopped while the watcher's status stayed Started: the hub hears no advertisement.</summary>
    public const string DeafWatcher = "stack stopped under a started watcher";

    /// <summary>The stack was stopped over a link out of range: the board stood still for 2 s.</summary>
    public const string SlowStop = "stack stops that waited 2 s for a link";

    /// <summary>
    /// A scan was requested during a connect: the watcher's status is Started, but it reports nothing.
    /// </summary>
    public const string ScanRefused = "scans refused during a connect";

    /// <summary>A connect was requested while the scanner ran, or with every link in use.</summary>
    public const string ConnectRefused = "connects refused";

    /// <summary>A connect failed and the API returned Success.</summary>
    public const string FailedConnectSaidSuccess = "failed connects that said Success";

    /// <summary>A device object was disposed over a link: the native side still writes to the freed memory.</summary>
    public const string DisposedConnected = "devices disposed while connected";

    /// <summary>A notification was written into freed memory.</summary>
    public const string WriteAfterFree = "notifications written to freed memory";
}

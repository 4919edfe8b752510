using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>A clock that a test moves.</summary>
public sealed class ManualClock : IClock
{
    private long _wallOffsetMs;

    /// <summary>Monotonic time, ms.</summary>
    public long Now { get; set; }

    /// <summary>True once the App has set the wall clock.</summary>
    public bool WallIsSet { get; private set; }

    /// <inheritdoc/>
    public long NowMs() => Now;

    /// <inheritdoc/>
    public long WallMs() => WallIsSet ? Now + _wallOffsetMs : 0;

    /// <inheritdoc/>
    public void SetWall(long unixMs)
    {
        _wallOffsetMs = unixMs - Now;
        WallIsSet = true;
    }
}

/// <summary>A pin that a test or the App sets.</summary>
public sealed class ManualPin : IPin
{
    /// <summary>Active now.</summary>
    public bool Level { get; set; }

    /// <summary>How often the App has made it active.</summary>
    public int Rises { get; private set; }

    /// <summary>Called with the new level where the App has changed it.</summary>
    public Action<bool>? Changed { get; set; }

    /// <inheritdoc/>
    public bool Read() => Level;

    /// <inheritdoc/>
    public void Write(bool active)
    {
        Rises += active && !Level ? 1 : 0;
        var changes = active != Level;
        Level = active;
        if (changes)
        {
            Changed?.Invoke(active);
        }
    }
}

/// <summary>The latch beside the key: a test sets it.</summary>
public sealed class ManualLatch : IPressLatch
{
    /// <summary>True while the latch remembers a contact.</summary>
    public bool Level { get; set; }

    /// <summary>True for a part that never remembers.</summary>
    public bool IsBroken { get; set; }

    /// <summary>How often the App has cleared the latch.</summary>
    public int Clears { get; private set; }

    /// <inheritdoc/>
    public bool IsSet() => Level && !IsBroken;

    /// <inheritdoc/>
    public void Clear()
    {
        Level = false;
        Clears++;
    }
}

/// <summary>
/// Battery, charger or mains, sleep and reset: a test sets what the App reads and counts what the App asks for.
/// </summary>
public sealed class ManualPower : IPower
{
    /// <summary>Battery, percent; 255 where the board has none.</summary>
    public byte Battery { get; set; } = 80;

    /// <summary>On the charger (band) or on mains (hub).</summary>
    public bool IsExternal { get; set; }

    /// <summary>Why the present boot began.</summary>
    public WakeCause BootCause { get; set; }

    /// <summary>How often the App has asked for deep sleep.</summary>
    public int Sleeps { get; private set; }

    /// <summary>Length of the last deep sleep, ms.</summary>
    public int LastSleepMs { get; private set; }

    /// <summary>How often the App has asked for a reset.</summary>
    public int Resets { get; private set; }

    /// <summary>How often the App has fed the watchdog.</summary>
    public int Feeds { get; private set; }

    /// <summary>Boots the App again and again until a boot asks for no reset.</summary>
    /// <param name="boot">Boots the App.</param>
    /// <returns>Number of boots that have asked for a reset.</returns>
    /// <exception cref="InvalidOperationException">Each of 21 boots has asked for a reset.</exception>
    public int BootUntilItStays(Action boot)
    {
        var before = Resets;
        for (var boots = 1; boots <= 21; boots++)
        {
            boot();
            if (Resets - before < boots)
            {
                return Resets - before;
            }
        }

        throw new InvalidOperationException("the App has asked for a reset in each of 21 boots");
    }

    /// <inheritdoc/>
    public byte BatteryPct() => Battery;

    /// <inheritdoc/>
    public bool External() => IsExternal;

    /// <inheritdoc/>
    public WakeCause Cause() => BootCause;

    /// <inheritdoc/>
    public void DeepSleep(int timeoutMs)
    {
        Sleeps++;
        LastSleepMs = timeoutMs;
    }

    /// <inheritdoc/>
    public void Reset() => Resets++;

    /// <inheritdoc/>
    public void FeedWatchdog() => Feeds++;
}

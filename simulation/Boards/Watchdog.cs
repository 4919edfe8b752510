namespace ElderBand.Simulation;

/// <summary>
/// The external watchdog of a board: it bites unless it is fed. While the chip sleeps and drives no line, a capacitor
/// keeps it on for <see cref="Figures.WatchdogHoldMs"/> (hardware/README.md).
/// </summary>
internal sealed class Watchdog(World world, PowerMeter power, int biteMs)
{
    private long _fedMs;
    private int _watch;

    private bool IsOff =>
        power.State == ChipState.LightSleep && world.NowMs - power.SinceMs >= world.Figures.WatchdogHoldMs;

    /// <summary>Begins with a boot.</summary>
    public void Start(Action bite)
    {
        _fedMs = world.NowMs;
        Watch(++_watch, bite);
    }

    /// <summary>Ends with a boot.</summary>
    public void Stop() => _watch++;

    /// <summary>A feed that takes effect at this world time.</summary>
    public void Feed(long atMs) => _fedMs = atMs;

    /// <summary>Light sleep ends: a watchdog that was off begins anew. Called while the chip sleeps.</summary>
    public void OnWake() => _fedMs = IsOff ? world.NowMs : _fedMs;

    private void Watch(int watch, Action bite) => world.At(_fedMs + biteMs, () =>
    {
        if (watch != _watch)
        {
            return;
        }

        if (IsOff)
        {
            world.At(world.NowMs + biteMs, () => Watch(watch, bite));
        }
        else if (world.NowMs - _fedMs >= biteMs)
        {
            world.Count("watchdog resets");
            bite();
        }
        else
        {
            Watch(watch, bite);
        }
    });
}

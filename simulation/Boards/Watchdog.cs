namespace ElderBand.Simulation;

/// <summary>
/// The external watchdog of a board, which resets the chip unless it is fed. While the chip sleeps and drives no line,
/// a capacitor keeps the watchdog on for <see cref="Figures.WatchdogHoldMs"/> (hardware/README.md).
/// </summary>
internal sealed class Watchdog(World world, PowerMeter power, int biteMs)
{
    private long _fedMs;
    private int _watch;

    private bool IsOff =>
        power.State == ChipState.LightSleep && world.NowMs - power.SinceMs >= world.Figures.WatchdogHoldMs;

    /// <summary>Starts the watchdog at a boot.</summary>
    public void Start(Action bite)
    {
        _fedMs = world.NowMs;
        Watch(++_watch, bite);
    }

    /// <summary>Stops the watchdog at the end of a boot.</summary>
    public void Stop() => _watch++;

    /// <summary>A feed that takes effect at this world time.</summary>
    public void Feed(long atMs) => _fedMs = atMs;

    /// <summary>
    /// Light sleep ends: a watchdog that was off starts again. Called before the chip leaves the state of sleep.
    /// </summary>
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

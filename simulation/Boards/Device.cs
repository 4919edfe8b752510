using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// One board: an App that is stepped when its time or an event has come, and everything that a step costs. Flash
/// operations take time, and the App waits for them: what it sends after one leaves when the operation has ended, and no
/// step begins before (R2 is only worth something if storing first costs what it costs).
/// </summary>
public abstract class Device : IClock, IPower
{
    private readonly int _bootMs;
    private readonly int _watchdogMs;
    private long _poweredAtMs;
    private long _busyMs;
    private long _busyUntilMs;
    private long _stepAtMs = long.MaxValue;
    private long _wallOffsetMs;
    private long _fedAtMs;
    private int _life;
    private bool _stepping;

    /// <summary>Makes a board that is still without power.</summary>
    protected Device(World world, string name, int bootMs, int watchdogMs)
    {
        World = world;
        Name = name;
        _bootMs = bootMs;
        _watchdogMs = watchdogMs;
        Flash = new VirtualFlash(this);
    }

    /// <summary>The world it lives in.</summary>
    public World World { get; }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>Survives power cuts and reboots.</summary>
    public VirtualFlash Flash { get; }

    /// <summary>Power is there.</summary>
    public bool IsOn { get; private set; }

    /// <summary>In deep sleep: not stepped, radio off.</summary>
    public bool IsAsleep { get; private set; }

    /// <summary>How often it has started.</summary>
    public int Boots { get; private set; }

    /// <summary>Battery, percent.</summary>
    public byte Battery { get; set; } = 87;

    /// <summary>On the charger (band) or on mains (hub).</summary>
    public bool IsExternal { get; private set; }

    /// <summary>Why the present boot began.</summary>
    public WakeCause BootCause { get; private set; }

    /// <summary>World time at which what the App does now takes effect.</summary>
    public long EffectMs => World.NowMs + _busyMs;

    /// <summary>The same on the machine's clock, µs.</summary>
    public long EffectUs => World.NowUs + (_busyMs * 1000);

    /// <summary>Gives power; the App starts after the boot time.</summary>
    public void PowerOn()
    {
        if (!IsOn)
        {
            Start(WakeCause.PowerOn);
        }
    }

    /// <summary>Takes power away at this moment: RAM is gone, a running flash operation is torn.</summary>
    public void PowerOff()
    {
        if (!IsOn)
        {
            return;
        }

        World.Count("power cuts");
        Flash.Cut();
        Die();
        IsOn = false;
    }

    /// <summary>Plugs mains or charger in or out.</summary>
    public void SetExternal(bool external)
    {
        if (IsExternal == external)
        {
            return;
        }

        IsExternal = external;
        Raise(EventKind.PowerEdge, 0, external ? 1 : 0, null);
    }

    /// <summary>Puts an event into the App's ring and wakes it, as an interrupt or a radio callback would.</summary>
    public void Raise(EventKind kind, long address, int arg, byte[]? data)
    {
        if (IsOn && !IsAsleep && RingFor(kind) is { } ring)
        {
            ring.Enqueue(kind, NowMs(), address, arg, data ?? [], data?.Length ?? 0);
            WakeLoop();
        }
    }

    /// <summary>An event that the loop waits for has come.</summary>
    internal void WakeLoop() => StepAt(World.NowMs);

    /// <summary>Lets something leave the board once the flash operations before it have ended.</summary>
    public void Effect(Action action)
    {
        if (_busyMs == 0)
        {
            action();
            return;
        }

        var life = _life;
        World.At(EffectMs, () =>
        {
            if (life == _life)
            {
                action();
            }
        });
    }

    /// <inheritdoc/>
    public long NowMs() => EffectMs - _poweredAtMs;

    /// <inheritdoc/>
    public long WallMs() => _wallOffsetMs == 0 ? 0 : _wallOffsetMs + NowMs();

    /// <inheritdoc/>
    public void SetWall(long unixMs) => _wallOffsetMs = unixMs - NowMs();

    /// <inheritdoc/>
    public byte BatteryPct() => Battery;

    /// <inheritdoc/>
    public bool External() => IsExternal;

    /// <inheritdoc/>
    public WakeCause Cause() => BootCause;

    /// <inheritdoc/>
    public void DeepSleep(int timeoutMs) => Effect(() =>
    {
        Die();
        IsAsleep = true;
        var life = _life;
        World.At(World.NowMs + timeoutMs, () =>
        {
            if (life == _life && IsOn)
            {
                Start(WakeCause.Timer);
            }
        });
    });

    /// <inheritdoc/>
    public void Reset() => Effect(() =>
    {
        Die();
        Start(WakeCause.PowerOn);
    });

    /// <inheritdoc/>
    public void FeedWatchdog() => _fedAtMs = World.NowMs;

    /// <summary>Adds to the time that the running step takes.</summary>
    internal void Spend(int ms) => _busyMs += ms;

    /// <summary>A native call holds every thread of the board for this long.</summary>
    internal void StandStill(int ms)
    {
        if (_stepping)
        {
            Spend(ms);
        }
        else
        {
            _busyUntilMs = Math.Max(_busyUntilMs, World.NowMs) + ms;
        }
    }

    /// <summary>Wakes it from deep sleep; false where it was not asleep.</summary>
    internal bool Wake(WakeCause cause)
    {
        if (!IsAsleep)
        {
            return false;
        }

        Start(cause);
        return true;
    }

    /// <summary>Where the App wants this kind of event; null while there is no App.</summary>
    protected abstract EventRing? RingFor(EventKind kind);

    /// <summary>Makes a new App with new rings and starts it.</summary>
    protected abstract void StartApp(long nowMs);

    /// <summary>One step of the App; returns the ms until it wants the next.</summary>
    protected abstract int StepApp(long nowMs);

    /// <summary>The App is gone: links drop, pins fall back.</summary>
    protected abstract void OnDeath();

    private void Start(WakeCause cause)
    {
        _life++;
        var life = _life;
        IsOn = true;
        IsAsleep = false;
        BootCause = cause;
        _wallOffsetMs = 0;
        _poweredAtMs = World.NowMs;
        _busyUntilMs = World.NowMs;
        World.At(World.NowMs + _bootMs, () =>
        {
            if (life != _life)
            {
                return;
            }

            Boots++;
            _fedAtMs = World.NowMs;
            Run(() =>
            {
                StartApp(NowMs());
                return 0;
            });
            WatchTheDog(life);
        });
    }

    private void Die()
    {
        _life++;
        _stepAtMs = long.MaxValue;
        OnDeath();
    }

    private void WatchTheDog(int life) => World.At(_fedAtMs + _watchdogMs, () =>
    {
        if (life != _life)
        {
            return;
        }

        if (World.NowMs - _fedAtMs >= _watchdogMs)
        {
            World.Count("watchdog resets");
            Die();
            Start(WakeCause.Watchdog);
            return;
        }

        WatchTheDog(life);
    });

    private void StepAt(long atMs)
    {
        if (atMs >= _stepAtMs)
        {
            return;
        }

        _stepAtMs = atMs;
        var life = _life;
        World.At(atMs, () =>
        {
            if (life != _life || _stepAtMs != atMs)
            {
                return;
            }

            _stepAtMs = long.MaxValue;
            if (World.NowMs < _busyUntilMs)
            {
                StepAt(_busyUntilMs);
                return;
            }

            Run(() => StepApp(NowMs()));
        });
    }

    private void Run(Func<int> step)
    {
        if (_stepping)
        {
            throw new InvalidOperationException($"{Name}: a step began inside a step");
        }

        _stepping = true;
        var life = _life;
        try
        {
            var waitMs = step();
            if (life == _life)
            {
                _busyUntilMs = World.NowMs + _busyMs;
                StepAt(Math.Max(_busyUntilMs, World.NowMs + Math.Max(1, waitMs)));
            }
        }
        finally
        {
            _busyMs = 0;
            _stepping = false;
        }
    }
}

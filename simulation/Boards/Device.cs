using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// One board. The App is stepped at its due time and at each event, and every step takes time
/// (<see cref="Processor"/>). An effect of a step leaves the board when the step's earlier work has ended, and no step
/// begins before the last one has ended. So storing before sending (R2) delays the sending, as on a real board.
/// </summary>
public abstract partial class Device : IClock, IPower
{
    private readonly int _bootMs;
    private readonly Watchdog _watchdog;
    private long _poweredAtMs;
    private long _wallOffsetMs;
    private long _startedMs;
    private int _life;
    private bool _neverWakes;

    /// <summary>Makes a board without power.</summary>
    protected Device(World world, string name, int bootMs, int watchdogMs, Processor processor)
    {
        World = world;
        Name = name;
        _bootMs = bootMs;
        Flash = new VirtualFlash(this);
        Processor = processor;
        Power = new PowerMeter(world);
        _watchdog = new Watchdog(world, Power, watchdogMs);
        if (world.Figures.NsPerIl > 0 && !IlCounter.IsThere)
        {
            throw new SimulationException(
                "the firmware beside this program does not count its instructions (RunsWorlds)");
        }
    }

    /// <summary>The world of this board.</summary>
    public World World { get; }

    /// <summary>Name of the board, shown to people.</summary>
    public string Name { get; }

    /// <summary>The board's flash; its files survive power cuts and reboots.</summary>
    public VirtualFlash Flash { get; }

    /// <summary>The board's processor, which counts the cost of steps.</summary>
    public Processor Processor { get; }

    /// <summary>How long the chip was in each state.</summary>
    public PowerMeter Power { get; }

    /// <summary>True while the board has power.</summary>
    public bool IsOn { get; private set; }

    /// <summary>True in deep sleep: the App is not stepped, and the radio is off.</summary>
    public bool IsAsleep { get; private set; }

    /// <summary>Number of starts.</summary>
    public int Boots { get; private set; }

    /// <summary>
    /// After the App's first start its clock jumps ahead by this, ms, so that a world soon reaches a counter's end.
    /// </summary>
    public long FirstUptimeMs { get; set; }

    /// <summary>Time since the App of this boot started, ms.</summary>
    public long UptimeMs => NowMs() - _startedMs;

    /// <summary>Battery, percent.</summary>
    public byte Battery { get; set; } = 87;

    /// <summary>True on the charger (band) or on mains (hub).</summary>
    public bool IsExternal { get; private set; }

    /// <summary>Why the present boot began.</summary>
    public WakeCause BootCause { get; private set; }

    /// <summary>World time at which the App's present action takes effect, ms.</summary>
    public long EffectMs => Processor.EffectUs / 1000;

    /// <summary><see cref="EffectMs"/> on the machine's clock, µs.</summary>
    public long EffectUs => World.NowUs + (Processor.EffectUs - (World.NowMs * 1000));

    /// <summary>Gives power; the App starts after the boot time.</summary>
    public void PowerOn()
    {
        if (!IsOn)
        {
            Start(WakeCause.PowerOn);
        }
    }

    /// <summary>Removes power now: RAM is lost, and a running flash operation is torn.</summary>
    public void PowerOff()
    {
        if (!IsOn)
        {
            return;
        }

        World.Count("power cuts");
        Flash.Cut();
        Die();
        OnPowerLost();
        IsOn = false;
        Power.Enter(ChipState.Off);
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
        // In light sleep no interrupt is served: only the level of a wake line or the timer ends light sleep (F10).
        if (IsOn && !IsAsleep && !IsInLightSleep && RingFor(kind) is { } ring)
        {
            ring.Enqueue(kind, NowMs(), address, arg, data ?? [], data?.Length ?? 0);
            WakeLoop();
        }
    }

    /// <summary>Runs an action when the step's earlier work has ended.</summary>
    public void Effect(Action action) => EffectAt(EffectMs, action);

    /// <summary>
    /// Runs an action that the radio's stack takes by itself. The stack gets the data of a step only when that step has
    /// ended.
    /// </summary>
    internal void EffectOfStack(Action action) =>
        EffectAt(Math.Max(EffectMs, Processor.IsStepping ? 0 : Processor.BusyUntilUs / 1000), action);

    private void EffectAt(long atMs, Action action)
    {
        if (atMs <= World.NowMs)
        {
            action();
            return;
        }

        var life = _life;
        World.At(atMs, () =>
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
        Power.Enter(ChipState.DeepSleep);
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
        World.Count($"restarts that the {Kind} asked for");
        Die();
        Start(WakeCause.PowerOn);
    });

    /// <inheritdoc/>
    public void FeedWatchdog() => _watchdog.Feed(EffectMs);

    /// <summary>True while the chip is in light sleep.</summary>
    public bool IsInLightSleep => Power.State == ChipState.LightSleep;

    /// <summary>From the next light sleep on nothing wakes the chip: an injected fault (F15).</summary>
    public void NeverWakeAgain() => _neverWakes = true;

    /// <summary>A native call holds every thread of the board for this long.</summary>
    internal void StandStill(int ms) => Processor.Spend(ms * 1000L);

    /// <summary>Wakes the chip from deep sleep; false where it was not in deep sleep.</summary>
    public bool Wake(WakeCause cause)
    {
        if (!IsAsleep)
        {
            return false;
        }

        Start(cause);
        return true;
    }

    /// <summary>The App's ring for this kind of event; null while no App runs.</summary>
    protected abstract EventRing? RingFor(EventKind kind);

    /// <summary>Makes a new App with new rings and starts it.</summary>
    protected abstract void StartApp(long nowMs);

    /// <summary>Does one step of the App; returns the ms until the next step is due.</summary>
    protected abstract int StepApp(long nowMs);

    /// <summary>"band" or "hub".</summary>
    protected abstract string Kind { get; }

    /// <summary>True while the radio of this board is on.</summary>
    protected abstract bool RadioIsOn { get; }

    /// <summary>
    /// True where the board waits for this time in light sleep, as firmware/Wristband/Board/Idle.cs decides.
    /// </summary>
    protected virtual bool WaitsInLightSleep(long waitMs) => false;

    /// <summary>Every part of the board has lost its supply.</summary>
    protected virtual void OnPowerLost()
    {
    }

    /// <summary>The App has stopped: links drop, and pins become inactive.</summary>
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
        _neverWakes = false;
        Processor.Boot();
        Power.Enter(ChipState.Awake);
        World.At(World.NowMs + _bootMs, () =>
        {
            if (life != _life)
            {
                return;
            }

            Boots++;
            _startedMs = NowMs();
            Run(
                () =>
                {
                    StartApp(NowMs());
                    return 0;
                },
                isBoot: true);
            _poweredAtMs -= Boots == 1 ? FirstUptimeMs : 0;
            _watchdog.Start(() =>
            {
                Die();
                Start(WakeCause.Watchdog);
            });
        });
    }

    private void Die()
    {
        _life++;
        _stepAtMs = long.MaxValue;
        _watchdog.Stop();
        OnDeath();
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// One board: an App that is stepped when its time or an event has come, and everything that a step costs
/// (<see cref="Processor"/>). What the App sends leaves when what it did before has ended, and no step begins before
/// the last one has ended (R2 is only worth something if storing first costs what it costs).
/// </summary>
public abstract class Device : IClock, IPower
{
    private readonly int _bootMs;
    private readonly Watchdog _watchdog;
    private long _poweredAtMs;
    private long _stepAtMs = long.MaxValue;
    private long _wallOffsetMs;
    private long _startedMs;
    private int _life;
    private bool _neverWakes;

    /// <summary>Makes a board that is still without power.</summary>
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

    /// <summary>The world it lives in.</summary>
    public World World { get; }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>Survives power cuts and reboots.</summary>
    public VirtualFlash Flash { get; }

    /// <summary>What steps cost.</summary>
    public Processor Processor { get; }

    /// <summary>How long the chip was in which state.</summary>
    public PowerMeter Power { get; }

    /// <summary>Power is there.</summary>
    public bool IsOn { get; private set; }

    /// <summary>In deep sleep: not stepped, radio off.</summary>
    public bool IsAsleep { get; private set; }

    /// <summary>How often it has started.</summary>
    public int Boots { get; private set; }

    /// <summary>
    /// The clock of the first boot jumps on by this once the App has started, ms: a world that begins shortly before a
    /// counter ends.
    /// </summary>
    public long FirstUptimeMs { get; set; }

    /// <summary>Time since the App of this boot started, ms.</summary>
    public long UptimeMs => NowMs() - _startedMs;

    /// <summary>Battery, percent.</summary>
    public byte Battery { get; set; } = 87;

    /// <summary>On the charger (band) or on mains (hub).</summary>
    public bool IsExternal { get; private set; }

    /// <summary>Why the present boot began.</summary>
    public WakeCause BootCause { get; private set; }

    /// <summary>World time at which what the App does now takes effect.</summary>
    public long EffectMs => Processor.EffectUs / 1000;

    /// <summary>The same on the machine's clock, µs.</summary>
    public long EffectUs => World.NowUs + (Processor.EffectUs - (World.NowMs * 1000));

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
        // In light sleep no interrupt is served: what ends it is a level of a wake line or the time (F10).
        if (IsOn && !IsAsleep && !IsInLightSleep && RingFor(kind) is { } ring)
        {
            ring.Enqueue(kind, NowMs(), address, arg, data ?? [], data?.Length ?? 0);
            WakeLoop();
        }
    }

    /// <summary>An event that the loop waits for has come.</summary>
    internal void WakeLoop() => StepAt(World.NowMs);

    /// <summary>Lets something leave the board once what the step did before has ended.</summary>
    public void Effect(Action action)
    {
        if (EffectMs <= World.NowMs)
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

    /// <summary>The chip waits in light sleep.</summary>
    public bool IsInLightSleep => Power.State == ChipState.LightSleep;

    /// <summary>From the next light sleep on nothing wakes the chip: an injected fault (F15).</summary>
    public void NeverWakeAgain() => _neverWakes = true;

    /// <summary>A native call holds every thread of the board for this long.</summary>
    internal void StandStill(int ms) => Processor.Spend(ms * 1000L);

    /// <summary>
    /// A level of a wake line, or the time, ends light sleep: the loop goes on, and no edge makes an event.
    /// </summary>
    internal void EndLightSleep()
    {
        if (_neverWakes)
        {
            World.Count("light sleeps that never end");
            return;
        }

        _watchdog.OnWake();
        Power.Enter(ChipState.Awake);
        World.Count("light sleeps");
        if (World.Figures.NsPerIl > 0)
        {
            Processor.Spend(World.Figures.LightSleepUs);
        }

        _stepAtMs = long.MaxValue;
        StepAt(World.NowMs);
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

    /// <summary>band or hub.</summary>
    protected abstract string Kind { get; }

    /// <summary>The radio of this board is on.</summary>
    protected abstract bool RadioIsOn { get; }

    /// <summary>The board waits for this long in light sleep, as firmware/Wristband/Board/Idle.cs decides.</summary>
    protected virtual bool WaitsInLightSleep(long waitMs) => false;

    /// <summary>The supply is gone, for every part of the board.</summary>
    protected virtual void OnPowerLost()
    {
    }

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
            if (IsInLightSleep)
            {
                EndLightSleep();
                return;
            }

            if (World.NowMs < Processor.BusyUntilUs / 1000)
            {
                StepAt(Processor.BusyUntilUs / 1000);
                return;
            }

            Run(() => StepApp(NowMs()));
        });
    }

    private void Run(Func<int> step, bool isBoot = false)
    {
        Processor.Begin();
        var life = _life;
        var waitMs = 0;
        try
        {
            waitMs = step();
        }
        finally
        {
            Processor.End(isBoot);
        }

        Processor.FailIfTooLong();

        if (life != _life)
        {
            return;
        }

        var endMs = Processor.BusyUntilUs / 1000;
        var nextMs = Math.Max(endMs, World.NowMs + Math.Max(1, waitMs));
        StepAt(nextMs);
        if (endMs <= World.NowMs)
        {
            Wait(nextMs);
            return;
        }

        World.At(endMs, () =>
        {
            if (life == _life)
            {
                Wait(nextMs);
            }
        });
    }

    // Between two steps. An event that has come since the step began makes the next one due at once.
    private void Wait(long untilMs)
    {
        if (_stepAtMs == untilMs && WaitsInLightSleep(untilMs - World.NowMs))
        {
            Power.Enter(ChipState.LightSleep);
        }
        else
        {
            Power.Enter(RadioIsOn ? ChipState.RadioOn : ChipState.Awake);
        }
    }
}

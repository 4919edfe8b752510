namespace ElderBand.Simulation;

/// <summary>The loop of a board: when the App's next step begins, and how the board waits between two steps.</summary>
public abstract partial class Device
{
    private long _stepAtMs = long.MaxValue;

    /// <summary>An event that the loop waits for has come.</summary>
    internal void WakeLoop() => StepAt(World.NowMs);

    /// <summary>A wake line or the timer ends light sleep: the loop goes on, and no edge makes an event.</summary>
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

    // Waits between two steps. An event since the begin of the last step makes the next step due at once.
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

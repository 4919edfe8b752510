namespace ElderBand.Simulation;

/// <summary>Cost of a step.</summary>
/// <param name="Instructions">IL instructions of the firmware.</param>
/// <param name="Us">Time from its begin to its end, µs: instructions, transfers, flash, radio, collections.</param>
/// <param name="AtMs">World time of its begin.</param>
public readonly record struct StepCost(long Instructions, long Us, long AtMs);

/// <summary>Instructions of one method within a step.</summary>
public readonly record struct MethodCost(string Name, long Instructions);

/// <summary>
/// The processor of a board, and the cost of a step of the App. A step takes time for the IL instructions that the
/// firmware executes (<see cref="Figures.NsPerIl"/>) and for the work of its ports. The rest of the world does not move
/// within a step; the App sees its events in the next step.
/// </summary>
/// <param name="world">The world.</param>
/// <param name="freeHeapBytes">Garbage after which the heap is collected.</param>
/// <param name="mostInstructions">A step of a running App that executes more than this fails the world.</param>
public sealed class Processor(World world, long freeHeapBytes, long mostInstructions)
{
    private long _startUs;
    private long _spentUs;
    private long _countedBefore;
    private long _garbageBytes;
    private long[]? _methodsBefore;

    /// <summary>True: also records the methods of the longest step, which makes the run slower.</summary>
    public bool NotesMethods { get; set; }

    /// <summary>True while a step runs.</summary>
    public bool IsStepping { get; private set; }

    /// <summary>World time, µs, until which no step can begin.</summary>
    public long BusyUntilUs { get; private set; }

    /// <summary>World time, µs, at which the App's present action takes effect.</summary>
    public long EffectUs => IsStepping ? _startUs + SpentUs() : world.NowMs * 1000;

    /// <summary>Steps so far.</summary>
    public long Steps { get; private set; }

    /// <summary>IL instructions executed so far.</summary>
    public long Instructions { get; private set; }

    /// <summary>Collections of the heap so far.</summary>
    public long Collections { get; private set; }

    /// <summary>The step with the most instructions.</summary>
    public StepCost MostInstructions { get; private set; }

    /// <summary>The step that took the longest time.</summary>
    public StepCost Longest { get; private set; }

    /// <summary>Methods of the step with the most instructions, where <see cref="NotesMethods"/> is set.</summary>
    public IReadOnlyList<MethodCost> MostMethods { get; private set; } = [];

    private int NsPerIl => world.Figures.NsPerIl;

    /// <summary>A step begins now, or within this millisecond where the last one ended in it.</summary>
    internal void Begin()
    {
        if (IsStepping)
        {
            throw new InvalidOperationException("a step began inside a step");
        }

        _startUs = Math.Max(world.NowMs * 1000, BusyUntilUs);
        _spentUs = 0;
        _methodsBefore = NotesMethods ? IlCounter.Snapshot() : null;
        _countedBefore = IlCounter.Executed();
        IsStepping = true;
    }

    /// <summary>The step has ended.</summary>
    /// <param name="isBoot">True for the start of an App, which has no bound: no key is served while tables and files
    /// are loaded.</param>
    internal void End(bool isBoot)
    {
        var instructions = IlCounter.Executed() - _countedBefore;
        var cost = new StepCost(instructions, SpentUs(), world.NowMs);
        IsStepping = false;
        BusyUntilUs = _startUs + cost.Us;
        Steps++;
        Instructions += instructions;
        if (isBoot)
        {
            return;
        }

        Longest = cost.Us > Longest.Us ? cost : Longest;
        if (instructions > MostInstructions.Instructions)
        {
            MostInstructions = cost;
            NoteMethods();
        }
    }

    /// <summary>Fails the world where the steps of the running App have been too long.</summary>
    internal void FailIfTooLong()
    {
        if (MostInstructions.Instructions > mostInstructions && world.FailsOnLongSteps)
        {
            throw new SimulationException(
                $"a step of {MostInstructions.Instructions} IL instructions, at most {mostInstructions}, "
                + $"at {MostInstructions.AtMs} ms");
        }
    }

    /// <summary>Adds time to the running step or, between steps, delays the next step, µs.</summary>
    internal void Spend(long us)
    {
        if (IsStepping)
        {
            _spentUs += us;
        }
        else
        {
            BusyUntilUs = Math.Max(BusyUntilUs, world.NowMs * 1000) + us;
        }
    }

    /// <summary>
    /// Adds a port's work that is native code on the device. It takes time only where instructions take time.
    /// </summary>
    internal void SpendNative(long us, int garbageBytes)
    {
        if (NsPerIl == 0)
        {
            return;
        }

        Spend(us);
        _garbageBytes += garbageBytes;
        if (_garbageBytes >= freeHeapBytes)
        {
            _garbageBytes = 0;
            Collections++;
            Spend(world.Figures.CollectionUs);
        }
    }

    /// <summary>Begins a boot: no work is under way, and the heap is empty.</summary>
    internal void Boot()
    {
        BusyUntilUs = world.NowMs * 1000;
        _garbageBytes = 0;
    }

    private long SpentUs() =>
        NsPerIl == 0 ? _spentUs : _spentUs + ((IlCounter.Executed() - _countedBefore) * NsPerIl / 1000);

    private void NoteMethods()
    {
        if (_methodsBefore is not { } before)
        {
            return;
        }

        var after = IlCounter.Snapshot();
        MostMethods = IlCounter.Methods
            .Select((name, i) => new MethodCost(name, after[i] - before[i]))
            .Where(static m => m.Instructions > 0)
            .OrderByDescending(static m => m.Instructions)
            .ToList();
    }
}

namespace ElderBand.Simulation;

/// <summary>What a board's chip is doing.</summary>
public enum ChipState
{
    /// <summary>Without power.</summary>
    Off,

    /// <summary>Running or waiting awake, radio off.</summary>
    Awake,

    /// <summary>Running or waiting awake, radio on.</summary>
    RadioOn,

    /// <summary>Light sleep: memory stays, clock and outputs do not.</summary>
    LightSleep,

    /// <summary>Deep sleep: waking is a boot.</summary>
    DeepSleep,
}

/// <summary>How long a chip has been in each state.</summary>
public sealed class PowerMeter(World world)
{
    private readonly long[] _ms = new long[Enum.GetValues<ChipState>().Length];
    private long _sinceMs = world.NowMs;

    /// <summary>State now.</summary>
    public ChipState State { get; private set; }

    /// <summary>Since when, world time.</summary>
    public long SinceMs => _sinceMs;

    /// <summary>Time in a state so far, ms.</summary>
    public long MsIn(ChipState state) => _ms[(int)state] + (state == State ? world.NowMs - _sinceMs : 0);

    /// <summary>The chip changes its state now.</summary>
    internal void Enter(ChipState state)
    {
        if (state == State)
        {
            return;
        }

        _ms[(int)State] += world.NowMs - _sinceMs;
        _sinceMs = world.NowMs;
        State = state;
    }
}

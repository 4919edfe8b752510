namespace ElderBand.Simulation;

/// <summary>A vibration pattern, recognised by number and length of its pulses as a wearer would.</summary>
public enum Felt
{
    /// <summary>No known pattern.</summary>
    Unknown,

    /// <summary>Stage 1, heard at home: one pulse.</summary>
    Home,

    /// <summary>Stage 2, the centre has it: two pulses.</summary>
    Centre,

    /// <summary>Stage 3, a person has it: one long.</summary>
    Taken,

    /// <summary>Stage 4, help is on the way: two long.</summary>
    Coming,

    /// <summary>Stage 5, closed: one soft.</summary>
    Closed,

    /// <summary>The key was held long enough: release it.</summary>
    LetGo,

    /// <summary>Understood: "I am fine", "not needed".</summary>
    Understood,

    /// <summary>Charged on the wrist: take the band off.</summary>
    TakeOff,

    /// <summary>A tick: waiting, or nobody has taken it yet.</summary>
    Tick,

    /// <summary>The countdown of a fall.</summary>
    Countdown,
}

/// <summary>
/// Reads the pin of the vibration motor, so that a stage counts as shown only if its pattern was really played. The
/// lengths are those of firmware/Wristband/App/Wrist/WristSignal.cs.
/// </summary>
public sealed class WristReader
{
    // The longest pause inside a pattern is 400 ms; the shortest between two patterns is 700 ms.
    private const int GapMs = 550;
    private const int ToleranceMs = 24;
    private const int LongestTickMs = 90;

    private static readonly (Felt What, int[] PulsesMs)[] Patterns =
    [
        (Felt.Home, [200]),
        (Felt.Centre, [200, 200]),
        (Felt.Taken, [900]),
        (Felt.Coming, [900, 900]),
        (Felt.Closed, [40, 40, 40]),
        (Felt.LetGo, [500, 500, 500]),
        (Felt.Understood, [100, 400]),
        (Felt.TakeOff, [300, 300, 300, 300, 300]),
        (Felt.Tick, [60]),
    ];

    private readonly World _world;
    private readonly List<(int Ms, long AtUs)> _pulses = [];
    private long _onUs;
    private long _onMs;
    private long _offMs;

    /// <summary>Watches a pin.</summary>
    public WristReader(World world, OutputPin vibration)
    {
        _world = world;
        vibration.Changed += Change;
    }

    /// <summary>Called at the end of each pattern with the pattern and the moment of its begin, µs.</summary>
    public Action<Felt, long>? Shown { get; set; }

    private void Change(bool on, long atUs)
    {
        if (on)
        {
            _onUs = atUs;
            _onMs = _world.NowMs;
            return;
        }

        var offMs = _world.NowMs;
        _pulses.Add(((int)(offMs - _onMs), _onUs));
        _offMs = offMs;
        _world.At(offMs + GapMs, () =>
        {
            if (_pulses.Count > 0 && _offMs == offMs && _onMs < offMs)
            {
                End();
            }
        });

        // The pauses between the fast ticks of a countdown are too short to end a pattern.
        if (_pulses.Count > 4)
        {
            End();
        }
    }

    private void End()
    {
        // A pattern may follow a tick at once; then the tick is not part of the pattern.
        var what = Match(0);
        var first = what == Felt.Unknown && _pulses.Count > 1 && _pulses[0].Ms < LongestTickMs ? 1 : 0;
        what = first == 1 ? Match(1) : what;
        if (what == Felt.Unknown && _pulses.TrueForAll(static pulse => pulse.Ms is > 120 and < 280))
        {
            what = Felt.Countdown;
        }

        var startUs = _pulses[what == Felt.Unknown ? 0 : first].AtUs;
        _pulses.Clear();
        Shown?.Invoke(what, startUs);
    }

    private Felt Match(int first) => Patterns.FirstOrDefault(pattern =>
        pattern.PulsesMs.Length == _pulses.Count - first
        && pattern.PulsesMs.Zip(_pulses.Skip(first))
            .All(static pair => Math.Abs(pair.First - pair.Second.Ms) < ToleranceMs)).What;
}

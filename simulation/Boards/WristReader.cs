namespace ElderBand.Simulation;

/// <summary>What a wearer feels, told apart by length and number of the pulses as the wearer would.</summary>
public enum Felt
{
    /// <summary>Not a pattern that means something.</summary>
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

    /// <summary>Held long enough, let go.</summary>
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
/// Reads the vibration motor's pin from outside, so that a stage counts as shown only if the wrist really said it. The
/// lengths are those of firmware/Wristband/App/Wrist/WristSignal.cs.
/// </summary>
public sealed class WristReader
{
    // Longest silence inside a pattern is 400 ms, shortest between two is 700.
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

    /// <summary>Called with each pattern and the moment it began, µs, once it has ended.</summary>
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

        // Fast ticks of a countdown never pause long enough.
        if (_pulses.Count > 4)
        {
            End();
        }
    }

    private void End()
    {
        // A pattern may follow a tick at once; the tick is then not part of it.
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

namespace ElderBand.Simulation;

/// <summary>What a wearer feels, told apart by the number of the pulses and their shortest length.</summary>
public enum Felt
{
    /// <summary>No known pattern.</summary>
    Unknown,

    /// <summary>Stage 1, heard at home: two pulses.</summary>
    Home,

    /// <summary>Stage 2, the centre has it: three pulses.</summary>
    Centre,

    /// <summary>Stage 3, a person has it: four long.</summary>
    Taken,

    /// <summary>Stage 4, help is on the way: five long.</summary>
    Coming,

    /// <summary>Stage 5, closed: six soft.</summary>
    Closed,

    /// <summary>Held long enough, let go: seven close pulses.</summary>
    LetGo,

    /// <summary>"I am fine" or "not needed" is understood: seven short and a long one.</summary>
    Understood,

    /// <summary>Charged on the wrist: take the band off, nine pulses.</summary>
    TakeOff,

    /// <summary>
    /// The centre has refused a call, and the wearer must press again: five times a long and a short pulse.
    /// </summary>
    Refused,

    /// <summary>A tick, one pulse: waiting, or nobody has taken it yet.</summary>
    Tick,

    /// <summary>The countdown of a fall: one pulse soon after another.</summary>
    Countdown,
}

/// <summary>
/// Reads the vibration motor's pin from outside, so that a stage counts as shown only if the wrist really said it.
/// Pulses that follow each other closely belong together. A flash write can lengthen them and their pauses, so a
/// pattern is known by the number of its pulses. No pulse may be shorter than in
/// firmware/Wristband/App/Wrist/WristSignal.cs.
/// </summary>
public sealed class WristReader(World world)
{
    // The longest silence in a pattern is 150 ms and two flash writes of 240; the shortest between two patterns is 700.
    private const int GapMs = 650;
    private const int ToleranceMs = 5;
    private const int CountdownEveryMs = 3000;
    private const int HomeMs = 200;
    private const int HomeToleranceMs = 24;

    private static readonly (Felt What, int ShortestMs)[] Patterns =
    [
        (Felt.Home, 200),
        (Felt.Centre, 200),
        (Felt.Taken, 400),
        (Felt.Coming, 400),
        (Felt.Closed, 60),
        (Felt.LetGo, 150),
        (Felt.Understood, 80),
        (Felt.TakeOff, 120),
        (Felt.Refused, 80),
    ];

    private int _pulses;
    private int _shortestMs;
    private long _beganUs;
    private long _beganMs;
    private long _onMs;
    private long _offMs;
    private long _singleMs = -CountdownEveryMs;

    /// <summary>
    /// True: a single pulse of about 200 ms is read as "heard at home". The band once told stages by the length of
    /// their pulses (V6).
    /// </summary>
    public bool TellsHomeByLength { get; set; }

    /// <summary>Called at the end of each pattern with the pattern and the moment of its begin, µs.</summary>
    public Action<Felt, long>? Shown { get; set; }

    /// <summary>The motor has started or stopped at this moment, µs.</summary>
    public void Change(bool on, long atUs)
    {
        if (on)
        {
            if (_pulses == 0)
            {
                _beganUs = atUs;
                _beganMs = world.NowMs;
                _shortestMs = int.MaxValue;
            }

            _onMs = world.NowMs;
            return;
        }

        var offMs = world.NowMs;
        _pulses++;
        _shortestMs = Math.Min(_shortestMs, (int)(offMs - _onMs));
        _offMs = offMs;
        world.At(offMs + GapMs, () =>
        {
            if (_pulses > 0 && _offMs == offMs && _onMs < offMs)
            {
                End();
            }
        });
    }

    private void End()
    {
        var what = _pulses == 1 ? Single() : Pattern();
        _pulses = 0;
        Shown?.Invoke(what, _beganUs);
    }

    private Felt Single()
    {
        var sinceMs = _beganMs - _singleMs;
        _singleMs = _beganMs;
        return sinceMs < CountdownEveryMs ? Felt.Countdown
            : TellsHomeByLength && Math.Abs(_shortestMs - HomeMs) < HomeToleranceMs ? Felt.Home : Felt.Tick;
    }

    private Felt Pattern() =>
        _pulses - 2 is var index && index < Patterns.Length && _shortestMs > Patterns[index].ShortestMs - ToleranceMs
            ? Patterns[index].What : Felt.Unknown;
}

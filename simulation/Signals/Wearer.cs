using ElderBand.Simulation.Chips;

namespace ElderBand.Simulation.Signals;

/// <summary>
/// The arm and the skin under one band: the input of accelerometer and PPG sensor at each moment. Both are recorded or
/// synthetic; <see cref="Source"/> says which.
/// </summary>
public sealed class Wearer
{
    /// <summary>Samples a second of the synthetic signals; a chip takes the newest sample at its own rate.</summary>
    public const int RateHz = 100;

    private readonly Random _random;
    private readonly int _seed;
    private readonly Dictionary<Pose, MotionSample[]> _motionLoops = [];
    private readonly Dictionary<bool, PpgSample[]> _lightLoops = [];
    private readonly SyntheticPpg _skin;
    private SyntheticMotion _invented;
    private Pose _pose;
    private MotionSample _motion;
    private long _motionSamples;
    private long _motionFromMs;
    private Recording? _motionRecording;
    private int _motionColumn;
    private PpgSample _light;
    private long _lightSamples;
    private long _lightFromMs;
    private Recording? _lightRecording;
    private bool _worn = true;

    /// <summary>A wearer who sits still with this heart rate.</summary>
    public Wearer(int seed, double bpm)
    {
        _seed = seed;
        _random = new Random(seed);
        _skin = new SyntheticPpg(RateHz, seed) { Bpm = bpm };
        _invented = SyntheticMotion.Resting(RateHz, seed);
    }

    /// <summary>
    /// Seconds of synthetic signal that are computed once and then repeated, for worlds of many days; 0: every sample
    /// is new.
    /// </summary>
    public int LoopS { get; init; }

    /// <summary>On a wrist.</summary>
    public bool IsWorn => _worn;

    /// <summary>Source of pulse and motion now, for the timeline.</summary>
    public string Source =>
        !_worn ? "nobody: the band lies on a table"
        : $"heart {(_lightRecording is null ? "invented" : _lightRecording.Name)}, motion "
            + $"{(_motionRecording is null ? "invented" : _motionRecording.Name)}";

    /// <summary>Plays a recorded pulse (red, ir, green and, with it, its own motion) from its begin.</summary>
    public void Play(Recording pulse, long nowMs)
    {
        _lightRecording = pulse;
        _lightFromMs = nowMs;
        _motionRecording = pulse;
        _motionColumn = 3;
        _motionFromMs = nowMs;
    }

    /// <summary>
    /// Plays a recorded fall. No data set has falls and a pulse together, so the pulse is synthetic from here on.
    /// </summary>
    public void Fall(Recording motion, long nowMs)
    {
        _motionRecording = motion;
        _motionColumn = 0;
        _motionFromMs = nowMs;
        InventPulse(nowMs);
    }

    /// <summary>Plays a synthetic fall; the impact follows 0.7 s after the onset.</summary>
    public void Fall(int onsetMs, long nowMs) =>
        Invent(Pose.Falling, SyntheticMotion.FallSequence(RateHz, _random.Next(), onsetMs), nowMs);

    /// <summary>Sits still again.</summary>
    public void Rest(long nowMs) => Invent(Pose.Resting, SyntheticMotion.Resting(RateHz, _random.Next()), nowMs);

    /// <summary>Walks.</summary>
    public void Walk(long nowMs) => Invent(Pose.Walking, SyntheticMotion.Walking(RateHz, _random.Next()), nowMs);

    /// <summary>Takes the band off and lays it on a table, or puts it on again.</summary>
    public void SetWorn(bool worn, long nowMs)
    {
        _worn = worn;
        _skin.Worn = worn;
        _lightRecording = null;
        if (worn)
        {
            Rest(nowMs);
        }
        else
        {
            Invent(Pose.OnATable, SyntheticMotion.Desk(RateHz, _seed), nowMs);
        }

        InventPulse(nowMs);
    }

    /// <summary>Acceleration now, milli-g.</summary>
    public MotionSample Motion(long nowMs)
    {
        if (_motionRecording is { } recording)
        {
            var (x, y, z) = recording.Motion(nowMs - _motionFromMs, _motionColumn, _random);
            return new MotionSample(x, y, z);
        }

        if (LoopS > 0 && _pose != Pose.Falling)
        {
            var loop = _motionLoops.TryGetValue(_pose, out var known) ? known : _motionLoops[_pose] = MotionLoop();
            return loop[Math.Max(0, nowMs - _motionFromMs) * RateHz / 1000 % loop.Length];
        }

        for (var due = ((nowMs - _motionFromMs) * RateHz / 1000) + 1; _motionSamples < due; _motionSamples++)
        {
            var (x, y, z) = _invented.Next();
            _motion = new MotionSample(x, y, z);
        }

        return _motion;
    }

    /// <summary>Light that the PPG sensor receives now, raw counts.</summary>
    public PpgSample Light(long nowMs)
    {
        if (_lightRecording is { } recording)
        {
            var at = nowMs - _lightFromMs;
            if (at <= recording.LengthMs)
            {
                return new PpgSample((int)recording.At(0, at), (int)recording.At(1, at), (int)recording.At(2, at));
            }

            InventPulse(nowMs);
        }

        if (LoopS > 0)
        {
            var loop = _lightLoops.TryGetValue(_worn, out var known) ? known : _lightLoops[_worn] = LightLoop();
            return loop[Math.Max(0, nowMs - _lightFromMs) * RateHz / 1000 % loop.Length];
        }

        for (var due = ((nowMs - _lightFromMs) * RateHz / 1000) + 1; _lightSamples < due; _lightSamples++)
        {
            var (red, ir, green) = _skin.Next();
            _light = new PpgSample(red, ir, green);
        }

        return _light;
    }

    private MotionSample[] MotionLoop()
    {
        var loop = new MotionSample[LoopS * RateHz];
        for (var i = 0; i < loop.Length; i++)
        {
            var (x, y, z) = _invented.Next();
            loop[i] = new MotionSample(x, y, z);
        }

        return loop;
    }

    private PpgSample[] LightLoop()
    {
        var loop = new PpgSample[LoopS * RateHz];
        for (var i = 0; i < loop.Length; i++)
        {
            var (red, ir, green) = _skin.Next();
            loop[i] = new PpgSample(red, ir, green);
        }

        return loop;
    }

    private void Invent(Pose pose, SyntheticMotion motion, long nowMs)
    {
        _pose = pose;
        _invented = motion;
        _motionRecording = null;
        _motionFromMs = nowMs;
        _motionSamples = 0;
    }

    private void InventPulse(long nowMs)
    {
        _lightRecording = null;
        _lightFromMs = nowMs;
        _lightSamples = 0;
    }

    private enum Pose
    {
        Resting,
        Walking,
        OnATable,
        Falling,
    }
}

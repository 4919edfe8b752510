using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService.Schedules;

/// <summary>What a schedule does in a step.</summary>
internal enum StepKind
{
    Press,
    Fall,
    Confirm,
    Cancel,
    Take,
    SendHelp,
    StillOn,
    Call,
    HandBack,
    Close,
    SwitchConsole,
    Restart,
    StepClock,
    PassTime,
}

/// <summary>
/// A seeded schedule of presses, falls, acts of staff, restarts and clock steps. <see cref="ScheduleJudge"/> checks it
/// after every sweep. The schedule ends with the first finding.
/// </summary>
internal sealed class Schedule : IDisposable
{
    public const int Steps = 220;

    // How many of 100 steps are of each kind, on average.
    private static readonly (StepKind Kind, int Weight)[] Weights =
    [
        (StepKind.Press, 16), (StepKind.Fall, 4), (StepKind.Confirm, 2), (StepKind.Cancel, 2), (StepKind.Take, 20),
        (StepKind.SendHelp, 6), (StepKind.StillOn, 4), (StepKind.Call, 4), (StepKind.HandBack, 3), (StepKind.Close, 10),
        (StepKind.SwitchConsole, 4), (StepKind.Restart, 3), (StepKind.StepClock, 2), (StepKind.PassTime, 20),
    ];

    private static readonly long[] ClockSteps = [60_000, 3_600_000, 5 * 3_600_000, 30L * 24 * 3_600_000];

    private readonly ScheduleCentre _centre = new();
    private readonly ScheduleJudge _judge;
    private readonly Random _random;
    private readonly List<(int Resident, int Sequence)> _falls = [];

    private Schedule(int seed)
    {
        _random = new Random(seed);
        _judge = new ScheduleJudge(_centre);
    }

    /// <summary>What happened in a schedule.</summary>
    public sealed record Result(
        int Seed, string? Finding, int Steps, IReadOnlyDictionary<StepKind, int> Done,
        IReadOnlyDictionary<TimerKind, int> Fired, int Told);

    public static Result Play(int seed)
    {
        using var schedule = new Schedule(seed);
        return schedule.Play(seed, Steps);
    }

    public void Dispose() => _centre.Dispose();

    private Result Play(int seed, int steps)
    {
        var done = new Dictionary<StepKind, int>();
        int step = 0;
        while (step < steps && _judge.Finding is null)
        {
            StepKind kind = Draw();
            if (Do(kind))
            {
                done[kind] = done.GetValueOrDefault(kind) + 1;
            }
            Pass(_random.Next(1500));
            step++;
        }
        _judge.End();
        return new Result(
            seed, _judge.Finding is null ? null : $"step {step}: {_judge.Finding}", step, done, _judge.Fired,
            _judge.Told);
    }

    private StepKind Draw()
    {
        int at = _random.Next(Weights.Sum(static w => w.Weight));
        foreach ((StepKind kind, int weight) in Weights)
        {
            if ((at -= weight) < 0)
            {
                return kind;
            }
        }
        return StepKind.PassTime;
    }

    /// <summary>Does one step. False where no alarm fits the step, or the service refused it.</summary>
    private bool Do(StepKind kind)
    {
        switch (kind)
        {
            case StepKind.Press:
                int resident = 1 + _random.Next(ScheduleCentre.Residents);
                _centre.Press(resident);
                _judge.Pressed(resident);
                return true;
            case StepKind.Fall:
                int fallen = 1 + _random.Next(ScheduleCentre.Residents);
                _falls.Add((fallen, _centre.Fall(fallen)));
                return true;
            case StepKind.Confirm or StepKind.Cancel when _falls.Count > 0:
                (int who, int sequence) = _falls[^1];
                _falls.RemoveAt(_falls.Count - 1);
                _centre.Answer(
                    who, kind == StepKind.Confirm ? FrameType.FallConfirmed : FrameType.FallCancelled, sequence);
                return true;
            case StepKind.Take or StepKind.SendHelp or StepKind.StillOn or StepKind.Call or StepKind.HandBack
                or StepKind.Close:
                return Act(kind);
            case StepKind.SwitchConsole:
                _centre.SwitchConsole();
                return true;
            case StepKind.Restart:
                _centre.Kill();
                _centre.Time.Advance(_random.Next(4) == 0 ? _random.Next(1_200_000) : _random.Next(20_000));
                _centre.Start();
                _judge.Started();
                return true;
            case StepKind.StepClock:
                _centre.Time.StepMs += ClockSteps[_random.Next(ClockSteps.Length)] * (_random.Next(2) == 0 ? 1 : -1);
                return true;
            case StepKind.PassTime:
                Pass(_random.Next(100) switch
                {
                    < 55 => _random.Next(40_000),
                    < 92 => 40_000 + _random.Next(40_000),
                    < 98 => 200_000 + _random.Next(200_000),
                    _ => 900_000 + _random.Next(90_000),
                });
                return true;
            default:
                return false;
        }
    }

    private bool Act(StepKind kind)
    {
        List<long> open = _judge.Open(kind == StepKind.Take ? "'ringing','prealarm'" : "'taken','coming'");
        if (open.Count == 0)
        {
            return false;
        }
        long id = open[_random.Next(open.Count)];
        // Most acts come from the owner. One in five comes from any officer, and the service refuses those of others.
        long owner = _random.Next(5) == 0 ? 0 : _judge.OwnerOf(id);
        long staff = owner > 0 ? owner : 1 + _random.Next(ScheduleCentre.Officers);
        var actor = new Actor(staff, $"s{staff}");
        bool spoke = _random.Next(2) == 0;
        return _centre.Do((desk, tx) => kind switch
        {
            StepKind.Take => desk.Take(tx, "c1", id, actor),
            StepKind.SendHelp => desk.Coming(tx, "c1", id, actor),
            StepKind.StillOn => desk.StillOn(tx, "c1", id, actor),
            StepKind.Call => desk.LogCall(tx, "c1", id, actor, "r", spoke),
            StepKind.HandBack => desk.HandBack(tx, "c1", id, actor),
            _ => desk.Close(tx, "c1", id, actor, "phoneOk", null),
        }) == ElderBand.HubService.Alarms.Act.Done;
    }

    // Moves to the next moment at which something is due, because a sweep in between finds nothing.
    private void Pass(long ms)
    {
        long endMs = _centre.Time.NowMs + ms;
        do
        {
            long leftMs = endMs - _centre.Time.NowMs;
            long dueInMs = _judge.NextDueMs() - _centre.NowMs;
            _centre.Time.Advance(Math.Clamp(dueInMs, Math.Min(Sweeper.StepMs, leftMs), leftMs));
            _judge.BeforeSweep();
            _centre.Sweep();
            _judge.AfterSweep(_random);
        }
        while (_centre.Time.NowMs < endMs && _judge.Finding is null);
    }
}

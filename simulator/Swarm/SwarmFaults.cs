using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>How often a kind was in a plan, and how often it changed something.</summary>
public readonly record struct Hits(int Scheduled, int Effective)
{
    /// <summary>Adds two worlds' hits.</summary>
    public static Hits operator +(Hits a, Hits b) => new(a.Scheduled + b.Scheduled, a.Effective + b.Effective);
}

/// <summary>Puts a plan into a world, heals it, and says afterwards which faults have met something to harm.</summary>
public sealed partial class SwarmFaults
{
    private const int BetweenTriesMs = 1000;
    private const int MostTries = 60;
    private const int GoneMs = 10_000;
    private const long DayMs = 86_400_000;
    private static readonly long[] ClockErrorsMs = [DayMs, -DayMs, 400 * DayMs, -400 * DayMs, 3650 * DayMs];

    // No finger is faster; a shorter opening may be taken for a bounce of the contact (P01).
    private const int BetweenPressesMs = 150;

    private readonly SwarmWorld _swarm;
    private readonly List<(FaultKind Kind, Func<bool> IsEffective)> _done = [];
    private readonly List<PlannedFault> _staff = [];
    private readonly List<Action> _heal = [];
    private readonly Dictionary<BandDevice, long> _releasedMs = [];
    private readonly List<byte[]>[] _recorded;
    private readonly List<byte[]>[] _stages;
    private readonly Action<string> _log;
    private readonly bool _hasWrongClock;
    private bool _isHealed;

    /// <summary>Hands every fault of the plan to the world.</summary>
    public SwarmFaults(SwarmWorld swarm, SwarmPlan plan, Action<string> log)
    {
        _swarm = swarm;
        _log = log;
        _hasWrongClock = plan.Faults.Any(static f => f.Kind == FaultKind.ServiceClock);
        swarm.Ledger.Raised += OnRaised;
        _recorded = [.. swarm.Bands.Select(static _ => new List<byte[]>())];
        _stages = [.. swarm.Bands.Select(static _ => new List<byte[]>())];
        swarm.Hubs.ForEach(RecordAnswers);
        for (var b = 0; b < swarm.Bands.Count; b++)
        {
            Record(b);
        }

        foreach (var fault in plan.Faults)
        {
            if (SwarmPlan.IsStaffs(fault.Kind))
            {
                _staff.Add(fault);
            }
            else
            {
                World.At(fault.FromMs, () => Begin(fault));
            }
        }

        World.At(SwarmPlan.HealMs, Heal);
    }

    private World World => _swarm.World;

    private FrameLedger Ledger => _swarm.Ledger;

    /// <summary>Hits by kind.</summary>
    public Dictionary<FaultKind, Hits> Count() => _done
        .GroupBy(static d => d.Kind)
        .ToDictionary(static g => g.Key, static g => new Hits(g.Count(), g.Count(static d => d.IsEffective())));

    private void Begin(PlannedFault fault)
    {
        var b = fault.Subject % _swarm.Bands.Count;
        var band = _swarm.Bands[b];
        var hub = fault.Subject % _swarm.Hubs.Count;
        switch (fault.Kind)
        {
            case FaultKind.RadioLoss or FaultKind.StartInLoss:
                Radio(fault, static (f, amount) => f with { Loss = amount / 100.0 });
                break;
            case FaultKind.RadioDuplicates:
                Radio(fault, static (f, amount) => f with { Duplicates = amount / 100.0 });
                break;
            case FaultKind.OutOfRange:
                During(fault, of => of == band, on => Array.ForEach(_swarm.Paths[b], p => p.SetInRange(!on)));
                break;
            case FaultKind.BandPowerCut:
                During(fault, of => of == band, on => SetPower(band, !on));
                break;
            case FaultKind.HubPowerCut:
                During(fault, static _ => true, on => SetPower(_swarm.Hubs[hub], !on));
                break;
            case FaultKind.BandCutInWrite:
                CutInWrite(fault, band, of => of == band);
                break;
            case FaultKind.HubCutInWrite:
                CutInWrite(fault, _swarm.Hubs[hub], static _ => true);
                break;
            case FaultKind.LineCut:
                During(fault, static _ => true, on =>
                    Do(on, _swarm.LineOf(hub).Cut, () => _swarm.LineOf(hub).Mend(fault.LengthMs % 2 == 0)));
                break;
            case FaultKind.SlowHandshake:
                During(fault, static _ => true, on =>
                {
                    _swarm.LineOf(hub).SlowHandshakeMs = on ? fault.Amount : 0;
                    _swarm.LineOf(hub).Close("a router restarts");
                });
                break;
            case FaultKind.ServiceKill:
                During(fault, static _ => true, on => Do(on, _swarm.Centre.Kill, _swarm.Centre.Start));
                break;
            default:
                OfFlashOrPerson(fault, b, hub);
                break;
        }
    }

    private void OfFlashOrPerson(PlannedFault fault, int b, int h)
    {
        var (band, hub) = (_swarm.Bands[b], _swarm.Hubs[h]);
        switch (fault.Kind)
        {
            case FaultKind.HubFlashLost:
                During(fault, static _ => true, on =>
                {
                    SetPower(hub, !on);
                    Do(on, () => Forget(hub), static () => { });
                });
                break;
            case FaultKind.BandFlashRefuses:
                During(fault, of => of == band, on =>
                {
                    Refuse(band, on, fault);
                    Do(on, () => Ledger.FlashFails(band), () => Ledger.FlashWorks(band));
                });
                break;
            case FaultKind.HubFlashRefuses:
                During(fault, static _ => true, on => Refuse(hub, on, fault));
                break;
            case FaultKind.Charging:
                During(fault, of => of == band, band.SetExternal);
                break;
            case FaultKind.ServiceClock:
                During(fault, static _ => true, on =>
                {
                    _swarm.Centre.Kill();
                    _swarm.Centre.ClockErrorMs = on ? ClockErrorsMs[fault.Subject % ClockErrorsMs.Length] : 0;
                    _swarm.Centre.Start();
                });
                break;
            case >= FaultKind.BandReadFails:
                OfFlashOrStranger(fault, b, hub);
                break;
            default:
                ByAPerson(fault, band);
                break;
        }
    }

    private static void Refuse(Device device, bool on, PlannedFault fault) => device.Flash.Refusal =
        !on ? FlashResult.Ok : fault.Subject % 2 == 0 ? FlashResult.Failed : FlashResult.Full;

    private void ByAPerson(PlannedFault fault, BandDevice band)
    {
        switch (fault.Kind)
        {
            case FaultKind.NinePresses:
                for (var i = 0; i < 9; i++)
                {
                    World.At(World.NowMs + (i * (fault.LengthMs + fault.Amount)), () => Press(fault, band));
                }

                break;
            case FaultKind.Fall or FaultKind.FallCancelled or FaultKind.FallPressed:
                Fall(fault, band);
                break;
            case FaultKind.PickUpAndPress:
                PickUp(fault, band);
                break;
            default:
                Press(fault, band);
                break;
        }
    }

    // A band without power cannot be pressed; one that boots is pressed a little later (PickUpAndPress is the other).
    private void Press(PlannedFault fault, BandDevice band, int tries = 0)
    {
        if (_isHealed || tries > MostTries)
        {
            return;
        }

        if (!band.IsOn || (!band.IsRunning && !band.IsAsleep) || IsTooSoon(band))
        {
            World.At(World.NowMs + BetweenTriesMs, () => Press(fault, band, tries + 1));
            return;
        }

        PressNow(fault, band);
    }

    private void PressNow(PlannedFault fault, BandDevice band, Func<bool>? hasHit = null)
    {
        _log($"{band.Name}: {fault.Kind}, the key is held for {fault.LengthMs} ms");
        _done.Add((fault.Kind, hasHit ?? (static () => true)));
        Ledger.Press(band, fault.LengthMs);
        band.Key.Press(fault.LengthMs);
        _releasedMs[band] = World.NowMs + fault.LengthMs;
    }

    private bool IsTooSoon(BandDevice band) =>
        band.Key.IsPressed || World.NowMs - _releasedMs.GetValueOrDefault(band, long.MinValue / 2) < BetweenPressesMs;

    private void Fall(PlannedFault fault, BandDevice band)
    {
        if (!band.IsRunning || !band.Wearer.IsWorn)
        {
            return;
        }

        _log($"{band.Name}: {fault.Kind}");
        Ledger.Fall(band);
        band.Wearer.Fall(1000, World.NowMs);
        var fellMs = World.NowMs;
        _done.Add((fault.Kind, () => Ledger.Calls.Exists(
            c => c.Band == band && c.Type == FrameType.FallSuspected && c.AtMs - fellMs is >= 0 and < 30_000)));
        World.At(fellMs + 60_000, () => band.Wearer.Rest(World.NowMs));
        if (fault.Kind != FaultKind.Fall)
        {
            WhenSuspected(band, fellMs, () => World.At(World.NowMs + fault.Amount, () => Press(fault, band)));
        }
    }

    private void WhenSuspected(BandDevice band, long fellMs, Action then)
    {
        if (Ledger.Calls.Exists(c => c.Band == band && c.Type == FrameType.FallSuspected && c.AtMs >= fellMs))
        {
            then();
        }
        else if (World.NowMs < fellMs + 30_000)
        {
            World.At(World.NowMs + 100, () => WhenSuspected(band, fellMs, then));
        }
    }

    private void Radio(PlannedFault fault, Func<Figures, int, Figures> set) => During(fault, static _ => true, on =>
        World.Figures = set(World.Figures, on ? fault.Amount : 0));

    private void SetPower(Device device, bool on)
    {
        if (on)
        {
            PowerOn(device);
            return;
        }

        if (device is BandDevice band)
        {
            Ledger.PowerGoes(band);
        }

        device.PowerOff();
    }

    private void PowerOn(Device device)
    {
        if (device is BandDevice { IsOn: false } band)
        {
            Ledger.PowerReturns(band);
        }

        device.PowerOn();
    }

    private void CutInWrite(PlannedFault fault, Device device, Func<BandDevice, bool> whose)
    {
        var isArmed = true;
        device.Flash.Written += write =>
        {
            if (!isArmed || _isHealed || !device.IsOn)
            {
                return;
            }

            isArmed = false;
            var cutMs = Math.Max(World.NowMs, (write.EndUs / 1000) - 1 - (fault.Subject % 60));
            World.At(cutMs, () => During(fault with { FromMs = (int)cutMs }, whose, on => SetPower(device, !on)));
        };
    }

    private void During(
        PlannedFault fault, Func<BandDevice, bool> whose, Action<bool> set, Func<bool>? hasChanged = null)
    {
        if (_isHealed)
        {
            return;
        }

        var (fromMs, toMs) = (World.NowMs, World.NowMs + fault.LengthMs);
        _log($"{fault.Kind} {fault.Subject} for {fault.LengthMs} ms");
        set(true);
        var isOver = false;
        void End()
        {
            if (!isOver)
            {
                isOver = true;
                _log($"{fault.Kind} {fault.Subject} is over");
                set(false);
            }
        }

        World.At(toMs, End);
        _heal.Add(End);
        _done.Add((fault.Kind, () =>
            hasChanged?.Invoke() != false && Ledger.WasDue(whose, fromMs, Math.Min(toMs, SwarmPlan.HealMs))));
    }

    private static void Do(bool on, Action begin, Action end)
    {
        if (on)
        {
            begin();
        }
        else
        {
            end();
        }
    }

    private void Heal()
    {
        _isHealed = true;
        _log("everything is healed");
        _heal.ForEach(static end => end());
        World.Figures = World.Figures with { Loss = 0.02, Duplicates = 0 };
        _swarm.Centre.Start();
        _swarm.Hubs.ForEach(static hub => hub.PowerOn());
        _swarm.Bands.ForEach(PowerOn);
        foreach (var path in _swarm.Paths.SelectMany(static paths => paths))
        {
            path.SetInRange(true);
            path.SetOneWay(false);
        }
    }

    // Each plan of an officer meets one alarm, in the order of their raising.
    private void OnRaised(AlarmTrace alarm)
    {
        if (_isHealed || _staff.Count == 0)
        {
            return;
        }

        var plan = _staff[0];
        _staff.RemoveAt(0);
        After(plan.Amount, StaffAct.Take);
        switch (plan.Kind)
        {
            case FaultKind.StaffTakes:
                After(plan.Amount + (plan.LengthMs / 4), StaffAct.SendHelp);
                break;
            case FaultKind.StaffHandsBack:
                After(plan.Amount + (plan.LengthMs / 4), StaffAct.HandBack);
                break;
            default:
                After(plan.Amount + (plan.LengthMs / 4), StaffAct.Close);
                break;
        }

        void After(int ms, StaffAct act) => World.At(World.NowMs + ms, () =>
        {
            var done = _swarm.Centre.Act(act, alarm.Id, plan.Subject % 2);
            _log($"an officer: {act} of alarm {alarm.Row.Number}{(done ? "" : ", refused")}");
            if (act != StaffAct.Take)
            {
                _done.Add((plan.Kind, () => done));
            }
        });
    }
}

using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Simulator.Swarm;

/// <summary>Faults that people cause with a band or at the service.</summary>
public sealed partial class SwarmFaults
{
    private const int FallsAsleepMs = 30_000;
    private const int WakesMs = 5000;
    private const int LooksMs = 100;
    private const int MostWalkMs = 8000;
    private const int MostInRhythm = 6;
    private const int WaitingTickMs = 5000;
    private const int TickMs = 60;
    private readonly HashSet<BandDevice> _handedOver = [];
    private bool _hasBackup;
    private bool _mayHandOver = true;

    // A band sleeps when it has been off the wrist for 10 minutes and no call is open. A world is too short for these
    // minutes, so the method puts the band to sleep. The timer wakes the band, and the band then goes to sleep again by
    // its own rules.
    private void PickUp(PlannedFault fault, BandDevice band, int tries = 0)
    {
        if (_isHealed || tries > MostTries)
        {
            return;
        }

        if (!band.IsRunning || band.HasOpenCall || band.Pending > 0 || band.Key.IsPressed)
        {
            World.At(World.NowMs + BetweenTriesMs, () => PickUp(fault, band, tries + 1));
            return;
        }

        _log($"{band.Name}: put away");
        band.Wearer.SetWorn(false, World.NowMs);
        band.DeepSleep(1);
        When(() => band.IsAsleep && band.BootCause == WakeCause.Timer, FallsAsleepMs, () =>
        {
            band.Wearer.SetWorn(true, World.NowMs);
            band.Wearer.Walk(World.NowMs);
            World.At(World.NowMs + MostWalkMs, () => band.Wearer.Rest(World.NowMs));
            When(() => band.IsOn && !band.IsAsleep, WakesMs, () => World.At(
                World.NowMs + (fault.Amount * World.Figures.BandBootMs / 1000), () => PressInBoot(fault, band)));
        });
    }

    // The backup is put back when the time of the fault has passed. A world has one restore only, because a second one
    // on the same day would begin with the same revisions as the first (docs/adr/0058).
    private void Restore(PlannedFault fault)
    {
        if (_isHealed || _hasBackup)
        {
            return;
        }

        _hasBackup = true;
        _mayHandOver = false;
        _log("a backup of the service's database is made");
        var backup = _swarm.Centre.Backup();
        _heal.Add(backup.Dispose);
        World.At(World.NowMs + fault.LengthMs, () =>
        {
            if (!_isHealed)
            {
                _swarm.Centre.Restore(backup);
                _mayHandOver = true;
                var again = _swarm.Centre.Look(Ledger.Restored);
                _log($"the backup is put back: {again} calls must come again");
                _done.Add((fault.Kind, () => again > 0));
            }
        });
    }

    // A service with a wrong clock cannot know who wore the band at the time of a press. A card names two people at
    // most, so each band changes its wearer once. A hand-over that a restored database lacks must be entered again
    // (docs/operations.md), so none happens between a backup and its restore.
    private void HandOver(PlannedFault fault, int b, int tries = 0)
    {
        if (_isHealed || _hasWrongClock || tries > MostTries || _handedOver.Contains(_swarm.Bands[b]))
        {
            return;
        }

        var (band, nowMs) = (_swarm.Bands[b], World.NowMs);
        if (!_mayHandOver || _swarm.Centre.HandOver(_swarm.BandIds[b], _swarm.Home) is not { } wearers)
        {
            World.At(nowMs + BetweenTriesMs, () => HandOver(fault, b, tries + 1));
            return;
        }

        _log($"{band.Name}: resident {wearers.After} wears it after {wearers.Before}");
        _handedOver.Add(band);
        Ledger.HandedOver(band, wearers.Before, wearers.After);
        _done.Add((fault.Kind, () => Ledger.WasDue(of => of == band, nowMs, nowMs)));
    }

    // The wrist ticks again 5 s after a tick. The contact begins so early that the press fires during the next tick.
    private void PressInRhythm(PlannedFault fault, BandDevice band)
    {
        var left = MostInRhythm;
        Press(fault, band);
        band.Wrist.Shown += (felt, atUs) =>
        {
            if (felt == Felt.Tick && left-- > 0)
            {
                var inTickMs = (fault.Subject + (left * 17)) % TickMs;
                World.At((atUs / 1000) + WaitingTickMs + inTickMs - SosKey.FireMs, () => PressAtTick(fault, band));
            }
        };
    }

    private void PressAtTick(PlannedFault fault, BandDevice band)
    {
        if (band.IsRunning && !IsTooSoon(band) && !_isHealed)
        {
            var ticks = false;
            World.At(World.NowMs + SosKey.FireMs, () => ticks = band.Vibration.IsActive);
            PressNow(fault, band, () => ticks);
        }
    }

    private void PressInBoot(PlannedFault fault, BandDevice band)
    {
        if (band.IsOn && !IsTooSoon(band) && !_isHealed)
        {
            var boots = band is { IsRunning: false, BootCause: WakeCause.Motion };
            PressNow(fault, band, () => boots);
        }
    }

    private void When(Func<bool> isSo, int withinMs, Action then)
    {
        if (isSo())
        {
            then();
        }
        else if (withinMs > 0)
        {
            World.At(World.NowMs + LooksMs, () => When(isSo, withinMs - LooksMs, then));
        }
    }
}

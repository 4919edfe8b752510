using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>
/// Compares what the motor says with what is so: a stage is right if the hub's flash or the service's database had it
/// when the pattern began.
/// </summary>
public sealed class WristWatch
{
    private readonly FrameLedger _ledger;
    private readonly BandDevice _band;
    private int _ticks;
    private bool _isCutShort;
    private int _homes;
    private int _boots;

    /// <summary>Watches the motor of one band.</summary>
    public WristWatch(FrameLedger ledger, BandDevice band)
    {
        _ledger = ledger;
        _band = band;
        band.Vibration.Changed += (on, _) => _isCutShort = !on && !band.IsRunning;
        band.Wrist.Shown += (felt, atUs) => Shown(felt, atUs / 1000);
    }

    /// <summary>Ticks since the count was last taken.</summary>
    public int TakeTicks()
    {
        var ticks = _ticks;
        _ticks = 0;
        return ticks;
    }

    /// <summary>When the motor last began to say a stage, world ms; null: never.</summary>
    public Dictionary<Stage, long> LastFeltMs { get; } = [];

    private void Shown(Felt felt, long atMs)
    {
        _ticks += felt == Felt.Tick ? 1 : 0;
        if (felt is not Felt.Tick and not Felt.Countdown)
        {
            _ledger.Log?.Invoke($"{_band.Name}: the wrist says {felt}");
        }

        if (felt is < Felt.Home or > Felt.Closed)
        {
            return;
        }

        // Without power a pattern ends early, and three pulses may feel like two.
        var stage = (Stage)(int)felt;
        LastFeltMs[stage] = atMs;
        _ledger.Felt(_band, stage);
        if (_isCutShort || !_band.IsRunning)
        {
            return;
        }

        if (!(felt == Felt.Home ? IsHeard(atMs) : IsSo(stage, atMs)))
        {
            // Early where something is under way that may still get there; the wrist said it too soon either way.
            var isUnderWay = _ledger.Calls.Exists(c => c.Band == _band && c.AtMs <= atMs && c.CommittedMs is null)
                || _ledger.Alarms.Values.Any(a => a.Band == _band && !_ledger.IsOver(a) && !a.IsMerged);
            _ledger.Report(
                isUnderWay ? Violation.EarlyStage : Violation.FalseStage,
                $"{_band.Name}: the wrist says {felt} at {atMs} ms");
        }
    }

    // In each boot the wrist may show "heard at home" once for each call that is in a hub's flash or committed.
    private bool IsHeard(long atMs)
    {
        if (_boots != _band.Boots)
        {
            _boots = _band.Boots;
            _homes = 0;
        }

        return ++_homes <= _ledger.Safe(_band, atMs);
    }

    private bool IsSo(Stage stage, long atMs)
    {
        // After a restart the band says again where an alarm stands.
        // The alarm of an earlier wearer awaits nothing but its end, so an end is counted for that alarm first.
        var had = _ledger.Alarms.Values.Concat(_ledger.Gone)
            .Where(a => a.Band == _band && !a.IsMerged && a.History.Exists(h => h.Stage == stage && h.AtMs <= atMs))
            .OrderByDescending(_ledger.IsPassedOn).ToList();
        var alarm = had.Find(a => !_ledger.IsOver(a)) ?? (_band.Boots > 1 ? had.FirstOrDefault() : null);
        if (alarm is not null && stage == Stage.Closed)
        {
            alarm.ClosedFelt++;
        }

        // The centre has a suspicion from its commit on, though its alarm may still be cancelled.
        return alarm is not null || (stage == Stage.Centre && _ledger.Calls.Exists(
            c => c.Band == _band && c.Type == FrameType.FallSuspected && c.CommittedMs <= atMs));
    }
}

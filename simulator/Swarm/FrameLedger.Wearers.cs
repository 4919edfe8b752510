using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>Notes who wears each band, and judges whom an alarm names.</summary>
public sealed partial class FrameLedger
{
    // The centre knows the time of a call only to a second and to the delays of radio and line. A press so near to a
    // hand-over may therefore be of either person.
    private const int UnclearMs = 3000;

    private readonly List<(BandDevice Band, long Before, long After, long AtMs)> _handOvers = [];

    /// <summary>Notes that the centre has given the band to another resident.</summary>
    public void HandedOver(BandDevice band, long before, long after)
    {
        _handOvers.Add((band, before, after, _world.NowMs));
        foreach (var alarm in _alarms.Values.Where(a => a.Band == band))
        {
            NoteStage(alarm);
        }
    }

    /// <summary>
    /// The stage that the wrist must show of an alarm. The alarm of an earlier wearer must be shown as over, whatever
    /// its state at the centre (P55).
    /// </summary>
    public Stage Wanted(AlarmTrace alarm) =>
        AlarmMachine.WantedStage(alarm.Row.State, IsPassedOn(alarm), alarm.Row.WristStage);

    /// <summary>
    /// Reports each press whose card does not name the person who wore the band at the time of the press.
    /// </summary>
    public void JudgePersons()
    {
        foreach (var call in Calls.Where(static c => c.AlarmId is not null && c.Type == FrameType.Sos))
        {
            var handOvers = _handOvers.FindAll(h => h.Band == call.Band);
            if (handOvers.Count == 0 || handOvers.Exists(h => Math.Abs(h.AtMs - call.AtMs) < UnclearMs))
            {
                continue;
            }

            var earlier = handOvers.FindAll(h => h.AtMs < call.AtMs);
            var wearer = earlier.Count > 0 ? earlier[^1].After : handOvers[0].Before;
            var row = _alarms[call.AlarmId!.Value].Row;
            if (row.ResidentId != wearer && row.OtherResidentId != wearer)
            {
                Report(
                    Violation.WrongPerson,
                    $"the press of {call.Band.Name} at {call.AtMs} ms is of resident {wearer}, and its card names "
                    + $"{row.ResidentId}");
            }
        }
    }

    /// <summary>True for the alarm of an earlier wearer of its band.</summary>
    public bool IsPassedOn(AlarmTrace alarm) => alarm.Row is { ResidentId: { } person, OtherResidentId: null }
        && _handOvers.FindAll(h => h.Band == alarm.Band) is [.., var last] && last.After != person;

    // For a press of an earlier wearer the wrist shows "the centre has it" at the receipt, and after that the end.
    private void NoteStage(AlarmTrace alarm)
    {
        var stage = Wanted(alarm);
        if (stage < Stage.Centre || alarm.IsMerged || (alarm.History.Count > 0 && alarm.History[^1].Stage == stage))
        {
            return;
        }

        if (alarm.History.Count == 0 && IsPassedOn(alarm))
        {
            alarm.History.Add((Stage.Centre, _world.NowMs));
        }

        alarm.History.Add((stage, _world.NowMs));
    }
}

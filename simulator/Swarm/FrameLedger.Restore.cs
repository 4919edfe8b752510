using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.Simulator.Swarm;

/// <summary>What a service that begins again with a backup still owes.</summary>
public sealed partial class FrameLedger
{
    /// <summary>Alarms that a restored database no longer has; the wrist may still say a stage of theirs.</summary>
    public List<AlarmTrace> Gone { get; } = [];

    /// <summary>
    /// Notes that this database is a backup: calls that it lacks must come again from the hubs (P56). Returns how many
    /// those are.
    /// </summary>
    public int Restored(Db db)
    {
        var events = EventRows.After(db, 0);
        _lastEvent = events.Count > 0 ? events[^1].Id : 0;
        var known = events.Select(static e => Call.IdentityOf(e.Frame)).ToHashSet(StringComparer.Ordinal);
        var again = Calls.FindAll(c => c.CommittedMs is not null && !known.Contains(c.Identity));
        foreach (var call in again)
        {
            // The band has the receipt, and its slot may be used for another frame.
            (call.CommittedMs, call.AlarmId, call.IsGoneAtBand) = (null, null, true);
            call.IsUnstored |= !IsInAHub(call);
        }

        foreach (var alarm in _alarms.Values.ToList())
        {
            if (AlarmRows.Get(db, alarm.Id) is not { } row)
            {
                _alarms.Remove(alarm.Id);
                _forgotten.Remove(alarm.Id);
                Gone.Add(alarm);
                continue;
            }

            alarm.Row = row;
            alarm.Into = alarm.IsMerged ? alarm.Into : null;
            alarm.Presses = events.Count(e => e.AlarmId == row.Id && e.Type == FrameType.Sos);
            alarm.ClosedFelt = row.State == HubService.Alarms.AlarmState.Closed ? alarm.ClosedFelt : 0;
            NoteStage(alarm);
        }

        return again.Count;
    }
}

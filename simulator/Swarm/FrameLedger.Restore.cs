using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.Simulator.Swarm;

/// <summary>Notes what a service that was restored from a backup must get again.</summary>
public sealed partial class FrameLedger
{
    /// <summary>Alarms that a restored database no longer has. The wrist may still show their stages.</summary>
    public List<AlarmTrace> Gone { get; } = [];

    /// <summary>
    /// Notes that this database is a restored backup. The hubs must send the calls again that the backup lacks (P56).
    /// Returns the number of these calls.
    /// </summary>
    public int Restored(Db db)
    {
        var events = EventRows.After(db, 0);
        _lastEvent = events.Count > 0 ? events[^1].Id : 0;
        _committed.Clear();
        foreach (var row in events.Where(static e => e.BandId is not null))
        {
            _committed.Add((_bands[row.BandId!.Value], Unsigned(Call.IdentityOf(row.Frame))));
        }

        var again = Calls.FindAll(
            c => c.CommittedMs is not null && !_committed.Contains((c.Band, Unsigned(c.Identity))));
        foreach (var call in again)
        {
            // The band has the receipt of this call, so another frame may have taken the slot of the call.
            (call.CommittedMs, call.AlarmId, call.IsForgotten) = (null, null, true);
        }

        HubRotten();

        foreach (var alarm in _alarms.Values.ToList())
        {
            if (AlarmRows.Get(db, alarm.Id) is not { } row)
            {
                _alarms.Remove(alarm.Id);
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

using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>Stores measurements in the file of measurements. A repeated measurement is stored once.</summary>
public sealed class VitalsIntake(Metrics metrics)
{
    // The windows as they are in the file; used by the thread of the file's writer only.
    private readonly Dictionary<long, ReplayWindow> _windows = [];

    /// <summary>Stores measurements. Runs on the thread of that file's writer only.</summary>
    public void Store(Tx tx, IReadOnlyList<VitalsRow> rows)
    {
        var changed = new Dictionary<long, (string CentreId, ReplayWindow Window)>();
        int stored = 0;
        Statement insert = VitalsRows.Insert(tx.Db);
        foreach (VitalsRow row in rows)
        {
            ReplayWindow window =
                changed.TryGetValue(row.BandId, out var own) ? own.Window : WindowOf(tx.Db, row.BandId);
            Freshness freshness = window.Judge(row.Boot, row.Sequence);
            if (freshness != Freshness.Seen && VitalsRows.Insert(insert, row))
            {
                stored++;
                if (row.ResidentId is { } resident)
                {
                    tx.VitalsChanged(row.CentreId, resident);
                }
            }
            if (freshness == Freshness.New)
            {
                window.Mark(row.Boot, row.Sequence);
                changed[row.BandId] = (row.CentreId, window);
            }
        }
        foreach ((long bandId, (string centreId, ReplayWindow window)) in changed)
        {
            VitalsRows.PutWindow(tx.Db, centreId, bandId, window);
        }
        metrics.Count("frames_total{verdict=\"stored\"}", stored);
        metrics.Count("frames_total{verdict=\"duplicate\"}", rows.Count - stored);
        tx.After(() =>
        {
            foreach ((long bandId, (_, ReplayWindow window)) in changed)
            {
                _windows[bandId] = window;
            }
        });
    }

    // A copy, because the transaction may be rolled back.
    private ReplayWindow WindowOf(Db db, long bandId)
    {
        ReplayWindow stored = _windows.TryGetValue(bandId, out ReplayWindow? known)
            ? known : _windows[bandId] = VitalsRows.Window(db, bandId);
        return new ReplayWindow { Boot = stored.Boot, Highest = stored.Highest, Bits = stored.Bits };
    }
}

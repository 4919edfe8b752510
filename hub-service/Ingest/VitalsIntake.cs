using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>Stores measurements in the file of measurements. A repeated measurement is stored once.</summary>
public sealed class VitalsIntake(Metrics metrics)
{
    /// <summary>Stores the measurements of one message. Runs on the thread of that file's writer only.</summary>
    public void Store(Tx tx, IReadOnlyList<VitalsRow> rows)
    {
        foreach (VitalsRow row in rows)
        {
            ReplayWindow window = VitalsRows.Window(tx.Db, row.BandId);
            Freshness freshness = window.Judge(row.Boot, row.Sequence);
            bool stored = freshness != Freshness.Seen && VitalsRows.Insert(tx.Db, row);
            metrics.Count(stored ? "frames_total{verdict=\"stored\"}" : "frames_total{verdict=\"duplicate\"}");
            if (freshness == Freshness.New)
            {
                window.Mark(row.Boot, row.Sequence);
                VitalsRows.PutWindow(tx.Db, row.CentreId, row.BandId, window);
            }
            if (stored && row.ResidentId is { } resident)
            {
                tx.VitalsChanged(row.CentreId, resident);
            }
        }
    }
}

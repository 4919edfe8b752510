using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Judges and stores the frames of a band's vitals lane, true to its key: vitals, statuses and halves of trace entries.
/// </summary>
internal sealed class BandVitalsLane(Downlink downlink, Metrics metrics)
{
    /// <summary>Stores a frame that no earlier one has brought; none of these gets a receipt of its own.</summary>
    public void Store(
        Tx tx, HubSession hub, byte[] data, int record, byte[] frame, BandRow band, FrameType type)
    {
        int boot = Frame.BootOf(frame, 0);
        int sequence = Frame.SequenceOf(frame, 0);
        ReplayWindow window = VitalsRows.Window(tx.Db, band.Id);
        Freshness freshness = window.Judge(boot, sequence);
        if (freshness == Freshness.Seen)
        {
            metrics.Count("frames_total{verdict=\"duplicate\"}");
            return;
        }
        if (FrameContent.IsImpossible(frame, type))
        {
            window.Mark(boot, sequence);
            VitalsRows.PutWindow(tx.Db, band.CentreId, band.Id, window);
            metrics.Count("frames_total{verdict=\"refused\"}");
            EventRows.Quarantine(tx.Db, band.CentreId, hub.HubId, band.Address,
                $"impossible content in type {(int)type}", frame, tx.NowMs);
            TechnicalReports.Card(tx, band.CentreId, CardKind.Quarantine, band.Id, null, urgent: false,
                $"impossible content in type {(int)type}");
            return;
        }
        if (freshness == Freshness.New)
        {
            window.Mark(boot, sequence);
            VitalsRows.PutWindow(tx.Db, band.CentreId, band.Id, window);
            TechnicalReports.Heard(tx, band);
        }

        if (type == FrameType.Trace)
        {
            long atMs = tx.NowMs - Math.Min(Envelope.AgeMs(data, record), FrameContent.LongestAgeMs);
            bool asked = freshness == Freshness.New
                && TraceRows.PutHalf(tx.Db, TraceRows.OfBand(band.Id), frame, atMs);
            metrics.Count($"frames_total{{verdict=\"{(asked ? "stored" : "notAsked")}\"}}");
            return;
        }
        if (type == FrameType.Status)
        {
            if (freshness == Freshness.New)
            {
                StoreStatus(tx, data, record, frame, band);
                metrics.Count("frames_total{verdict=\"stored\"}");
            }
            return;
        }

        FrameEvent e = FrameContent.EventOf(tx, hub, data, record, frame, type, band.Sender, "band");
        Wear wear = Payload.VitalsWear(frame, 0);
        bool worn = wear != Wear.Off;
        int bpm = Payload.Bpm(frame, 0);
        int spo2 = Payload.Spo2Pct(frame, 0);
        long? residentId = DeviceRows.ResidentOf(tx.Db, band.Id, e.AtMs);
        bool stored = VitalsRows.Insert(tx.Db, new VitalsRow(
            band.CentreId, band.Id, residentId, hub.HubId, boot, sequence, e.AtMs, e.Quality, e.ReceivedAtMs,
            Payload.IsTenMinutes(frame, 0) ? 600 : 10,
            worn && bpm > 0 ? bpm : null, Payload.Confidence(frame, 0), Payload.HeartRefusal(frame, 0),
            worn && spo2 > 0 ? spo2 : null, Payload.Spo2Refusal(frame, 0), wear, Payload.VitalsActivity(frame, 0),
            Payload.Steps(frame, 0)));
        metrics.Count(stored ? "frames_total{verdict=\"stored\"}" : "frames_total{verdict=\"duplicate\"}");
        if (freshness == Freshness.OlderBoot)
        {
            tx.Audit(band.CentreId, $"hub:{hub.HubId}", stored ? "frame.olderBoot" : "frame.replayed",
                $"band:{band.Id}", Convert.ToHexString(frame));
        }
        if (stored && freshness == Freshness.New)
        {
            DeviceRows.BandWear(tx.Db, band.Id, wear);
        }
        if (stored && residentId is { } resident)
        {
            tx.VitalsChanged(band.CentreId, resident);
        }
    }

    private void StoreStatus(Tx tx, byte[] data, int record, byte[] frame, BandRow band)
    {
        if (Envelope.Quality(data, record) == AgeQuality.Measured)
        {
            BandClocks.Note(
                tx.Db, band, Frame.BootOf(frame, 0), Payload.UptimeS(frame, 0),
                tx.NowMs - Envelope.AgeMs(data, record));
        }
        int battery = Payload.StatusBatteryPct(frame, 0);
        int applied = Payload.StatusConfigVersion(frame, 0);
        DeviceRows.BandStatus(
            tx.Db, band.Id, Frame.BootOf(frame, 0), Payload.UptimeS(frame, 0), Payload.StatusMode(frame, 0),
            Payload.StatusWear(frame, 0), battery <= 100 ? battery : null, Payload.StatusPending(frame, 0), applied);
        if (applied != (band.Configuration.Version & 0xFF))
        {
            tx.After(() => downlink.BandChanged(band.Id));
        }
        if (battery is >= 30 and <= 100)
        {
            TechnicalRows.Close(
                tx, new TechnicalKey(band.CentreId, CardKind.BatteryLow, band.Id, null), $"{battery} %");
            TechnicalRows.Close(
                tx, new TechnicalKey(band.CentreId, CardKind.BatteryCritical, band.Id, null), $"{battery} %");
        }
    }
}

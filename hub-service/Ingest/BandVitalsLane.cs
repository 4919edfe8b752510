using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Handles the frames of a band's vitals lane whose tag is right: measurements, statuses and halves of trace entries.
/// The newest frame's statements about the band's state are stored at once in the alarm file. Storing them again
/// changes nothing. A measurement goes on to <see cref="VitalsIntake"/>.
/// </summary>
internal sealed class BandVitalsLane(Downlink downlink, Metrics metrics)
{
    private readonly Tagger _tagger = new(new HmacSha256());

    /// <summary>
    /// Returns the frame's measurement, or null where it has none. No frame of this lane gets a receipt.
    /// </summary>
    public VitalsRow? Store(
        Tx tx, HubSession hub, byte[] data, int record, byte[] frame, BandRow band, FrameType type)
    {
        int boot = Frame.BootOf(frame, 0);
        int sequence = Frame.SequenceOf(frame, 0);
        bool isNewest = DeviceRows.IsNewest(tx.Db, band.Id, boot, sequence);
        if (FrameContent.IsImpossible(frame, type))
        {
            Refuse(tx, hub, frame, band, type, isNewest);
            return null;
        }
        if (isNewest)
        {
            TechnicalReports.Heard(tx, band);
        }

        switch (type)
        {
            case FrameType.Trace:
                long atMs = tx.ArrivedMs - Math.Min(Envelope.AgeMs(data, record), FrameContent.LongestAgeMs);
                bool asked = TraceRows.PutHalf(tx.Db, TraceRows.OfBand(band.Id), frame, atMs);
                metrics.Count($"frames_total{{verdict=\"{(asked ? "stored" : "notAsked")}\"}}");
                return null;
            case FrameType.Status:
                if (isNewest)
                {
                    StoreStatus(tx, data, record, frame, band);
                }
                metrics.Count($"frames_total{{verdict=\"{(isNewest ? "stored" : "duplicate")}\"}}");
                return null;
            default:
                if (isNewest)
                {
                    DeviceRows.BandWear(tx.Db, band.Id, Payload.VitalsWear(frame, 0));
                }
                else if (boot < DeviceRows.NewestVitalsBoot(tx.Db, band.Id))
                {
                    tx.Audit(band.CentreId, $"hub:{hub.HubId}", "frame.olderBoot", $"band:{band.Id}",
                        Convert.ToHexString(frame));
                }
                FrameEvent e = FrameContent.EventOf(tx.ArrivedMs, hub, data, record, frame, type, band.Sender, "band");
                return RowOf(hub, frame, e, band, DeviceRows.ResidentOf(tx.Db, band.Id, e.AtMs));
        }
    }

    private void Refuse(Tx tx, HubSession hub, byte[] frame, BandRow band, FrameType type, bool isNewest)
    {
        metrics.Count($"frames_total{{verdict=\"{(isNewest ? "refused" : "duplicate")}\"}}");
        if (isNewest)
        {
            string reason = $"impossible content in type {(int)type}";
            EventRows.Quarantine(tx.Db, band.CentreId, hub.HubId, band.Address, reason, frame, tx.NowMs);
            TechnicalReports.Card(tx, band.CentreId, CardKind.Quarantine, band.Id, null, urgent: false, reason);
        }
    }

    /// <summary>The measurement of a frame.</summary>
    /// <param name="hub">Who published.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="e">The frame's time and origin.</param>
    /// <param name="band">Whose frame.</param>
    /// <param name="residentId">Who wore the band at that time.</param>
    public static VitalsRow RowOf(HubSession hub, byte[] frame, FrameEvent e, BandRow band, long? residentId)
    {
        Wear wear = Payload.VitalsWear(frame, 0);
        bool worn = wear != Wear.Off;
        int bpm = Payload.Bpm(frame, 0);
        int spo2 = Payload.Spo2Pct(frame, 0);
        return new VitalsRow(
            band.CentreId, band.Id, residentId, hub.HubId, e.Boot, e.Sequence,
            e.AtMs, e.Quality, e.ReceivedAtMs, Payload.IsTenMinutes(frame, 0) ? 600 : 10,
            worn && bpm > 0 ? bpm : null, Payload.Confidence(frame, 0), Payload.HeartRefusal(frame, 0),
            worn && spo2 > 0 ? spo2 : null, Payload.Spo2Refusal(frame, 0), wear, Payload.VitalsActivity(frame, 0),
            Payload.Steps(frame, 0));
    }

    private void StoreStatus(Tx tx, byte[] data, int record, byte[] frame, BandRow band)
    {
        if (Envelope.Quality(data, record) == AgeQuality.Measured)
        {
            BandClocks.Note(
                tx.Db, band, Frame.BootOf(frame, 0), Payload.UptimeS(frame, 0),
                tx.ArrivedMs - Envelope.AgeMs(data, record));
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
        KeyChange.OnStatus(tx, band, frame, _tagger, downlink);
        if (battery is >= 30 and <= 100)
        {
            TechnicalRows.Close(
                tx, new TechnicalKey(band.CentreId, CardKind.BatteryLow, band.Id, null), $"{battery} %");
            TechnicalRows.Close(
                tx, new TechnicalKey(band.CentreId, CardKind.BatteryCritical, band.Id, null), $"{battery} %");
        }
    }
}

using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>Judges and stores what a hub itself says: a press of its key, and its technical reports.</summary>
internal sealed class HubFrames(Calls calls, Downlink downlink, Metrics metrics)
{
    private const string NotItsBand = "report on a band of another home";

    /// <summary>Stores a frame that no earlier one has brought.</summary>
    public void Store(Tx tx, HubSession hub, byte[] data, int record, byte[] frame, FrameType type)
    {
        HubRow row = DeviceRows.Hub(tx.Db, hub.HubId)!;
        int boot = Frame.BootOf(frame, 0);
        int sequence = Frame.SequenceOf(frame, 0);
        Lane lane = Frame.LaneOf(frame, 0);
        if (lane != Lane.Alarm)
        {
            EventRows.Quarantine(
                tx.Db, hub.CentreId, hub.HubId, 0, $"type {(int)type} in lane {(int)lane}", frame, tx.NowMs);
            TechnicalReports.Card(tx, hub.CentreId, CardKind.Quarantine, null, hub.HubId, urgent: false,
                $"type {(int)type} in lane {(int)lane}");
            return;
        }
        if (EventRows.Known(tx.Db, row.Sender, boot, lane, sequence) is { } known)
        {
            if (known.Frame.AsSpan().SequenceEqual(frame.AsSpan(0, EventRows.KeptBytes)))
            {
                metrics.Count("frames_total{verdict=\"duplicate\"}");
                return;
            }
            // It may be a hub that has lost its numbers without saying so: a press is never only a card.
            metrics.Count("frames_total{verdict=\"keyReused\"}");
            EventRows.Quarantine(tx.Db, hub.CentreId, hub.HubId, 0, "keyReused", frame, tx.NowMs);
            TechnicalReports.Card(tx, hub.CentreId, CardKind.Tamper, null, hub.HubId, urgent: true,
                "another message under a number that was used: call the home", "keyReused");
            DeviceRows.RaiseHubLife(tx.Db, hub.HubId);
            row = row with { Life = row.Life + 1 };
        }
        EventRows.Remember(tx.Db, hub.CentreId, row.Sender, boot, lane, sequence, frame, 0, tx.NowMs);
        long? homeId = row.HomeId;
        FrameEvent e = FrameContent.EventOf(tx.ArrivedMs, hub, data, record, frame, type, row.Sender, "hubKey") with
        {
            HomeId = homeId,
            ResidentId = homeId is { } home ? ResidentRows.ResidentsOf(tx.Db, home).FirstOrDefault()?.Id : null,
        };
        e = e with { EventId = EventRows.Insert(tx.Db, e) };
        metrics.Count("frames_total{verdict=\"stored\"}");
        if (type == FrameType.HubKey)
        {
            calls.Sos(tx, e);
        }
        else
        {
            var code = (TechnicalCode)e.Detail;
            long address = Envelope.BandAddress(data, record);
            BandRow? band = OwnBand(tx, homeId, address);
            if (address != 0 && band is null)
            {
                // A hub is told its bands, so a report on another one is an old one or a lie: it changes nothing.
                EventRows.Quarantine(tx.Db, hub.CentreId, hub.HubId, address, NotItsBand, frame, tx.NowMs);
                TechnicalReports.Card(
                    tx, hub.CentreId, CardKind.Quarantine, null, hub.HubId, urgent: false,
                    $"{NotItsBand} {address:x12}");
                return;
            }
            TechnicalReports.OfHub(tx, hub, code, Payload.EventBatteryPct(frame, 0), band);
            if (code == TechnicalCode.LinkKeyUnknown)
            {
                tx.After(() => downlink.Hello(hub.HubId));
            }
        }
    }

    private static BandRow? OwnBand(Tx tx, long? homeId, long address) =>
        homeId is { } home ? DeviceRows.BandsOfHome(tx.Db, home).Find(b => b.Band.Address == address)?.Band : null;
}

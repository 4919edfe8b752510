using System.Collections.Concurrent;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Judges and stores the records of an envelope inside the writer's transaction. Each record ends in one of: stored,
/// duplicate (the same acknowledgement, nothing else, P12), refused (quarantine and a receipt that says so, P33) or
/// rejected (no true band, P13). The hub gets its receipt in every case, so that nothing ever blocks its outbox (R9).
/// </summary>
public sealed class FrameIntake(AlarmDesk desk, Downlink downlink, HubLinks hubs, Metrics metrics)
{
    private const int RefusedUnknown = 1;
    private const int RefusedImpossible = 2;
    private const long HeardWithinMs = 3_600_000;
    private const int BootsForACard = 5;
    private const int LimitersKept = 4096;

    /// <summary>
    /// Calls with different bytes under one number of a band, beyond the first: each has a sender of its own.
    /// </summary>
    private const int LivesOfANumber = 16;

    // Counting again when the transaction is repeated is harmless: only the rate of bad tags is limited.
    private readonly ConcurrentDictionary<(long Address, string HubId), TagLimiter> _limiters = new();
    private readonly Tagger _tagger = new(new HmacSha256());

    /// <summary>Stores all records of a valid envelope. Runs on the writer's thread only.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="hub">Who published.</param>
    /// <param name="data">A valid envelope.</param>
    /// <param name="receipts">True on the alarm topic: a vitals message is done with its PUBACK.</param>
    public void Store(Tx tx, HubSession hub, byte[] data, bool receipts)
    {
        Heard(tx, hub);
        // Cancels first: a short outage brings a fall and its cancel together, too late for the countdown to wait for
        // it. A confirmation that is here too still rings, in whichever order it comes.
        foreach (bool cancels in (ReadOnlySpan<bool>)[true, false])
        {
            for (int i = 0; i < Envelope.Count(data); i++)
            {
                int record = Envelope.RecordAt(i);
                if ((Frame.TypeOf(data, Envelope.FrameAt(record)) == FrameType.FallCancelled) == cancels)
                {
                    StoreRecordAlone(tx, hub, data, record);
                }
            }
        }
        if (!receipts)
        {
            return;
        }
        byte[] message = new byte[HubMessage.ReceiptHeaderSize + (Envelope.MaxRecords * HubMessage.ReceiptSize)];
        int size = HubMessage.BeginReceipt(message, tx.NowMs);
        for (int i = 0; i < Envelope.Count(data); i++)
        {
            int at = Envelope.RecordAt(i);
            size = HubMessage.AddReceipt(message, Envelope.RecordBoot(data, at), Envelope.RecordSequence(data, at));
        }
        tx.After(() => hubs.Send(hub.HubId, "receipt", message, size));
    }

    /// <summary>The hub has said hello or sent its beat.</summary>
    public void StoreHello(Tx tx, HubSession hub, byte[] data, bool isHello)
    {
        Heard(tx, hub);
        int boot = Bytes.GetU24(data, 1);
        long uptimeS = Bytes.GetU32(data, 4);
        int flags = data[20];
        if (isHello && (flags & HubMessage.StoreEmpty) != 0
            && DeviceRows.Hub(tx.Db, hub.HubId) is { Boot: { } lastBoot } last
            && (boot < lastBoot || (boot == lastBoot && uptimeS < last.UptimeS)))
        {
            // Its numbers have been used: a press under one of them would be taken for a retry.
            DeviceRows.RaiseHubLife(tx.Db, hub.HubId);
            Card(tx, hub.CentreId, "storeLost", null, hub.HubId, urgent: true, "");
        }
        DeviceRows.HubHeard(
            tx.Db, hub.HubId, tx.NowMs, boot, uptimeS, Bytes.GetI64(data, 8), Bytes.GetU16(data, 16),
            Bytes.GetU16(data, 18), flags);
        if (isHello)
        {
            tx.After(() => downlink.Hello(hub.HubId));
        }
    }

    /// <summary>A hub has answered the question for its trace; an answer to no question is only counted.</summary>
    public void StoreTrace(Tx tx, HubSession hub, byte[] data)
    {
        Heard(tx, hub);
        bool asked = TraceRows.PutAnswer(
            tx.Db, TraceRows.OfHub(hub.HubId), TraceMessage.Ask(data), data[TraceMessage.HeaderSize..], tx.NowMs);
        metrics.Count($"traces_total{{verdict=\"{(asked ? "stored" : "notAsked")}\"}}");
    }

    /// <summary>Keeps what is no message of the protocol.</summary>
    public void Reject(Tx tx, HubSession hub, string reason, ReadOnlySpan<byte> content)
    {
        metrics.Count("messages_rejected_total");
        Heard(tx, hub);
        EventRows.Quarantine(
            tx.Db, hub.CentreId, hub.HubId, 0, reason, content[..Math.Min(content.Length, 1024)].ToArray(), tx.NowMs);
        Card(tx, hub.CentreId, "quarantine", null, hub.HubId, urgent: false, reason);
    }

    private static void Heard(Tx tx, HubSession hub)
    {
        DeviceRows.HubHeard(tx.Db, hub.HubId, tx.NowMs);
        TechnicalRows.Close(tx, new TechnicalKey(hub.CentreId, "hubSilent", null, hub.HubId), "heard again");
    }

    /// <summary>
    /// A record that this program cannot handle must not take the others of its envelope with it, again and again.
    /// </summary>
    private void StoreRecordAlone(Tx tx, HubSession hub, byte[] data, int record)
    {
        (int After, int Changes) mark = tx.Mark();
        tx.Db.Run("SAVEPOINT record");
        try
        {
            StoreRecord(tx, hub, data, record);
        }
        catch (Exception e) when (!Storage.Store.IsStorageTrouble(e))
        {
            tx.Db.Run("ROLLBACK TO record");
            tx.BackTo(mark);
            metrics.Count("frames_total{verdict=\"failed\"}");
            long address = Envelope.BandAddress(data, record);
            EventRows.Quarantine(
                tx.Db, hub.CentreId, hub.HubId, address, $"failed: {e.Message}",
                data.AsSpan(Envelope.FrameAt(record), Frame.Size).ToArray(), tx.NowMs);
            // It may have been a call for help: a person must look.
            Card(tx, hub.CentreId, "unknownFrame", DeviceRows.BandByAddress(tx.Db, address)?.Id, hub.HubId,
                urgent: true, e.Message, "failed");
        }
        tx.Db.Run("RELEASE record");
    }

    private void StoreRecord(Tx tx, HubSession hub, byte[] data, int record)
    {
        byte[] frame = data.AsSpan(Envelope.FrameAt(record), Frame.Size).ToArray();
        FrameType type = Frame.TypeOf(frame, 0);
        if (Frame.VersionOf(frame, 0) == Frame.Version && type is FrameType.HubKey or FrameType.HubTechnical)
        {
            StoreHubFrame(tx, hub, data, record, frame, type);
            return;
        }

        long address = Envelope.BandAddress(data, record);
        if (DeviceRows.BandByAddress(tx.Db, address) is not { } band || band.CentreId != hub.CentreId)
        {
            Untrue(tx, hub, address, null, "unknownBand", frame);
            return;
        }
        var keys = new BandKeys();
        keys.Derive(new HmacSha256(), band.Secret, 0, 0);
        if (!_tagger.CentreTagIsRight(keys.CentreUp, frame, 0))
        {
            Untrue(tx, hub, address, band, "wrongTag", frame);
            return;
        }

        DeviceRows.BandHeardBy(tx.Db, band, hub.HubId, Envelope.RssiDbm(data, record), tx.NowMs);
        int refusal = Judge(tx, hub, data, record, frame, band);
        if (refusal >= 0 && Frame.LaneOf(frame, 0) == Lane.Alarm)
        {
            byte[] receipt = Downlink.Receipt(
                _tagger, keys.CentreDown, Lane.Alarm, Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0), refusal,
                Math.Max(0, EventRows.HighestBoot(tx.Db, band.Sender)));
            List<string> through = DeviceRows.HubsThatHeard(tx.Db, band.Id, tx.NowMs - HeardWithinMs);
            tx.After(() => downlink.SendToBand(through, band.Address, [receipt]));
        }
        if (!Envelope.IsLinkChecked(data, record))
        {
            tx.After(() => downlink.BandChanged(band.Id));
        }
    }

    /// <summary>A true frame of a known band: returns what its receipt says, -1 where it needs none.</summary>
    private int Judge(Tx tx, HubSession hub, byte[] data, int record, byte[] frame, BandRow band)
    {
        FrameType type = Frame.TypeOf(frame, 0);
        Lane lane = Frame.LaneOf(frame, 0);
        int boot = Frame.BootOf(frame, 0);
        int sequence = Frame.SequenceOf(frame, 0);
        bool isVitalsLane = lane == Lane.Vitals;
        if (isVitalsLane && Frame.VersionOf(frame, 0) == Frame.Version
            && type is FrameType.Vitals or FrameType.Status or FrameType.Trace)
        {
            return StoreVitalsLane(tx, hub, data, record, frame, band, type);
        }

        string sender = band.Sender;
        KnownFrame? known = EventRows.Known(tx.Db, sender, boot, lane, sequence);
        for (int life = 1;
            known is not null && !IsSame(known, frame) && Frame.IsCall(type) && life <= LivesOfANumber;
            life++)
        {
            // The band counts anew: its boot count was lost. It has signed other bytes, so this is another call.
            sender = $"{band.Sender}~{life}";
            known = EventRows.Known(tx.Db, sender, boot, lane, sequence);
        }
        if (known is not null)
        {
            return Again(tx, hub, frame, band, boot, known);
        }
        string? unknown = Frame.VersionOf(frame, 0) != Frame.Version ? $"version {Frame.VersionOf(frame, 0)}"
            : type is < FrameType.Sos or > FrameType.Status ? $"type {(int)type}"
            : isVitalsLane || type is FrameType.Vitals or FrameType.Status ? $"type {(int)type} in lane {(int)lane}"
            : null;
        if (unknown is not null)
        {
            // A newer band may have called for help in words that this program does not know: a person must look.
            Refuse(tx, hub, band, frame, RefusedUnknown, unknown);
            Card(tx, band.CentreId, "unknownFrame", band.Id, null, urgent: true, unknown);
            return RefusedUnknown;
        }
        if (IsImpossible(frame, type))
        {
            Refuse(tx, hub, band, frame, RefusedImpossible, $"impossible content in type {(int)type}");
            return RefusedImpossible;
        }

        BandLives(tx, band);
        if (boot < EventRows.HighestBoot(tx.Db, band.Sender))
        {
            // Late, not replayed: it waited in the latch through a reboot, or with a hub that was away.
            tx.Audit(band.CentreId, $"hub:{hub.HubId}", "frame.olderBoot", $"band:{band.Id}",
                $"boot {boot} sequence {sequence} type {(int)type}");
        }
        if (sender != band.Sender)
        {
            tx.Audit(
                band.CentreId, $"hub:{hub.HubId}", "band.countsAnew", $"band:{band.Id}", Convert.ToHexString(frame));
            Card(tx, band.CentreId, "bandFault", band.Id, null, urgent: true,
                "counts anew: the band has lost its number; its calls ring", "countsAnew");
        }
        EventRows.Remember(tx.Db, band.CentreId, sender, boot, lane, sequence, frame, 0, tx.NowMs);
        FrameEvent e = Event(tx, hub, data, record, frame, type, sender, "band") with { BandId = band.Id };
        long? residentId = DeviceRows.ResidentOf(tx.Db, band.Id, e.AtMs);
        e = e with
        {
            ResidentId = residentId,
            HomeId = residentId is { } id
                ? ResidentRows.HomeOf(tx.Db, id, e.AtMs) : DeviceRows.Hub(tx.Db, hub.HubId)?.HomeId,
        };
        e = e with { EventId = EventRows.Insert(tx.Db, e) };
        metrics.Count("frames_total{verdict=\"stored\"}");
        Apply(tx, e, band, frame);
        return Frame.IsLatched(type) ? 0 : -1;
    }

    private void Apply(Tx tx, FrameEvent e, BandRow band, byte[] frame)
    {
        switch (e.Type)
        {
            case FrameType.Sos:
                desk.Sos(tx, e);
                break;
            case FrameType.FallSuspected:
                desk.FallSuspected(tx, e);
                break;
            case FrameType.FallConfirmed:
                desk.FallConfirmed(tx, e);
                break;
            case FrameType.FallCancelled:
                desk.FallCancelled(tx, e);
                break;
            case FrameType.NotNeeded:
                desk.NotNeeded(tx, e);
                break;
            case FrameType.Inactivity:
                desk.Inactivity(tx, e);
                break;
            case FrameType.WearChange:
                DeviceRows.BandWear(tx.Db, band.Id, (Wear)e.Detail);
                break;
            case FrameType.Technical:
                BandTechnical(tx, band, (TechnicalCode)e.Detail, frame);
                break;
            case FrameType.Boot:
                if (EventRows.Boots(tx.Db, band.Sender, tx.NowMs - 3_600_000) >= BootsForACard)
                {
                    Card(tx, band.CentreId, "reboots", band.Id, null, urgent: true,
                        $"{BootsForACard} starts within an hour");
                }
                tx.After(() => downlink.BandChanged(band.Id));
                break;
            case FrameType.StageShown:
                int boot = Payload.ShownBoot(frame, 0);
                int sequence = Payload.ShownSequence(frame, 0);
                desk.StageShown(
                    tx, LastSender(tx, band, boot, sequence), boot, sequence, Payload.ShownStage(frame, 0));
                break;
        }
        if (e.Type is FrameType.Sos or FrameType.FallSuspected or FrameType.WearChange or FrameType.Inactivity
            or FrameType.Boot
            && Payload.EventBatteryPct(frame, 0) <= 100)
        {
            DeviceRows.BandBattery(tx.Db, band.Id, Payload.EventBatteryPct(frame, 0));
        }
    }

    /// <summary>
    /// The key is known: the same bytes are a retry or a replay, other bytes are a fault or a forgery.
    /// </summary>
    private int Again(Tx tx, HubSession hub, byte[] frame, BandRow band, int boot, KnownFrame known)
    {
        if (!IsSame(known, frame))
        {
            metrics.Count("frames_total{verdict=\"keyReused\"}");
            EventRows.Quarantine(tx.Db, band.CentreId, hub.HubId, band.Address, "keyReused", frame, tx.NowMs);
            tx.Audit(
                band.CentreId, $"hub:{hub.HubId}", "frame.keyReused", $"band:{band.Id}", Convert.ToHexString(frame));
            Card(tx, band.CentreId, "tamper", band.Id, null, urgent: true,
                "another frame under a number that was used: call back and look at the band", "keyReused");
            return RefusedImpossible;
        }
        metrics.Count("frames_total{verdict=\"duplicate\"}");
        if (boot < EventRows.HighestBoot(tx.Db, band.Sender))
        {
            tx.Audit(
                band.CentreId, $"hub:{hub.HubId}", "frame.replayed", $"band:{band.Id}", Convert.ToHexString(frame));
        }
        return Frame.IsLatched(Frame.TypeOf(frame, 0)) || known.Refusal != 0 ? known.Refusal : -1;
    }

    private static bool IsSame(KnownFrame known, byte[] frame) =>
        known.Frame.AsSpan().SequenceEqual(frame.AsSpan(0, EventRows.KeptBytes));

    /// <summary>
    /// The sender under which the last call with this number is kept; see <see cref="LivesOfANumber"/>.
    /// </summary>
    private static string LastSender(Tx tx, BandRow band, int boot, int sequence)
    {
        string sender = band.Sender;
        for (int life = 1; life <= LivesOfANumber; life++)
        {
            string next = $"{band.Sender}~{life}";
            if (EventRows.Known(tx.Db, next, boot, Lane.Alarm, sequence) is null)
            {
                break;
            }
            sender = next;
        }
        return sender;
    }

    private int StoreVitalsLane(
        Tx tx, HubSession hub, byte[] data, int record, byte[] frame, BandRow band, FrameType type)
    {
        int boot = Frame.BootOf(frame, 0);
        int sequence = Frame.SequenceOf(frame, 0);
        ReplayWindow window = VitalsRows.Window(tx.Db, band.Id);
        Freshness freshness = window.Judge(boot, sequence);
        if (freshness == Freshness.Seen)
        {
            metrics.Count("frames_total{verdict=\"duplicate\"}");
            return -1;
        }
        if (IsImpossible(frame, type))
        {
            window.Mark(boot, sequence);
            VitalsRows.PutWindow(tx.Db, band.CentreId, band.Id, window);
            metrics.Count("frames_total{verdict=\"refused\"}");
            EventRows.Quarantine(tx.Db, band.CentreId, hub.HubId, band.Address,
                $"impossible content in type {(int)type}", frame, tx.NowMs);
            Card(tx, band.CentreId, "quarantine", band.Id, null, urgent: false,
                $"impossible content in type {(int)type}");
            return -1;
        }
        if (freshness == Freshness.New)
        {
            window.Mark(boot, sequence);
            VitalsRows.PutWindow(tx.Db, band.CentreId, band.Id, window);
            BandLives(tx, band);
        }

        if (type == FrameType.Trace)
        {
            long atMs = tx.NowMs - Envelope.AgeMs(data, record);
            bool asked = freshness == Freshness.New
                && TraceRows.PutHalf(tx.Db, TraceRows.OfBand(band.Id), frame, atMs);
            metrics.Count($"frames_total{{verdict=\"{(asked ? "stored" : "notAsked")}\"}}");
            return -1;
        }
        if (type == FrameType.Status)
        {
            if (freshness == Freshness.New)
            {
                StoreStatus(tx, frame, band);
                metrics.Count("frames_total{verdict=\"stored\"}");
            }
            return -1;
        }

        FrameEvent e = Event(tx, hub, data, record, frame, type, band.Sender, "band");
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
        return -1;
    }

    private void StoreStatus(Tx tx, byte[] frame, BandRow band)
    {
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
            TechnicalRows.Close(tx, new TechnicalKey(band.CentreId, "batteryLow", band.Id, null), $"{battery} %");
            TechnicalRows.Close(tx, new TechnicalKey(band.CentreId, "batteryCritical", band.Id, null), $"{battery} %");
        }
    }

    private void StoreHubFrame(Tx tx, HubSession hub, byte[] data, int record, byte[] frame, FrameType type)
    {
        HubRow row = DeviceRows.Hub(tx.Db, hub.HubId)!;
        int boot = Frame.BootOf(frame, 0);
        int sequence = Frame.SequenceOf(frame, 0);
        Lane lane = Frame.LaneOf(frame, 0);
        if (lane != Lane.Alarm)
        {
            EventRows.Quarantine(
                tx.Db, hub.CentreId, hub.HubId, 0, $"type {(int)type} in lane {(int)lane}", frame, tx.NowMs);
            Card(tx, hub.CentreId, "quarantine", null, hub.HubId, urgent: false,
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
            Card(tx, hub.CentreId, "tamper", null, hub.HubId, urgent: true,
                "another message under a number that was used: call the home", "keyReused");
            DeviceRows.RaiseHubLife(tx.Db, hub.HubId);
            row = row with { Life = row.Life + 1 };
        }
        EventRows.Remember(tx.Db, hub.CentreId, row.Sender, boot, lane, sequence, frame, 0, tx.NowMs);
        long? homeId = row.HomeId;
        FrameEvent e = Event(tx, hub, data, record, frame, type, row.Sender, "hubKey") with
        {
            HomeId = homeId,
            ResidentId = homeId is { } home ? ResidentRows.ResidentsOf(tx.Db, home).FirstOrDefault()?.Id : null,
        };
        e = e with { EventId = EventRows.Insert(tx.Db, e) };
        metrics.Count("frames_total{verdict=\"stored\"}");
        if (type == FrameType.HubKey)
        {
            desk.Sos(tx, e);
        }
        else
        {
            HubTechnical(tx, hub, (TechnicalCode)e.Detail, Payload.EventBatteryPct(frame, 0),
                Envelope.BandAddress(data, record));
        }
    }

    private void HubTechnical(Tx tx, HubSession hub, TechnicalCode code, int extra, long address)
    {
        BandRow? band = address == 0 ? null : DeviceRows.BandByAddress(tx.Db, address);
        switch (code)
        {
            case TechnicalCode.BandSilent when band is not null && band.CentreId == hub.CentreId:
                // Another hub may hear it; the centre's own record decides.
                if (band.LastHeardAtMs is null
                    || band.LastHeardAtMs < tx.NowMs - (DeviceRows.SilentAfterMs(band.Mode) / 2))
                {
                    Card(tx, hub.CentreId, "bandSilent", band.Id, null, urgent: true, "");
                }
                break;
            case TechnicalCode.BandBack when band is not null:
                TechnicalRows.Close(tx, new TechnicalKey(hub.CentreId, "bandSilent", band.Id, null), "heard again");
                break;
            case TechnicalCode.LinkKeyUnknown:
                Card(tx, hub.CentreId, "linkKeyUnknown", band?.Id, hub.HubId, urgent: false, $"{address:x12}");
                tx.After(() => downlink.Hello(hub.HubId));
                break;
            case TechnicalCode.MainsLost:
                Card(tx, hub.CentreId, "mainsLost", null, hub.HubId, urgent: true, "");
                break;
            case TechnicalCode.MainsBack:
                TechnicalRows.Close(tx, new TechnicalKey(hub.CentreId, "mainsLost", null, hub.HubId), "mains is back");
                break;
            case TechnicalCode.VitalsDropped:
                Card(tx, hub.CentreId, "vitalsDropped", null, hub.HubId, urgent: false,
                    extra == 254 ? "254 or more" : $"{extra}");
                break;
            case TechnicalCode.WatchdogReset:
                Card(tx, hub.CentreId, "reboots", null, hub.HubId, urgent: false, "restarted by its watchdog");
                break;
            case TechnicalCode.StoreLost:
                Card(tx, hub.CentreId, "storeLost", null, hub.HubId, urgent: true, "");
                break;
            default:
                Fault(tx, hub.CentreId, band?.Id, hub.HubId, code, extra);
                break;
        }
    }

    private void BandTechnical(Tx tx, BandRow band, TechnicalCode code, byte[] frame)
    {
        string register = Payload.IsSensorFault(code)
            ? $"0x{Payload.FaultRegister(frame, 0):X2} = 0x{Payload.FaultValue(frame, 0):X2}"
            : "";
        Fault(tx, band.CentreId, band.Id, null, code, Payload.EventBatteryPct(frame, 0), register);
    }

    /// <summary>
    /// The faults that bands and hubs share; <paramref name="extra"/> of Recovered names the fault that is over.
    /// </summary>
    private void Fault(
        Tx tx, string centreId, long? bandId, string? hubId, TechnicalCode code, int extra, string register = "")
    {
        (string kind, string what, bool urgent) = Describe(
            code == TechnicalCode.Recovered ? (TechnicalCode)extra : code);
        if (code == TechnicalCode.Recovered)
        {
            TechnicalRows.Close(tx, new TechnicalKey(centreId, kind, bandId, hubId, what), "over, says the device");
        }
        else
        {
            Card(tx, centreId, kind, bandId, hubId, urgent, register.Length > 0 ? register : what, what);
        }
    }

    private static (string Kind, string Code, bool Urgent) Describe(TechnicalCode code) => code switch
    {
        TechnicalCode.PpgFault => ("ppgFault", "", false),
        TechnicalCode.PpgAbsent => ("ppgAbsent", "", false),
        TechnicalCode.PpgWrongPart => ("ppgWrongPart", "", false),
        TechnicalCode.PpgChanged => ("ppgChanged", "", false),
        TechnicalCode.AccelerometerFault => ("accelerometerFault", "", true),
        TechnicalCode.AccelerometerAbsent => ("accelerometerAbsent", "", true),
        TechnicalCode.AccelerometerWrongPart => ("accelerometerWrongPart", "", true),
        TechnicalCode.AccelerometerChanged => ("accelerometerChanged", "", true),
        TechnicalCode.ChargedOnWrist => ("chargedOnWrist", "", false),
        TechnicalCode.BatteryLow => ("batteryLow", "", false),
        TechnicalCode.BatteryCritical => ("batteryCritical", "", true),
        TechnicalCode.KeyStuck => ("keyStuck", "", true),
        TechnicalCode.FlashFault => ("flashFault", "", true),
        TechnicalCode.Tamper => ("tamper", "", true),
        TechnicalCode.LatchFull => ("bandFault", "latchFull", true),
        TechnicalCode.PressLatchFault => ("bandFault", "pressLatch", true),
        TechnicalCode.ConfigurationRefused => ("other", "configuration refused by the band", false),
        _ => ("bandFault", $"code {(int)code}", true),
    };

    /// <summary>
    /// No true band says this: audit and quarantine, over the limit only counted; never in the way of others (P13).
    /// </summary>
    private void Untrue(Tx tx, HubSession hub, long address, BandRow? band, string reason, byte[] frame)
    {
        metrics.Count($"frames_total{{verdict=\"{reason}\"}}");
        if (_limiters.Count > LimitersKept)
        {
            _limiters.Clear();
        }
        TagLimiter limiter = _limiters.GetOrAdd((address, hub.HubId), static _ => new TagLimiter());
        bool passed = limiter.CountBad(tx.NowMs);
        if (passed)
        {
            bool own = band is not null && band.CentreId == hub.CentreId;
            Card(tx, hub.CentreId, "tamper", own ? band!.Id : null, hub.HubId, urgent: true,
                $"over {TagLimiter.PerMinute} a minute: {reason} {address:x12}");
        }
        else if (limiter.IsOver(tx.NowMs))
        {
            return;
        }
        EventRows.Quarantine(tx.Db, hub.CentreId, hub.HubId, address, reason, frame, tx.NowMs);
        tx.Audit(
            hub.CentreId, $"hub:{hub.HubId}", $"frame.{reason}", $"address:{address:x12}", Convert.ToHexString(frame));
    }

    private void Refuse(Tx tx, HubSession hub, BandRow band, byte[] frame, int refusal, string reason)
    {
        metrics.Count("frames_total{verdict=\"refused\"}");
        EventRows.Remember(
            tx.Db, band.CentreId, band.Sender, Frame.BootOf(frame, 0), Frame.LaneOf(frame, 0),
            Frame.SequenceOf(frame, 0), frame,
            refusal, tx.NowMs);
        EventRows.Quarantine(tx.Db, band.CentreId, hub.HubId, band.Address, reason, frame, tx.NowMs);
        tx.Audit(band.CentreId, $"hub:{hub.HubId}", "frame.refused", $"band:{band.Id}",
            $"{reason} {Convert.ToHexString(frame)}");
        if (refusal == RefusedImpossible)
        {
            Card(tx, band.CentreId, "quarantine", band.Id, null, urgent: false, reason);
        }
    }

    private static void BandLives(Tx tx, BandRow band)
    {
        DeviceRows.BandHeard(tx.Db, band.Id, tx.NowMs);
        TechnicalRows.Close(tx, new TechnicalKey(band.CentreId, "bandSilent", band.Id, null), "heard again");
    }

    /// <summary>
    /// True for values that no true band can mean. Calls for help are never refused for their details.
    /// </summary>
    private static bool IsImpossible(byte[] frame, FrameType type) => type switch
    {
        FrameType.Vitals => Payload.Bpm(frame, 0) is not (0 or (>= 30 and <= 240))
            || Payload.Confidence(frame, 0) > 100
            || Payload.Spo2Pct(frame, 0) is not (0 or (>= 70 and <= 100))
            || Payload.VitalsWear(frame, 0) > Wear.On,
        FrameType.Status => Payload.StatusMode(frame, 0) > BandMode.Shelf
            || Payload.StatusWear(frame, 0) > Wear.On
            || Payload.StatusBatteryPct(frame, 0) is > 100 and < 255,
        FrameType.Trace => Payload.TraceHalf(frame, 0) >= Payload.TraceHalves,
        FrameType.WearChange => Payload.EventDetail(frame, 0) > (byte)Wear.On,
        FrameType.StageShown => Payload.ShownStage(frame, 0) > Stage.Closed,
        _ => false,
    };

    private static FrameEvent Event(
        Tx tx, HubSession hub, byte[] data, int record, byte[] frame, FrameType type, string sender, string source)
    {
        long ageMs = Envelope.AgeMs(data, record);
        bool isAnswer = type is FrameType.FallConfirmed or FrameType.FallCancelled or FrameType.NotNeeded;
        bool isEvent = type is not (FrameType.StageShown or FrameType.Vitals or FrameType.Status);
        bool isSensor = type == FrameType.Technical
            && Payload.IsSensorFault((TechnicalCode)Payload.EventDetail(frame, 0));
        return new FrameEvent
        {
            CentreId = hub.CentreId,
            Sender = sender,
            Boot = Frame.BootOf(frame, 0),
            Lane = Frame.LaneOf(frame, 0),
            Sequence = Frame.SequenceOf(frame, 0),
            Type = type,
            Frame = frame,
            HubId = hub.HubId,
            Source = source,
            UptimeS = isEvent ? Payload.UptimeS(frame, 0) : 0,
            RefersTo = isAnswer ? Payload.RefersTo(frame, 0) : null,
            Flags = isAnswer ? Payload.AnswerFlags(frame, 0)
                : isEvent && !isSensor ? Payload.EventFlags(frame, 0) : 0,
            Detail = isEvent && !isAnswer ? Payload.EventDetail(frame, 0) : 0,
            AtMs = tx.NowMs - ageMs,
            Quality = Envelope.Quality(data, record),
            AgeMs = ageMs,
            ReceivedAtMs = tx.NowMs,
            HubBoot = Envelope.HubBoot(data),
            HubUptimeS = Envelope.HubUptimeS(data),
            HubWallMs = Envelope.HubWallMs(data),
            RssiDbm = Envelope.RssiDbm(data, record),
        };
    }

    private static void Card(
        Tx tx, string centreId, string kind, long? bandId, string? hubId, bool urgent, string detail,
        string code = "") =>
        TechnicalRows.Open(tx, new TechnicalKey(centreId, kind, bandId, hubId, code), urgent, detail);
}

using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;
using Answers =
    System.Collections.Generic.List<(System.Collections.Generic.List<string> Hubs, long Address, byte[] Frame)>;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Stores what hubs publish, inside the writer's transaction: hellos, beats, traces and the records of envelopes. Each
/// record ends in one of: stored, duplicate (the same acknowledgement, nothing else, P12), refused (quarantine and a
/// receipt that says so, P33) or rejected (no true band, P13). The hub gets its receipt in every case, so that nothing
/// ever blocks its outbox (R9).
/// </summary>
public sealed class FrameIntake(
    Calls calls, Falls falls, Downlink downlink, HubLinks hubs, ClockCheck clocks, Metrics metrics)
{
    private const long HeardWithinMs = 3_600_000;
    private const string VersionCode = "version";

    private readonly BandAlarmLane _alarmLane = new(calls, falls, downlink, metrics);
    private readonly BandVitalsLane _vitalsLane = new(downlink, metrics);
    private readonly HubFrames _hubFrames = new(calls, downlink, metrics);

    // Counting again when the transaction is repeated is harmless: only the rate of bad tags is limited.
    private readonly GuessLimits _guesses = new();
    private readonly Tagger _tagger = new(new HmacSha256());

    /// <summary>
    /// Stores the records of a valid envelope except for measurements, and returns the measurements. The caller then
    /// stores the measurements in their own file. The message is done only after that. Runs on the writer's thread
    /// only.
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="hub">Who published.</param>
    /// <param name="data">A valid envelope.</param>
    /// <param name="receipts">True on the alarm topic: a vitals message is done with its PUBACK.</param>
    /// <param name="only">Index of the one record to store. Null: all records.</param>
    public List<VitalsRow> Store(Tx tx, HubSession hub, byte[] data, bool receipts, int? only = null)
    {
        TechnicalReports.Heard(tx, hub);
        int first = only ?? 0;
        int end = only is { } one ? one + 1 : Envelope.Count(data);
        var measurements = new List<VitalsRow>();
        var answers = new Answers();
        // Cancels first: a short outage brings a fall and its cancel together, too late for the countdown to wait for
        // it. A confirmation that is here too still rings, in whichever order it comes.
        foreach (bool cancels in (ReadOnlySpan<bool>)[true, false])
        {
            for (int i = first; i < end; i++)
            {
                int record = Envelope.RecordAt(data, i);
                if ((Frame.TypeOf(data, Envelope.FrameAt(record)) == FrameType.FallCancelled) == cancels
                    && StoreRecordAlone(tx, hub, data, record, answers) is { } measurement)
                {
                    measurements.Add(measurement);
                }
            }
        }
        tx.After(() => downlink.SendToBands(answers));
        if (receipts)
        {
            Receipt(tx, hub, data, first, end);
        }
        return measurements;
    }

    /// <summary>
    /// Puts a record in the quarantine because storing it met damage in the database. The record may be a call for
    /// help, so a card asks a person to look.
    /// </summary>
    public void KeepDamaged(Tx tx, HubSession hub, byte[] data, bool receipts, int only, string reason)
    {
        int record = Envelope.RecordAt(data, only);
        Keep(tx, hub, data, record, reason);
        if (receipts)
        {
            Receipt(tx, hub, data, only, only + 1);
        }
    }

    private void Receipt(Tx tx, HubSession hub, byte[] data, int first, int end)
    {
        byte[] message = new byte[HubMessage.ReceiptHeaderSize + (Envelope.MaxRecords * HubMessage.ReceiptSize)];
        int size = HubMessage.BeginReceipt(message, tx.NowMs);
        for (int i = first; i < end; i++)
        {
            int at = Envelope.RecordAt(data, i);
            size = HubMessage.AddReceipt(message, Envelope.RecordBoot(data, at), Envelope.RecordSequence(data, at));
        }
        tx.After(() => hubs.Send(hub.HubId, "receipt", message, size));
    }

    /// <summary>The hub has said hello or sent its beat.</summary>
    public void StoreHello(Tx tx, HubSession hub, byte[] data, bool isHello)
    {
        TechnicalReports.Heard(tx, hub);
        int boot = Bytes.GetU24(data, 1);
        long uptimeS = Bytes.GetU32(data, 4);
        int flags = data[20];
        if (isHello && (flags & HubMessage.StoreEmpty) != 0
            && DeviceRows.Hub(tx.Db, hub.HubId) is { Boot: { } lastBoot } last
            && (boot < lastBoot || (boot == lastBoot && uptimeS < last.UptimeS)))
        {
            // Its numbers have been used: a press under one of them would be taken for a retry.
            DeviceRows.RaiseHubLife(tx.Db, hub.HubId);
            TechnicalReports.Card(tx, hub.CentreId, CardKind.StoreLost, null, hub.HubId, urgent: true, "");
        }
        DeviceRows.HubHeard(
            tx.Db, hub.HubId, tx.NowMs, boot, uptimeS, Bytes.GetI64(data, 8), Bytes.GetU16(data, 16),
            Bytes.GetU16(data, 18), flags);
        TechnicalReports.KnownVersion(tx, hub, VersionCode);
        if (isHello)
        {
            long nowMs = tx.NowMs;
            tx.After(() =>
            {
                clocks.Heard(hub.HubId, Bytes.GetI64(data, 8), nowMs);
                downlink.Hello(hub.HubId);
            });
        }
    }

    /// <summary>A hub has answered the question for its trace; an answer to no question is only counted.</summary>
    public void StoreTrace(Tx tx, HubSession hub, byte[] data)
    {
        TechnicalReports.Heard(tx, hub);
        bool asked = TraceRows.PutAnswer(
            tx.Db, TraceRows.OfHub(hub.HubId), TraceMessage.Ask(data),
            data.AsSpan(TraceMessage.HeaderSize, TraceMessage.EntryBytes(data)).ToArray(), tx.NowMs);
        metrics.Count($"traces_total{{verdict=\"{(asked ? "stored" : "notAsked")}\"}}");
    }

    /// <summary>Keeps what is no message of the protocol.</summary>
    public void Reject(Tx tx, HubSession hub, string reason, ReadOnlySpan<byte> content)
    {
        metrics.Count("messages_rejected_total");
        TechnicalReports.Heard(tx, hub);
        EventRows.Quarantine(
            tx.Db, hub.CentreId, hub.HubId, 0, reason, content[..Math.Min(content.Length, 1024)].ToArray(), tx.NowMs);
        TechnicalReports.Card(tx, hub.CentreId, CardKind.Quarantine, null, hub.HubId, urgent: false, reason);
    }

    /// <summary>
    /// Keeps a message of a version that this program does not know. It may hold calls for help, so a person must look.
    /// The hub is told which versions this program knows; a hub that knows one of them sends again in that version, and
    /// its next hello closes the card (docs/adr/0096).
    /// </summary>
    public void RejectVersion(Tx tx, HubSession hub, string kind, byte[] content)
    {
        metrics.Count("messages_rejected_total");
        TechnicalReports.Heard(tx, hub);
        string reason = $"version {content[0]} on up/{kind}";
        EventRows.Quarantine(
            tx.Db, hub.CentreId, hub.HubId, 0, reason, content[..Math.Min(content.Length, 1024)], tx.NowMs);
        TechnicalReports.Card(
            tx, hub.CentreId, CardKind.UnknownFrame, null, hub.HubId, urgent: true, reason, VersionCode);
        tx.After(() => hubs.SendHello(hub.HubId));
    }

    /// <summary>
    /// A record that this program cannot handle must not take the others of its envelope with it, again and again.
    /// </summary>
    private VitalsRow? StoreRecordAlone(Tx tx, HubSession hub, byte[] data, int record, Answers answers)
    {
        if (IsDropped(tx.Db, hub.HubId, data, record, tx.NowMs))
        {
            metrics.Count("frames_total{verdict=\"overLimit\"}");
            return null;
        }
        int answered = answers.Count;
        (int After, int Changes) mark = tx.Mark();
        VitalsRow? measurement = null;
        tx.Db.Run("SAVEPOINT record");
        try
        {
            measurement = StoreRecord(tx, hub, data, record, answers);
        }
        catch (Exception e) when (!Db.IsTrouble(e))
        {
            tx.Db.Run("ROLLBACK TO record");
            tx.BackTo(mark);
            answers.RemoveRange(answered, answers.Count - answered);
            Keep(tx, hub, data, record, e.Message);
        }
        tx.Db.Run("RELEASE record");
        return measurement;
    }

    private void Keep(Tx tx, HubSession hub, byte[] data, int record, string reason)
    {
        metrics.Count("frames_total{verdict=\"failed\"}");
        long address = Envelope.BandAddress(data, record);
        EventRows.Quarantine(
            tx.Db, hub.CentreId, hub.HubId, address, $"failed: {reason}",
            data.AsSpan(Envelope.FrameAt(record), Frame.Size).ToArray(), tx.NowMs);
        // The record may be a call for help, so a person must look.
        TechnicalReports.Card(
            tx, hub.CentreId, CardKind.UnknownFrame, DeviceRows.BandByAddress(tx.Db, address)?.Id, hub.HubId,
            urgent: true, reason, "failed");
    }

    /// <summary>
    /// Number of frames of a valid envelope that cost something. Forged frames over the limit are dropped unseen: they
    /// must not use up the pace of the hub that forwards them, or a stranger could slow a house down. Any thread.
    /// </summary>
    public int FramesThatCount(Db db, string hubId, byte[] data, long nowMs)
    {
        int count = 0;
        for (int i = 0; i < Envelope.Count(data); i++)
        {
            count += IsDropped(db, hubId, data, Envelope.RecordAt(data, i), nowMs) ? 0 : 1;
        }
        return count;
    }

    private bool IsDropped(Db db, string hubId, byte[] data, int record, long nowMs)
    {
        long address = Envelope.BandAddress(data, record);
        bool isChecked = Envelope.IsLinkChecked(data, record);
        return !IsOfHub(data, Envelope.FrameAt(record))
            && (_guesses.MustDrop(hubId, address, isChecked, nowMs)
                || (_guesses.MustDrop(hubId, 0, isChecked, nowMs) && DeviceRows.BandByAddress(db, address) is null));
    }

    /// <summary>True for what the hub itself says: it has no tag, the hub has signed in.</summary>
    private static bool IsOfHub(byte[] frame, int at) =>
        Frame.VersionOf(frame, at) == Frame.Version
            && Frame.TypeOf(frame, at) is FrameType.HubKey or FrameType.HubTechnical;

    private VitalsRow? StoreRecord(Tx tx, HubSession hub, byte[] data, int record, Answers answers)
    {
        byte[] frame = data.AsSpan(Envelope.FrameAt(record), Frame.Size).ToArray();
        FrameType type = Frame.TypeOf(frame, 0);
        if (IsOfHub(frame, 0))
        {
            _hubFrames.Store(tx, hub, data, record, frame, type);
            return null;
        }

        long address = Envelope.BandAddress(data, record);
        if (DeviceRows.BandByAddress(tx.Db, address) is not { } known || known.CentreId != hub.CentreId)
        {
            Untrue(tx, hub, data, record, null, "unknownBand", frame);
            return null;
        }
        if (!known.HasSecret)
        {
            throw new InvalidOperationException("the stored secret of the band cannot be read: enrol the band again");
        }
        if (KeyChange.Judge(tx, hub.HubId, known, frame, _tagger, downlink) is not { } band)
        {
            Untrue(tx, hub, data, record, known, "wrongTag", frame);
            return null;
        }
        DeviceRows.BandHeardBy(tx.Db, band, hub.HubId, Envelope.RssiDbm(data, record), tx.NowMs);
        VitalsRow? measurement = null;
        if (Frame.LaneOf(frame, 0) == Lane.Vitals && Frame.VersionOf(frame, 0) == Frame.Version
            && type is FrameType.Vitals or FrameType.Status or FrameType.Trace)
        {
            measurement = _vitalsLane.Store(tx, hub, data, record, frame, band, type);
        }
        else if (_alarmLane.Store(tx, hub, data, record, frame, band) is >= 0 and var refusal
            && Frame.LaneOf(frame, 0) == Lane.Alarm)
        {
            byte[] receipt = Downlink.Receipt(
                _tagger, Downlink.CentreDown(band), Lane.Alarm, Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0),
                refusal,
                EventRows.BootToPass(tx.Db, band.Sender), BandAlarmLane.OpenerOf(tx, band, frame));
            List<string> through = DeviceRows.HubsThatHeard(tx.Db, band.Id, tx.NowMs - HeardWithinMs);
            answers.Add((through, band.Address, receipt));
        }
        if (!Envelope.IsLinkChecked(data, record))
        {
            tx.After(() => downlink.BandChanged(band.Id));
        }
        return measurement;
    }

    /// <summary>
    /// No true band says this: audit and quarantine, over the limit only counted; never in the way of others (P13).
    /// </summary>
    private void Untrue(
        Tx tx, HubSession hub, byte[] data, int record, BandRow? band, string reason, byte[] frame)
    {
        metrics.Count($"frames_total{{verdict=\"{reason}\"}}");
        long address = Envelope.BandAddress(data, record);
        bool isChecked = Envelope.IsLinkChecked(data, record);
        int bad = _guesses.CountBad(hub.HubId, band is null ? 0 : address, isChecked, tx.NowMs);
        if (bad > TagLimiter.PerMinute + 1)
        {
            return;
        }
        if (bad > TagLimiter.PerMinute)
        {
            TechnicalReports.Card(tx, hub.CentreId, CardKind.Tamper, band?.Id, hub.HubId, urgent: true,
                $"over {TagLimiter.PerMinute} a minute: {reason} {address:x12}"
                    + (isChecked ? "" : ": frames of this sender that the hub has not checked are dropped"));
        }
        EventRows.Quarantine(tx.Db, hub.CentreId, hub.HubId, address, reason, frame, tx.NowMs);
        tx.Audit(
            hub.CentreId, $"hub:{hub.HubId}", $"frame.{reason}", $"address:{address:x12}", Convert.ToHexString(frame));
    }
}

using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Judges the frames of a band's alarm lane, true to its key, and hands each new one to whom it concerns: calls for
/// help and their stages to the alarms, faults to the technical cards.
/// </summary>
internal sealed class BandAlarmLane(Calls calls, Falls falls, Downlink downlink, Metrics metrics)
{
    private const int RefusedUnknown = 1;
    private const int RefusedImpossible = 2;
    private const int BootsForACard = 5;

    /// <summary>
    /// A band that has lost its boot count uses its numbers again. So many times other bytes under one number are kept
    /// as another call, each with a sender of its own (the band's, then "~1" to "~16").
    /// </summary>
    private const int LivesOfANumber = 16;

    /// <summary>Stores a new frame of a known band; returns what its receipt says, -1 where it needs none.</summary>
    public int Store(Tx tx, HubSession hub, byte[] data, int record, byte[] frame, BandRow band)
    {
        FrameType type = Frame.TypeOf(frame, 0);
        Lane lane = Frame.LaneOf(frame, 0);
        int boot = Frame.BootOf(frame, 0);
        int sequence = Frame.SequenceOf(frame, 0);
        (string sender, KnownFrame? known) = SenderOf(tx, band, frame);
        if (known is not null)
        {
            return Again(tx, hub, frame, band, boot, known);
        }
        string? unknown = Frame.VersionOf(frame, 0) != Frame.Version ? $"version {Frame.VersionOf(frame, 0)}"
            : type is < FrameType.Sos or > FrameType.Status ? $"type {(int)type}"
            : lane == Lane.Vitals || type is FrameType.Vitals or FrameType.Status
                ? $"type {(int)type} in lane {(int)lane}"
            : null;
        if (unknown is not null)
        {
            // A newer band may have called for help in words that this program does not know: a person must look.
            Refuse(tx, hub, band, sender, frame, RefusedUnknown, unknown);
            TechnicalReports.Card(tx, band.CentreId, CardKind.UnknownFrame, band.Id, null, urgent: true, unknown);
            return RefusedUnknown;
        }
        if (FrameContent.IsImpossible(frame, type))
        {
            Refuse(tx, hub, band, sender, frame, RefusedImpossible, $"impossible content in type {(int)type}");
            return RefusedImpossible;
        }

        TechnicalReports.Heard(tx, band);
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
            TechnicalReports.Card(tx, band.CentreId, CardKind.BandFault, band.Id, null, urgent: true,
                "counts anew: the band has lost its number; its calls ring", "countsAnew");
        }
        EventRows.Remember(tx.Db, band.CentreId, sender, boot, lane, sequence, frame, 0, tx.NowMs);
        FrameEvent e = FrameContent.EventOf(tx.ArrivedMs, hub, data, record, frame, type, sender, "band") with
        {
            BandId = band.Id,
        };
        e = WithTimeAndWearer(tx, hub, band, e);
        e = e with { EventId = EventRows.Insert(tx.Db, e) };
        metrics.Count("frames_total{verdict=\"stored\"}");
        Apply(tx, e, band, frame);
        return Frame.IsLatched(type) ? 0 : -1;
    }

    /// <summary>
    /// Adds when it happened and whose it is: who wore the band then, not who wears it now. Where the time does not
    /// prove which of two it was, the alarm is for the present wearer and names the other as well (docs/adr/0057).
    /// </summary>
    private static FrameEvent WithTimeAndWearer(Tx tx, HubSession hub, BandRow band, FrameEvent e)
    {
        bool isProven = Payload.BootIsProven(e.Frame, 0) && e.Sender == band.Sender;
        EventTime time = BandClocks.TimeOf(tx.Db, band, e.Boot, e.UptimeS, (e.AtMs, e.Quality), isProven);
        if (e.Quality != AgeQuality.AtLeast && isProven && e.Type != FrameType.StageShown)
        {
            BandClocks.Note(tx.Db, band, e.Boot, e.UptimeS, e.AtMs);
        }
        // A number that is not proven may have been used in several starts. The hub cannot tell their uptimes apart.
        bool isCertain = isProven || e.Quality == AgeQuality.Measured;
        List<long> wearers = DeviceRows.Wearers(
            tx.Db, band.Id, isCertain ? time.NotBeforeMs : 0, isCertain ? time.AtMs : tx.NowMs);
        if (wearers.Count == 0)
        {
            wearers = DeviceRows.Wearers(tx.Db, band.Id, 0, tx.NowMs); // nobody wore it then, as far as is recorded
        }
        if (wearers.Count == 0 && DeviceRows.ResidentOf(tx.Db, band.Id, time.AtMs) is { } present)
        {
            wearers.Add(present); // the clock is behind the time of the hand-over to this wearer
        }
        long? residentId = wearers.Count > 0 ? wearers[0] : null;
        return e with
        {
            AtMs = time.AtMs,
            Quality = time.Quality,
            AgeMs = tx.NowMs - time.AtMs,
            ResidentId = residentId,
            OtherResidentId = wearers.Count > 1 ? wearers[1] : null,
            HomeId = residentId is { } id
                ? ResidentRows.HomeOf(tx.Db, id, time.AtMs) : DeviceRows.Hub(tx.Db, hub.HubId)?.HomeId,
        };
    }

    /// <summary>
    /// The frame that opened the card of a stored press: the wrist is told the card's stages under that frame.
    /// </summary>
    public static PressKey? OpenerOf(Tx tx, BandRow band, byte[] frame) =>
        Frame.TypeOf(frame, 0) == FrameType.Sos
            ? EventRows.OpenerOf(
                tx.Db, SenderOf(tx, band, frame).Sender, Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0))
            : null;

    /// <summary>
    /// The sender under which a frame is kept, and the frame that is kept there under the same number; null: none.
    /// </summary>
    private static (string Sender, KnownFrame? Known) SenderOf(Tx tx, BandRow band, byte[] frame)
    {
        (Lane lane, int boot, int sequence) =
            (Frame.LaneOf(frame, 0), Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0));
        string sender = band.Sender;
        KnownFrame? known = EventRows.Known(tx.Db, sender, boot, lane, sequence);
        for (int life = 1;
            known is not null && !IsSame(known, frame) && Frame.IsCall(Frame.TypeOf(frame, 0))
                && life <= LivesOfANumber;
            life++)
        {
            // The band has lost its boot count and uses its numbers again. It has signed other bytes: another call.
            sender = $"{band.Sender}~{life}";
            known = EventRows.Known(tx.Db, sender, boot, lane, sequence);
        }
        return (sender, known);
    }

    private void Apply(Tx tx, FrameEvent e, BandRow band, byte[] frame)
    {
        switch (e.Type)
        {
            case FrameType.Sos:
                calls.Sos(tx, e);
                break;
            case FrameType.FallSuspected:
                falls.Suspected(tx, e);
                break;
            case FrameType.FallConfirmed:
                falls.Confirmed(tx, e);
                break;
            case FrameType.FallCancelled:
                falls.Cancelled(tx, e);
                break;
            case FrameType.NotNeeded:
                calls.NotNeeded(tx, e);
                break;
            case FrameType.Inactivity:
                calls.Inactivity(tx, e);
                break;
            case FrameType.WearChange:
                DeviceRows.BandWear(tx.Db, band.Id, (Wear)e.Detail);
                break;
            case FrameType.Technical:
                TechnicalReports.OfBand(tx, band, (TechnicalCode)e.Detail, frame);
                break;
            case FrameType.Boot:
                if (EventRows.Boots(tx.Db, band.Sender, tx.NowMs - 3_600_000) >= BootsForACard)
                {
                    TechnicalReports.Card(tx, band.CentreId, CardKind.Reboots, band.Id, null, urgent: true,
                        $"{BootsForACard} starts within an hour");
                }
                tx.After(() => downlink.BandChanged(band.Id));
                break;
            case FrameType.StageShown:
                WristShows(tx, band, frame);
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
            TechnicalReports.Card(tx, band.CentreId, CardKind.Tamper, band.Id, null, urgent: true,
                "another frame under a number that was used: call back and look at the band", "keyReused");
            return RefusedImpossible;
        }
        metrics.Count("frames_total{verdict=\"duplicate\"}");
        if (boot < EventRows.HighestBoot(tx.Db, band.Sender))
        {
            tx.Audit(
                band.CentreId, $"hub:{hub.HubId}", "frame.replayed", $"band:{band.Id}", Convert.ToHexString(frame));
        }
        else if (Frame.TypeOf(frame, 0) == FrameType.StageShown && known.Refusal == 0)
        {
            // The band answers a repeated stage with the same frame (docs/adr/0055). It counts again, because the
            // centre may not have had the alarm when the frame came first.
            WristShows(tx, band, frame);
        }
        return Frame.IsLatched(Frame.TypeOf(frame, 0)) || known.Refusal != 0 ? known.Refusal : -1;
    }

    // Header and payload. The centre tag is right and follows from them and the secret: where only the tag differs, the
    // band has signed the same frame again under another of its secrets (docs/adr/0043).
    private static bool IsSame(KnownFrame known, byte[] frame) =>
        known.Frame.AsSpan(0, Frame.CentreTagOffset).SequenceEqual(frame.AsSpan(0, Frame.CentreTagOffset));

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

    private void WristShows(Tx tx, BandRow band, byte[] frame)
    {
        var shown = new PressKey(Payload.ShownBoot(frame, 0), Payload.ShownSequence(frame, 0));
        calls.StageShown(
            tx, LastSender(tx, band, shown.Boot, shown.Sequence), shown, Payload.ShownStage(frame, 0),
            EventRows.ShownAfter(tx.Db, band.Sender, Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0)));
    }

    private void Refuse(
        Tx tx, HubSession hub, BandRow band, string sender, byte[] frame, int refusal, string reason)
    {
        metrics.Count("frames_total{verdict=\"refused\"}");
        EventRows.Remember(
            tx.Db, band.CentreId, sender, Frame.BootOf(frame, 0), Frame.LaneOf(frame, 0),
            Frame.SequenceOf(frame, 0), frame, refusal, tx.NowMs);
        EventRows.Quarantine(tx.Db, band.CentreId, hub.HubId, band.Address, reason, frame, tx.NowMs);
        tx.Audit(band.CentreId, $"hub:{hub.HubId}", "frame.refused", $"band:{band.Id}",
            $"{reason} {Convert.ToHexString(frame)}");
        if (refusal == RefusedImpossible)
        {
            TechnicalReports.Card(tx, band.CentreId, CardKind.Quarantine, band.Id, null, urgent: false, reason);
        }
    }
}

using ElderBand.BandProtocol;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Alarms;

/// <summary>
/// The calls for help that are not a fall (<see cref="Falls"/>): a press of a key, and no movement for too long. Also
/// what the band reports of a call later: "not needed", and the stages that the wrist has shown. Each function runs
/// inside the writer's transaction.
/// </summary>
public sealed class Calls(Ringing ringing)
{
    /// <summary>
    /// Presses of one sender within a minute that have a line each on the timeline. Further ones are counted in one
    /// line (docs/adr/0101).
    /// </summary>
    public const int LinesAMinute = 10;

    /// <summary>
    /// A press: joins the sender's open SOS or opens one; ends and takes over pre-alarms of the same band.
    /// </summary>
    public void Sos(Tx tx, FrameEvent e)
    {
        if (e.IsDrill)
        {
            ringing.Drill(tx, e, "sos");
            return;
        }

        // A hub that counts anew is another sender, but its key stands in the same home: one card.
        AlarmRow? sos = e.Source == "hubKey"
            ? AlarmRows.OpenOfHubKey(tx.Db, e.CentreId, e.HubId, e.HomeId)
            : AlarmRows.OpenSos(tx.Db, e.Sender, e.ResidentId, e.OtherResidentId);
        if (sos is null)
        {
            sos = Ringing.Open(tx, e, "sos", AlarmState.Ringing, e.Sequence);
            AlarmRows.Note(tx, sos, TimelineKind.Raised, "", e.Source);
            ringing.Raise(tx, sos);
        }
        else
        {
            EventRows.SetAlarm(tx.Db, e.EventId, sos.Id);
            sos.Presses++;
            if (EventRows.CallsWithinAMinute(tx.Db, e.Sender, e.AtMs, LinesAMinute + 1) > LinesAMinute)
            {
                AlarmRows.NoteOneMore(tx, sos, TimelineKind.ManyPresses);
            }
            else
            {
                AlarmRows.Note(tx, sos, TimelineKind.Press, "", sos.Presses.ToString());
            }
            Ringing.PressedAgain(tx, sos);
        }

        if (EventRows.HasAnswer(tx.Db, e.Sender, e.Boot, e.Sequence, FrameType.NotNeeded))
        {
            sos.NotNeeded = true;
            AlarmRows.Note(tx, sos, TimelineKind.NotNeeded);
        }
        foreach (AlarmRow fall in AlarmRows.Prealarms(tx.Db, e.Sender))
        {
            if (fall.ResidentId == sos.ResidentId)
            {
                Falls.Merge(tx, fall, sos);
            }
        }
        ringing.Save(tx, sos);
    }

    /// <summary>"Not needed, says the wearer": a note; the alarm stays until a person has called back.</summary>
    public void NotNeeded(Tx tx, FrameEvent e)
    {
        if (EventRows.AlarmOf(tx.Db, e.Sender, e.Boot, e.RefersTo ?? -1) is not { } id
            || AlarmRows.Get(tx.Db, id) is not { } alarm
            || AlarmMachine.Next(alarm.State, AlarmEvent.NotNeeded).Verdict != Verdict.Note)
        {
            return;
        }
        EventRows.SetAlarm(tx.Db, e.EventId, id);
        alarm.NotNeeded = true;
        AlarmRows.Note(tx, alarm, TimelineKind.NotNeeded);
        ringing.Save(tx, alarm);
    }

    /// <summary>No movement for longer than the profile allows: an alarm of its own.</summary>
    public void Inactivity(Tx tx, FrameEvent e)
    {
        if (e.IsDrill)
        {
            ringing.Drill(tx, e, "inactivity");
            return;
        }
        AlarmRow alarm = Ringing.Open(tx, e, "inactivity", AlarmState.Ringing, e.Sequence);
        AlarmRows.Note(tx, alarm, TimelineKind.Raised, "", (e.Detail * 10).ToString());
        ringing.Raise(tx, alarm);
        ringing.Save(tx, alarm);
    }

    /// <summary>
    /// The wrist has shown a stage of one of its alarms. A further press on a card gets no stages beyond "the centre
    /// has it", so that stage must not replace a later one that the wrist has shown for the card (docs/adr/0042).
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="sender">Of the frame that the wrist has shown a stage of.</param>
    /// <param name="shown">That frame.</param>
    /// <param name="stage">What the wrist has shown.</param>
    /// <param name="later">
    /// The frames of which the band has shown stages later. A confirmation that comes late, or again, must not replace
    /// a later one (docs/adr/0055).
    /// </param>
    public void StageShown(Tx tx, string sender, PressKey shown, Stage stage, IReadOnlyList<PressKey> later)
    {
        if (later.Contains(shown) || (EventRows.AlarmOf(tx.Db, sender, shown.Boot, shown.Sequence)
            ?? AlarmRows.Find(tx.Db, sender, shown.Boot, shown.Sequence)?.Id) is not { } id)
        {
            return;
        }
        id = AlarmRows.MergedInto(tx.Db, id) ?? id;
        if (AlarmRows.Get(tx.Db, id) is not { } alarm || alarm.WristStage == (int)stage)
        {
            return;
        }
        if ((int)stage < alarm.WristStage)
        {
            List<PressKey> followed = EventRows.Followed(tx.Db, id);
            if (!followed.Contains(shown) || later.Any(followed.Contains))
            {
                return;
            }
        }
        if ((int)stage < alarm.WristStage || stage > AlarmMachine.WantedStage(alarm.State))
        {
            // The wrist shows another stage than the present one. It shows an earlier stage where a fall joined this
            // card later. It shows a later stage where the card was handed back, or where the band has lost the cancel
            // of a fall. The centre must tell the wrist the present stage.
            tx.After(() => ringing.StageChanged?.Invoke(alarm.Id));
        }
        alarm.WristStage = (int)stage;
        alarm.WristShownAtMs = tx.NowMs;
        AlarmRows.Note(tx, alarm, TimelineKind.Wrist, "", ((int)stage).ToString());
        AlarmRows.Save(tx.Db, alarm);
        tx.AlarmChanged(alarm.CentreId, alarm.Id);
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Tracks the stage of help for each alarm, shows it on the wrist and confirms to the centre that it was shown
    /// (docs/adr/0021).
    /// </summary>
    public sealed class HelpStages
    {
        private const int AgainMs = 1000;
        private const int AgainPerMinute = 10;
        private const int RefusedEveryMs = 30000;
        private const int RefusedTimes = 6;

        private readonly AlarmLatch _latch;
        private readonly WristSignal _signal;
        private readonly FrameSource _source;
        private readonly LinkPolicy _link;
        private long _againNotBeforeMs;
        private long _minuteEndMs;
        private int _againInMinute;
        private int _refusedLeft;
        private long _refusedAtMs;

        /// <summary>Over the latch that keeps the stages and the wrist that shows them.</summary>
        public HelpStages(AlarmLatch latch, WristSignal signal, FrameSource source, LinkPolicy link)
        {
            _latch = latch;
            _signal = signal;
            _source = source;
            _link = link;
        }

        /// <summary>The stage the wrist showed last; Waiting again with a new alarm.</summary>
        public Stage Shown { get; private set; }

        /// <summary>Shows the end of each alarm whose end the last boot has not shown.</summary>
        public void ShowEnds()
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (slot.Used && slot.Open && slot.Stage == Stage.Closed)
                {
                    _signal.ShowStage(slot, Stage.Closed);
                }
            }
        }

        /// <summary>
        /// Shows again the stages of the open alarms in the latch's record. The record may be older than what the band
        /// knew when it lost its power. Where the wrist had shown a later stage, or the alarm is over, the centre
        /// answers the confirmation with the present stage (docs/adr/0021).
        /// </summary>
        public void ShowLoaded()
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (slot.Used && slot.Open && !slot.Pending && slot.HasOwnStages && slot.Stage >= Stage.Centre
                    && slot.Shown != slot.Stage && !_signal.Shows(slot))
                {
                    _signal.ShowStage(slot, slot.Stage);
                }
            }
        }

        /// <summary>
        /// Confirms all shown stages under the boot count that has just risen, because the centre orders confirmations
        /// by boot and sequence (docs/adr/0055).
        /// </summary>
        public void ConfirmAll(long nowMs)
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (slot.Used && slot.Shown > Stage.Waiting)
                {
                    Confirm(slot, slot.Shown, nowMs);
                }
            }
        }

        /// <summary>A new alarm: nobody has it yet.</summary>
        public void Begin()
        {
            Shown = Stage.Waiting;
            _refusedLeft = 0;
        }

        /// <summary>A hub has stored a frame: stage 1 for an alarm.</summary>
        public void OnHubHeard(Lane lane, int boot, int sequence, long nowMs)
        {
            if (lane != Lane.Alarm || _link.NoteHeard(boot, sequence))
            {
                return;
            }

            LatchSlot slot = _latch.Find(boot, sequence);
            if (slot == null || slot.Heard)
            {
                return;
            }

            slot.Heard = true;
            slot.NextTryMs = nowMs
                + (slot.Rank == 2 ? SendQueue.AlarmReminderMs : SendQueue.NoteReminderMs);
            if (slot.Open && slot.Stage < Stage.Home)
            {
                Reach(slot, Stage.Home);
            }
        }

        /// <summary>
        /// The centre has stored a frame of the alarm lane, or refused it: stage 2 for an alarm that it has stored.
        /// </summary>
        public void OnReceipt(byte[] frame)
        {
            LatchSlot slot = _latch.Find(Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0));
            if (slot == null)
            {
                return;
            }

            bool isFirst = slot.Pending;
            _latch.Delivered(slot);
            if (Payload.ReceiptRefusal(frame, 0) != 0)
            {
                slot.Open = false; // the centre has refused the frame, so no later stage would close the alarm
                _signal.Forget(slot, Stage.Home);
                if (isFirst && slot.Rank == 2)
                {
                    _refusedLeft = RefusedTimes;
                    _refusedAtMs = 0;
                }

                return;
            }

            bool isNews = true;
            int boot = slot.Type == FrameType.Sos ? Payload.OpenerBoot(frame, 0) : -1;
            int sequence = Payload.OpenerSequence(frame, 0);
            if (boot >= 0 && isFirst)
            {
                isNews = FindCard(slot, boot, sequence);
            }
            else if (boot >= 0 && slot.HasOwnStages && (boot != slot.Boot || sequence != slot.Sequence))
            {
                ChangeCard(slot, boot, sequence);
            }

            if (slot.Used && slot.Open && slot.Stage < Stage.Centre)
            {
                slot.Open = !slot.Overtaken;
                if (slot.Open && isNews)
                {
                    Reach(slot, Stage.Centre);
                    return;
                }

                slot.Stage = Stage.Centre; // less than what the wrist has said of the card: it shows nothing
                _signal.Forget(slot, Stage.Home);
            }
        }

        // The stages of a press's card name the frame that opened the card. Where no slot holds that frame any more,
        // the slot of the press takes its place, so that the wrist shows the stages (docs/adr/0042). False where a
        // person has the card already.
        private bool FindCard(LatchSlot press, int openerBoot, int openerSequence)
        {
            LatchSlot opener = _latch.Find(openerBoot, openerSequence);
            if (opener == null)
            {
                press.Follow(openerBoot, openerSequence);
                press.OpenedCard = true;
                return true;
            }

            opener.OpenedCard = true;
            press.Overtaken = opener.Stage == Stage.Closed || !opener.Open; // the end of another card does not end it
            return opener.Stage < Stage.Taken;
        }

        // A centre that was restored from a backup got the calls again in another order: the press that opened a card
        // is now on the card of another press. The stages from before the restore are not those of that card.
        private void ChangeCard(LatchSlot press, int openerBoot, int openerSequence)
        {
            press.OpenedCard = false;
            press.Revision = -1;
            press.Stage = press.Stage > Stage.Centre ? Stage.Centre : press.Stage;
            _signal.Forget(press, Stage.Home);
            FindCard(press, openerBoot, openerSequence);
            press.Open &= !press.Overtaken;
            _latch.Touch();
        }

        /// <summary>
        /// Applies a stage from the centre where its revision is newer; a repeat is only confirmed again.
        /// </summary>
        public void OnStage(int boot, int sequence, Stage stage, int revision, long nowMs)
        {
            LatchSlot slot = _latch.Find(boot, sequence);
            if (slot == null || stage < Stage.Centre || stage > Stage.Closed || !Follows(slot.Type))
            {
                return;
            }

            _latch.Delivered(slot);
            if (revision < slot.Revision || (revision == slot.Revision && stage != slot.Stage))
            {
                return;
            }

            bool isNews = revision > slot.Revision;
            if (isNews)
            {
                slot.Revision = revision;
                slot.Open |= stage != Stage.Closed;
                _latch.Touch();
            }

            if (stage == slot.Stage)
            {
                if (slot.Shown == stage)
                {
                    if (!isNews)
                    {
                        ConfirmAgain(slot, nowMs);
                    }
                }
                else if (stage == Stage.Closed && !slot.Open)
                {
                    slot.Shown = stage; // an earlier boot has shown it
                    Confirm(slot, stage, nowMs);
                }
                else if (!_signal.Shows(slot))
                {
                    _signal.ShowStage(slot, stage); // a reboot lost the note that the stage was shown
                }

                return;
            }

            if (stage >= Stage.Taken)
            {
                ForgetJoined();
            }

            slot.Open = true; // "closed" too is awaited until it has been shown
            Reach(slot, stage);
            if (stage == Stage.Closed)
            {
                CloseJoined();
            }
        }

        /// <summary>True where the wrist follows the alarm that such a frame opens.</summary>
        public static bool Follows(FrameType type)
        {
            return type == FrameType.Sos || type == FrameType.FallSuspected;
        }

        // Presses that the centre put on the same card have no stages of their own. A fall always has some, and a press
        // that began a card of its own opens again with the first of them. A press that waits may be on the
        // card or not: the centre's receipt says only that it has the press.
        private void CloseJoined()
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (slot.Used && slot.Open && !slot.HasOwnStages)
                {
                    slot.Open = slot.Pending;
                    slot.Overtaken = slot.Pending;
                }
            }
        }

        // Once a person has the card, the waiting patterns of presses that joined the card are no news.
        private void ForgetJoined()
        {
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (slot.Used && !slot.HasOwnStages)
                {
                    _signal.Forget(slot, Stage.Home);
                }
            }
        }

        private void Reach(LatchSlot slot, Stage stage)
        {
            slot.Stage = stage;
            slot.Shown = Stage.Waiting;
            _latch.Touch();
            _signal.ShowStage(slot, stage);
        }

        /// <summary>
        /// Drives the wrist and confirms what it has shown; returns when it wants to be called next, ms.
        /// </summary>
        public long Step(bool countdown, long nowMs)
        {
            _signal.SetTick(countdown ? WristTick.Countdown : ChooseTick(), nowMs);
            SayRefused(countdown, nowMs);
            long due = _signal.Step(nowMs);
            LatchSlot slot = _signal.TakeShown(out Stage stage);
            while (slot != null)
            {
                slot.Shown = stage;
                Shown = stage;
                if (stage == Stage.Closed && slot.Stage == Stage.Closed)
                {
                    slot.Open = false;
                    _latch.Touch();
                }

                Confirm(slot, stage, nowMs);
                due = _signal.Step(nowMs);
                slot = _signal.TakeShown(out stage);
            }

            return due;
        }

        // A refused call leaves the wrist silent, and silence means that a person has it. So the wrist says that it was
        // refused, again every 30 s until the next call, unless another call of the wearer is open.
        private void SayRefused(bool countdown, long nowMs)
        {
            if (_refusedLeft == 0 || nowMs < _refusedAtMs || countdown)
            {
                return;
            }

            _refusedAtMs = nowMs + RefusedEveryMs;
            _refusedLeft--;
            if (_latch.HasOpen)
            {
                _refusedLeft = 0;
                return;
            }

            _signal.Now(WristPattern.Refused);
        }

        private WristTick ChooseTick()
        {
            LatchSlot newest = null;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Used || !slot.Open || slot.Stage == Stage.Closed)
                {
                    continue;
                }

                if (slot.Stage >= Stage.Taken)
                {
                    return WristTick.Silent; // a person is on it
                }

                newest = newest == null || slot.Order > newest.Order ? slot : newest;
            }

            return newest == null ? WristTick.Silent
                : newest.Stage == Stage.Waiting ? WristTick.Waiting : WristTick.NotTaken;
        }

        private void Confirm(LatchSlot slot, Stage stage, long nowMs)
        {
            _source.BeginAlarm(slot.Confirmation, FrameType.StageShown, nowMs);
            Payload.PutStageShown(slot.Confirmation, slot.Boot, slot.Sequence, stage);
            _source.Sign(slot.Confirmation);
            _link.AddNote(slot.Confirmation, nowMs);
        }

        // The centre repeats a stage where it has missed the confirmation. A stranger can repeat it too, so the answer
        // is the same frame, at most once a second and 10 times a minute (docs/adr/0055).
        private void ConfirmAgain(LatchSlot slot, long nowMs)
        {
            if (nowMs >= _minuteEndMs)
            {
                _minuteEndMs = nowMs + 60000;
                _againInMinute = 0;
            }

            if (nowMs >= _againNotBeforeMs && _againInMinute < AgainPerMinute)
            {
                _againNotBeforeMs = nowMs + AgainMs;
                _againInMinute++;
                _source.SignLink(slot.Confirmation); // the link keys may have moved
                _link.AddNote(slot.Confirmation, nowMs);
            }
        }
    }
}

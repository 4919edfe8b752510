using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Chooses the slot for a new frame: an empty one, else an alarm that is over, else a press that joined the card of
    /// another, else a waiting frame of lower rank. When only alarms are left, the second oldest SOS that waits is
    /// dropped: the first press and the newest ones are worth most. An alarm whose stages the wrist still awaits gives
    /// way only where no other choice is left (docs/adr/0024).
    /// </summary>
    public static class LatchRoom
    {
        /// <summary>The slot to use; null where the latch holds only what is worth more than this rank.</summary>
        /// <param name="slots">All slots.</param>
        /// <param name="rank">Rank of the new frame, 0-2 (<see cref="AlarmLatch.RankOf"/>).</param>
        public static LatchSlot Find(LatchSlot[] slots, int rank)
        {
            LatchSlot over = null;
            LatchSlot lower = null;
            LatchSlot followed = null;
            for (int i = 0; i < slots.Length; i++)
            {
                LatchSlot slot = slots[i];
                if (!slot.Used)
                {
                    return slot;
                }

                if (slot.Pending)
                {
                    bool better = lower == null || slot.Rank < lower.Rank
                        || (slot.Rank == lower.Rank && slot.Order < lower.Order);
                    lower = slot.Rank < rank && better ? slot : lower;
                }
                else if (slot.HasOwnStages)
                {
                    over = slot.Open ? over : Older(over, slot);
                    followed = slot.Open ? Older(followed, slot) : followed;
                }
            }

            LatchSlot given = Oldest(slots, FrameType.Sos, false, 0);
            given = given != null ? given : over;
            given = given != null ? given : lower;
            if (given != null || rank < 2)
            {
                return given;
            }

            given = Oldest(slots, FrameType.Sos, true, 1);
            given = given != null ? given : Oldest(slots, FrameType.None, true, 1);
            return given != null ? given : followed;
        }

        // The oldest (skipped 0) or second oldest (skipped 1) frame of a type (None: any): of those that wait for the
        // centre, or of those that the centre has and that have no stages of their own.
        private static LatchSlot Oldest(LatchSlot[] slots, FrameType type, bool pending, int skipped)
        {
            LatchSlot first = null;
            LatchSlot second = null;
            for (int i = 0; i < slots.Length; i++)
            {
                LatchSlot slot = slots[i];
                if (slot.Pending != pending || (type != FrameType.None && slot.Type != type)
                    || (!pending && slot.HasOwnStages))
                {
                    continue;
                }

                if (first == null || slot.Order < first.Order)
                {
                    second = first;
                    first = slot;
                }
                else
                {
                    second = Older(second, slot);
                }
            }

            return skipped == 0 ? first : second;
        }

        private static LatchSlot Older(LatchSlot a, LatchSlot b)
        {
            return a == null || b.Order < a.Order ? b : a;
        }
    }
}

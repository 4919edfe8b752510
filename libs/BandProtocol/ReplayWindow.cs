namespace ElderBand.BandProtocol
{
    /// <summary>What a window says of (boot, sequence).</summary>
    public enum Freshness : byte
    {
        /// <summary>Never seen.</summary>
        New = 0,

        /// <summary>Seen: same acknowledgement, no other effect (P12).</summary>
        Seen = 1,

        /// <summary>Too far back to tell: only the centre's store can.</summary>
        Old = 2,

        /// <summary>From an earlier boot than the last seen: audited, and only the centre's store can tell.</summary>
        OlderBoot = 3,
    }

    /// <summary>
    /// Which of the last 64 sequences of one lane of one band were seen, across reboots of the band. The state is 3
    /// numbers, so that the other side may store it.
    /// </summary>
    public sealed class ReplayWindow
    {
        /// <summary>Sequences remembered behind the highest.</summary>
        public const int Width = 64;

        /// <summary>Highest boot seen, -1 for none.</summary>
        public int Boot = -1;

        /// <summary>Highest sequence seen in that boot.</summary>
        public int Highest;

        /// <summary>Bit i is set where Highest - i was seen.</summary>
        public ulong Bits;

        /// <summary>Judges without changing anything.</summary>
        public Freshness Judge(int boot, int sequence)
        {
            if (boot > Boot)
            {
                return Freshness.New;
            }

            if (boot < Boot)
            {
                return Freshness.OlderBoot;
            }

            int back = Highest - sequence;
            if (back < 0)
            {
                return Freshness.New;
            }

            if (back >= Width)
            {
                return Freshness.Old;
            }

            return (Bits & (1UL << back)) != 0 ? Freshness.Seen : Freshness.New;
        }

        /// <summary>
        /// Marks (boot, sequence) as seen; an older boot or a sequence behind the window changes nothing.
        /// </summary>
        public void Mark(int boot, int sequence)
        {
            if (boot > Boot)
            {
                Boot = boot;
                Highest = sequence;
                Bits = 1;
                return;
            }

            if (boot < Boot)
            {
                return;
            }

            int ahead = sequence - Highest;
            if (ahead > 0)
            {
                Bits = ahead >= Width ? 1UL : (Bits << ahead) | 1UL;
                Highest = sequence;
            }
            else if (-ahead < Width)
            {
                Bits |= 1UL << -ahead;
            }
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>One latched frame and, where it opened an alarm, how far help has come.</summary>
    public sealed class LatchSlot
    {
        /// <summary>The frame as it is sent, tags included.</summary>
        public readonly byte[] Frame = new byte[BandProtocol.Frame.Size];

        /// <summary>The slot holds a frame.</summary>
        public bool Used;

        /// <summary>The centre has not sent a receipt for the frame.</summary>
        public bool Pending;

        /// <summary>An alarm whose help is followed until the wrist has shown that it is closed.</summary>
        public bool Open;

        /// <summary>
        /// Another alarm was closed while this press waited for the centre. The press may have joined that alarm's
        /// card, so the receipt ends the press, unless a stage of its own opens it again.
        /// </summary>
        public bool Overtaken;

        /// <summary>How far help has come.</summary>
        public Stage Stage;

        /// <summary>Revision of the last applied stage frame, -1 for none.</summary>
        public int Revision;

        /// <summary>Age order across boots; rises.</summary>
        public uint Order;

        /// <summary>
        /// The stage the wrist has shown to the end. Not stored: after a reboot the stage is shown again.
        /// </summary>
        public Stage Shown;

        /// <summary>
        /// The frame by which the band has told the centre that the wrist has shown the stage in <see cref="Shown"/>.
        /// The bytes have no meaning while that stage is Waiting. The band answers a repeated stage with this same
        /// frame, so a replayed stage spends no sequence (P12).
        /// </summary>
        public readonly byte[] Confirmation = new byte[BandProtocol.Frame.Size];

        /// <summary>
        /// A hub has stored the frame. Not kept across boots, because the next hub may be another one.
        /// </summary>
        public bool Heard;

        /// <summary>When the frame was latched, or loaded after a reboot, ms.</summary>
        public long AtMs;

        /// <summary>When to notify the frame next, ms.</summary>
        public long NextTryMs;

        /// <summary>The centre's receipt says that this frame opened a card: the stages of the card name it.</summary>
        public bool OpenedCard;

        /// <summary>
        /// True: the slot holds the number of the press that opened the card, in place of the number of its own press.
        /// A boot makes this false.
        /// </summary>
        public bool IsFollowing;

        /// <summary>
        /// The centre answers this frame with stages. A press has none before the centre's receipt, and none at all
        /// where it joined the card of another press (docs/adr/0042); a fall always has some.
        /// </summary>
        public bool HasOwnStages
        {
            get { return OpenedCard || Revision >= 0 || Type != FrameType.Sos; }
        }

        /// <summary>
        /// From now on the slot follows another frame's card. The centre has the slot's own frame, so it is not sent
        /// again.
        /// </summary>
        public void Follow(int boot, int sequence)
        {
            Bytes.PutU24(Frame, 1, boot);
            Bytes.PutU16(Frame, 4, sequence);
            IsFollowing = true;
        }

        /// <summary>Type of the frame.</summary>
        public FrameType Type
        {
            get { return BandProtocol.Frame.TypeOf(Frame, 0); }
        }

        /// <summary>Boot of the frame.</summary>
        public int Boot
        {
            get { return BandProtocol.Frame.BootOf(Frame, 0); }
        }

        /// <summary>Sequence of the frame.</summary>
        public int Sequence
        {
            get { return BandProtocol.Frame.SequenceOf(Frame, 0); }
        }

        /// <summary>0 a note for staff, 1 an answer or a watch over days, 2 an alarm.</summary>
        public int Rank
        {
            get { return AlarmLatch.RankOf(Type); }
        }
    }
}

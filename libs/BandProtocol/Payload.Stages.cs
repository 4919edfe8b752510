namespace ElderBand.BandProtocol
{
    /// <summary>Stages of an alarm, receipts, the state of the line, and the link group.</summary>
    public static partial class Payload
    {
        /// <summary>A receipt names the opener of a card at most so many boots away from the press.</summary>
        public const int OpenerBoots = 31;

        private const int RefusalBits = 2;
        private const int OpenerBias = OpenerBoots + 1;

        /// <summary>The wrist has shown this stage of that alarm.</summary>
        public static void PutStageShown(byte[] frame, int alarmBoot, int alarmSequence, Stage stage)
        {
            Bytes.PutU24(frame, P, alarmBoot);
            Bytes.PutU16(frame, P + 3, alarmSequence);
            frame[P + 5] = (byte)stage;
        }

        /// <summary>Boot of the alarm whose stage was shown.</summary>
        public static int ShownBoot(byte[] frame, int offset)
        {
            return Bytes.GetU24(frame, offset + P);
        }

        /// <summary>Sequence of the alarm whose stage was shown.</summary>
        public static int ShownSequence(byte[] frame, int offset)
        {
            return Bytes.GetU16(frame, offset + P + 3);
        }

        /// <summary>The stage that was shown.</summary>
        public static Stage ShownStage(byte[] frame, int offset)
        {
            return (Stage)frame[offset + P + 5];
        }

        /// <summary>
        /// A stage from the centre. The revision rises with each change of the alarm, so that a person who gives the
        /// alarm back can lower the stage, and a replayed frame cannot.
        /// </summary>
        public static void PutStage(byte[] frame, Stage stage, int revision)
        {
            frame[P] = (byte)stage;
            Bytes.PutU16(frame, P + 1, revision);
        }

        /// <summary>The stage that a stage frame carries.</summary>
        public static Stage StageOf(byte[] frame, int offset)
        {
            return (Stage)frame[offset + P];
        }

        /// <summary>The revision that a stage frame carries.</summary>
        public static int StageRevision(byte[] frame, int offset)
        {
            return Bytes.GetU16(frame, offset + P + 1);
        }

        /// <summary>A receipt: stored, or refused and for what reason.</summary>
        /// <param name="frame">20 bytes; the header names the answered frame.</param>
        /// <param name="refusal">0 stored, 1 unknown type or version, 2 impossible content, 3 key revoked.</param>
        public static void PutReceipt(byte[] frame, byte refusal)
        {
            frame[P] = refusal;
        }

        /// <summary>
        /// Adds to a written receipt the highest boot of the band that the centre knows, so that a band that has lost
        /// its boot count can go on above it; 0 where the centre knows none.
        /// </summary>
        public static void TellHighestBoot(byte[] frame, int boot)
        {
            Bytes.PutU24(frame, P + 1, boot);
        }

        /// <summary>The highest boot of the band that the centre knows, 0 where a receipt does not tell.</summary>
        public static int HighestBoot(byte[] frame, int offset)
        {
            return Bytes.GetU24(frame, offset + P + 1);
        }

        /// <summary>
        /// Adds to a written receipt of a press the frame that opened the card of the press: the stages of the card
        /// answer that frame (docs/adr/0042). Where the boots of the two frames are more than 31 apart, nothing is
        /// told.
        /// </summary>
        /// <param name="frame">A receipt; its header names the press.</param>
        /// <param name="boot">Boot of the frame that opened the card.</param>
        /// <param name="sequence">Sequence of that frame; the press's own where the press opened the card.</param>
        public static void TellOpener(byte[] frame, int boot, int sequence)
        {
            int apart = Frame.BootOf(frame, 0) - boot;
            if (apart > -OpenerBias && apart < OpenerBias)
            {
                frame[P] |= (byte)((apart + OpenerBias) << RefusalBits);
                Bytes.PutU16(frame, P + 4, sequence);
            }
        }

        /// <summary>Boot of the frame that opened the card, -1 where a receipt does not tell.</summary>
        public static int OpenerBoot(byte[] frame, int offset)
        {
            int apart = frame[offset + P] >> RefusalBits;
            return apart == 0 ? -1 : Frame.BootOf(frame, offset) - (apart - OpenerBias);
        }

        /// <summary>Sequence of the frame that opened the card, where a receipt tells its boot.</summary>
        public static int OpenerSequence(byte[] frame, int offset)
        {
            return Bytes.GetU16(frame, offset + P + 4);
        }

        /// <summary>0 where stored.</summary>
        public static byte ReceiptRefusal(byte[] frame, int offset)
        {
            return (byte)(frame[offset + P] & ((1 << RefusalBits) - 1));
        }

        /// <summary>
        /// Whether the hub reaches the centre (bit 0) and the minute of the day (0-1439, 0xFFFF unknown).
        /// </summary>
        public static void PutHubState(byte[] frame, bool online, int minuteOfDay)
        {
            frame[P] = (byte)(online ? 1 : 0);
            Bytes.PutU16(frame, P + 1, minuteOfDay);
        }

        /// <summary>
        /// Binds a hub state to its link: bytes 1-5, where other frames count, become the first five of the link's
        /// nonce, so that a state recorded on one link says nothing on the next (P12).
        /// </summary>
        /// <param name="frame">20 bytes of a hub state, before its tag.</param>
        /// <param name="nonce">Holds the nonce of the link's challenge.</param>
        /// <param name="nonceOffset">Its first byte.</param>
        public static void BindHubState(byte[] frame, byte[] nonce, int nonceOffset)
        {
            Bytes.Copy(nonce, nonceOffset, frame, 1, P - 1);
        }

        /// <summary>True where a hub state belongs to the link that has this nonce.</summary>
        public static bool HubStateIsBound(byte[] frame, int offset, byte[] nonce, int nonceOffset)
        {
            return Bytes.Same(frame, offset + 1, nonce, nonceOffset, P - 1);
        }

        /// <summary>True where the hub reaches the centre (hub state, hub heard).</summary>
        public static bool HubOnline(byte[] frame, int offset)
        {
            return (frame[offset + P] & 1) != 0;
        }

        /// <summary>Minute of the day, 0xFFFF unknown.</summary>
        public static int MinuteOfDay(byte[] frame, int offset)
        {
            return Bytes.GetU16(frame, offset + P + 1);
        }

        /// <summary>Link group (the home) and epoch from which the link keys are derived.</summary>
        public static void PutLinkGroup(byte[] frame, uint group, int epoch)
        {
            Bytes.PutU32(frame, P, group);
            Bytes.PutU16(frame, P + 4, epoch);
        }

        /// <summary>The link group.</summary>
        public static uint LinkGroupOf(byte[] frame, int offset)
        {
            return Bytes.GetU32(frame, offset + P);
        }

        /// <summary>The link epoch.</summary>
        public static int LinkEpochOf(byte[] frame, int offset)
        {
            return Bytes.GetU16(frame, offset + P + 4);
        }
    }
}

namespace ElderBand.BandProtocol
{
    /// <summary>Flags in byte 3 of an alarm payload (byte 5 of an answer's).</summary>
    public static class AlarmFlags
    {
        /// <summary>A drill: takes the whole path to the centre, but never rings and never tells the family.</summary>
        public const byte Drill = 0x01;

        /// <summary>The band was worn at the event.</summary>
        public const byte Worn = 0x02;

        /// <summary>The band was on its charger.</summary>
        public const byte Charging = 0x04;

        /// <summary>The key was pressed while a fall's countdown was running; the fall is linked to this SOS.</summary>
        public const byte DuringCountdown = 0x08;

        /// <summary>
        /// The band has lost its boot count or could not store it: the number of this boot may have been used before,
        /// so it does not tell the age of this call.
        /// </summary>
        public const byte BootUnproven = 0x10;
    }

    /// <summary>What made the band suspect a fall or press the SOS (byte 5 of the alarm payload of an SOS).</summary>
    public enum SosSource : byte
    {
        /// <summary>The key, while awake.</summary>
        Key = 0,

        /// <summary>The key woke the band from sleep.</summary>
        KeyFromSleep = 1,

        /// <summary>A short press during a fall's countdown.</summary>
        KeyInCountdown = 2,
    }

    /// <summary>Events, sensor faults and answers: frames of the alarm lane from a band.</summary>
    public static partial class Payload
    {
        /// <summary>
        /// SOS, fall suspected, wear change, inactivity, technical, boot: when, how, battery and one detail.
        /// </summary>
        /// <param name="frame">20 bytes; <see cref="Frame.Begin"/> has written the header.</param>
        /// <param name="uptimeS">Seconds since boot at the event, the same on every retry (24 bits).</param>
        /// <param name="flags"><see cref="AlarmFlags"/>; for a boot the reset cause.</param>
        /// <param name="batteryPct">0-100, 255 unknown.</param>
        /// <param name="detail">SOS source, fall score, wear, 10-minute steps, technical code or firmware
        /// version.</param>
        public static void PutEvent(byte[] frame, int uptimeS, byte flags, byte batteryPct, byte detail)
        {
            Bytes.PutU24(frame, P, uptimeS);
            frame[P + 3] = flags;
            frame[P + 4] = batteryPct;
            frame[P + 5] = detail;
        }

        /// <summary>A technical event about a sensor: when, and which register held what.</summary>
        /// <param name="frame">20 bytes; <see cref="Frame.Begin"/> has written the header.</param>
        /// <param name="uptimeS">Seconds since boot at the event, the same on every retry (24 bits).</param>
        /// <param name="code">One of the sensors' codes.</param>
        /// <param name="register">Register at which the fault showed; stands in the battery's place.</param>
        /// <param name="value">What was read there, 0 where nothing was; stands in the flags' place.</param>
        public static void PutSensorFault(byte[] frame, int uptimeS, TechnicalCode code, byte register, byte value)
        {
            PutEvent(frame, uptimeS, value, register, (byte)code);
        }

        /// <summary>True for a code whose event carries a register and its value.</summary>
        public static bool IsSensorFault(TechnicalCode code)
        {
            return code == TechnicalCode.PpgFault || code == TechnicalCode.AccelerometerFault
                || (code >= TechnicalCode.PpgAbsent && code <= TechnicalCode.AccelerometerChanged);
        }

        /// <summary>Register of a sensor fault.</summary>
        public static byte FaultRegister(byte[] frame, int offset)
        {
            return frame[offset + P + 4];
        }

        /// <summary>What the register of a sensor fault held; 0 where nothing was read.</summary>
        public static byte FaultValue(byte[] frame, int offset)
        {
            return frame[offset + P + 3];
        }

        /// <summary>
        /// Fall confirmed, fall cancelled, not needed: when, and which frame of the same boot it answers.
        /// </summary>
        public static void PutAnswer(byte[] frame, int uptimeS, int refersToSequence, byte flags)
        {
            Bytes.PutU24(frame, P, uptimeS);
            Bytes.PutU16(frame, P + 3, refersToSequence);
            frame[P + 5] = flags;
        }

        /// <summary>Seconds since boot at the event.</summary>
        public static int UptimeS(byte[] frame, int offset)
        {
            return Bytes.GetU24(frame, offset + P);
        }

        /// <summary>Flags of an event payload.</summary>
        public static byte EventFlags(byte[] frame, int offset)
        {
            return frame[offset + P + 3];
        }

        /// <summary>
        /// True where the boot in a frame's header tells the order of events: for each frame but a call or an answer
        /// that says <see cref="AlarmFlags.BootUnproven"/>.
        /// </summary>
        public static bool BootIsProven(byte[] frame, int offset)
        {
            byte flags = 0;
            switch (Frame.TypeOf(frame, offset))
            {
                case FrameType.Sos:
                case FrameType.FallSuspected:
                case FrameType.Inactivity:
                    flags = EventFlags(frame, offset);
                    break;
                case FrameType.FallConfirmed:
                case FrameType.FallCancelled:
                case FrameType.NotNeeded:
                    flags = AnswerFlags(frame, offset);
                    break;
            }

            return (flags & AlarmFlags.BootUnproven) == 0;
        }

        /// <summary>Battery of an event payload, percent; 255 unknown.</summary>
        public static byte EventBatteryPct(byte[] frame, int offset)
        {
            return frame[offset + P + 4];
        }

        /// <summary>Detail of an event payload.</summary>
        public static byte EventDetail(byte[] frame, int offset)
        {
            return frame[offset + P + 5];
        }

        /// <summary>Sequence that an answer refers to, same boot.</summary>
        public static int RefersTo(byte[] frame, int offset)
        {
            return Bytes.GetU16(frame, offset + P + 3);
        }

        /// <summary>Flags of an answer.</summary>
        public static byte AnswerFlags(byte[] frame, int offset)
        {
            return frame[offset + P + 5];
        }
    }
}

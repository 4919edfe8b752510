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

    /// <summary>Worn or not (byte 5 of a wear change, bits 0-1 of byte 4 of vitals).</summary>
    public enum Wear : byte
    {
        /// <summary>Not on a wrist.</summary>
        Off = 0,

        /// <summary>Not sure: nothing is claimed.</summary>
        Maybe = 1,

        /// <summary>On a wrist.</summary>
        On = 2,
    }

    /// <summary>What a technical event reports (byte 5 of its payload).</summary>
    public enum TechnicalCode : byte
    {
        /// <summary>Unknown.</summary>
        None = 0,

        /// <summary>The PPG sensor answers nonsense, has stopped converting, or its bus is held.</summary>
        PpgFault = 1,

        /// <summary>
        /// The accelerometer answers nonsense, has stopped converting, or its bus is held: falls are not watched.
        /// </summary>
        AccelerometerFault = 2,

        /// <summary>Battery below 20 %.</summary>
        BatteryLow = 3,

        /// <summary>Battery below 10 %.</summary>
        BatteryCritical = 4,

        /// <summary>The key has been held for over 10 s, or sticks.</summary>
        KeyStuck = 5,

        /// <summary>Flash could not be written: a pending alarm may not survive a reset.</summary>
        FlashFault = 6,

        /// <summary>More than 10 frames with a bad tag within a minute.</summary>
        Tamper = 7,

        /// <summary>The latch was full.</summary>
        LatchFull = 8,

        /// <summary>A fault is over: the code that ended travels in byte 4 instead of the battery.</summary>
        Recovered = 9,

        /// <summary>The centre sent a configuration with a field out of its range: the old one holds.</summary>
        ConfigurationRefused = 10,

        /// <summary>Hub: the band has not been heard for three beats.</summary>
        BandSilent = 16,

        /// <summary>Hub: the band is heard again.</summary>
        BandBack = 17,

        /// <summary>Hub: mains power is gone, running on the backup battery.</summary>
        MainsLost = 18,

        /// <summary>Hub: mains power is back.</summary>
        MainsBack = 19,

        /// <summary>Hub: vitals were dropped because the store was full.</summary>
        VitalsDropped = 20,

        /// <summary>Hub: a band sent a frame whose link tag this hub cannot check.</summary>
        LinkKeyUnknown = 21,

        /// <summary>Hub: restarted by its watchdog.</summary>
        WatchdogReset = 22,

        /// <summary>Hub: its store came back empty; provision again.</summary>
        StoreLost = 23,

        /// <summary>Nothing acknowledges the PPG sensor's address.</summary>
        PpgAbsent = 24,

        /// <summary>Another part is at the PPG sensor's address.</summary>
        PpgWrongPart = 25,

        /// <summary>The PPG sensor was right in this boot, and now its number is another one.</summary>
        PpgChanged = 26,

        /// <summary>Nothing acknowledges the accelerometer's address: falls are not watched.</summary>
        AccelerometerAbsent = 27,

        /// <summary>Another part is at the accelerometer's address: falls are not watched.</summary>
        AccelerometerWrongPart = 28,

        /// <summary>The accelerometer was right in this boot, and now its number is another one.</summary>
        AccelerometerChanged = 29,

        /// <summary>The band is charged on the wrist.</summary>
        ChargedOnWrist = 30,
    }

    /// <summary>Modes of the band (promises of reach and battery differ).</summary>
    public enum BandMode : byte
    {
        /// <summary>The default: worn, radio mostly off, press on the air within 3 s.</summary>
        Daily = 0,

        /// <summary>Charger, walk-test or open alarm: link held, 10 s vitals.</summary>
        Guard = 1,

        /// <summary>Not worn or battery under 10 %: deep sleep, a press still calls.</summary>
        Shelf = 2,
    }

    /// <summary>Payloads of 6 bytes at <see cref="Frame.PayloadOffset"/>; offsets inside are relative to it.</summary>
    public static class Payload
    {
        /// <summary>Highest fall sensitivity.</summary>
        public const int HighestSensitivity = 2;

        private const byte LinkWantedBit = 0x04;

        /// <summary>Last quarter hour of a day.</summary>
        public const int LastQuarter = 95;

        /// <summary>Longest time without movement that may be allowed, 10 min: a day.</summary>
        public const int LongestInactivityTenMinutes = 144;

        private const int P = Frame.PayloadOffset;

        /// <summary>
        /// SOS, fall suspected, wear change, inactivity, technical, boot: when, how, battery and one detail.
        /// </summary>
        /// <param name="frame">20 bytes; the header is written.</param>
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
        /// <param name="frame">20 bytes; the header is written.</param>
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

        /// <summary>Vitals over one period.</summary>
        /// <param name="frame">20 bytes; the header is written.</param>
        /// <param name="bpm">30-240, or 0 where refused.</param>
        /// <param name="confidence">0-100.</param>
        /// <param name="spo2Pct">70-100, or 0 where refused.</param>
        /// <param name="heartRefusal">Why there is no heart rate (4 bits, 0 none).</param>
        /// <param name="spo2Refusal">Why there is no oxygen value (4 bits, 0 none).</param>
        /// <param name="wear">Worn, maybe, off.</param>
        /// <param name="activity">0 still, 1 light, 2 moderate.</param>
        /// <param name="tenMinutes">True for a 10-minute period, false for 10 s.</param>
        /// <param name="steps">Steps in the period, at most 255.</param>
        public static void PutVitals(
            byte[] frame,
            byte bpm,
            byte confidence,
            byte spo2Pct,
            byte heartRefusal,
            byte spo2Refusal,
            Wear wear,
            byte activity,
            bool tenMinutes,
            byte steps)
        {
            frame[P] = bpm;
            frame[P + 1] = confidence;
            frame[P + 2] = spo2Pct;
            frame[P + 3] = (byte)((heartRefusal & 0x0F) | (spo2Refusal << 4));
            frame[P + 4] = (byte)((int)wear | (activity << 2) | (tenMinutes ? 0x10 : 0));
            frame[P + 5] = steps;
        }

        /// <summary>Heart rate in beats per minute, 0 where refused.</summary>
        public static byte Bpm(byte[] frame, int offset)
        {
            return frame[offset + P];
        }

        /// <summary>Confidence of the heart rate, 0-100.</summary>
        public static byte Confidence(byte[] frame, int offset)
        {
            return frame[offset + P + 1];
        }

        /// <summary>Blood oxygen in percent, 0 where refused.</summary>
        public static byte Spo2Pct(byte[] frame, int offset)
        {
            return frame[offset + P + 2];
        }

        /// <summary>Why there is no heart rate.</summary>
        public static byte HeartRefusal(byte[] frame, int offset)
        {
            return (byte)(frame[offset + P + 3] & 0x0F);
        }

        /// <summary>Why there is no oxygen value.</summary>
        public static byte Spo2Refusal(byte[] frame, int offset)
        {
            return (byte)(frame[offset + P + 3] >> 4);
        }

        /// <summary>Wear over the period.</summary>
        public static Wear VitalsWear(byte[] frame, int offset)
        {
            return (Wear)(frame[offset + P + 4] & 0x03);
        }

        /// <summary>0 still, 1 light, 2 moderate.</summary>
        public static byte VitalsActivity(byte[] frame, int offset)
        {
            return (byte)((frame[offset + P + 4] >> 2) & 0x03);
        }

        /// <summary>True for a 10-minute summary.</summary>
        public static bool IsTenMinutes(byte[] frame, int offset)
        {
            return (frame[offset + P + 4] & 0x10) != 0;
        }

        /// <summary>Steps in the period.</summary>
        public static byte Steps(byte[] frame, int offset)
        {
            return frame[offset + P + 5];
        }

        /// <summary>The beat of the band.</summary>
        /// <param name="frame">20 bytes; the header is written.</param>
        /// <param name="uptimeS">Seconds since boot now; lets the hub tell the age of an event of the same
        /// boot.</param>
        /// <param name="mode">Mode.</param>
        /// <param name="wear">Worn, maybe, off.</param>
        /// <param name="pendingFrames">Frames still in the latch, 0-7.</param>
        /// <param name="batteryPct">0-100, 255 unknown.</param>
        /// <param name="configVersion">Low 8 bits of the applied configuration's version.</param>
        public static void PutStatus(
            byte[] frame,
            int uptimeS,
            BandMode mode,
            Wear wear,
            int pendingFrames,
            byte batteryPct,
            byte configVersion)
        {
            Bytes.PutU24(frame, P, uptimeS);
            frame[P + 3] = (byte)((int)mode | ((int)wear << 3) | (pendingFrames << 5));
            frame[P + 4] = batteryPct;
            frame[P + 5] = configVersion;
        }

        /// <summary>Mode in a status frame.</summary>
        public static BandMode StatusMode(byte[] frame, int offset)
        {
            return (BandMode)(frame[offset + P + 3] & 0x03);
        }

        /// <summary>
        /// Marks a written status: the band asks the hub for a link, also where the hub has nothing for the band.
        /// </summary>
        public static void AskForLink(byte[] frame)
        {
            frame[P + 3] |= LinkWantedBit;
        }

        /// <summary>True where the band asks for a link.</summary>
        public static bool AsksForLink(byte[] frame, int offset)
        {
            return (frame[offset + P + 3] & LinkWantedBit) != 0;
        }

        /// <summary>Wear in a status frame.</summary>
        public static Wear StatusWear(byte[] frame, int offset)
        {
            return (Wear)((frame[offset + P + 3] >> 3) & 0x03);
        }

        /// <summary>Frames waiting in the band's latch.</summary>
        public static int StatusPending(byte[] frame, int offset)
        {
            return frame[offset + P + 3] >> 5;
        }

        /// <summary>Battery in a status frame, percent; 255 unknown.</summary>
        public static byte StatusBatteryPct(byte[] frame, int offset)
        {
            return frame[offset + P + 4];
        }

        /// <summary>Low 8 bits of the configuration that the band has applied.</summary>
        public static byte StatusConfigVersion(byte[] frame, int offset)
        {
            return frame[offset + P + 5];
        }

        /// <summary>"Stage N of that alarm is what the wrist shows."</summary>
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
        /// A stage from the centre. The revision rises with each change of the alarm, so that handing a mistaken Take
        /// back may lower the stage and yet no replayed frame can.
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

        /// <summary>0 where stored.</summary>
        public static byte ReceiptRefusal(byte[] frame, int offset)
        {
            return frame[offset + P];
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

        /// <summary>Settings of the band.</summary>
        /// <param name="frame">20 bytes; the header carries the version in place of the boot.</param>
        /// <param name="guardAlways">True keeps the band in Guard.</param>
        /// <param name="sensitivity">Fall sensitivity 0 low, 1 normal, 2 high.</param>
        /// <param name="walkingAid">The wearer uses a stick or a walker.</param>
        /// <param name="bedFromQuarter">Bed time begins, quarter hours since midnight, 0-95.</param>
        /// <param name="bedToQuarter">Bed time ends, quarter hours since midnight, 0-95.</param>
        /// <param name="inactivityTenMinutes">Inactivity alarm after this many 10 minutes by day, 1-144; 0 off.</param>
        public static void PutConfiguration(
            byte[] frame,
            bool guardAlways,
            byte sensitivity,
            bool walkingAid,
            byte bedFromQuarter,
            byte bedToQuarter,
            byte inactivityTenMinutes)
        {
            frame[P] = (byte)((guardAlways ? 1 : 0) | (walkingAid ? 2 : 0));
            frame[P + 1] = sensitivity;
            frame[P + 2] = bedFromQuarter;
            frame[P + 3] = bedToQuarter;
            frame[P + 4] = inactivityTenMinutes;
        }

        /// <summary>True where every field of a configuration is in its range; anything else is not applied.</summary>
        public static bool ConfigurationIsValid(byte[] frame, int offset)
        {
            int p = offset + P;
            return frame[p] <= 3 && frame[p + 1] <= HighestSensitivity && frame[p + 2] <= LastQuarter
                && frame[p + 3] <= LastQuarter
                && frame[p + 4] <= LongestInactivityTenMinutes;
        }

        /// <summary>Keep Guard.</summary>
        public static bool ConfigGuardAlways(byte[] frame, int offset)
        {
            return (frame[offset + P] & 1) != 0;
        }

        /// <summary>Walking aid in use.</summary>
        public static bool ConfigWalkingAid(byte[] frame, int offset)
        {
            return (frame[offset + P] & 2) != 0;
        }

        /// <summary>Fall sensitivity 0-2.</summary>
        public static byte ConfigSensitivity(byte[] frame, int offset)
        {
            return frame[offset + P + 1];
        }

        /// <summary>Bed time begins, quarter hours.</summary>
        public static byte ConfigBedFrom(byte[] frame, int offset)
        {
            return frame[offset + P + 2];
        }

        /// <summary>Bed time ends, quarter hours.</summary>
        public static byte ConfigBedTo(byte[] frame, int offset)
        {
            return frame[offset + P + 3];
        }

        /// <summary>Inactivity threshold in 10 minutes; 0 off.</summary>
        public static byte ConfigInactivity(byte[] frame, int offset)
        {
            return frame[offset + P + 4];
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

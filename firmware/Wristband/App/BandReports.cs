using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// The events that the band reports to the centre. Each event is stored in the latch, then signed and sent. A fault
    /// is reported once when it begins and once when it ends.
    /// </summary>
    public sealed class BandReports
    {
        private const int SaveAgainMs = 1000;
        private const int MaxUptimeS = 0xFFFFFF;
        private const byte UnknownPct = 255;

        private readonly IPower _power;
        private readonly AlarmLatch _latch;
        private readonly FrameSource _source;
        private readonly LinkPolicy _link;
        private readonly Measuring _measuring;
        private readonly RadioWindow _window;
        private readonly bool[] _faulty = new bool[32];
        private long _startMs;
        private long _nextSaveMs;
        private bool _latchFullOwed;
        private bool _flashOwed;
        private long _savedMs;

        /// <summary>Composes the reports over the latch that stores them and the link that sends them.</summary>
        public BandReports(
            IPower power,
            AlarmLatch latch,
            FrameSource source,
            LinkPolicy link,
            Measuring measuring,
            RadioWindow window)
        {
            _power = power;
            _latch = latch;
            _source = source;
            _link = link;
            _measuring = measuring;
            _window = window;
        }

        /// <summary>Battery as it was last read, percent; 255 unknown.</summary>
        public byte BatteryPct { get; set; } = UnknownPct;

        /// <summary>What the last write of the latch came to.</summary>
        public FlashResult FlashState { get; private set; }

        /// <summary>Begins a boot: uptime counts from here.</summary>
        public void Start(long nowMs)
        {
            _startMs = nowMs;
        }

        /// <summary>Seconds since the boot, at most 24 bits.</summary>
        public int UptimeS(long nowMs)
        {
            long seconds = (nowMs - _startMs) / 1000;
            return seconds > MaxUptimeS ? MaxUptimeS : (int)seconds;
        }

        /// <summary>Reports an event. Null where the latch is full of more important frames.</summary>
        /// <param name="type">Type of the frame.</param>
        /// <param name="flags"><see cref="AlarmFlags"/>, or the cause of a boot.</param>
        /// <param name="detail">Detail of the type (docs/protocol.md).</param>
        /// <param name="nowMs">Now.</param>
        public LatchSlot LatchEvent(FrameType type, byte flags, byte detail, long nowMs)
        {
            byte all = flags;
            if (type != FrameType.Boot)
            {
                all |= _measuring.Wear == Wear.On ? AlarmFlags.Worn : (byte)0;
                all |= _power.External() ? AlarmFlags.Charging : (byte)0;
                all |= AlarmLatch.RankOf(type) > 0 ? Unproven() : (byte)0;
            }

            LatchSlot slot = Begin(type, nowMs);
            if (slot != null)
            {
                Payload.PutEvent(slot.Frame, UptimeS(nowMs), all, BatteryPct, detail);
                Commit(slot, nowMs);
            }

            return slot;
        }

        /// <summary>
        /// Reports an answer to an earlier frame of this boot; false where the latch is full of more important frames.
        /// </summary>
        public bool LatchAnswer(FrameType type, int refersTo, long nowMs)
        {
            LatchSlot slot = Begin(type, nowMs);
            if (slot != null)
            {
                Payload.PutAnswer(slot.Frame, UptimeS(nowMs), refersTo, Unproven());
                Commit(slot, nowMs);
            }

            return slot != null;
        }

        private byte Unproven()
        {
            return _source.BootIsUnproven ? AlarmFlags.BootUnproven : (byte)0;
        }

        /// <summary>Reports that a fault has begun.</summary>
        public void Report(TechnicalCode code, long nowMs)
        {
            if (!_faulty[(int)code])
            {
                _faulty[(int)code] = true;
                LatchEvent(FrameType.Technical, 0, (byte)code, nowMs);
            }
        }

        /// <summary>Reports that a fault has ended, where its beginning was reported.</summary>
        public void Recover(TechnicalCode code, long nowMs)
        {
            if (_faulty[(int)code])
            {
                _faulty[(int)code] = false;
                LatchRecovered(code, nowMs);
            }
        }

        /// <summary>Takes the present state of a fault and reports a change.</summary>
        public void TrackFault(TechnicalCode code, bool faulty, long nowMs)
        {
            if (faulty)
            {
                Report(code, nowMs);
            }
            else
            {
                Recover(code, nowMs);
            }
        }

        /// <summary>
        /// Takes the present state of a sensor. Each kind of fault is reported with its register and value, and again
        /// when the fault is over.
        /// </summary>
        /// <param name="sensor">The sensor.</param>
        /// <param name="failed">Code of a sensor that answers wrongly.</param>
        /// <param name="absent">First of the codes for an absent, a wrong and a changed part.</param>
        /// <param name="told">The code that was reported last, None where none is open.</param>
        /// <param name="nowMs">Now.</param>
        /// <returns>The code that is reported now.</returns>
        public TechnicalCode TrackSensor(
            SensorWatch sensor,
            TechnicalCode failed,
            TechnicalCode absent,
            TechnicalCode told,
            long nowMs)
        {
            SensorFault fault = sensor.Fault;
            TechnicalCode code = fault == SensorFault.None ? TechnicalCode.None
                : fault == SensorFault.Failed ? failed
                : (TechnicalCode)((int)absent + ((int)fault - (int)SensorFault.Absent));
            if (code == told)
            {
                return told;
            }

            if (told != TechnicalCode.None)
            {
                LatchRecovered(told, nowMs);
            }

            LatchSlot slot = code == TechnicalCode.None ? null : Begin(FrameType.Technical, nowMs);
            if (slot != null)
            {
                Payload.PutSensorFault(slot.Frame, UptimeS(nowMs), code, sensor.FaultRegister, sensor.FaultValue);
                Commit(slot, nowMs);
            }

            return code;
        }

        /// <summary>Reports the end of a fault.</summary>
        public void LatchRecovered(TechnicalCode code, long nowMs)
        {
            LatchSlot slot = Begin(FrameType.Technical, nowMs);
            if (slot != null)
            {
                Payload.PutEvent(slot.Frame, UptimeS(nowMs), 0, (byte)code, (byte)TechnicalCode.Recovered);
                Commit(slot, nowMs);
            }
        }

        /// <summary>Sends the reports that could not be made when their cause arose.</summary>
        public void SendOwedReports(long nowMs)
        {
            if (_link.TakeTamper())
            {
                LatchEvent(FrameType.Technical, 0, (byte)TechnicalCode.Tamper, nowMs);
            }

            // In a later step than the press that the flash refused, because a step has time for one new frame.
            if (_flashOwed && nowMs > _savedMs)
            {
                _flashOwed = false;
                TrackFault(TechnicalCode.FlashFault, FlashState != FlashResult.Ok, nowMs);
            }

            _latchFullOwed |= _latch.TakeOverflow();
            if (_latchFullOwed && _latch.PendingCount < AlarmLatch.Slots)
            {
                _latchFullOwed = false;
                LatchEvent(FrameType.Technical, 0, (byte)TechnicalCode.LatchFull, nowMs);
            }
        }

        /// <summary>
        /// Stores what has changed in the latch. A flash write holds the loop for up to 120 ms and would lengthen the
        /// pulse that runs, so a change that is no new frame waits for the end of the vibration pattern. A change that
        /// the flash has refused may be a new frame, so that change does not wait (R2).
        /// </summary>
        /// <param name="wristIsBusy">A vibration pattern runs.</param>
        /// <param name="hasStored">This step has stored something else; the latch is stored in the next one.</param>
        /// <param name="nowMs">Now.</param>
        public void SaveChanges(bool wristIsBusy, bool hasStored, long nowMs)
        {
            if (!hasStored && _latch.IsDirty && nowMs >= _nextSaveMs && (!wristIsBusy || FlashState != FlashResult.Ok))
            {
                SaveLatch(nowMs);
            }
        }

        /// <summary>Stores the latch now; on failure tries again after 1 s. A later step reports the fault.</summary>
        public void SaveLatch(long nowMs)
        {
            FlashState = _latch.Save(nowMs);
            _savedMs = nowMs;
            _flashOwed |= FlashState != FlashResult.Ok || _faulty[(int)TechnicalCode.FlashFault];
            if (FlashState != FlashResult.Ok)
            {
                _nextSaveMs = nowMs + SaveAgainMs;
            }
        }

        private LatchSlot Begin(FrameType type, long nowMs)
        {
            LatchSlot slot = _latch.Take(type, nowMs);
            if (slot != null)
            {
                _source.BeginAlarm(slot.Frame, type, nowMs);
            }

            return slot;
        }

        // The frame is stored before it is sent (R2). A frame that cannot be stored is sent all the same: a lost press
        // is worse than a press that would not survive a reset.
        private void Commit(LatchSlot slot, long nowMs)
        {
            _source.Sign(slot.Frame);
            SaveLatch(nowMs);
            _window.OpenForFrame(nowMs);
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Two lanes between the bands and the centre (R5). An alarm record is on flash before the hub acknowledges it (R2)
    /// and is deleted only on the centre's receipt (R3). A full alarm lane refuses new records (R6: the band keeps its
    /// latch). Vitals are in memory; while the hub is offline, 10-minute frames go to flash as well. A full vitals lane
    /// drops and counts its oldest record.
    /// </summary>
    public sealed class Outbox
    {
        /// <summary>Alarm records at most; the last quarter takes only calls for help.</summary>
        public const int AlarmCapacity = 1024;

        /// <summary>Vitals records at most: 24 h of 10-minute frames and 10 min of 10-s frames of 8 bands.</summary>
        public const int VitalsCapacity = 1664;

        /// <summary>Flash kept for the alarm lane, bytes.</summary>
        public const int AlarmReserveBytes = AlarmSegments * 4096;

        private const int AlarmSegments = 20;
        private const int VitalsSegments = 22;
        private const int VitalsBit = 0x8000;
        private const long VitalsFlushMs = 60000;
        private const long RetryFlashMs = 5000;

        // A mark that is lost costs one record sent twice, a write costs flash, so marks are written once a minute.
        private const long MarksEveryMs = 60000;
        private const long ProbeFlashMs = 60000;

        private readonly IFlash _flash;
        private readonly BootCount _boots;
        private readonly byte[] _own = new byte[Frame.Size];
        private int _nextAlarm;
        private int _nextVitals;
        private long _vitalsFlushMs;
        private long _retryMs;
        private long _probeMs;
        private long _trimMs;
        private long _marksMs;

        /// <summary>Allocates all memory that the outbox will use.</summary>
        public Outbox(IFlash flash, ICheckpoint checkpoint)
        {
            _flash = flash;
            _boots = new BootCount(flash);
            Alarms = new AlarmLane(flash, checkpoint, AlarmSegments, AlarmCapacity);
            Vitals = new VitalsLane(flash, VitalsSegments, VitalsCapacity);
        }

        /// <summary>The alarm lane.</summary>
        public AlarmLane Alarms { get; }

        /// <summary>The vitals lane.</summary>
        public VitalsLane Vitals { get; }

        /// <summary>Boot count under which records are numbered now.</summary>
        public int Boot
        {
            get { return _boots.Value; }
        }

        /// <summary>True where alarm records or the boot count could not be read from flash.</summary>
        public bool IsUnread
        {
            get { return Alarms.Unread > 0 || _boots.IsUnread; }
        }

        /// <summary>True where everything that could not be read at the boot can be read now.</summary>
        public bool CanBeRead()
        {
            return Alarms.UnreadCanBeRead() && _boots.CanBeRead();
        }

        /// <summary>10-minute frames dropped since the last report.</summary>
        public int VitalsDropped { get; set; }

        /// <summary>Frames refused because the alarm lane was full.</summary>
        public int Refused { get; private set; }

        /// <summary>
        /// True while the flash refuses alarms. The hub then sends them to the centre from memory, but does not
        /// acknowledge them to the band.
        /// </summary>
        public bool FlashFailing
        {
            get { return FlashState != FlashResult.Ok; }
        }

        /// <summary>Result of the last write of alarms.</summary>
        public FlashResult FlashState { get; private set; }

        /// <summary>
        /// Rebuilds both lanes, then raises the boot count and stores the count before any record carries the new count
        /// (R1). The segments know the boot too, so a corrupt or unread count does not bring an old one back (P18).
        /// </summary>
        public void Load()
        {
            Alarms.Load();
            Vitals.Load();
            int known = Alarms.HighestBoot > Vitals.HighestBoot ? Alarms.HighestBoot : Vitals.HighestBoot;
            _boots.Start(known < 0 ? 0 : known);
            BeginBoot();
        }

        /// <summary>
        /// Adds a band's frame to the alarm lane; false where the lane is full (<see cref="Refused"/> counts the
        /// frame).
        /// </summary>
        public bool AddAlarm(
            long address,
            int rssiDbm,
            byte flags,
            AgeQuality quality,
            uint ageMs,
            long nowMs,
            byte[] frame,
            int offset)
        {
            if (!Alarms.HasRoom(Frame.TypeOf(frame, offset)))
            {
                Refused++;
                return false;
            }

            int sequence = NextAlarmSequence();
            return Alarms.Add(true, Boot, sequence, address, rssiDbm, flags, quality, ageMs, nowMs, frame, offset) >= 0;
        }

        /// <summary>Adds a frame of the hub itself. Frame and record have the same boot and number.</summary>
        public bool AddOwn(FrameType type, long address, byte flags, byte detail, long nowMs, byte batteryPct)
        {
            if (!Alarms.HasRoom(type))
            {
                Refused++;
                return false;
            }

            int sequence = NextAlarmSequence();
            Frame.Begin(_own, type, Lane.Alarm, Boot, sequence);
            Payload.PutEvent(_own, (int)(nowMs / 1000) & 0xFFFFFF, flags, batteryPct, detail);
            byte known = Envelope.LinkChecked;
            return Alarms.Add(true, Boot, sequence, address, 0, known, AgeQuality.Measured, 0, nowMs, _own, 0) >= 0;
        }

        /// <summary>Adds a frame of the vitals lane; where the lane is full, its oldest record is dropped.</summary>
        public void AddVitals(long address, int rssiDbm, byte flags, bool online, long nowMs, byte[] frame, int offset)
        {
            if (Vitals.Count >= VitalsCapacity && Vitals.DropOldest())
            {
                VitalsDropped++;
            }

            bool keep = !online && VitalsLane.IsTenMinutes(frame, offset);
            int sequence = VitalsBit | _nextVitals;
            _nextVitals = (_nextVitals + 1) & (VitalsBit - 1);
            Vitals.Add(
                keep,
                Boot,
                sequence,
                address,
                rssiDbm,
                flags,
                AgeQuality.Measured,
                0,
                nowMs,
                frame,
                offset);
        }

        /// <summary>
        /// The centre has committed a record of either lane; true where the lane still held the record.
        /// </summary>
        public bool Receipt(int boot, int sequence)
        {
            RecordStore lane = (sequence & VitalsBit) != 0 ? Vitals : Alarms;
            int index = lane.IndexOf(boot, sequence);
            if (index < 0)
            {
                return false;
            }

            lane.Remove(index);
            return true;
        }

        /// <summary>
        /// Writes the pending alarm records, and once a minute the marks of done ones. <see cref="FlashFailing"/> ends
        /// only when a write succeeds. Where nothing is pending, the boot count is written again each minute as a test
        /// of the flash.
        /// </summary>
        public FlashResult Flush(long nowMs)
        {
            if (FlashFailing && nowMs < _retryMs)
            {
                return FlashState;
            }

            bool marksAreDue = Alarms.MarksWait && nowMs - _marksMs >= MarksEveryMs;
            if (Alarms.PendingCount == 0 && !marksAreDue)
            {
                if (FlashState == FlashResult.Failed && nowMs >= _probeMs)
                {
                    _probeMs = nowMs + ProbeFlashMs;
                    FlashState = _boots.Store();
                }

                return FlashState;
            }

            _marksMs = marksAreDue ? nowMs : _marksMs;
            FlashResult result = Alarms.Flush(marksAreDue);
            while (result == FlashResult.Full && Alarms.DropOldestKept())
            {
                result = Alarms.Flush(marksAreDue);
            }

            int before = Vitals.SegmentsInUse + 1;
            while (result == FlashResult.Full && Vitals.SegmentsInUse > 0 && Vitals.SegmentsInUse < before)
            {
                // The flash is full: vitals are deleted to make room for alarms (P19). Where the flash refuses to
                // delete too, a further attempt changes nothing and costs the step 20,000 IL instructions.
                before = Vitals.SegmentsInUse;
                VitalsDropped += Vitals.DropOldestSegment();
                result = Alarms.Flush(marksAreDue);
            }

            FlashState = result;
            _retryMs = nowMs + RetryFlashMs;
            _probeMs = nowMs + ProbeFlashMs;
            return result;
        }

        /// <summary>Drops old live vitals, and writes pending 10-minute frames at most once a minute.</summary>
        public void Tend(bool online, long nowMs)
        {
            if (nowMs - _trimMs >= 10000)
            {
                _trimMs = nowMs;
                Vitals.Trim(nowMs);
            }

            if (Vitals.PendingCount == 0 || nowMs - _vitalsFlushMs < VitalsFlushMs)
            {
                return;
            }

            _vitalsFlushMs = nowMs;
            int roomForAlarms = AlarmReserveBytes - (Alarms.SegmentsInUse * 4096);
            if (_flash.FreeBytes() < roomForAlarms + SegmentFiles.SegmentSize)
            {
                VitalsDropped += Vitals.DropOldestSegment();
            }

            if (Vitals.Flush(true) == FlashResult.Full)
            {
                VitalsDropped += Vitals.DropOldestSegment();
            }

            for (int slot = Vitals.First(RecordState.Fresh); slot >= 0; slot = Vitals.First(RecordState.Fresh))
            {
                Vitals.Settle(slot);
            }
        }

        private int NextAlarmSequence()
        {
            if (_nextAlarm >= VitalsBit)
            {
                _boots.Next();
                BeginBoot();
            }

            return _nextAlarm++;
        }

        private void BeginBoot()
        {
            _nextAlarm = 0;
            Alarms.HighestBoot = Boot;
            Vitals.HighestBoot = Boot;
        }
    }
}

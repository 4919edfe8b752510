using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Writes the waiting records of the outbox to flash and only then owes the bands their acknowledgements (R2).
    /// Reports what the flash refuses and what was dropped.
    /// </summary>
    public sealed class OutboxWriter
    {
        private const long FlashFaultEveryMs = 600000;
        private const long DroppedEveryMs = 3600000;

        private readonly Outbox _outbox;
        private readonly BandTable _bands;
        private readonly Signals _signals;
        private readonly Reports _reports;
        private readonly Replay _replay;
        private long _flashFaultDueMs;
        private long _droppedDueMs;
        private int _reportedRefused;
        private bool _faultTold;

        /// <summary>Writes this outbox.</summary>
        public OutboxWriter(Outbox outbox, BandTable bands, Signals signals, Reports reports, Replay replay)
        {
            _replay = replay;
            _outbox = outbox;
            _bands = bands;
            _signals = signals;
            _reports = reports;
        }

        /// <summary>After a boot: reports what was found corrupt or could not be read.</summary>
        public void Start(long nowMs)
        {
            _replay.Start();
            if (_outbox.Alarms.CorruptSlots > 0 || _outbox.IsUnread || _bands.IsUnread)
            {
                _flashFaultDueMs = nowMs + FlashFaultEveryMs;
                _reports.Add(TechnicalCode.FlashFault, 0, nowMs);
            }
        }

        /// <summary>
        /// Writes both lanes, and where the centre's database is an older one, brings back what it has lost.
        /// </summary>
        /// <param name="online">Signed in at the centre.</param>
        /// <param name="nowMs">Now.</param>
        /// <returns>Milliseconds until the next call.</returns>
        public int Step(bool online, long nowMs)
        {
            bool wrote = _outbox.Alarms.PendingCount > 0;
            FlashResult result = _outbox.Flush(nowMs);
            if (wrote)
            {
                RecordStore alarms = _outbox.Alarms;
                for (int i = alarms.First(RecordState.Fresh); i >= 0; i = alarms.First(RecordState.Fresh))
                {
                    OnStored(i);
                    alarms.Settle(i);
                }
            }

            bool refused = _outbox.Refused != _reportedRefused;
            if ((result != FlashResult.Ok || refused) && nowMs >= _flashFaultDueMs)
            {
                _flashFaultDueMs = nowMs + FlashFaultEveryMs;
                _reportedRefused = _outbox.Refused;
                _faultTold |= !refused;
                _reports.Add(refused ? TechnicalCode.LatchFull : TechnicalCode.FlashFault, 0, nowMs);
            }

            if (_faultTold && !_outbox.FlashFailing)
            {
                _faultTold = false;
                _reports.AddWith(TechnicalCode.Recovered, (byte)TechnicalCode.FlashFault, nowMs);
            }

            _outbox.Tend(online, nowMs);
            if (_outbox.VitalsDropped > 0 && nowMs >= _droppedDueMs)
            {
                _droppedDueMs = nowMs + DroppedEveryMs;
                int dropped = _outbox.VitalsDropped < 255 ? _outbox.VitalsDropped : 254;
                _outbox.VitalsDropped = 0;
                _reports.AddWith(TechnicalCode.VitalsDropped, (byte)dropped, nowMs);
            }

            return _replay.Step(nowMs);
        }

        /// <summary>
        /// The centre has committed a record. The frame counts as seen even where it was never written to flash,
        /// because the centre has it.
        /// </summary>
        public void OnReceipt(int boot, int sequence, long centreMs)
        {
            RecordStore alarms = _outbox.Alarms;
            alarms.CentreMs = centreMs;
            int index = alarms.IndexOf(boot, sequence);
            if (index >= 0)
            {
                MarkSeen(index);
                if (alarms.TypeOf(index) == FrameType.HubKey && alarms.State(index) != RecordState.Memory)
                {
                    _signals.Beep(2);
                }
            }

            _outbox.Receipt(boot, sequence);
        }

        private void OnStored(int index)
        {
            RecordStore alarms = _outbox.Alarms;
            MarkSeen(index);
            if (alarms.Address(index) == 0)
            {
                if (alarms.TypeOf(index) == FrameType.HubKey)
                {
                    _signals.Beep(1);
                }
            }
            else if (alarms.IsLinkChecked(index) && alarms.TypeOf(index) != FrameType.HubTechnical)
            {
                BandSession band = _bands.Find(alarms.Address(index));
                if (band != null)
                {
                    band.OweAck(alarms.Data, alarms.FrameAt(index));
                }
            }
        }

        private void MarkSeen(int index)
        {
            RecordStore alarms = _outbox.Alarms;
            _bands.Found(
                alarms.Address(index), alarms.IsLinkChecked(index), alarms.Data, alarms.FrameAt(index));
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// What the centre sends: its hello, receipts, frames for bands, the table of the bands, and the question for the
    /// trace.
    /// </summary>
    public sealed class Downlinks
    {
        private const long VersionEveryMs = 3600000;

        private readonly IHubLink _radio;
        private readonly BandTable _bands;
        private readonly OutboxWriter _writer;
        private readonly TimeKeeper _time;
        private readonly Uplink _uplink;
        private readonly Reports _reports;
        private readonly Replay _replay;
        private readonly long[] _gone = new long[HubMessage.MaxBands];
        private long _versionDueMs;

        /// <summary>Composes the parts that a message may change.</summary>
        public Downlinks(
            IHubLink radio, BandTable bands, OutboxWriter writer, TimeKeeper time, Uplink uplink, Reports reports,
            Replay replay)
        {
            _replay = replay;
            _reports = reports;
            _uplink = uplink;
            _radio = radio;
            _bands = bands;
            _writer = writer;
            _time = time;
        }

        /// <summary>Messages that were not well formed, and frames in them that only a hub may send.</summary>
        public int BadMessages { get; private set; }

        /// <summary>Acts on a message.</summary>
        public void Take(UplinkTopic topic, byte[] data, int count, long nowMs)
        {
            if (topic == UplinkTopic.Receipt && HubMessage.ReceiptIsValid(data, count))
            {
                _time.Take(Bytes.GetI64(data, 1), nowMs);
                for (int i = 0; i < data[HubMessage.CountAt]; i++)
                {
                    int at = HubMessage.EntryAt(data, HubMessage.CountAt, i);
                    _writer.OnReceipt(Bytes.GetU24(data, at), Bytes.GetU16(data, at + 3), Bytes.GetI64(data, 1));
                }
            }
            else if (topic == UplinkTopic.Band && HubMessage.BandFramesIsValid(data, count))
            {
                for (int i = 0; i < data[HubMessage.BandCountAt]; i++)
                {
                    int at = HubMessage.EntryAt(data, HubMessage.BandCountAt, i);
                    TakeBandFrame(Bytes.GetU48(data, at), data, at + 6);
                }
            }
            else if (topic == UplinkTopic.Bands && HubMessage.BandsIsValid(data, count))
            {
                _time.Take(Bytes.GetI64(data, 1), nowMs);
                _bands.Take(data, count, nowMs, _gone);
                for (int i = 0; i < _gone.Length; i++)
                {
                    if (_gone[i] != 0)
                    {
                        _radio.Disconnect(_gone[i]);
                    }
                }
            }
            else if (topic == UplinkTopic.Centre && CentreMessage.IsValid(data, count))
            {
                _time.Take(CentreMessage.TimeMs(data), nowMs);
                _replay.Take(CentreMessage.Incarnation(data), CentreMessage.TimeMs(data), nowMs);
            }
            else if (topic == UplinkTopic.Trace && TraceMessage.AskIsValid(data, count))
            {
                _uplink.AskForTrace(TraceMessage.Ask(data), nowMs);
            }
            else if (topic != UplinkTopic.Hello || HubMessage.CommonVersion(data, count) == 0)
            {
                BadMessages++;
                if (HubMessage.IsOfUnknownVersion(data, count) || topic == UplinkTopic.Hello)
                {
                    ReportVersion(data, count, nowMs);
                }
            }
        }

        // The centre may be giving stages or receipts that this hub cannot read, so staff must know.
        private void ReportVersion(byte[] data, int count, long nowMs)
        {
            if (nowMs >= _versionDueMs)
            {
                _versionDueMs = nowMs + VersionEveryMs;
                _reports.AddWith(TechnicalCode.VersionUnknown, count > 0 ? data[0] : (byte)0, nowMs);
            }
        }

        private void TakeBandFrame(long address, byte[] data, int at)
        {
            BandSession band = _bands.Find(address);
            if (band == null)
            {
                _bands.Strangers++;
                return;
            }

            if (Frame.IsFromCentre(Frame.TypeOf(data, at)))
            {
                band.Down.Take(data, at);
            }
            else
            {
                // Only a hub makes HubHeard, LinkHello and HubState, so they are refused where the centre sends them.
                BadMessages++;
            }
        }
    }
}

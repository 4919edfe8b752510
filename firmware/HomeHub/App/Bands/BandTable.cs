using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// The bands this hub serves, as the centre last said (down/bands). Kept on flash in two copies; the windows of the
    /// alarm lane travel in the outbox's checkpoints.
    /// </summary>
    public sealed class BandTable : ICheckpoint
    {
        private const int CheckpointEntry = 19;

        private readonly BandSession[] _sessions = new BandSession[HubMessage.MaxBands];
        private readonly AbRecord _record;
        private readonly byte[] _table = new byte[HubMessage.MaxDownSize];
        private int _tableBytes;

        /// <summary>Allocates all memory that the table will use.</summary>
        public BandTable(IFlash flash)
        {
            _record = new AbRecord(flash, "bands", HubMessage.MaxDownSize);
            for (int i = 0; i < _sessions.Length; i++)
            {
                _sessions[i] = new BandSession();
            }
        }

        /// <summary>Bands served.</summary>
        public int Count { get; private set; }

        /// <summary>Frames, links and messages for addresses that are not served.</summary>
        public int Strangers { get; set; }

        /// <summary>True once the centre has said which bands there are, in this boot or an earlier one.</summary>
        public bool IsKnown
        {
            get { return _tableBytes > 0; }
        }

        /// <summary>True where the table on flash could not be read; the centre's next table replaces it.</summary>
        public bool IsUnread
        {
            get { return _record.IsUnread; }
        }

        /// <summary>True where the record can be read now.</summary>
        public bool CanBeRead()
        {
            return _record.CanBeRead();
        }

        /// <summary>CRC of the table: differs from hub to hub.</summary>
        public uint Fingerprint { get; private set; }

        /// <summary>Session 0 to Count - 1.</summary>
        public BandSession At(int index)
        {
            return _sessions[index];
        }

        /// <summary>When the last band began to call for help, ms; long ago where none calls.</summary>
        public long LastCallMs()
        {
            long lastMs = long.MinValue / 2;
            for (int i = 0; i < Count; i++)
            {
                lastMs = At(i).CalledMs > lastMs ? At(i).CalledMs : lastMs;
            }

            return lastMs;
        }

        /// <summary>
        /// True where a band without a link was not heard since the scan began and has not called lately.
        /// </summary>
        public bool MayCallUnheard(long scanSinceMs, long nowMs)
        {
            bool may = false;
            for (int i = 0; i < Count; i++)
            {
                BandSession band = At(i);
                may |= band.Link == LinkState.Down
                    && band.AdvertisedMs < scanSinceMs
                    && nowMs - band.CalledMs > BandSession.CallLastsMs;
            }

            return may;
        }

        /// <summary>Session of an address, null where this hub does not serve it.</summary>
        public BandSession Find(long address)
        {
            for (int i = 0; i < Count; i++)
            {
                if (_sessions[i].Address == address)
                {
                    return _sessions[i];
                }
            }

            return null;
        }

        /// <summary>Reads the table after a boot.</summary>
        public void Load(long nowMs)
        {
            _tableBytes = 0;
            Count = 0;
            int length = _record.Load(_table);
            if (length > 0 && HubMessage.BandsIsValid(_table, length))
            {
                _tableBytes = length;
                Apply(nowMs);
            }
        }

        /// <summary>
        /// The centre's table. An unchanged table does nothing. Sessions of bands that stay keep their windows.
        /// Sessions of bands that are no longer listed are freed (P40), and <paramref name="gone"/> names their links.
        /// False where the flash refused: the table is in force all the same, and the centre sends the table again on
        /// every hello.
        /// </summary>
        public bool Take(byte[] data, int count, long nowMs, long[] gone)
        {
            for (int i = 0; i < gone.Length; i++)
            {
                gone[i] = 0;
            }

            // The time in front of the table changes with every message: compare what follows.
            if (count == _tableBytes
                && Bytes.Same(data, HubMessage.CountAt, _table, HubMessage.CountAt, count - HubMessage.CountAt))
            {
                return true;
            }

            Bytes.Copy(data, 0, _table, 0, count);
            _tableBytes = count;
            int goneCount = 0;
            for (int i = 0; i < Count; i++)
            {
                if (!IsListed(_sessions[i].Address))
                {
                    gone[goneCount++] = _sessions[i].Address;
                }
            }

            Apply(nowMs);
            return _record.Replace(_table, _tableBytes) == FlashResult.Ok;
        }

        /// <inheritdoc/>
        public void Save(byte[] data, int offset)
        {
            for (int i = 0; i < Count; i++)
            {
                BandSession session = _sessions[i];
                int at = offset + (i * CheckpointEntry);
                Bytes.PutU48(data, at, session.Address);
                Bytes.PutU24(data, at + 6, session.AlarmWindow.Boot);
                Bytes.PutU16(data, at + 9, session.AlarmWindow.Highest);
                Bytes.PutI64(data, at + 11, (long)session.AlarmWindow.Bits);
            }
        }

        /// <inheritdoc/>
        void ICheckpoint.Load(byte[] data, int offset)
        {
            for (int i = 0; i < HubMessage.MaxBands; i++)
            {
                int at = offset + (i * CheckpointEntry);
                BandSession session = Find(Bytes.GetU48(data, at));
                ulong bits = (ulong)Bytes.GetI64(data, at + 11);
                if (session != null && bits != 0)
                {
                    session.AlarmWindow.Boot = Bytes.GetU24(data, at + 6);
                    session.AlarmWindow.Highest = Bytes.GetU16(data, at + 9);
                    session.AlarmWindow.Bits = bits;
                }
            }
        }

        /// <summary>
        /// The number of a record's frame is used: the record is on flash, or the centre has it. A frame without a
        /// right link tag may be a stranger's, and a report of the hub has a number of the hub; neither is a number of
        /// the band (P13).
        /// </summary>
        public void Found(long address, bool isLinkChecked, byte[] data, int frameOffset)
        {
            FrameType type = Frame.TypeOf(data, frameOffset);
            BandSession session = Find(address);
            if (session != null
                && isLinkChecked
                && Frame.VersionOf(data, frameOffset) == Frame.Version
                && type >= FrameType.Sos
                && type < FrameType.LinkChallenge)
            {
                session.AlarmWindow.Mark(Frame.BootOf(data, frameOffset), Frame.SequenceOf(data, frameOffset));
            }
        }

        private bool IsListed(long address)
        {
            for (int i = 0; i < _table[HubMessage.CountAt]; i++)
            {
                if (Bytes.GetU48(_table, HubMessage.EntryAt(_table, HubMessage.CountAt, i)) == address)
                {
                    return true;
                }
            }

            return false;
        }

        private void Apply(long nowMs)
        {
            // Sessions that stay move to the front; freed sessions are assigned to new bands.
            int kept = 0;
            for (int i = 0; i < Count; i++)
            {
                if (IsListed(_sessions[i].Address))
                {
                    BandSession session = _sessions[i];
                    _sessions[i] = _sessions[kept];
                    _sessions[kept++] = session;
                }
            }

            Count = kept;
            for (int i = 0; i < Count; i++)
            {
                _sessions[i].Keys.BeginTable();
            }

            Fingerprint = Crc32.Compute(_table, 0, _tableBytes);
            for (int i = 0; i < _table[HubMessage.CountAt]; i++)
            {
                int at = HubMessage.EntryAt(_table, HubMessage.CountAt, i);
                long address = Bytes.GetU48(_table, at);
                BandSession session = Find(address);
                if (session == null && Count < _sessions.Length)
                {
                    session = _sessions[Count++];
                    session.Assign(address, nowMs);
                }

                if (session != null)
                {
                    session.Keys.List(_table, at + HubMessage.BandKeysAt);
                    session.ForgetUnchecked();
                }
            }

            for (int i = 0; i < Count; i++)
            {
                _sessions[i].Keys.EndTable();
            }
        }
    }
}

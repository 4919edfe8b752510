namespace ElderBand.BandProtocol
{
    /// <summary>How well an age is known.</summary>
    public enum AgeQuality : byte
    {
        /// <summary>On one clock from the event on.</summary>
        Measured = 0,

        /// <summary>From the band's uptime in its last status, within seconds.</summary>
        About = 1,

        /// <summary>A reboot or a power loss lies between: at least this old.</summary>
        AtLeast = 2,
    }

    /// <summary>
    /// What a hub publishes on up/alarm and up/vitals: a header of 17 bytes and up to 16 records of 37.
    /// Header: version 1, hub boot 3, hub uptime in s 4, hub wall clock in ms 8 (0 unknown), count 1.
    /// Record: record boot 3, record sequence 2 (the hub's own numbering, the key of its outbox), band address 6,
    /// signal strength 1 (dBm, signed), flags 1 (bit 0 link tag checked, bit 1 heard in an advertisement, bits 2-3 age
    /// quality), age in ms 4, frame 20.
    /// </summary>
    public static class Envelope
    {
        /// <summary>Version byte.</summary>
        public const byte Version = 1;

        /// <summary>Bytes before the first record.</summary>
        public const int HeaderSize = 17;

        /// <summary>Bytes in a record.</summary>
        public const int RecordSize = 37;

        /// <summary>Records in one message at most.</summary>
        public const int MaxRecords = 16;

        /// <summary>Largest envelope.</summary>
        public const int MaxSize = HeaderSize + (MaxRecords * RecordSize);

        /// <summary>Record flag: this hub has checked the link tag.</summary>
        public const byte LinkChecked = 0x01;

        /// <summary>Record flag: heard in an advertisement.</summary>
        public const byte Advertised = 0x02;

        /// <summary>Writes the header with a count of 0.</summary>
        public static void Begin(byte[] data, int hubBoot, uint hubUptimeS, long hubWallMs)
        {
            data[0] = Version;
            Bytes.PutU24(data, 1, hubBoot);
            Bytes.PutU32(data, 4, hubUptimeS);
            Bytes.PutI64(data, 8, hubWallMs);
            data[16] = 0;
        }

        /// <summary>Adds a record; returns the envelope's size after it, or -1 where it is full.</summary>
        public static int Add(
            byte[] data,
            int recordBoot,
            int recordSequence,
            long bandAddress,
            int rssiDbm,
            byte flags,
            AgeQuality quality,
            uint ageMs,
            byte[] frame,
            int frameOffset)
        {
            int count = data[16];
            if (count >= MaxRecords)
            {
                return -1;
            }

            int r = HeaderSize + (count * RecordSize);
            Bytes.PutU24(data, r, recordBoot);
            Bytes.PutU16(data, r + 3, recordSequence);
            Bytes.PutU48(data, r + 5, bandAddress);
            data[r + 11] = (byte)rssiDbm;
            data[r + 12] = (byte)(flags | ((int)quality << 2));
            Bytes.PutU32(data, r + 13, ageMs);
            Bytes.Copy(frame, frameOffset, data, r + 17, Frame.Size);
            data[16] = (byte)(count + 1);
            return r + RecordSize;
        }

        /// <summary>True where the version is known and the size fits the count exactly.</summary>
        public static bool IsValid(byte[] data, int count)
        {
            return count >= HeaderSize
                && data[0] == Version
                && data[16] <= MaxRecords
                && count == HeaderSize + (data[16] * RecordSize);
        }

        /// <summary>Records in a valid envelope.</summary>
        public static int Count(byte[] data)
        {
            return data[16];
        }

        /// <summary>Boot count of the hub.</summary>
        public static int HubBoot(byte[] data)
        {
            return Bytes.GetU24(data, 1);
        }

        /// <summary>Seconds since the hub's boot.</summary>
        public static uint HubUptimeS(byte[] data)
        {
            return Bytes.GetU32(data, 4);
        }

        /// <summary>Wall clock of the hub, 0 unknown.</summary>
        public static long HubWallMs(byte[] data)
        {
            return Bytes.GetI64(data, 8);
        }

        /// <summary>Offset of record <paramref name="index"/>.</summary>
        public static int RecordAt(int index)
        {
            return HeaderSize + (index * RecordSize);
        }

        /// <summary>Hub boot in which the record was stored.</summary>
        public static int RecordBoot(byte[] data, int record)
        {
            return Bytes.GetU24(data, record);
        }

        /// <summary>Number of the record within that boot.</summary>
        public static int RecordSequence(byte[] data, int record)
        {
            return Bytes.GetU16(data, record + 3);
        }

        /// <summary>Band address, 0 where the hub itself speaks.</summary>
        public static long BandAddress(byte[] data, int record)
        {
            return Bytes.GetU48(data, record + 5);
        }

        /// <summary>Signal strength, dBm.</summary>
        public static int RssiDbm(byte[] data, int record)
        {
            return (sbyte)data[record + 11];
        }

        /// <summary>True where the hub has checked the link tag.</summary>
        public static bool IsLinkChecked(byte[] data, int record)
        {
            return (data[record + 12] & LinkChecked) != 0;
        }

        /// <summary>How well the age is known.</summary>
        public static AgeQuality Quality(byte[] data, int record)
        {
            return (AgeQuality)((data[record + 12] >> 2) & 3);
        }

        /// <summary>Age of the event when the envelope was made, ms.</summary>
        public static uint AgeMs(byte[] data, int record)
        {
            return Bytes.GetU32(data, record + 13);
        }

        /// <summary>Offset of the frame in a record.</summary>
        public static int FrameAt(int record)
        {
            return record + 17;
        }
    }

    /// <summary>
    /// The other messages between hub and centre. All begin with a version byte of 1.
    /// Hello (up/hello): version 1, hub boot 3, uptime s 4, wall ms 8, firmware 2, records waiting 2, store flags 1
    /// (bit 0 came back empty, bit 1 on mains), protocol version 1. Beat (up/beat): the same layout.
    /// Receipt (down/receipt): version 1, centre time ms 8, count 1, then (record boot 3, record sequence 2) each.
    /// Band frames (down/band): version 1, count 1, then (band address 6, frame 20) each.
    /// Bands (down/bands): version 1, centre time ms 8, count 1, then (address 6, group 4, epoch 2, link-up 16,
    /// link-down 16, air 16) each.
    /// </summary>
    public static class HubMessage
    {
        /// <summary>Version byte.</summary>
        public const byte Version = 1;

        /// <summary>Bytes in hello and beat.</summary>
        public const int HelloSize = 22;

        /// <summary>Receipts in one message at most.</summary>
        public const int MaxReceipts = 64;

        /// <summary>Bytes before the first receipt.</summary>
        public const int ReceiptHeaderSize = 10;

        /// <summary>Bytes in one receipt.</summary>
        public const int ReceiptSize = 5;

        /// <summary>Band frames in one message at most.</summary>
        public const int MaxBandFrames = 16;

        /// <summary>Bytes before the first band frame.</summary>
        public const int BandHeaderSize = 2;

        /// <summary>Bytes in one addressed band frame.</summary>
        public const int BandFrameSize = 6 + Frame.Size;

        /// <summary>Bands that one hub serves at most (3 links at once, the rest by advertisement and turn).</summary>
        public const int MaxBands = 8;

        /// <summary>Bytes before the first band entry.</summary>
        public const int BandsHeaderSize = 10;

        /// <summary>Offset in a band entry of its keys: link-up, link-down, air.</summary>
        public const int BandKeysAt = 12;

        /// <summary>Bytes in one band entry.</summary>
        public const int BandEntrySize = BandKeysAt + (3 * BandKeys.HubSize);

        /// <summary>Largest message to a hub.</summary>
        public const int MaxDownSize = BandsHeaderSize + (MaxBands * BandEntrySize);

        /// <summary>Hello and beat flag: the store came back empty.</summary>
        public const byte StoreEmpty = 0x01;

        /// <summary>Hello and beat flag: on mains.</summary>
        public const byte OnMains = 0x02;

        /// <summary>Writes hello or beat; returns its size.</summary>
        public static int PutHello(
            byte[] data,
            int hubBoot,
            uint uptimeS,
            long wallMs,
            int firmware,
            int waiting,
            byte flags)
        {
            data[0] = Version;
            Bytes.PutU24(data, 1, hubBoot);
            Bytes.PutU32(data, 4, uptimeS);
            Bytes.PutI64(data, 8, wallMs);
            Bytes.PutU16(data, 16, firmware);
            Bytes.PutU16(data, 18, waiting);
            data[20] = flags;
            data[21] = Frame.Version;
            return HelloSize;
        }

        /// <summary>True where hello or beat is well formed.</summary>
        public static bool HelloIsValid(byte[] data, int count)
        {
            return count == HelloSize && data[0] == Version;
        }

        /// <summary>Writes the header of a receipt; returns its size so far.</summary>
        public static int BeginReceipt(byte[] data, long centreTimeMs)
        {
            data[0] = Version;
            Bytes.PutI64(data, 1, centreTimeMs);
            data[9] = 0;
            return ReceiptHeaderSize;
        }

        /// <summary>Adds one record to a receipt; returns the size after it, -1 where it is full.</summary>
        public static int AddReceipt(byte[] data, int recordBoot, int recordSequence)
        {
            int count = data[9];
            if (count >= MaxReceipts)
            {
                return -1;
            }

            int at = ReceiptHeaderSize + (count * ReceiptSize);
            Bytes.PutU24(data, at, recordBoot);
            Bytes.PutU16(data, at + 3, recordSequence);
            data[9] = (byte)(count + 1);
            return at + ReceiptSize;
        }

        /// <summary>True where a receipt is well formed.</summary>
        public static bool ReceiptIsValid(byte[] data, int count)
        {
            return count >= ReceiptHeaderSize
                && data[0] == Version
                && data[9] <= MaxReceipts
                && count == ReceiptHeaderSize + (data[9] * ReceiptSize);
        }

        /// <summary>Writes the header of a band-frames message; returns its size so far.</summary>
        public static int BeginBandFrames(byte[] data)
        {
            data[0] = Version;
            data[1] = 0;
            return BandHeaderSize;
        }

        /// <summary>Adds one addressed frame; returns the size after it, -1 where it is full.</summary>
        public static int AddBandFrame(byte[] data, long bandAddress, byte[] frame)
        {
            int count = data[1];
            if (count >= MaxBandFrames)
            {
                return -1;
            }

            int at = BandHeaderSize + (count * BandFrameSize);
            Bytes.PutU48(data, at, bandAddress);
            Bytes.Copy(frame, 0, data, at + 6, Frame.Size);
            data[1] = (byte)(count + 1);
            return at + BandFrameSize;
        }

        /// <summary>True where a band-frames message is well formed.</summary>
        public static bool BandFramesIsValid(byte[] data, int count)
        {
            return count >= BandHeaderSize
                && data[0] == Version
                && data[1] <= MaxBandFrames
                && count == BandHeaderSize + (data[1] * BandFrameSize);
        }

        /// <summary>Writes the header of the table of bands; returns its size so far.</summary>
        public static int BeginBands(byte[] data, long centreTimeMs)
        {
            data[0] = Version;
            Bytes.PutI64(data, 1, centreTimeMs);
            data[9] = 0;
            return BandsHeaderSize;
        }

        /// <summary>Adds one band; returns the size after it, -1 where the table is full.</summary>
        public static int AddBand(byte[] data, long address, uint group, int epoch, BandKeys keys)
        {
            int count = data[9];
            if (count >= MaxBands)
            {
                return -1;
            }

            int at = BandsHeaderSize + (count * BandEntrySize);
            Bytes.PutU48(data, at, address);
            Bytes.PutU32(data, at + 6, group);
            Bytes.PutU16(data, at + 10, epoch);
            Bytes.Copy(keys.LinkUp, 0, data, at + BandKeysAt, BandKeys.HubSize);
            Bytes.Copy(keys.LinkDown, 0, data, at + BandKeysAt + BandKeys.HubSize, BandKeys.HubSize);
            Bytes.Copy(keys.Air, 0, data, at + BandKeysAt + BandKeys.HubSize + BandKeys.HubSize, BandKeys.HubSize);
            data[9] = (byte)(count + 1);
            return at + BandEntrySize;
        }

        /// <summary>True where a table of bands is well formed.</summary>
        public static bool BandsIsValid(byte[] data, int count)
        {
            return count >= BandsHeaderSize
                && data[0] == Version
                && data[9] <= MaxBands
                && count == BandsHeaderSize + (data[9] * BandEntrySize);
        }
    }
}

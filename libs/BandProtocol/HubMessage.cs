namespace ElderBand.BandProtocol
{
    /// <summary>
    /// The other messages between hub and centre. All begin with a version byte of 1. A later program may add bytes
    /// after the last one that is named here, and to each entry of a list, at most <see cref="Room"/>: a receiver
    /// passes over them (docs/adr/0096).
    /// Hello (up/hello): version 1, hub boot 3, uptime s 4, wall ms 8, firmware 2, records waiting 2, store flags 1
    /// (bit 0 came back empty, bit 1 on mains), protocol version 1. Beat (up/beat): the same layout.
    /// Centre's hello (down/hello): version 1, lowest and highest version of messages that the centre knows, 1 each.
    /// Receipt (down/receipt): version 1, centre time ms 8, count 1, entry size 1, then (record boot 3, record
    /// sequence 2) each.
    /// Band frames (down/band): version 1, count 1, entry size 1, then (band address 6, frame 20) each.
    /// Bands (down/bands): version 1, centre time ms 8, count 1, entry size 1, then (address 6, group 4, epoch 2,
    /// link-up 16, link-down 16, air 16) each.
    /// </summary>
    public static class HubMessage
    {
        /// <summary>Version byte.</summary>
        public const byte Version = 1;

        /// <summary>Lowest version that this program knows.</summary>
        public const byte LowestVersion = 1;

        /// <summary>
        /// Bytes that a later program of the same version may add to an entry, and after the last known byte of a
        /// message. There is a limit because a message that has lost its count must not read as an empty list.
        /// </summary>
        public const int Room = 16;

        /// <summary>Bytes in hello and beat.</summary>
        public const int HelloSize = 22;

        /// <summary>Bytes in the centre's hello.</summary>
        public const int CentreHelloSize = 3;

        /// <summary>Offset of the count in a receipt and in the table of bands; the size of an entry follows.</summary>
        public const int CountAt = 9;

        /// <summary>Offset of the count of band frames; the size of an entry follows.</summary>
        public const int BandCountAt = 1;

        /// <summary>Receipts in one message at most.</summary>
        public const int MaxReceipts = 64;

        /// <summary>Bytes before the first receipt.</summary>
        public const int ReceiptHeaderSize = CountAt + 2;

        /// <summary>Bytes in one receipt.</summary>
        public const int ReceiptSize = 5;

        /// <summary>Band frames in one message at most.</summary>
        public const int MaxBandFrames = 16;

        /// <summary>Bytes before the first band frame.</summary>
        public const int BandHeaderSize = BandCountAt + 2;

        /// <summary>Bytes in one addressed band frame.</summary>
        public const int BandFrameSize = 6 + Frame.Size;

        /// <summary>Bands that one hub serves at most (3 links at once, the rest by advertisement and turn).</summary>
        public const int MaxBands = 8;

        /// <summary>
        /// Most entries in the table of bands. Two bands may have a second entry, which holds the keys that the band
        /// will use next or has used before (docs/adr/0097).
        /// </summary>
        public const int MaxBandEntries = MaxBands + 2;

        /// <summary>Bytes before the first band entry.</summary>
        public const int BandsHeaderSize = CountAt + 2;

        /// <summary>Offset in a band entry of its keys: link-up, link-down, air.</summary>
        public const int BandKeysAt = 12;

        /// <summary>Bytes in one band entry.</summary>
        public const int BandEntrySize = BandKeysAt + (3 * BandKeys.HubSize);

        /// <summary>Largest message to a hub, in every version: a full table of a later program fits.</summary>
        public const int MaxDownSize = BandsHeaderSize + (MaxBands * (BandEntrySize + Room)) + Room;

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
            return Fits(count, HelloSize) && data[0] == Version;
        }

        /// <summary>Writes the centre's hello; returns its size.</summary>
        public static int PutCentreHello(byte[] data)
        {
            data[0] = Version;
            data[1] = LowestVersion;
            data[2] = Version;
            return CentreHelloSize;
        }

        /// <summary>
        /// The version that this program and the sender of a centre's hello both use, the highest that both know; 0
        /// where there is none or the message is too short. The three bytes mean the same in every version.
        /// </summary>
        public static int CommonVersion(byte[] data, int count)
        {
            if (count < CentreHelloSize)
            {
                return 0;
            }

            int common = data[2] < Version ? data[2] : Version;
            return common >= data[1] && common >= LowestVersion ? common : 0;
        }

        /// <summary>True where a message says that it is of a version that this program does not know.</summary>
        public static bool IsOfUnknownVersion(byte[] data, int count)
        {
            return count > 0 && (data[0] < LowestVersion || data[0] > Version);
        }

        /// <summary>Offset of an entry of a list whose count is at <paramref name="countAt"/>.</summary>
        public static int EntryAt(byte[] data, int countAt, int index)
        {
            return countAt + 2 + (index * data[countAt + 1]);
        }

        /// <summary>True where the version is known and a list of entries is all there.</summary>
        /// <param name="data">The message.</param>
        /// <param name="count">Bytes in the message.</param>
        /// <param name="countAt">Offset of the number of entries; the next byte is the size of one.</param>
        /// <param name="most">Entries at most.</param>
        /// <param name="entrySize">Bytes that an entry has at least.</param>
        internal static bool ListIsValid(byte[] data, int count, int countAt, int most, int entrySize)
        {
            return count >= countAt + 2
                && data[0] == Version
                && data[countAt] <= most
                && Fits(data[countAt + 1], entrySize)
                && Fits(count, EntryAt(data, countAt, data[countAt]));
        }

        /// <summary>True where a size is the known one, or longer by what a later program may add.</summary>
        internal static bool Fits(int size, int known)
        {
            return size >= known && size <= known + Room;
        }

        /// <summary>Writes the header of a receipt; returns its size so far.</summary>
        public static int BeginReceipt(byte[] data, long centreTimeMs)
        {
            data[0] = Version;
            Bytes.PutI64(data, 1, centreTimeMs);
            data[CountAt] = 0;
            data[CountAt + 1] = ReceiptSize;
            return ReceiptHeaderSize;
        }

        /// <summary>Adds one record to a receipt; returns the size after it, -1 where it is full.</summary>
        public static int AddReceipt(byte[] data, int recordBoot, int recordSequence)
        {
            int count = data[CountAt];
            if (count >= MaxReceipts)
            {
                return -1;
            }

            int at = ReceiptHeaderSize + (count * ReceiptSize);
            Bytes.PutU24(data, at, recordBoot);
            Bytes.PutU16(data, at + 3, recordSequence);
            data[CountAt] = (byte)(count + 1);
            return at + ReceiptSize;
        }

        /// <summary>True where a receipt is well formed.</summary>
        public static bool ReceiptIsValid(byte[] data, int count)
        {
            return ListIsValid(data, count, CountAt, MaxReceipts, ReceiptSize);
        }

        /// <summary>Writes the header of a band-frames message; returns its size so far.</summary>
        public static int BeginBandFrames(byte[] data)
        {
            data[0] = Version;
            data[BandCountAt] = 0;
            data[BandCountAt + 1] = BandFrameSize;
            return BandHeaderSize;
        }

        /// <summary>Adds one addressed frame; returns the size after it, -1 where it is full.</summary>
        public static int AddBandFrame(byte[] data, long bandAddress, byte[] frame)
        {
            int count = data[BandCountAt];
            if (count >= MaxBandFrames)
            {
                return -1;
            }

            int at = BandHeaderSize + (count * BandFrameSize);
            Bytes.PutU48(data, at, bandAddress);
            Bytes.Copy(frame, 0, data, at + 6, Frame.Size);
            data[BandCountAt] = (byte)(count + 1);
            return at + BandFrameSize;
        }

        /// <summary>True where a band-frames message is well formed.</summary>
        public static bool BandFramesIsValid(byte[] data, int count)
        {
            return ListIsValid(data, count, BandCountAt, MaxBandFrames, BandFrameSize);
        }

        /// <summary>Writes the header of the table of bands; returns its size so far.</summary>
        public static int BeginBands(byte[] data, long centreTimeMs)
        {
            data[0] = Version;
            Bytes.PutI64(data, 1, centreTimeMs);
            data[CountAt] = 0;
            data[CountAt + 1] = BandEntrySize;
            return BandsHeaderSize;
        }

        /// <summary>Adds one band; returns the size after it, -1 where the table is full.</summary>
        public static int AddBand(byte[] data, long address, uint group, int epoch, BandKeys keys)
        {
            int count = data[CountAt];
            if (count >= MaxBandEntries)
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
            data[CountAt] = (byte)(count + 1);
            return at + BandEntrySize;
        }

        /// <summary>True where a table of bands is well formed.</summary>
        public static bool BandsIsValid(byte[] data, int count)
        {
            return ListIsValid(data, count, CountAt, MaxBandEntries, BandEntrySize);
        }
    }
}

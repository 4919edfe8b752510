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
    /// What a hub publishes on up/alarm and up/vitals: a header of 18 bytes and up to 16 records of 37.
    /// Header: version 1, hub boot 3, hub uptime in s 4, hub wall clock in ms 8 (0 unknown), count 1, bytes in a
    /// record 1. A later program may add bytes to each record or after the last one: they are passed over.
    /// Record: record boot 3, record sequence 2 (the hub's own numbering, the key of its outbox), band address 6,
    /// signal strength 1 (dBm, signed), flags 1 (bit 0 link tag checked, bit 1 heard in an advertisement, bits 2-3 age
    /// quality), age in ms 4, frame 20.
    /// </summary>
    public static class Envelope
    {
        /// <summary>Version byte.</summary>
        public const byte Version = 1;

        private const int CountAt = 16;

        /// <summary>Bytes before the first record.</summary>
        public const int HeaderSize = CountAt + 2;

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
            data[CountAt] = 0;
            data[CountAt + 1] = RecordSize;
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
            int count = data[CountAt];
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
            data[CountAt] = (byte)(count + 1);
            return r + RecordSize;
        }

        /// <summary>True where the version is known and the records are all there.</summary>
        public static bool IsValid(byte[] data, int count)
        {
            return HubMessage.ListIsValid(data, count, CountAt, MaxRecords, RecordSize);
        }

        /// <summary>Records in a valid envelope.</summary>
        public static int Count(byte[] data)
        {
            return data[CountAt];
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
        public static int RecordAt(byte[] data, int index)
        {
            return HubMessage.EntryAt(data, CountAt, index);
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
}

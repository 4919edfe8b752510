using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// A slot on flash that says which records are done. Bytes: kind 1, count 1, up to 6 marks (hub boot 3, number 2),
    /// the centre's time at the last of them in s 4 (0 unknown), and CRC 4 at the end of the slot. Where a mark is
    /// lost, its record is sent once more. A slot of the kind <see cref="KeptKind"/> has other bytes: kind 1, number of
    /// the last segment whose records are all done 4, CRC 4 at the end of the slot.
    /// </summary>
    public sealed class DoneMarks
    {
        /// <summary>Kind of such a slot.</summary>
        public const byte Kind = 0xD1;

        /// <summary>Marks in a slot at most.</summary>
        public const int Capacity = 6;

        /// <summary>Kind of the slot that names the last segment that is only kept.</summary>
        public const byte KeptKind = 0xD2;

        private const int TimeAt = RecordTable.CrcAt - 4;
        private const int FirstAt = 2;
        private const int MarkSize = 5;

        private readonly byte[] _slot = new byte[RecordTable.SlotSize];

        /// <summary>Marks that are not on flash yet.</summary>
        public int Count
        {
            get { return _slot[1]; }
        }

        /// <summary>Adds a mark; <see cref="Count"/> must be below <see cref="Capacity"/>.</summary>
        public void Add(int boot, int sequence, long centreMs)
        {
            Bytes.PutU32(_slot, TimeAt, (uint)(centreMs / 1000));
            int at = FirstAt + (_slot[1] * MarkSize);
            Bytes.PutU24(_slot, at, boot);
            Bytes.PutU16(_slot, at + 3, sequence);
            _slot[1]++;
        }

        /// <summary>Forgets all marks.</summary>
        public void Clear()
        {
            _slot[1] = 0;
        }

        /// <summary>Copies the slot, with its CRC, to the start of a batch.</summary>
        public void CopyTo(byte[] batch)
        {
            _slot[0] = Kind;
            Bytes.PutU32(_slot, RecordTable.CrcAt, Crc32.Compute(_slot, 0, RecordTable.CrcAt));
            Bytes.Copy(_slot, 0, batch, 0, RecordTable.SlotSize);
        }

        /// <summary>True for a slot of a known kind whose CRC is right.</summary>
        public static bool IsWhole(byte[] image, int at)
        {
            byte kind = image[at];
            return (kind == RecordStore.RecordKind || kind == RecordStore.CopyKind || kind == Kind || kind == KeptKind)
                && Bytes.GetU32(image, at + RecordTable.CrcAt) == Crc32.Compute(image, at, RecordTable.CrcAt);
        }

        /// <summary>The centre's time in a slot of marks, ms; 0 unknown.</summary>
        public static long CentreMs(byte[] image, int at)
        {
            return Bytes.GetU32(image, at + TimeAt) * 1000L;
        }

        /// <summary>Puts a slot that says: segments up to this number are only kept.</summary>
        public static void PutKept(byte[] batch, int at, uint number)
        {
            for (int i = 0; i < RecordTable.SlotSize; i++)
            {
                batch[at + i] = 0;
            }

            batch[at] = KeptKind;
            Bytes.PutU32(batch, at + 1, number);
            Bytes.PutU32(batch, at + RecordTable.CrcAt, Crc32.Compute(batch, at, RecordTable.CrcAt));
        }

        /// <summary>The number in a slot that <see cref="PutKept"/> has put.</summary>
        public static uint KeptUpTo(byte[] image, int at)
        {
            return Bytes.GetU32(image, at + 1);
        }

        /// <summary>
        /// Drops from a store the records that a slot of marks names; the caller has checked the slot's CRC.
        /// </summary>
        public static void Apply(byte[] image, int at, RecordStore store)
        {
            int count = image[at + 1] <= Capacity ? image[at + 1] : Capacity;
            for (int i = 0; i < count; i++)
            {
                int mark = at + FirstAt + (i * MarkSize);
                store.DropLoaded(Bytes.GetU24(image, mark), Bytes.GetU16(image, mark + 3));
            }
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// A slot on flash that says which records are done. Bytes: kind 1, count 1, up to 7 marks (hub boot 3, number 2),
    /// CRC 4 at the end of the slot. Where a mark is lost, its record is sent once more.
    /// </summary>
    public sealed class DoneMarks
    {
        /// <summary>Kind of such a slot.</summary>
        public const byte Kind = 0xD1;

        /// <summary>Marks in a slot at most.</summary>
        public const int Capacity = 7;

        private const int FirstAt = 2;
        private const int MarkSize = 5;

        private readonly byte[] _slot = new byte[RecordTable.SlotSize];

        /// <summary>Marks that are not on flash yet.</summary>
        public int Count
        {
            get { return _slot[1]; }
        }

        /// <summary>Adds a mark; <see cref="Count"/> must be below <see cref="Capacity"/>.</summary>
        public void Add(int boot, int sequence)
        {
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

namespace ElderBand.BandProtocol
{
    /// <summary>
    /// The number of this boot. The number is stored before the first frame of the boot, and each boot has a higher one
    /// (R1). Where the stored number may be one save old, or is lost, this boot skips the numbers that may have been
    /// used (P48).
    /// </summary>
    public sealed class BootCount
    {
        /// <summary>
        /// Where the count is lost, this boot is this far above the boot that another record knows. The other record
        /// must be written at least every <see cref="SaveEvery"/> boots.
        /// </summary>
        public const int Jump = 4096;

        /// <summary>Boots after which the other record must be written again.</summary>
        public const int SaveEvery = 1024;

        private const int Size = 3;

        private readonly AbRecord _record;
        private readonly byte[] _bytes = new byte[Size];
        private int _stored;

        /// <summary>Over the flash that holds the count.</summary>
        public BootCount(IFlash flash)
        {
            _record = new AbRecord(flash, "boot", Size);
        }

        /// <summary>The boot now.</summary>
        public int Value { get; private set; }

        /// <summary>
        /// No earlier boot is known: the device is new, or its count is lost. The numbers of this boot may have been
        /// used.
        /// </summary>
        public bool IsUnproven { get; private set; }

        /// <summary>The record could not be read, and no other record knew the boot.</summary>
        public bool IsUnread
        {
            get { return _record.IsUnread; }
        }

        /// <summary>True where the record can be read now.</summary>
        public bool CanBeRead()
        {
            return _record.CanBeRead();
        }

        /// <summary>Begins a boot; false where its number could not be stored.</summary>
        /// <param name="knownBoot">The highest boot that another record knows, 0 for none.</param>
        public bool Start(int knownBoot)
        {
            Value = ReadUsed(knownBoot);
            IsUnproven = Value == 0;
            return Next();
        }

        /// <summary>
        /// Reads the record and returns the highest boot that may have been used before this one, 0 where no boot is
        /// known.
        /// </summary>
        /// <param name="knownBoot">The highest boot that another record knows, 0 for none.</param>
        public int ReadUsed(int knownBoot)
        {
            int last = _record.Load(_bytes) == Size ? Bytes.GetU24(_bytes, 0) : 0;
            _stored = last;
            int used = last == 0 ? 0 : _record.MayBeOld ? last + 1 : last;
            return used < knownBoot ? knownBoot + Jump : used;
        }

        /// <summary>
        /// The centre knows a higher boot: goes on above it. Where the record is still unread, it may hold a boot of
        /// which the centre has not heard yet. False where the number could not be stored.
        /// </summary>
        public bool GoAbove(int boot)
        {
            boot += IsUnread ? Jump : 0;
            Value = boot > Value ? boot : Value;
            IsUnproven = false;
            return Next();
        }

        /// <summary>
        /// Goes on to the next boot; false where it could not be stored. A start that finds one copy corrupt takes the
        /// other to be one boot behind, so a count that has jumped is written to both.
        /// </summary>
        public bool Next()
        {
            Value = Value < Frame.MaxBoot ? Value + 1 : Frame.MaxBoot;
            bool jumps = _stored > 0 && Value > _stored + 1;
            bool stored = Store() == FlashResult.Ok || Store() == FlashResult.Ok;
            if (jumps && stored)
            {
                Store();
            }

            return stored;
        }

        /// <summary>Writes the count. An unread copy is written over only where the count is proven.</summary>
        public FlashResult Store()
        {
            Bytes.PutU24(_bytes, 0, Value);
            FlashResult result = IsUnproven ? _record.Save(_bytes, Size) : _record.Replace(_bytes, Size);
            _stored = result == FlashResult.Ok ? Value : _stored;
            return result;
        }
    }
}

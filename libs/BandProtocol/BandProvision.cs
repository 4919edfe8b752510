namespace ElderBand.BandProtocol
{
    /// <summary>What a band reads from its provision; hardware/README.md lists the names.</summary>
    public sealed class BandProvision
    {
        // The lines have about 150 bytes; a person may add comments.
        private const int MaxBytes = 1024;

        private static readonly string[] Names = { "secret", "group", "epoch", "green" };

        /// <summary>Reads the values; <see cref="ProvisionFile.Fault"/> says whether they may be used.</summary>
        /// <param name="text">The file, null where there is none.</param>
        public BandProvision(string text)
        {
            File = new ProvisionFile(text, Names);
            Secret = File.Bytes("secret", BandKeys.Size);
            LinkGroup = (uint)File.Number("group", 0, uint.MaxValue);
            LinkEpoch = (int)File.Number("epoch", 0, ushort.MaxValue);
            PpgHasGreen = File.Number("green", 0, 1, 0) == 1;
        }

        /// <summary>
        /// Loads the band's provision from the flash. A file that a person has copied is used and kept where it is
        /// good. Otherwise the kept provision is used.
        /// </summary>
        public static BandProvision Load(ProvisionStore store)
        {
            store.Load();
            BandProvision copied = new BandProvision(store.Text(0));
            if (store.IsTooLong)
            {
                copied.File.Overrule(ProvisionFault.TooLong, ProvisionFile.Name);
            }

            if (copied.File.Fault == ProvisionFault.None)
            {
                store.Keep();
                return copied;
            }

            BandProvision kept = new BandProvision(store.Kept(0));
            store.Refuse();
            return kept.File.Fault == ProvisionFault.None ? kept : copied;
        }

        /// <summary>The store from which <see cref="Load"/> reads the provision.</summary>
        public static ProvisionStore StoreOn(IFlash flash)
        {
            return new ProvisionStore(flash, new[] { ProvisionFile.Name }, MaxBytes);
        }

        /// <summary>The lines and the first fault.</summary>
        public ProvisionFile File { get; }

        /// <summary>32 random bytes, the same as in the band's QR code.</summary>
        public byte[] Secret { get; }

        /// <summary>The home whose hubs may talk to the band.</summary>
        public uint LinkGroup { get; }

        /// <summary>Epoch of the link keys.</summary>
        public int LinkEpoch { get; }

        /// <summary>True where a MAX30101 or MAX30105 is fitted.</summary>
        public bool PpgHasGreen { get; }
    }
}

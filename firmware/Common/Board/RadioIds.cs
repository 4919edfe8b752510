using System;

namespace ElderBand.Common.Board
{
    /// <summary>What a band and its hub must agree on over the air, outside the frame.</summary>
    public static class RadioIds
    {
        /// <summary>
        /// Company of the manufacturer section. 0xFFFF is the Bluetooth SIG's number for tests; a product needs its
        /// own.
        /// </summary>
        public const ushort Company = 0xFFFF;

        /// <summary>The band's service.</summary>
        public static readonly Guid Service = new Guid("eb1d0001-6f0c-4b7e-9a43-5d1c0e2f7a10");

        /// <summary>Frames from the band: notify.</summary>
        public static readonly Guid FromBand = new Guid("eb1d0002-6f0c-4b7e-9a43-5d1c0e2f7a10");

        /// <summary>Frames to the band: write.</summary>
        public static readonly Guid ToBand = new Guid("eb1d0003-6f0c-4b7e-9a43-5d1c0e2f7a10");
    }
}

namespace Iot.Device.Adxl343
{
    /// <summary>Registers of the ADXL343 (Analog Devices, rev 0).</summary>
    public enum Adxl343Register : byte
    {
        /// <summary>0xE5.</summary>
        DeviceId = 0x00,

        /// <summary>Activity threshold, 62.5 mg a step.</summary>
        ActivityThreshold = 0x24,

        /// <summary>Axes and coupling of the activity detector.</summary>
        ActivityControl = 0x27,

        /// <summary>Output rate.</summary>
        BandwidthRate = 0x2C,

        /// <summary>Measure, sleep.</summary>
        PowerControl = 0x2D,

        /// <summary>Interrupts that reach a pin.</summary>
        InterruptEnable = 0x2E,

        /// <summary>Which pin, 0 = INT1.</summary>
        InterruptMap = 0x2F,

        /// <summary>What happened; cleared by reading.</summary>
        InterruptSource = 0x30,

        /// <summary>Resolution and range.</summary>
        DataFormat = 0x31,

        /// <summary>First of six data bytes; reading all six takes one entry out of the FIFO.</summary>
        DataX0 = 0x32,

        /// <summary>Mode and watermark of the FIFO.</summary>
        FifoControl = 0x38,

        /// <summary>Entries waiting.</summary>
        FifoStatus = 0x39,
    }
}

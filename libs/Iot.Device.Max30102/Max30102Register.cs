namespace Iot.Device.Max30102
{
    /// <summary>Registers of the MAX30102 (Maxim 19-7740 rev 1) and the third LED of the MAX30101/30105.</summary>
    public enum Max30102Register : byte
    {
        /// <summary>A_FULL, PPG_RDY, ALC_OVF, PWR_RDY; cleared by reading.</summary>
        InterruptStatus1 = 0x00,

        /// <summary>Enables for the same.</summary>
        InterruptEnable1 = 0x02,

        /// <summary>Where the part writes next, 0-31.</summary>
        FifoWritePointer = 0x04,

        /// <summary>Samples lost since the last one was read, at most 31.</summary>
        OverflowCounter = 0x05,

        /// <summary>Where the next read comes from, 0-31.</summary>
        FifoReadPointer = 0x06,

        /// <summary>The FIFO; reading does not move on to the next register.</summary>
        FifoData = 0x07,

        /// <summary>Averaging, rollover, almost-full level.</summary>
        FifoConfiguration = 0x08,

        /// <summary>Shutdown, reset, mode.</summary>
        ModeConfiguration = 0x09,

        /// <summary>Range, sample rate, pulse width.</summary>
        Spo2Configuration = 0x0A,

        /// <summary>Red LED current, 0.2 mA a step.</summary>
        Led1Current = 0x0C,

        /// <summary>Infrared LED current.</summary>
        Led2Current = 0x0D,

        /// <summary>Green LED current (MAX30101, MAX30105).</summary>
        Led3Current = 0x0E,

        /// <summary>Time slots 1 and 2 of the multi-LED mode.</summary>
        Slots12 = 0x11,

        /// <summary>Time slots 3 and 4.</summary>
        Slots34 = 0x12,

        /// <summary>Part number: 0x15 for all three.</summary>
        PartId = 0xFF,
    }
}

namespace Iot.Device.RegisterBus
{
    /// <summary>What a driver says about its part.</summary>
    public enum SensorHealth : byte
    {
        /// <summary>Samples come.</summary>
        Ok = 0,

        /// <summary>The part does not acknowledge its address: it is absent.</summary>
        NoAnswer = 1,

        /// <summary>The bus is held.</summary>
        BusStuck = 2,

        /// <summary>The identification register holds the number of another part.</summary>
        WrongPart = 3,

        /// <summary>A register holds 0x00, 0xFF or another value that the part cannot give there.</summary>
        Nonsense = 4,

        /// <summary>The part answers and converts nothing: a register has lost its setting.</summary>
        Silent = 5,
    }
}

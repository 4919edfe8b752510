namespace Iot.Device.RegisterBus
{
    /// <summary>Outcome of a bus transfer.</summary>
    public enum BusResult : byte
    {
        /// <summary>All bytes moved.</summary>
        Ok = 0,

        /// <summary>The part did not acknowledge.</summary>
        Nak = 1,

        /// <summary>The bus is held or timed out.</summary>
        Stuck = 2,
    }

    /// <summary>One part on a register bus (I2C). Never throws for expected faults.</summary>
    public interface IRegisterBus
    {
        /// <summary>Writes one register.</summary>
        BusResult Write(byte register, byte value);

        /// <summary>
        /// Reads <paramref name="count"/> bytes from a register on into the start of <paramref name="buffer"/>.
        /// </summary>
        BusResult Read(byte register, byte[] buffer, int count);

        /// <summary>Frees a held bus (nine clocks and a stop); true where it worked.</summary>
        bool Recover();
    }
}

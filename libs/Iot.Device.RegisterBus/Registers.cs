namespace Iot.Device.RegisterBus
{
    /// <summary>
    /// The registers of one part, with the last fault: which register, and what was read there. Nothing is allocated
    /// after construction, nothing is thrown.
    /// </summary>
    public sealed class Registers
    {
        private readonly IRegisterBus _bus;

        /// <summary>Over a bus.</summary>
        public Registers(IRegisterBus bus)
        {
            _bus = bus;
        }

        /// <summary>Register of the last fault.</summary>
        public byte FaultRegister { get; private set; }

        /// <summary>What the register of the last fault held; 0 where the bus gave no answer.</summary>
        public byte FaultValue { get; private set; }

        /// <summary>
        /// Reads <paramref name="count"/> bytes from a register on into the start of <paramref name="buffer"/>.
        /// </summary>
        public SensorHealth Read(byte register, byte[] buffer, int count)
        {
            BusResult result = _bus.Read(register, buffer, count);
            return result == BusResult.Ok ? SensorHealth.Ok : Fail(result, register);
        }

        /// <summary>Writes one register.</summary>
        public SensorHealth Write(byte register, byte value)
        {
            BusResult result = _bus.Write(register, value);
            return result == BusResult.Ok ? SensorHealth.Ok : Fail(result, register);
        }

        /// <summary>Writes one register where all before went well; otherwise hands the earlier fault on.</summary>
        public SensorHealth Then(SensorHealth before, byte register, byte value)
        {
            return before == SensorHealth.Ok ? Write(register, value) : before;
        }

        /// <summary>Judges a part by its identification register.</summary>
        /// <param name="register">The identification register.</param>
        /// <param name="expected">What the right part holds there; neither 0x00 nor 0xFF.</param>
        /// <param name="buffer">At least one byte, overwritten.</param>
        public SensorHealth Identify(byte register, byte expected, byte[] buffer)
        {
            SensorHealth health = Read(register, buffer, 1);
            if (health != SensorHealth.Ok || buffer[0] == expected)
            {
                return health;
            }

            // A line that is held low or floats reads all zeros or all ones: no part has such a number.
            bool isNumber = buffer[0] != 0x00 && buffer[0] != 0xFF;
            return Refuse(isNumber ? SensorHealth.WrongPart : SensorHealth.Nonsense, register, buffer[0]);
        }

        /// <summary>Records a value that was read and that the part cannot mean.</summary>
        public SensorHealth Refuse(SensorHealth health, byte register, byte value)
        {
            FaultRegister = register;
            FaultValue = value;
            return health;
        }

        private SensorHealth Fail(BusResult result, byte register)
        {
            return Refuse(result == BusResult.Nak ? SensorHealth.NoAnswer : SensorHealth.BusStuck, register, 0);
        }
    }
}

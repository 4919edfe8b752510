using Iot.Device.RegisterBus;

namespace Iot.Device.Adxl343
{
    /// <summary>
    /// Accelerometer ADXL343 at 25 samples a second, full resolution, 16 g, streaming into its FIFO. Integers only,
    /// nothing allocated after construction, nothing thrown: a method answers with a <see cref="SensorHealth"/>, and
    /// the register at fault is in <see cref="FaultRegister"/>.
    /// </summary>
    public sealed partial class Adxl343
    {
        /// <summary>7-bit I2C address with the SDO line low (0x1D with it high).</summary>
        public const int DefaultI2cAddress = 0x53;

        /// <summary>Samples a second.</summary>
        public const int RateHz = 25;

        /// <summary>Samples the FIFO holds.</summary>
        public const int Depth = 32;

        /// <summary>Samples that one burst can bring: the FIFO and the sample under way (FIFO section).</summary>
        public const int MaxEntries = Depth + 1;

        private const byte DeviceIdValue = 0xE5;
        private const byte Rate25Hz = 0x08;
        private const byte Rate12Hz = 0x07;
        private const byte LowPower = 0x10;
        private const byte MeasureOn = 0x08;
        private const byte FullResolution16G = 0x0B;
        private const byte StreamWatermark16 = 0x80 | 16;
        private const byte Bypass = 0x00;
        private const byte ActivityInterrupt = 0x10;
        private const byte AllAxesAc = 0xF0;
        private const byte WakeThreshold = 3; // 188 mg: picking it up, not a door that falls shut
        private const byte OverrunBit = 0x01;
        private const int SampleBytes = 6;

        private readonly Registers _registers;
        private readonly byte[] _data = new byte[SampleBytes];
        private readonly short[] _x = new short[MaxEntries];
        private readonly short[] _y = new short[MaxEntries];
        private readonly short[] _z = new short[MaxEntries];
        private int _count;

        private Adxl343(IRegisterBus bus)
        {
            _registers = new Registers(bus);
        }

        /// <summary>Register at which the last fault showed.</summary>
        public byte FaultRegister
        {
            get { return _registers.FaultRegister; }
        }

        /// <summary>What was read there; 0 where the bus gave no answer.</summary>
        public byte FaultValue
        {
            get { return _registers.FaultValue; }
        }

        /// <summary>Times the FIFO overran: samples were lost.</summary>
        public int Overruns { get; private set; }

        /// <summary>Samples of the last <see cref="ReadBurst"/>.</summary>
        public int Count
        {
            get { return _count; }
        }

        /// <summary>
        /// Over a register bus: for a caller that shares and recovers the bus, and for tests without a part.
        /// </summary>
        public static Adxl343 OnBus(IRegisterBus bus)
        {
            return new Adxl343(bus);
        }

        /// <summary>Whether the part at the address is the right one.</summary>
        public SensorHealth Validate()
        {
            return _registers.Identify((byte)Adxl343Register.DeviceId, DeviceIdValue, _data);
        }

        /// <summary>Sets the part up and lets it measure. Call <see cref="Validate"/> first.</summary>
        public SensorHealth Start()
        {
            _count = 0;
            SensorHealth health = Write(Adxl343Register.PowerControl, 0);
            health = Then(health, Adxl343Register.InterruptEnable, 0);
            health = Then(health, Adxl343Register.ActivityControl, 0);
            health = Then(health, Adxl343Register.BandwidthRate, Rate25Hz);
            health = Then(health, Adxl343Register.DataFormat, FullResolution16G);
            health = Then(health, Adxl343Register.FifoControl, Bypass); // empties the FIFO
            health = Then(health, Adxl343Register.FifoControl, StreamWatermark16);
            return Then(health, Adxl343Register.PowerControl, MeasureOn);
        }

        /// <summary>Low power, INT1 active when the part is picked up: for deep sleep.</summary>
        public SensorHealth WatchForMovement()
        {
            SensorHealth health = Write(Adxl343Register.PowerControl, 0);
            health = Then(health, Adxl343Register.FifoControl, Bypass);
            health = Then(health, Adxl343Register.BandwidthRate, LowPower | Rate12Hz);
            health = Then(health, Adxl343Register.ActivityThreshold, WakeThreshold);
            health = Then(health, Adxl343Register.ActivityControl, AllAxesAc);
            health = Then(health, Adxl343Register.InterruptMap, 0);
            health = Then(health, Adxl343Register.PowerControl, MeasureOn);
            if (health == SensorHealth.Ok)
            {
                // Reading clears what is left over.
                health = _registers.Read((byte)Adxl343Register.InterruptSource, _data, 1);
            }

            return Then(health, Adxl343Register.InterruptEnable, ActivityInterrupt);
        }

        /// <summary>Standby: nothing measured, nothing woken.</summary>
        public SensorHealth Stop()
        {
            _count = 0;
            return Then(Write(Adxl343Register.InterruptEnable, 0), Adxl343Register.PowerControl, 0);
        }

        /// <summary>Reads all that waits in the FIFO; <see cref="Count"/> says how many.</summary>
        public SensorHealth ReadBurst()
        {
            _count = 0;
            SensorHealth health = _registers.Read((byte)Adxl343Register.InterruptSource, _data, 1);
            if (health != SensorHealth.Ok)
            {
                return health;
            }

            bool overrun = (_data[0] & OverrunBit) != 0;
            health = _registers.Read((byte)Adxl343Register.FifoStatus, _data, 1);
            if (health != SensorHealth.Ok)
            {
                return health;
            }

            // Bit 6 is never driven and there are never more than 33 entries: another value comes from no ADXL343.
            int waiting = _data[0] & 0x7F;
            if (waiting > MaxEntries)
            {
                return _registers.Refuse(SensorHealth.Nonsense, (byte)Adxl343Register.FifoStatus, _data[0]);
            }

            if (overrun)
            {
                Overruns++;
            }

            for (int i = 0; i < waiting; i++)
            {
                health = _registers.Read((byte)Adxl343Register.DataX0, _data, SampleBytes);
                if (health != SensorHealth.Ok)
                {
                    return health;
                }

                _x[i] = MilliG(0);
                _y[i] = MilliG(2);
                _z[i] = MilliG(4);
                _count = i + 1;
            }

            return SensorHealth.Ok;
        }

        /// <summary>X of the burst, milli-g, -16000 to 16000; <see cref="Count"/> are valid. Read only.</summary>
        public short[] AllX
        {
            get { return _x; }
        }

        /// <summary>Y of the burst. Read only.</summary>
        public short[] AllY
        {
            get { return _y; }
        }

        /// <summary>Z of the burst. Read only.</summary>
        public short[] AllZ
        {
            get { return _z; }
        }

        /// <summary>X of a sample of the burst, milli-g, -16000 to 16000.</summary>
        public int X(int index)
        {
            return _x[index];
        }

        /// <summary>Y of a sample of the burst.</summary>
        public int Y(int index)
        {
            return _y[index];
        }

        /// <summary>Z of a sample of the burst.</summary>
        public int Z(int index)
        {
            return _z[index];
        }

        /// <summary>Whether the part at the address is still the right one and still has its settings.</summary>
        public SensorHealth Verify()
        {
            SensorHealth health = Validate();
            if (health != SensorHealth.Ok)
            {
                return health;
            }

            health = _registers.Read((byte)Adxl343Register.BandwidthRate, _data, 2);
            if (health != SensorHealth.Ok)
            {
                return health;
            }

            if (_data[0] != Rate25Hz)
            {
                return _registers.Refuse(SensorHealth.Silent, (byte)Adxl343Register.BandwidthRate, _data[0]);
            }

            return _data[1] == MeasureOn
                ? SensorHealth.Ok
                : _registers.Refuse(SensorHealth.Silent, (byte)Adxl343Register.PowerControl, _data[1]);
        }

        // 256 counts a g: 1000/256 = 125/32, exact in integers.
        private short MilliG(int at)
        {
            return (short)(((short)(_data[at] | (_data[at + 1] << 8)) * 125) >> 5);
        }

        private SensorHealth Write(Adxl343Register register, byte value)
        {
            return _registers.Write((byte)register, value);
        }

        private SensorHealth Then(SensorHealth before, Adxl343Register register, byte value)
        {
            return _registers.Then(before, (byte)register, value);
        }
    }
}

using Iot.Device.RegisterBus;

namespace Iot.Device.Max30102
{
    /// <summary>
    /// PPG sensor MAX30102 (red, infrared), or MAX30101/30105 (and green), over its registers. 50 conversions a second,
    /// of which the part averages two: 25 samples a second of 18 bits, read from the FIFO in bursts. Integers only,
    /// nothing allocated after construction, nothing thrown: a method answers with a <see cref="SensorHealth"/>, and
    /// the register at fault is in <see cref="FaultRegister"/>.
    /// </summary>
    public sealed partial class Max30102
    {
        /// <summary>7-bit I2C address, fixed.</summary>
        public const int DefaultI2cAddress = 0x57;

        /// <summary>Conversions a second: light pulses of each LED.</summary>
        public const int ConversionsHz = 50;

        /// <summary>Samples a second: the part averages two conversions.</summary>
        public const int RateHz = ConversionsHz / 2;

        /// <summary>Largest count, 18 bits (table 1).</summary>
        public const int FullScale = 0x3FFFF;

        /// <summary>Samples the FIFO holds: 1.28 s.</summary>
        public const int Depth = 32;

        private const byte PartIdValue = 0x15;
        private const int BytesPerChannel = 3;
        private const int PointerMask = 0x1F;

        // Two conversions averaged into one sample; no rollover: an overflow then loses the newest and shows in the
        // counter. Almost full at 17 of 32.
        private const byte FifoSettings = (1 << 5) | 0x0F;
        private const byte Reset = 0x40;
        private const byte Shutdown = 0x80;
        private const byte Spo2Mode = 0x03;
        private const byte MultiLedMode = 0x07;

        // 8192 nA range, 50 conversions a second, 411 us pulses = 18 bits.
        private const byte Spo2Settings = (1 << 5) | (0 << 2) | 3;

        // 6.2 mA, about half of the converter's range on a wrist.
        private const byte LedCurrent = 0x1F;
        private const byte RedThenInfrared = (2 << 4) | 1;
        private const byte ThenGreen = 3;

        private readonly Registers _registers;
        private readonly bool _hasGreen;
        private readonly int _sampleBytes;
        private readonly byte[] _fifo;
        private readonly byte[] _pointers = new byte[3];
        private int _count;

        private Max30102(IRegisterBus bus, bool hasGreen)
        {
            _registers = new Registers(bus);
            _hasGreen = hasGreen;
            _sampleBytes = (hasGreen ? 3 : 2) * BytesPerChannel;
            _fifo = new byte[Depth * _sampleBytes];
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

        /// <summary>Samples that the part lost because they were not read in time.</summary>
        public int Lost { get; private set; }

        /// <summary>Samples of the last <see cref="ReadBurst"/>.</summary>
        public int Count
        {
            get { return _count; }
        }

        /// <summary>
        /// Over a register bus: for a caller that shares and recovers the bus, and for tests without a part.
        /// </summary>
        /// <param name="bus">The part's registers.</param>
        /// <param name="hasGreen">A MAX30101 or MAX30105: the third channel is measured as well.</param>
        public static Max30102 OnBus(IRegisterBus bus, bool hasGreen)
        {
            return new Max30102(bus, hasGreen);
        }

        /// <summary>Whether the part at the address is the right one.</summary>
        public SensorHealth Validate()
        {
            return _registers.Identify((byte)Max30102Register.PartId, PartIdValue, _pointers);
        }

        /// <summary>Resets the part, sets it up and lets it convert. Call <see cref="Validate"/> first.</summary>
        public SensorHealth Start()
        {
            _count = 0;
            SensorHealth health = Write(Max30102Register.ModeConfiguration, Reset);
            health = Then(health, Max30102Register.FifoConfiguration, FifoSettings);
            health = Then(health, Max30102Register.Spo2Configuration, Spo2Settings);
            health = Then(health, Max30102Register.Led1Current, LedCurrent);
            health = Then(health, Max30102Register.Led2Current, LedCurrent);
            if (_hasGreen)
            {
                health = Then(health, Max30102Register.Led3Current, LedCurrent);
                health = Then(health, Max30102Register.Slots12, RedThenInfrared);
                health = Then(health, Max30102Register.Slots34, ThenGreen);
            }

            health = Then(health, Max30102Register.FifoWritePointer, 0);
            health = Then(health, Max30102Register.OverflowCounter, 0);
            health = Then(health, Max30102Register.FifoReadPointer, 0);
            return Then(health, Max30102Register.ModeConfiguration, _hasGreen ? MultiLedMode : Spo2Mode);
        }

        /// <summary>LEDs off, 0.7 uA.</summary>
        public SensorHealth Stop()
        {
            _count = 0;
            return Write(Max30102Register.ModeConfiguration, Shutdown);
        }

        /// <summary>
        /// Reads all that waits in the FIFO; <see cref="Count"/> says how many. Pointers and counter come in one read,
        /// so they belong together.
        /// </summary>
        public SensorHealth ReadBurst()
        {
            _count = 0;
            SensorHealth health = _registers.Read((byte)Max30102Register.FifoWritePointer, _pointers, 3);
            if (health != SensorHealth.Ok)
            {
                return health;
            }

            // Pointers and counter have 5 bits (p. 15): a value with more comes from no MAX30102.
            for (int i = 0; i < 3; i++)
            {
                if ((_pointers[i] & ~PointerMask) != 0)
                {
                    byte register = (byte)((int)Max30102Register.FifoWritePointer + i);
                    return _registers.Refuse(SensorHealth.Nonsense, register, _pointers[i]);
                }
            }

            int waiting = (_pointers[0] - _pointers[2]) & PointerMask;
            if (_pointers[1] > 0)
            {
                Lost += _pointers[1];
                waiting = waiting == 0 ? Depth : waiting; // equal pointers mean full where samples were lost
            }

            if (waiting == 0)
            {
                return SensorHealth.Ok;
            }

            health = _registers.Read((byte)Max30102Register.FifoData, _fifo, waiting * _sampleBytes);
            _count = health == SensorHealth.Ok ? waiting : 0;
            return health;
        }

        /// <summary>Red of a sample of the burst, 0 to 262143.</summary>
        public int Red(int index)
        {
            return Channel(index, 0);
        }

        /// <summary>Infrared of a sample of the burst.</summary>
        public int Ir(int index)
        {
            return Channel(index, 1);
        }

        /// <summary>Green of a sample of the burst, 0 where the part has none.</summary>
        public int Green(int index)
        {
            return _hasGreen ? Channel(index, 2) : 0;
        }

        /// <summary>
        /// Whether the part at the address is still the right one and still has its settings. A part whose supply
        /// dropped answers, has its number, and converts nothing.
        /// </summary>
        public SensorHealth Verify()
        {
            SensorHealth health = Validate();
            if (health != SensorHealth.Ok)
            {
                return health;
            }

            health = _registers.Read((byte)Max30102Register.ModeConfiguration, _pointers, 2);
            if (health != SensorHealth.Ok)
            {
                return health;
            }

            if (_pointers[0] != (_hasGreen ? MultiLedMode : Spo2Mode))
            {
                return _registers.Refuse(SensorHealth.Silent, (byte)Max30102Register.ModeConfiguration, _pointers[0]);
            }

            return _pointers[1] == Spo2Settings
                ? SensorHealth.Ok
                : _registers.Refuse(SensorHealth.Silent, (byte)Max30102Register.Spo2Configuration, _pointers[1]);
        }

        // 18 bits in 24, most significant byte first (p. 16); the six bits above are not driven.
        private int Channel(int index, int channel)
        {
            int at = (index * _sampleBytes) + (channel * BytesPerChannel);
            return ((_fifo[at] << 16) | (_fifo[at + 1] << 8) | _fifo[at + 2]) & FullScale;
        }

        private SensorHealth Write(Max30102Register register, byte value)
        {
            return _registers.Write((byte)register, value);
        }

        private SensorHealth Then(SensorHealth before, Max30102Register register, byte value)
        {
            return _registers.Then(before, (byte)register, value);
        }
    }
}

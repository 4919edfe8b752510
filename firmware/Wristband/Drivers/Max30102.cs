using ElderBand.BandProtocol;

namespace ElderBand.Wristband.Drivers
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

    /// <summary>What a driver has to say about its part.</summary>
    public enum SensorHealth : byte
    {
        /// <summary>Samples come.</summary>
        Ok = 0,

        /// <summary>Not acknowledged.</summary>
        NoAnswer = 1,

        /// <summary>The bus is held.</summary>
        BusStuck = 2,

        /// <summary>Another part, or nonsense, at the address.</summary>
        WrongPart = 3,

        /// <summary>Every byte is 0x00 or 0xFF, or a value the part cannot give.</summary>
        Nonsense = 4,

        /// <summary>The part answers but converts nothing: it has lost its settings.</summary>
        Silent = 5,
    }

    /// <summary>
    /// Pulse sensor MAX30102 (red, infrared), or MAX30101/30105 (and green), over its registers. 50 samples a second,
    /// 18 bits, read from the FIFO in bursts. Integers only, nothing allocated after construction, nothing thrown.
    /// </summary>
    public sealed class Max30102
    {
        /// <summary>Samples a second.</summary>
        public const int RateHz = 50;

        /// <summary>Samples the FIFO holds.</summary>
        public const int Depth = 32;

        private const byte PartIdValue = 0x15;
        private const int BytesPerChannel = 3;
        private const int PointerMask = 0x1F;
        private const int FullScale = 0x3FFFF; // 18 bits (table 1)

        // No averaging, no rollover: an overflow then loses the newest and shows in the counter. Almost full at 17 of 32.
        private const byte FifoSettings = 0x0F;
        private const byte Reset = 0x40;
        private const byte Shutdown = 0x80;
        private const byte Spo2Mode = 0x03;
        private const byte MultiLedMode = 0x07;

        // 8192 nA range, 50 samples a second, 411 us pulses = 18 bits.
        private const byte Spo2Settings = (1 << 5) | (0 << 2) | 3;

        // 6.2 mA, about half of the converter's range on a wrist.
        private const byte LedCurrent = 0x1F;
        private const byte RedThenInfrared = (2 << 4) | 1;
        private const byte ThenGreen = 3;

        private readonly IRegisterBus _bus;
        private readonly bool _hasGreen;
        private readonly int _sampleBytes;
        private readonly byte[] _fifo;
        private readonly byte[] _pointers = new byte[3];
        private int _count;

        /// <summary>Over a bus.</summary>
        /// <param name="bus">The part's registers.</param>
        /// <param name="hasGreen">A MAX30101 or MAX30105: the third channel is measured as well.</param>
        public Max30102(IRegisterBus bus, bool hasGreen)
        {
            _bus = bus;
            _hasGreen = hasGreen;
            _sampleBytes = (hasGreen ? 3 : 2) * BytesPerChannel;
            _fifo = new byte[Depth * _sampleBytes];
        }

        /// <summary>Samples that the part lost because they were not read in time.</summary>
        public int Lost { get; private set; }

        /// <summary>Samples of the last <see cref="ReadBurst"/>.</summary>
        public int Count
        {
            get { return _count; }
        }

        /// <summary>Whether the part at the address is the right one.</summary>
        public SensorHealth Validate()
        {
            BusResult result = _bus.Read((byte)Max30102Register.PartId, _pointers, 1);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            return _pointers[0] == PartIdValue ? SensorHealth.Ok : SensorHealth.WrongPart;
        }

        /// <summary>Resets the part, sets it up and lets it convert. Call <see cref="Validate"/> first.</summary>
        public SensorHealth Start()
        {
            _count = 0;
            BusResult result = Write(Max30102Register.ModeConfiguration, Reset);
            result = Then(result, Max30102Register.FifoConfiguration, FifoSettings);
            result = Then(result, Max30102Register.Spo2Configuration, Spo2Settings);
            result = Then(result, Max30102Register.Led1Current, LedCurrent);
            result = Then(result, Max30102Register.Led2Current, LedCurrent);
            if (_hasGreen)
            {
                result = Then(result, Max30102Register.Led3Current, LedCurrent);
                result = Then(result, Max30102Register.Slots12, RedThenInfrared);
                result = Then(result, Max30102Register.Slots34, ThenGreen);
            }

            result = Then(result, Max30102Register.FifoWritePointer, 0);
            result = Then(result, Max30102Register.OverflowCounter, 0);
            result = Then(result, Max30102Register.FifoReadPointer, 0);
            result = Then(result, Max30102Register.ModeConfiguration, _hasGreen ? MultiLedMode : Spo2Mode);
            return Health(result);
        }

        /// <summary>LEDs off, 0.7 uA.</summary>
        public SensorHealth Stop()
        {
            _count = 0;
            return Health(Write(Max30102Register.ModeConfiguration, Shutdown));
        }

        /// <summary>
        /// Reads all that waits in the FIFO; <see cref="Count"/> says how many. Pointers and counter come in one read, so
        /// they belong together.
        /// </summary>
        public SensorHealth ReadBurst()
        {
            _count = 0;
            BusResult result = _bus.Read((byte)Max30102Register.FifoWritePointer, _pointers, 3);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            // Pointers and counter have 5 bits: anything more is no MAX30102 speaking.
            if (((_pointers[0] | _pointers[1] | _pointers[2]) & ~PointerMask) != 0)
            {
                return SensorHealth.Nonsense;
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

            result = _bus.Read((byte)Max30102Register.FifoData, _fifo, waiting * _sampleBytes);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            _count = waiting;
            return SensorHealth.Ok;
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
        /// True where the settings that matter are still there: a part that browned out answers, has its number, and
        /// converts nothing.
        /// </summary>
        public SensorHealth Verify()
        {
            BusResult result = _bus.Read((byte)Max30102Register.ModeConfiguration, _pointers, 2);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            bool kept = _pointers[0] == (_hasGreen ? MultiLedMode : Spo2Mode) && _pointers[1] == Spo2Settings;
            return kept ? SensorHealth.Ok : SensorHealth.Silent;
        }

        // 18 bits in 24, most significant byte first (p. 16); the six bits above are not driven.
        private int Channel(int index, int channel)
        {
            int at = (index * _sampleBytes) + (channel * BytesPerChannel);
            return ((_fifo[at] << 16) | (_fifo[at + 1] << 8) | _fifo[at + 2]) & FullScale;
        }

        private BusResult Write(Max30102Register register, byte value)
        {
            return _bus.Write((byte)register, value);
        }

        private BusResult Then(BusResult before, Max30102Register register, byte value)
        {
            return before == BusResult.Ok ? Write(register, value) : before;
        }

        private static SensorHealth Health(BusResult result)
        {
            return result == BusResult.Ok ? SensorHealth.Ok
                : result == BusResult.Nak ? SensorHealth.NoAnswer : SensorHealth.BusStuck;
        }
    }
}

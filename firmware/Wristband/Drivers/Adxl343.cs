using ElderBand.BandProtocol;

namespace ElderBand.Wristband.Drivers
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

    /// <summary>
    /// Accelerometer ADXL343 at 25 samples a second, full resolution, 16 g, streaming into its FIFO. Integers only, nothing
    /// allocated after construction, nothing thrown.
    /// </summary>
    public sealed class Adxl343
    {
        /// <summary>Samples a second.</summary>
        public const int RateHz = 25;

        /// <summary>Samples the FIFO holds.</summary>
        public const int Depth = 32;

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
        private const int MaxEntries = 33;

        private readonly IRegisterBus _bus;
        private readonly byte[] _data = new byte[SampleBytes];
        private readonly short[] _x = new short[MaxEntries];
        private readonly short[] _y = new short[MaxEntries];
        private readonly short[] _z = new short[MaxEntries];
        private int _count;

        /// <summary>Over a bus.</summary>
        public Adxl343(IRegisterBus bus)
        {
            _bus = bus;
        }

        /// <summary>Times the FIFO overran: samples were lost.</summary>
        public int Overruns { get; private set; }

        /// <summary>Samples of the last <see cref="ReadBurst"/>.</summary>
        public int Count
        {
            get { return _count; }
        }

        /// <summary>Whether the part at the address is the right one.</summary>
        public SensorHealth Validate()
        {
            BusResult result = _bus.Read((byte)Adxl343Register.DeviceId, _data, 1);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            return _data[0] == DeviceIdValue ? SensorHealth.Ok : SensorHealth.WrongPart;
        }

        /// <summary>Sets the part up and lets it measure. Call <see cref="Validate"/> first.</summary>
        public SensorHealth Start()
        {
            _count = 0;
            BusResult result = Write(Adxl343Register.PowerControl, 0);
            result = Then(result, Adxl343Register.InterruptEnable, 0);
            result = Then(result, Adxl343Register.ActivityControl, 0);
            result = Then(result, Adxl343Register.BandwidthRate, Rate25Hz);
            result = Then(result, Adxl343Register.DataFormat, FullResolution16G);
            result = Then(result, Adxl343Register.FifoControl, Bypass); // empties the FIFO
            result = Then(result, Adxl343Register.FifoControl, StreamWatermark16);
            result = Then(result, Adxl343Register.PowerControl, MeasureOn);
            return Health(result);
        }

        /// <summary>Low power, INT1 active when the band is picked up: for deep sleep.</summary>
        public SensorHealth WatchForMovement()
        {
            BusResult result = Write(Adxl343Register.PowerControl, 0);
            result = Then(result, Adxl343Register.FifoControl, Bypass);
            result = Then(result, Adxl343Register.BandwidthRate, LowPower | Rate12Hz);
            result = Then(result, Adxl343Register.ActivityThreshold, WakeThreshold);
            result = Then(result, Adxl343Register.ActivityControl, AllAxesAc);
            result = Then(result, Adxl343Register.InterruptMap, 0);
            result = Then(result, Adxl343Register.PowerControl, MeasureOn);
            if (result == BusResult.Ok)
            {
                result = _bus.Read((byte)Adxl343Register.InterruptSource, _data, 1); // clears what is left over
            }

            result = Then(result, Adxl343Register.InterruptEnable, ActivityInterrupt);
            return Health(result);
        }

        /// <summary>Standby: nothing measured, nothing woken.</summary>
        public SensorHealth Stop()
        {
            _count = 0;
            BusResult result = Write(Adxl343Register.InterruptEnable, 0);
            return Health(Then(result, Adxl343Register.PowerControl, 0));
        }

        /// <summary>Reads all that waits in the FIFO; <see cref="Count"/> says how many.</summary>
        public SensorHealth ReadBurst()
        {
            _count = 0;
            BusResult result = _bus.Read((byte)Adxl343Register.InterruptSource, _data, 1);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            bool overrun = (_data[0] & OverrunBit) != 0;
            result = _bus.Read((byte)Adxl343Register.FifoStatus, _data, 1);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            // Bit 6 is never driven and there are never more than 33 entries: else no ADXL343 is speaking.
            int waiting = _data[0] & 0x7F;
            if (waiting > MaxEntries)
            {
                return SensorHealth.Nonsense;
            }

            if (overrun)
            {
                Overruns++;
            }

            for (int i = 0; i < waiting; i++)
            {
                result = _bus.Read((byte)Adxl343Register.DataX0, _data, SampleBytes);
                if (result != BusResult.Ok)
                {
                    return Health(result);
                }

                _x[i] = MilliG(0);
                _y[i] = MilliG(2);
                _z[i] = MilliG(4);
                _count = i + 1;
            }

            return SensorHealth.Ok;
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

        /// <summary>Whether the settings that matter are still there.</summary>
        public SensorHealth Verify()
        {
            BusResult result = _bus.Read((byte)Adxl343Register.BandwidthRate, _data, 2);
            if (result != BusResult.Ok)
            {
                return Health(result);
            }

            return _data[0] == Rate25Hz && _data[1] == MeasureOn ? SensorHealth.Ok : SensorHealth.Silent;
        }

        // 256 counts a g: 1000/256 = 125/32, exact in integers.
        private short MilliG(int at)
        {
            return (short)(((short)(_data[at] | (_data[at + 1] << 8)) * 125) >> 5);
        }

        private BusResult Write(Adxl343Register register, byte value)
        {
            return _bus.Write((byte)register, value);
        }

        private BusResult Then(BusResult before, Adxl343Register register, byte value)
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

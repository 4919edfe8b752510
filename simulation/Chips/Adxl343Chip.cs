using Iot.Device.RegisterBus;

namespace ElderBand.Simulation.Chips;

/// <summary>One sample of the accelerometer, milli-g, gravity included.</summary>
public readonly record struct MotionSample(int X, int Y, int Z);

/// <summary>
/// Model of an ADXL343 at its registers (Analog Devices, rev 0): output rates, full resolution or 10 bits, the 32-entry
/// FIFO in bypass, FIFO, stream and trigger mode, watermark and overrun, activity with AC or DC coupling, the two
/// interrupt pins. Not modelled: taps, inactivity, free fall, offsets, self-test, sleep rates.
/// </summary>
/// <param name="source">Acceleration at a time in ms; asked once per sample while the part measures.</param>
public sealed class Adxl343Chip(Func<long, MotionSample> source) : IRegisterBus
{
    /// <summary>Entries of the FIFO.</summary>
    public const int Depth = 32;

    private const byte DevId = 0x00;
    private const byte DevIdValue = 0xE5;
    private const byte ActivityThreshold = 0x24;
    private const byte ActivityControl = 0x27;
    private const byte BandwidthRate = 0x2C;
    private const byte PowerControl = 0x2D;
    private const byte InterruptEnable = 0x2E;
    private const byte InterruptMap = 0x2F;
    private const byte InterruptSource = 0x30;
    private const byte DataFormat = 0x31;
    private const byte DataX0 = 0x32;
    private const byte DataZ1 = 0x37;
    private const byte FifoControl = 0x38;
    private const byte FifoStatus = 0x39;
    private const byte Measure = 0x08;
    private const byte DataReady = 0x80;
    private const byte Activity = 0x10;
    private const byte Watermark = 0x02;
    private const byte Overrun = 0x01;

    private readonly byte[] _registers = NewRegisters();
    private readonly short[,] _fifo = new short[Depth, 3];
    private readonly short[] _output = new short[3];
    private int _first;
    private int _count;
    private bool _triggered;
    private bool _activity;
    private bool _overrun;
    private bool _fresh;
    private bool _hasReference;
    private MotionSample _reference;
    private long _nowUs;
    private long _nextUs = -1;

    /// <summary>Fault that is injected now.</summary>
    public ChipFault Fault { get; set; }

    /// <summary>Samples since power-on.</summary>
    public long Samples { get; private set; }

    /// <summary>Samples lost because the FIFO was full.</summary>
    public long Lost { get; private set; }

    /// <summary>True while the part measures.</summary>
    public bool IsMeasuring => (_registers[PowerControl] & Measure) != 0;

    /// <summary>Output rate in Hz.</summary>
    public double RateHz => 3200.0 / (1 << (15 - (_registers[BandwidthRate] & 0x0F)));

    /// <summary>Level of pin INT1, active.</summary>
    public bool Interrupt1 => (Source() & _registers[InterruptEnable] & ~_registers[InterruptMap]) != 0;

    /// <summary>Level of pin INT2, active.</summary>
    public bool Interrupt2 => (Source() & _registers[InterruptEnable] & _registers[InterruptMap]) != 0;

    /// <summary>
    /// The earliest time, ms, at which pin INT1 may become active, as the part is set now; long.MaxValue: never.
    /// </summary>
    public long NextInterruptMs()
    {
        var enabled = _registers[InterruptEnable] & ~_registers[InterruptMap];
        if (!IsMeasuring || _nextUs < 0 || enabled == 0)
        {
            return long.MaxValue;
        }

        var samples = 1;
        if (enabled == Watermark && (_registers[FifoControl] & 0xC0) != 0)
        {
            samples = Math.Max(1, (_registers[FifoControl] & 0x1F) - _count);
        }

        return (_nextUs + ((samples - 1) * (long)(1_000_000 / RateHz)) + 999) / 1000;
    }

    /// <summary>Power is cut and restored: registers have their reset values, and the FIFO is empty.</summary>
    public void PowerCycle()
    {
        ResetRegisters(_registers);
        _count = 0;
        _triggered = false;
        _activity = false;
        _overrun = false;
        _nextUs = -1;
    }

    /// <summary>Lets the part measure up to now.</summary>
    public void Advance(long nowMs)
    {
        _nowUs = nowMs * 1000;
        if (!IsMeasuring)
        {
            _nextUs = -1;
            return;
        }

        long periodUs = (long)(1_000_000 / RateHz);
        if (_nextUs < 0)
        {
            _nextUs = _nowUs + periodUs;
        }

        while (_nextUs <= _nowUs)
        {
            Take(source(_nextUs / 1000));
            _nextUs += periodUs;
        }
    }

    /// <inheritdoc/>
    public BusResult Write(byte register, byte value)
    {
        if (BusFault() is var fault && fault != BusResult.Ok)
        {
            return fault;
        }

        if (register is DevId or 0x2B or InterruptSource or (>= DataX0 and <= DataZ1) or FifoStatus)
        {
            return BusResult.Ok; // read only
        }

        if (register == FifoControl && ((_registers[FifoControl] ^ value) & 0xC0) != 0)
        {
            _count = 0; // entering bypass, or another mode by way of it, empties the FIFO (p. 21)
            _triggered = false;
            _overrun = false;
        }

        if (register == PowerControl && ((_registers[PowerControl] ^ value) & Measure) != 0)
        {
            _nextUs = (value & Measure) != 0 ? _nowUs + (long)(1_000_000 / RateHz) : -1;
        }

        if (register is PowerControl or ActivityControl or InterruptEnable)
        {
            _hasReference = false; // AC-coupled activity compares with the first sample after it begins
        }

        _registers[register] = value;
        return BusResult.Ok;
    }

    /// <inheritdoc/>
    public BusResult Read(byte register, byte[] buffer, int count)
    {
        if (BusFault() is var fault && fault != BusResult.Ok)
        {
            return fault;
        }

        for (int i = 0; i < count; i++)
        {
            byte address = (byte)(register + i);
            if (address == DataX0)
            {
                Pop();
            }

            byte value = ReadOne(address);
            buffer[i] = Fault switch
            {
                ChipFault.Zeros => 0x00,
                ChipFault.Ones => 0xFF,
                ChipFault.WrongPart when address == DevId => 0x1D,
                _ => value,
            };
        }

        return BusResult.Ok;
    }

    /// <inheritdoc/>
    public bool Recover()
    {
        if (Fault == ChipFault.StuckUntilRecovered)
        {
            Fault = ChipFault.None;
        }

        return Fault != ChipFault.Stuck;
    }

    private static byte[] NewRegisters()
    {
        byte[] registers = new byte[256];
        ResetRegisters(registers);
        return registers;
    }

    private static void ResetRegisters(byte[] registers)
    {
        Array.Clear(registers);
        registers[DevId] = DevIdValue;
        registers[BandwidthRate] = 0x0A;
    }

    private BusResult BusFault() => Fault switch
    {
        ChipFault.Nak => BusResult.Nak,
        ChipFault.Stuck or ChipFault.StuckUntilRecovered => BusResult.Stuck,
        _ => BusResult.Ok,
    };

    private byte ReadOne(byte address)
    {
        switch (address)
        {
            case InterruptSource:
                byte flags = Source();
                _activity = false; // reading the source clears it; data bits follow the data (p. 24)
                return flags;
            case >= DataX0 and <= DataZ1:
                int axis = (address - DataX0) / 2;
                return (byte)(_output[axis] >> (8 * ((address - DataX0) & 1)));
            case FifoStatus:
                return (byte)((_triggered ? 0x80 : 0) | _count);
            default:
                return _registers[address];
        }
    }

    private byte Source()
    {
        int watermark = _registers[FifoControl] & 0x1F;
        bool bypass = (_registers[FifoControl] & 0xC0) == 0;
        bool ready = bypass ? _fresh : _count > 0;
        return (byte)((ready ? DataReady : 0)
            | (_activity ? Activity : 0)
            | (!bypass && _count >= watermark ? Watermark : 0)
            | (_overrun ? Overrun : 0));
    }

    private void Take(MotionSample sample)
    {
        Samples++;
        WatchActivity(sample);
        int mode = _registers[FifoControl] >> 6;
        if (mode == 0)
        {
            _overrun |= _fresh;
            _fresh = true;
            Encode(sample, _output);
            return;
        }

        if (_count == Depth)
        {
            _overrun = true;
            Lost++;
            if (mode == 1 || (mode == 3 && _triggered))
            {
                return; // collects samples until the FIFO is full, then waits
            }

            _first = (_first + 1) % Depth;
            _count--;
        }

        Span<short> entry = stackalloc short[3];
        Encode(sample, entry);
        int at = (_first + _count) % Depth;
        for (int axis = 0; axis < 3; axis++)
        {
            _fifo[at, axis] = entry[axis];
        }

        _count++;
        if (mode == 3 && !_triggered && Interrupt1)
        {
            // Keeps the last samples from before the trigger, then collects until full (p. 21).
            _triggered = true;
            int keep = _registers[FifoControl] & 0x1F;
            if (_count > keep)
            {
                _first = (_first + _count - keep) % Depth;
                _count = keep;
            }
        }
    }

    private void Pop()
    {
        _fresh = false;
        if (_count == 0)
        {
            return;
        }

        for (int axis = 0; axis < 3; axis++)
        {
            _output[axis] = _fifo[_first, axis];
        }

        _first = (_first + 1) % Depth;
        _count--;
        _overrun = false;
    }

    // Full resolution: 3.90625 mg a count at every range, 13 bits at 16 g; else 10 bits over the range (table 1).
    private void Encode(MotionSample sample, Span<short> into)
    {
        int range = _registers[DataFormat] & 3;
        int shift = (_registers[DataFormat] & 0x08) != 0 ? 0 : range;
        int limit = 512 << range;
        into[0] = Count(sample.X, limit, shift);
        into[1] = Count(sample.Y, limit, shift);
        into[2] = Count(sample.Z, limit, shift);
    }

    private static short Count(int milliG, int limit, int shift)
    {
        int count = (int)Math.Round(milliG * 256 / 1000.0);
        return (short)(Math.Clamp(count, -limit, limit - 1) >> shift);
    }

    // 62.5 mg a count; bits 6-4 enable the axes, bit 7 compares with a reference instead of with zero (p. 23).
    private void WatchActivity(MotionSample sample)
    {
        int control = _registers[ActivityControl];
        if ((control & 0x70) == 0)
        {
            return;
        }

        bool ac = (control & 0x80) != 0;
        if (ac && !_hasReference)
        {
            _reference = sample;
            _hasReference = true;
            return;
        }

        MotionSample from = ac ? _reference : default;
        double threshold = _registers[ActivityThreshold] * 62.5;
        _activity |= ((control & 0x40) != 0 && Math.Abs(sample.X - from.X) > threshold)
            || ((control & 0x20) != 0 && Math.Abs(sample.Y - from.Y) > threshold)
            || ((control & 0x10) != 0 && Math.Abs(sample.Z - from.Z) > threshold);
    }
}

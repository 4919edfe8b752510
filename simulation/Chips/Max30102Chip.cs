using Iot.Device.RegisterBus;

namespace ElderBand.Simulation.Chips;

/// <summary>One conversion of the optical sensor, 18-bit counts.</summary>
public readonly record struct PpgSample(int Red, int Ir, int Green);

/// <summary>An injected fault of a chip or its bus.</summary>
public enum ChipFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The part does not acknowledge; recovering the bus does not help.</summary>
    Nak,

    /// <summary>The data line is held; recovering the bus frees it.</summary>
    StuckUntilRecovered,

    /// <summary>The data line is held for good.</summary>
    Stuck,

    /// <summary>Every byte reads 0x00.</summary>
    Zeros,

    /// <summary>Every byte reads 0xFF.</summary>
    Ones,

    /// <summary>Another part answers at the address.</summary>
    WrongPart,
}

/// <summary>
/// Model of a MAX30102 at its registers (Maxim 19-7740, rev 1): FIFO of 32 with write pointer, read pointer and
/// overflow counter, modes, sample rate, on-chip averaging, resolution by pulse width, A_FULL. With <c>hasGreen</c> it
/// is a MAX30101/30105, whose third LED the multi-LED mode can time. Not modelled: LED current's effect on the level,
/// proximity, die temperature.
/// </summary>
/// <param name="source">Counts at a time in ms; asked once per conversion and LED set while the part runs.</param>
/// <param name="hasGreen">The part has a green LED.</param>
public sealed class Max30102Chip(Func<long, PpgSample> source, bool hasGreen = false) : IRegisterBus
{
    /// <summary>Entries of the FIFO.</summary>
    public const int Depth = 32;

    private const byte FifoData = 0x07;
    private const byte ModeConfig = 0x09;
    private const byte PartId = 0xFF;
    private const byte PartIdValue = 0x15;
    private const int AFull = 0x80;
    private const int PpgReady = 0x40;
    private const int PowerReady = 0x01;

    private static readonly int[] Rates = [50, 100, 200, 400, 800, 1000, 1600, 3200];

    private readonly byte[] _registers = NewRegisters();
    private readonly int[,] _fifo = new int[Depth, 4];
    private int _write;
    private int _read;
    private int _count;
    private int _overflow;
    private int _byteInSample;
    private long _nowUs;
    private long _nextUs = -1;
    private int _averaged;
    private readonly long[] _sums = new long[4];

    /// <summary>Fault that is injected now.</summary>
    public ChipFault Fault { get; set; }

    /// <summary>Conversions since power-on, for energy and for tests.</summary>
    public long Conversions { get; private set; }

    /// <summary>Samples lost because the FIFO was full.</summary>
    public long Lost { get; private set; }

    /// <summary>Samples that wait in the FIFO.</summary>
    public int Waiting => _count;

    /// <summary>True while the part converts.</summary>
    public bool IsRunning => (_registers[ModeConfig] & 0x80) == 0 && Channels() > 0;

    /// <summary>Power is cut and restored: every register has its reset value, and the FIFO is empty.</summary>
    public void PowerCycle()
    {
        ResetRegisters(_registers);
        ClearFifo();
        _nextUs = -1;
    }

    /// <summary>Lets the part convert up to now.</summary>
    public void Advance(long nowMs)
    {
        _nowUs = nowMs * 1000;
        if (!IsRunning)
        {
            _nextUs = -1;
            return;
        }

        int periodUs = 1_000_000 / Rates[(_registers[0x0A] >> 2) & 7];
        if (_nextUs < 0)
        {
            _nextUs = _nowUs + periodUs;
        }

        while (_nextUs <= _nowUs)
        {
            Convert(_nextUs / 1000);
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

        switch (register)
        {
            case 0x00 or 0x01 or 0xFE or PartId:
                break; // read only
            case 0x04:
                _write = value & 0x1F;
                _count = (_write - _read) & 0x1F;
                break;
            case 0x05:
                _overflow = value & 0x1F;
                break;
            case 0x06:
                _read = value & 0x1F;
                _byteInSample = 0;
                _count = (_write - _read) & 0x1F;
                break;
            case ModeConfig when (value & 0x40) != 0:
                PowerCycle();
                break;
            case ModeConfig:
                bool changesMode = ((_registers[ModeConfig] ^ value) & 0x07) != 0;
                _registers[ModeConfig] = value;
                _nextUs = IsRunning ? (_nextUs < 0 ? _nowUs + 20_000 : _nextUs) : -1;
                if (changesMode)
                {
                    ClearFifo(); // on a change of mode the part restarts (p. 19)
                }

                break;
            default:
                _registers[register] = value;
                break;
        }

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
            byte address = register == FifoData ? FifoData : (byte)(register + i);
            byte value = ReadOne(address);
            buffer[i] = Fault switch
            {
                ChipFault.Zeros => 0x00,
                ChipFault.Ones => 0xFF,
                ChipFault.WrongPart when address == PartId => 0x11,
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
        registers[0x00] = PowerReady;
        registers[0xFE] = 0x03;
        registers[PartId] = PartIdValue;
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
            case 0x00:
                byte status = _registers[0x00];
                _registers[0x00] = 0; // reading clears the status and releases the pin
                return status;
            case 0x04:
                return (byte)_write;
            case 0x05:
                return (byte)_overflow;
            case 0x06:
                return (byte)_read;
            case FifoData:
                return PopByte();
            default:
                return _registers[address];
        }
    }

    private byte PopByte()
    {
        int channels = Math.Max(Channels(), 1);
        int value = _fifo[_read, _byteInSample / 3];
        byte result = (byte)(value >> (16 - (8 * (_byteInSample % 3))));
        _byteInSample++;
        if (_byteInSample < channels * 3)
        {
            return result;
        }

        _byteInSample = 0;
        if (_count > 0)
        {
            // A popped sample moves the pointer and clears the counter (p. 17); an empty FIFO repeats its last bytes.
            _read = (_read + 1) & 0x1F;
            _count--;
            _overflow = 0;
        }

        return result;
    }

    private void Convert(long atMs)
    {
        Conversions++;
        PpgSample sample = source(atMs);
        int channels = Channels();
        for (int i = 0; i < channels; i++)
        {
            _sums[i] += Math.Clamp(
                Slot(i) switch { 1 => sample.Red, 2 => sample.Ir, 3 when hasGreen => sample.Green, _ => 0 },
                0,
                0x3FFFF);
        }

        int average = 1 << Math.Min(_registers[0x08] >> 5, 5);
        _averaged++;
        if (_averaged < average)
        {
            return;
        }

        bool full = _count == Depth;
        bool rollover = (_registers[0x08] & 0x10) != 0;
        if (full)
        {
            _overflow = Math.Min(_overflow + 1, 0x1F);
            Lost++;
        }

        if (!full || rollover)
        {
            int drop = 3 - (_registers[0x0A] & 3); // 15 to 18 bits, left-justified (table 1)
            for (int i = 0; i < channels; i++)
            {
                _fifo[_write, i] = (int)(_sums[i] / average) >> drop << drop;
            }

            _write = (_write + 1) & 0x1F;
            if (full)
            {
                _read = (_read + 1) & 0x1F;
            }
            else
            {
                _count++;
            }
        }

        Array.Clear(_sums);
        _averaged = 0;
        _registers[0x00] |= PpgReady;
        if (Depth - _count <= (_registers[0x08] & 0x0F))
        {
            _registers[0x00] |= AFull;
        }
    }

    // LED 1 red, 2 infrared, 3 green; the order of the slots is the order in the FIFO (p. 22).
    private int Slot(int index) => (_registers[ModeConfig] & 7) switch
    {
        2 => 1,
        3 => index + 1,
        _ => (_registers[0x11 + (index / 2)] >> (4 * (index % 2))) & 7,
    };

    private int Channels()
    {
        switch (_registers[ModeConfig] & 7)
        {
            case 2:
                return 1;
            case 3:
                return 2;
            case 7:
                int slots = 0;
                while (slots < 4 && Slot(slots) != 0)
                {
                    slots++;
                }

                return slots;
            default:
                return 0;
        }
    }

    private void ClearFifo()
    {
        _write = 0;
        _read = 0;
        _count = 0;
        _overflow = 0;
        _byteInSample = 0;
        _averaged = 0;
        Array.Clear(_sums);
        Array.Clear(_fifo);
    }
}

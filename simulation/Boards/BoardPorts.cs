using ElderBand.BandProtocol;
using Iot.Device.RegisterBus;

namespace ElderBand.Simulation;

/// <summary>
/// A chip on the board's I2C bus. A transfer takes time, and the chip goes on measuring while the processor computes.
/// </summary>
internal sealed class BusPort(Device device, IRegisterBus chip, Action<long> advanceChip) : IRegisterBus
{
    // Bytes for the part's address and the register; a read sends the part's address once more.
    private const int WriteBytes = 2;
    private const int ReadBytes = 3;

    /// <inheritdoc/>
    public BusResult Write(byte register, byte value)
    {
        Transfer(WriteBytes + 1);
        return chip.Write(register, value);
    }

    /// <inheritdoc/>
    public BusResult Read(byte register, byte[] buffer, int count)
    {
        Transfer(ReadBytes + count);
        return chip.Read(register, buffer, count);
    }

    /// <inheritdoc/>
    public bool Recover() => chip.Recover();

    private void Transfer(int bytes)
    {
        var figures = device.World.Figures;
        device.Processor.SpendNative(
            figures.I2cTransferUs + ((long)bytes * figures.I2cByteNs / 1000), figures.I2cGarbageBytes);
        advanceChip(device.EffectMs);
    }
}

/// <summary>HMAC, which is native code on the device.</summary>
internal sealed class BoardMac(Device device) : IMac
{
    private readonly HostMac _mac = new();

    /// <inheritdoc/>
    public void HmacSha256(byte[] key, byte[] data, int count, byte[] digest)
    {
        device.Processor.SpendNative(device.World.Figures.HmacUs, device.World.Figures.HmacGarbageBytes);
        _mac.HmacSha256(key, data, count, digest);
    }
}

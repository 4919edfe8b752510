namespace nanoFramework.Device.Bluetooth;

/// <summary>A run of bytes.</summary>
public class Buffer(byte[] array)
{
    /// <summary>Bytes used.</summary>
    public uint Length { get; set; } = (uint)array.Length;

    internal byte[] Data { get; } = array;
}

/// <summary>Reads a buffer from its beginning.</summary>
public class DataReader
{
    private readonly Buffer _buffer;
    private int _at;

    private DataReader(Buffer buffer) => _buffer = buffer;

    /// <summary>Bytes left.</summary>
    public uint UnconsumedBufferLength => _buffer.Length - (uint)_at;

    /// <summary>A reader of a buffer.</summary>
    public static DataReader FromBuffer(Buffer buffer) => new(buffer);

    /// <summary>Fills the array; throws where too few bytes are left.</summary>
    public void ReadBytes(byte[] value)
    {
        Array.Copy(_buffer.Data, _at, value, 0, value.Length);
        _at += value.Length;
    }
}

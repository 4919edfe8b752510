using ElderBand.BandProtocol;

// The device's flash code (FlashFiles.cs) is compiled into this project, and these types stand where it looks for the
// device's file API: a littlefs partition of 64 blocks that tells neither its size nor why an operation failed.
namespace ElderBand.Common.Board;

/// <summary>
/// A littlefs partition: whole blocks for each file, pairs of blocks for the directory, and a new block for whatever
/// is written, before the old one is free. A failed write leaves the file as it was.
/// </summary>
public sealed class LittleFs
{
    private const int Blocks = 0x40000 / 4096;
    private const int FilesPerDirectoryPair = 16;

    // provision.txt, ca.pem and the network settings of the runtime.
    private const int FilesOfOthers = 3;

    [ThreadStatic]
    private static LittleFs? _mounted;

    public static LittleFs Mounted
    {
        get => _mounted ?? throw new InvalidOperationException("no drive");
        set => _mounted = value;
    }

    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Opening for writing throws: a worn or read-only medium.</summary>
    public bool WritesFail { get; set; }

    /// <summary>Every operation throws: the driver is gone.</summary>
    public bool AllFails { get; set; }

    public int Closes { get; private set; }

    /// <summary>Writes that found no block: the count in FlashSpace must never let it come to that.</summary>
    public int OutOfBlocks { get; private set; }

    public int UsedBlocks =>
        FilesOfOthers
        + (2 * (1 + (Files.Count / FilesPerDirectoryPair)))
        + Files.Values.Sum(data => BlocksOf(data.Length));

    public void Check(bool writes)
    {
        if (AllFails || (writes && WritesFail))
        {
            throw new IOException("the medium refused");
        }
    }

    public void Close(string path, byte[] content, int written)
    {
        if (UsedBlocks + BlocksOf(written + (content.Length % 4096 == 0 ? 0 : 1)) > Blocks)
        {
            OutOfBlocks++;
            throw new IOException("no block is free");
        }

        Files[path] = content;
        Closes++;
    }

    private static int BlocksOf(int length) => (length + 4095) / 4096;
}

internal static class File
{
    public static bool Exists(string path)
    {
        LittleFs.Mounted.Check(false);
        return LittleFs.Mounted.Files.ContainsKey(path);
    }

    public static void Delete(string path)
    {
        LittleFs.Mounted.Check(true);
        LittleFs.Mounted.Files.Remove(path);
    }
}

internal sealed class FileStream : IDisposable
{
    private readonly LittleFs _drive = LittleFs.Mounted;
    private readonly string _path;
    private readonly byte[] _before;
    private readonly List<byte> _added = [];
    private readonly bool _writes;
    private int _position;

    public FileStream(string path, FileMode mode, FileAccess access)
    {
        _path = path;
        _writes = access == FileAccess.Write;
        _drive.Check(_writes);
        bool exists = _drive.Files.TryGetValue(path, out byte[]? data);
        if (!exists && mode == FileMode.Open)
        {
            throw new FileNotFoundException(path);
        }

        _before = mode == FileMode.Create ? [] : data ?? [];
    }

    public long Length => _before.Length + _added.Count;

    public void Seek(long offset, SeekOrigin origin)
    {
        origin.ShouldBe(SeekOrigin.Begin);
        _position = (int)offset;
    }

    public int Read(byte[] buffer, int offset, int count)
    {
        int length = Math.Max(0, Math.Min(count, _before.Length - _position));
        Array.Copy(_before, _position, buffer, offset, length);
        _position += length;
        return length;
    }

    public void Write(byte[] buffer, int offset, int count) => _added.AddRange(buffer.AsSpan(offset, count));

    public void Dispose()
    {
        if (_writes)
        {
            _drive.Close(_path, [.. _before, .. _added], _added.Count);
        }
    }
}

/// <summary>What upstream's driver for littlefs answers: it knows no size.</summary>
internal sealed class DriveInfo(string name)
{
    public string Name => name;

    public long TotalSize => -1;
}

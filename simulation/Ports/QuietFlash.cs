using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>64 files of at most 8 KB that allocate nothing, so that a test sees only what the App allocates.</summary>
public sealed class QuietFlash : IFlash
{
    private readonly byte[] _store = new byte[64 * 8192];
    private readonly int[] _lengths = new int[64];
    private readonly string?[] _names = new string?[64];

    /// <inheritdoc/>
    public int Length(string name)
    {
        int file = FileOf(name, create: false);
        return file < 0 ? FlashFile.None : _lengths[file];
    }

    /// <inheritdoc/>
    public int Read(string name, int offset, byte[] buffer, int count)
    {
        int file = FileOf(name, create: false);
        if (file < 0)
        {
            return FlashFile.None;
        }

        int length = Math.Min(count, _lengths[file] - offset);
        Array.Copy(_store, (file * 8192) + offset, buffer, 0, length);
        return length;
    }

    /// <inheritdoc/>
    public FlashResult Write(string name, byte[] data, int count)
    {
        _lengths[FileOf(name, create: true)] = 0;
        return Append(name, data, count);
    }

    /// <inheritdoc/>
    public FlashResult Append(string name, byte[] data, int count)
    {
        int file = FileOf(name, create: true);
        Array.Copy(data, 0, _store, (file * 8192) + _lengths[file], count);
        _lengths[file] += count;
        return FlashResult.Ok;
    }

    /// <inheritdoc/>
    public FlashResult Delete(string name)
    {
        int file = FileOf(name, create: false);
        if (file >= 0)
        {
            _names[file] = null;
        }

        return FlashResult.Ok;
    }

    /// <inheritdoc/>
    public int FreeBytes() => 100_000;

    private int FileOf(string name, bool create)
    {
        int free = -1;
        for (int i = 0; i < _names.Length; i++)
        {
            if (_names[i] == name)
            {
                return i;
            }

            free = free < 0 && _names[i] is null ? i : free;
        }

        if (create)
        {
            _names[free] = name;
            _lengths[free] = 0;
            return free;
        }

        return -1;
    }
}

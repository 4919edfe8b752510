using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>Power was cut during a flash operation.</summary>
public sealed class PowerCutException : Exception
{
    /// <summary>Without a reason.</summary>
    public PowerCutException()
        : this("power cut")
    {
    }

    /// <summary>With a reason.</summary>
    public PowerCutException(string message)
        : base(message)
    {
    }

    /// <summary>With a reason and its cause.</summary>
    public PowerCutException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>What is left of the operation that the power cut hit.</summary>
public enum Cut
{
    /// <summary>Nothing of it.</summary>
    Missing,

    /// <summary>Its first byte.</summary>
    OneByte,

    /// <summary>Its first half.</summary>
    Half,

    /// <summary>All but its last byte.</summary>
    AllButOne,

    /// <summary>All of it, but the operation returned no result.</summary>
    Unreported,
}

/// <summary>
/// Files in memory. A test can cut the power at any operation, fill the flash, make it refuse operations, or mark files
/// as bad.
/// </summary>
public sealed class MemoryFlash : IFlash
{
    /// <summary>Every file with its bytes.</summary>
    public Dictionary<string, byte[]> Files { get; private set; } = [];

    /// <summary>Writes, appends and deletes so far.</summary>
    public int Operations { get; private set; }

    /// <summary>The operation, counted from 0, in which power is cut; -1 for none.</summary>
    public int CutAt { get; set; } = -1;

    /// <summary>What is left of that operation.</summary>
    public Cut CutMode { get; set; }

    /// <summary>Reads and questions for a length so far.</summary>
    public int Reads { get; private set; }

    /// <summary>
    /// Given a file's name and the number of the read, counted from 0: true where the medium does not answer.
    /// </summary>
    public Func<string, int, bool>? ReadFails { get; set; }

    /// <summary>Reads that the medium did not answer.</summary>
    public int ReadFaults { get; private set; }

    /// <summary>Every operation fails.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>Appends fail; writes work.</summary>
    public bool AppendsFail { get; set; }

    /// <summary>
    /// Writes fail and leave this many bytes of the new content, -1 for the file as it was; null where writes work.
    /// </summary>
    public int? FailKeepingBytes { get; set; }

    /// <summary>Bytes of the partition that files can use.</summary>
    public int CapacityBytes { get; set; } = FlashSpace.PartitionBytes - (
        FlashSpace.ReservedBlocks * FlashSpace.BlockBytes);

    /// <summary>Files that lie on a bad block: they cannot be written.</summary>
    public HashSet<string> BadFiles { get; } = [];

    /// <summary>How often each file was closed after a write.</summary>
    public Dictionary<string, int> Closes { get; } = [];

    /// <summary>Bytes in use; a file takes whole blocks of 4 KB.</summary>
    public int Used => Files.Sum(file => (file.Value.Length + 4095) / 4096 * 4096);

    /// <summary>
    /// Called before each operation with the content that its file would have after each kind of cut (null: no file).
    /// </summary>
    public Action<string, Func<Cut, byte[]?>>? Watch { get; set; }

    /// <summary>A flash with the same files and no faults.</summary>
    public MemoryFlash Copy()
    {
        MemoryFlash copy = new() { CapacityBytes = CapacityBytes };
        foreach ((string name, byte[] data) in Files)
        {
            copy.Files[name] = (byte[])data.Clone();
        }

        return copy;
    }

    /// <summary>
    /// A flash with the same files, one of them replaced. Contents are shared, because no operation changes them in
    /// place.
    /// </summary>
    public MemoryFlash With(string name, byte[]? content)
    {
        MemoryFlash flash = new() { CapacityBytes = CapacityBytes, Files = new Dictionary<string, byte[]>(Files) };
        if (content is null)
        {
            flash.Files.Remove(name);
        }
        else
        {
            flash.Files[name] = content;
        }

        return flash;
    }

    /// <inheritdoc/>
    public int Length(string name) => IsUnreadable(name) ? FlashFile.Fault : LengthOf(name);

    /// <inheritdoc/>
    public int Read(string name, int offset, byte[] buffer, int count)
    {
        if (IsUnreadable(name))
        {
            return FlashFile.Fault;
        }

        if (!Files.TryGetValue(name, out byte[]? data) || offset > data.Length)
        {
            return FlashFile.None;
        }

        int length = Math.Min(Math.Min(count, buffer.Length), data.Length - offset);
        Array.Copy(data, offset, buffer, 0, length);
        return length;
    }

    /// <inheritdoc/>
    public FlashResult Write(string name, byte[] data, int count) => Put(name, [], data, count);

    /// <inheritdoc/>
    public FlashResult Append(string name, byte[] data, int count) =>
        AppendsFail
            ? FlashResult.Failed : Put(name, Files.TryGetValue(name, out byte[]? before) ? before : [], data, count);

    /// <inheritdoc/>
    public FlashResult Delete(string name)
    {
        if (ReadOnly)
        {
            return FlashResult.Failed;
        }

        if (!Files.ContainsKey(name))
        {
            return FlashResult.Ok;
        }

        byte[] content = Files[name];
        Begin(name, cut => cut == Cut.Unreported ? null : content);
        Files.Remove(name);
        return FlashResult.Ok;
    }

    /// <inheritdoc/>
    public int FreeBytes() => CapacityBytes - Used;

    private int LengthOf(string name) => Files.TryGetValue(name, out byte[]? data) ? data.Length : FlashFile.None;

    private bool IsUnreadable(string name)
    {
        bool fails = ReadFails?.Invoke(name, Reads) ?? false;
        Reads++;
        ReadFaults += fails ? 1 : 0;
        return fails;
    }

    private FlashResult Put(string name, byte[] before, byte[] data, int count)
    {
        if (ReadOnly || BadFiles.Contains(name))
        {
            return FlashResult.Failed;
        }

        if (FailKeepingBytes is { } kept)
        {
            if (kept >= 0)
            {
                Files[name] = [.. before, .. data.AsSpan(0, kept)];
            }

            return FlashResult.Failed;
        }

        byte[] after = [.. before, .. data.AsSpan(0, count)];
        int had = (LengthOf(name) + 4095) / 4096 * 4096;
        if (Used - Math.Max(had, 0) + ((after.Length + 4095) / 4096 * 4096) > CapacityBytes)
        {
            return FlashResult.Full;
        }

        Files.TryGetValue(name, out byte[]? old);
        Begin(name, cut => cut == Cut.Missing ? old : after[..(before.Length + Kept(cut, count))]);
        Files[name] = after;
        Closes[name] = Closes.GetValueOrDefault(name) + 1;
        return FlashResult.Ok;
    }

    private static int Kept(Cut cut, int count) => cut switch
    {
        Cut.OneByte => 1,
        Cut.Half => count / 2,
        Cut.AllButOne => count - 1,
        _ => count,
    };

    private void Begin(string name, Func<Cut, byte[]?> after)
    {
        Watch?.Invoke(name, after);
        if (Operations++ != CutAt)
        {
            return;
        }

        Files = With(name, after(CutMode)).Files;
        throw new PowerCutException();
    }
}

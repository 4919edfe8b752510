using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>One finished flash operation.</summary>
/// <param name="File">Name.</param>
/// <param name="Data">The bytes that were written or appended.</param>
/// <param name="EndUs">When the file was closed, µs on the world's clock.</param>
public readonly record struct FlashWrite(string File, byte[] Data, long EndUs);

/// <summary>
/// Small files as on littlefs. Every operation takes the time of <see cref="Figures.FlashMs"/>. A power cut during an
/// operation leaves any prefix of it. Free space is counted in whole blocks, as on the device.
/// </summary>
public sealed class VirtualFlash(Device device) : IFlash
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly List<Operation> _running = [];
    private FlashSpace _space = new();

    /// <summary>Called for each operation, with the moment it ends.</summary>
    public Action<FlashWrite>? Written { get; set; }

    /// <summary>True: every operation returns Failed, and every read is a fault.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Given a file's name: true where the medium does not answer this read.</summary>
    public Func<string, bool>? ReadFails { get; set; }

    /// <summary>Result that every write, append and delete returns without effect; Ok: none is refused.</summary>
    public FlashResult Refusal { get; set; }

    /// <summary>Time of each operation, ms; null: the time is that of <see cref="Figures.FlashMs"/>.</summary>
    public (int Min, int Max)? OperationMs { get; set; }

    /// <summary>Deletes all files, as happens to a file system that cannot be mounted.</summary>
    public void Format()
    {
        _files.Clear();
        _space = new FlashSpace();
    }

    /// <summary>Changes one bit of one file. The number decides which file and which bit.</summary>
    /// <returns>Name of the file; null where no file holds a byte.</returns>
    public string? Rot(int number)
    {
        var random = new Random(number);
        var names = _files.Where(static f => f.Value.Length > 0).Select(static f => f.Key)
            .Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0)
        {
            return null;
        }

        var name = names[random.Next(names.Count)];
        var file = (byte[])_files[name].Clone();
        file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
        Put(name, file);
        device.World.Count("bits that rotted");
        return name;
    }

    /// <summary>Content of a file now; empty where there is no such file.</summary>
    public ReadOnlySpan<byte> Content(string name) => _files.GetValueOrDefault(name);

    /// <summary>True where some file holds these bytes now.</summary>
    public bool Holds(ReadOnlySpan<byte> bytes)
    {
        foreach (var file in _files.Values)
        {
            if (file.AsSpan().IndexOf(bytes) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public int Length(string name) => IsUnreadable(name) ? FlashFile.Fault
        : _files.TryGetValue(name, out var file) ? file.Length : FlashFile.None;

    /// <inheritdoc/>
    public int Read(string name, int offset, byte[] buffer, int count)
    {
        if (IsUnreadable(name))
        {
            return FlashFile.Fault;
        }

        if (!_files.TryGetValue(name, out var file) || offset > file.Length)
        {
            return FlashFile.None;
        }

        var read = Math.Min(count, file.Length - offset);
        Array.Copy(file, offset, buffer, 0, read);
        return read;
    }

    /// <inheritdoc/>
    public FlashResult Write(string name, byte[] data, int count) => Change(name, [], data.AsSpan(0, count));

    /// <inheritdoc/>
    public FlashResult Append(string name, byte[] data, int count) =>
        Change(name, _files.TryGetValue(name, out var file) ? file : [], data.AsSpan(0, count));

    /// <inheritdoc/>
    public FlashResult Delete(string name)
    {
        if (IsBroken || Refusal != FlashResult.Ok)
        {
            return IsBroken ? FlashResult.Failed : Refusal;
        }

        if (_files.TryGetValue(name, out var before))
        {
            Begin(new Operation(name, before, null, null));
            Put(name, null);
        }

        return FlashResult.Ok;
    }

    /// <inheritdoc/>
    public int FreeBytes() => _space.FreeBytes;

    /// <summary>
    /// Power is lost now: operations that have not begun are undone, and a running operation is torn.
    /// </summary>
    internal void Cut()
    {
        var nowMs = device.World.NowMs;
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            var operation = _running[i];
            if (operation.EndMs <= nowMs)
            {
                continue;
            }

            Put(operation.Name, operation.Before);
            if (operation.StartMs < nowMs && operation.Added is not null)
            {
                device.World.Count("torn writes");
                var keep = device.World.Random.Next(operation.Added.Length + 1);
                Put(operation.Name, [.. operation.Base ?? [], .. operation.Added.AsSpan(0, keep)]);
            }
        }

        _running.Clear();
    }

    private FlashResult Change(string name, byte[] keep, ReadOnlySpan<byte> data)
    {
        if (IsBroken || Refusal != FlashResult.Ok)
        {
            return IsBroken ? FlashResult.Failed : Refusal;
        }

        if (!_space.Fits(name, keep.Length + data.Length))
        {
            return FlashResult.Full;
        }

        _files.TryGetValue(name, out var before);
        var added = data.ToArray();
        Begin(new Operation(name, before, keep, added));
        Put(name, [.. keep, .. data]);
        Written?.Invoke(new FlashWrite(name, added, device.EffectUs));
        return FlashResult.Ok;
    }

    private bool IsUnreadable(string name)
    {
        var fails = IsBroken || (ReadFails?.Invoke(name) ?? false);
        if (fails)
        {
            device.World.Count("flash reads that failed");
        }

        return fails;
    }

    private void Put(string name, byte[]? content)
    {
        if (content is null)
        {
            _files.Remove(name);
        }
        else
        {
            _files[name] = content;
        }

        _space.Note(name, content?.Length ?? -1);
    }

    private void Begin(Operation operation)
    {
        _running.RemoveAll(past => past.EndMs <= device.World.NowMs);
        operation.StartMs = device.EffectMs;
        device.StandStill(device.World.Draw(OperationMs ?? device.World.Figures.FlashMs));
        operation.EndMs = device.EffectMs;
        device.World.Count("flash operations");
        _running.Add(operation);
    }

    private sealed record Operation(string Name, byte[]? Before, byte[]? Base, byte[]? Added)
    {
        public long StartMs { get; set; }

        public long EndMs { get; set; }
    }
}

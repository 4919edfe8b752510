using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>One finished flash operation.</summary>
/// <param name="File">Name.</param>
/// <param name="Data">The bytes that were written or appended.</param>
/// <param name="EndUs">When the file was closed, µs on the world's clock.</param>
public readonly record struct FlashWrite(string File, byte[] Data, long EndUs);

/// <summary>
/// Small files as on littlefs: every operation takes the time that <see cref="Figures.FlashMs"/> says, and a power cut
/// in the middle of one leaves any prefix of it.
/// </summary>
public sealed class VirtualFlash(Device device) : IFlash
{
    // 4 MB layouts of the device give 256 KB of file system (docs/simulator.md).
    private const int CapacityBytes = 256 * 1024;

    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly List<Operation> _running = [];

    /// <summary>Called for each operation, with the moment it ends.</summary>
    public Action<FlashWrite>? Written { get; set; }

    /// <summary>Every operation answers Failed.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Loses everything, as a file system that cannot be mounted does.</summary>
    public void Format() => _files.Clear();

    /// <inheritdoc/>
    public int Length(string name) => _files.TryGetValue(name, out var file) ? file.Length : -1;

    /// <inheritdoc/>
    public int Read(string name, int offset, byte[] buffer, int count)
    {
        if (IsBroken || !_files.TryGetValue(name, out var file) || offset > file.Length)
        {
            return -1;
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
        if (IsBroken)
        {
            return FlashResult.Failed;
        }

        if (_files.TryGetValue(name, out var before))
        {
            Begin(new Operation(name, before, null, null));
            _files.Remove(name);
        }

        return FlashResult.Ok;
    }

    /// <inheritdoc/>
    public int FreeBytes() => CapacityBytes - _files.Values.Sum(static file => file.Length);

    /// <summary>Power went away now: what has not ended is undone, and what was being written is torn.</summary>
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

            if (operation.Before is null)
            {
                _files.Remove(operation.Name);
            }
            else
            {
                _files[operation.Name] = operation.Before;
            }

            if (operation.StartMs < nowMs && operation.Added is not null)
            {
                device.World.Count("torn writes");
                var keep = device.World.Random.Next(operation.Added.Length + 1);
                _files[operation.Name] = [.. operation.Base ?? [], .. operation.Added.AsSpan(0, keep)];
            }
        }

        _running.Clear();
    }

    private FlashResult Change(string name, byte[] keep, ReadOnlySpan<byte> data)
    {
        if (IsBroken)
        {
            return FlashResult.Failed;
        }

        if (FreeBytes() < data.Length)
        {
            return FlashResult.Full;
        }

        _files.TryGetValue(name, out var before);
        var added = data.ToArray();
        Begin(new Operation(name, before, keep, added));
        _files[name] = [.. keep, .. data];
        Written?.Invoke(new FlashWrite(name, added, device.EffectUs));
        return FlashResult.Ok;
    }

    private void Begin(Operation operation)
    {
        _running.RemoveAll(past => past.EndMs <= device.World.NowMs);
        operation.StartMs = device.EffectMs;
        device.Spend(device.World.Draw(device.World.Figures.FlashMs));
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

using System.Security.Cryptography;
using ElderBand.BandProtocol;

namespace ElderBand.Tests.Wristband;

/// <summary>The power went in the middle of a flash operation.</summary>
public sealed class PowerCutException : Exception
{
    public PowerCutException()
        : this("power cut")
    {
    }

    public PowerCutException(string message)
        : base(message)
    {
    }

    public PowerCutException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public enum Cut
{
    /// <summary>The operation never reached the medium.</summary>
    Missing,

    /// <summary>Half of the new bytes, nothing of the old ones.</summary>
    Torn,

    /// <summary>All bytes but the last.</summary>
    AlmostDone,

    /// <summary>The operation was whole; the band never learned it.</summary>
    Done,
}

/// <summary>Files in memory, with a power cut at a chosen write, and with writes that fail.</summary>
public sealed class FakeFlash : IFlash
{
    public readonly Dictionary<string, byte[]> Files = [];

    public int Writes { get; private set; }

    public int CutAtWrite { get; set; } = -1;

    public Cut CutHow { get; set; }

    public bool Fails { get; set; }

    public int Length(string name) => Files.TryGetValue(name, out var data) ? data.Length : -1;

    public int Read(string name, int offset, byte[] buffer, int count)
    {
        if (!Files.TryGetValue(name, out var data))
        {
            return -1;
        }

        var length = Math.Max(0, Math.Min(count, data.Length - offset));
        Array.Copy(data, offset, buffer, 0, length);
        return length;
    }

    public FlashResult Write(string name, byte[] data, int count)
    {
        if (Fails)
        {
            return FlashResult.Failed;
        }

        if (Writes++ == CutAtWrite)
        {
            switch (CutHow)
            {
                case Cut.Torn:
                    Files[name] = data[..(count / 2)];
                    break;
                case Cut.AlmostDone:
                    Files[name] = data[..(count - 1)];
                    break;
                case Cut.Done:
                    Files[name] = data[..count];
                    break;
                default:
                    break;
            }

            throw new PowerCutException();
        }

        if (Files.TryGetValue(name, out var old) && old.Length == count)
        {
            Array.Copy(data, old, count);
        }
        else
        {
            Files[name] = data[..count];
        }

        return FlashResult.Ok;
    }

    public FlashResult Append(string name, byte[] data, int count) => throw new NotSupportedException("the band never appends");

    public FlashResult Delete(string name)
    {
        Files.Remove(name);
        return FlashResult.Ok;
    }

    public int FreeBytes() => 100_000;
}

public sealed class HostMac : IMac
{
    public void HmacSha256(byte[] key, byte[] data, int count, byte[] digest) =>
        HMACSHA256.HashData(key, data.AsSpan(0, count), digest);
}

public sealed class FakePin : IPin
{
    public bool Level { get; set; }

    public int Rises { get; private set; }

    public bool Read() => Level;

    public void Write(bool active)
    {
        Rises += active && !Level ? 1 : 0;
        Level = active;
    }
}

public sealed class FakePower : IPower
{
    public byte Battery { get; set; } = 80;

    public bool Charger { get; set; }

    public WakeCause WakeCause { get; set; }

    public int Sleeps { get; private set; }

    public int Resets { get; private set; }

    public long LastFed { get; set; }

    public int LastSleepMs { get; private set; }

    public int Feeds { get; private set; }

    public byte BatteryPct() => Battery;

    public bool External() => Charger;

    public WakeCause Cause() => WakeCause;

    public void DeepSleep(int timeoutMs)
    {
        Sleeps++;
        LastSleepMs = timeoutMs;
    }

    public void Reset() => Resets++;

    public void FeedWatchdog() => Feeds++;
}

public sealed class FakeClock : IClock
{
    public long Now { get; set; }

    public long NowMs() => Now;

    public long WallMs() => 0;

    public void SetWall(long unixMs)
    {
    }
}

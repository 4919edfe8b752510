using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Devices;

/// <summary>
/// One entry of a trace. Seconds counts from the boot in which the entry was written. AtMs is UTC ms; it is null where
/// that boot's time is not known, as for every boot but the last. What First and Second mean depends on Kind, a
/// <see cref="TraceKind"/>.
/// </summary>
public sealed record TraceEntry(long? AtMs, int Seconds, int Kind, int First, int Second);

/// <summary>Turns the stored bytes of a trace into entries with times.</summary>
public static class TraceReader
{
    private const byte NotReceived = 0xFF;

    /// <summary>
    /// The entries that have arrived whole, oldest first. The device writes the question itself as the last entry, when
    /// it makes its answer. The time of the answer is known, so the times of the other entries of that boot are too.
    /// </summary>
    public static List<TraceEntry> Read(TraceRow row)
    {
        byte[] data = row.Entries;
        var entries = new List<TraceEntry>();
        for (int at = 0; at + TraceRing.EntrySize <= data.Length; at += TraceRing.EntrySize)
        {
            ReadOnlySpan<byte> second = data.AsSpan(at + Payload.TraceHalfSize, Payload.TraceHalfSize);
            if (data[at] is not ((byte)TraceKind.None or NotReceived) && second.ContainsAnyExcept(NotReceived))
            {
                entries.Add(new TraceEntry(
                    null, Bytes.GetU24(data, at + 1), data[at],
                    Bytes.GetU16(data, at + 4), Bytes.GetU16(data, at + 6)));
            }
        }
        if (row.ReadAtMs is not { } readAtMs || entries.Count == 0 || entries[^1].Kind != (int)TraceKind.Asked)
        {
            return entries;
        }
        long bootAtMs = readAtMs - (entries[^1].Seconds * 1000L);
        int boot = entries.FindLastIndex(static e => e.Kind == (int)TraceKind.Boot);
        for (int i = Math.Max(boot, 0); i < entries.Count; i++)
        {
            entries[i] = entries[i] with { AtMs = bootAtMs + (entries[i].Seconds * 1000L) };
        }
        return entries;
    }
}

using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Devices;

/// <summary>
/// One entry of a trace. AtMs is UTC, null for an entry of an earlier boot, of which only the seconds since that boot
/// are known.
/// </summary>
public sealed record TraceEntry(long? AtMs, int Seconds, int Kind, int First, int Second);

/// <summary>Turns the stored bytes of a trace into entries with times.</summary>
public static class TraceReader
{
    private const byte NotReceived = 0xFF;

    /// <summary>
    /// The entries that have arrived whole, oldest first. The last one is the question itself: its time is when the
    /// answer was made, and the other times of the same boot follow from it.
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

using ElderBand.BandProtocol;

namespace ElderBand.HubService.Storage;

/// <summary>
/// A device's newest question and its newest answer, which may answer an earlier question. Ask and ReadAsk are the
/// numbers of those two questions, 1 to 255. Entries are bytes as <see cref="TraceRing"/> writes them; a half that has
/// not arrived is all 255.
/// </summary>
public sealed record TraceRow(int Ask, long AskedAtMs, string AskedBy, int? ReadAsk, long? ReadAtMs, byte[] Entries)
{
    /// <summary>True while the newest question has no answer.</summary>
    public bool Waits => ReadAsk != Ask;
}

/// <summary>The table <c>trace</c>: one row for each device that was ever asked, so its size is bounded.</summary>
public static class TraceRows
{
    /// <summary>A device is asked once in 10 min, because a question costs the device a message or a link.</summary>
    public const long AskEveryMs = 600_000;

    private const byte NotReceived = 0xFF;

    /// <summary>Key of a hub's row.</summary>
    public static string OfHub(string hubId) => $"h{hubId}";

    /// <summary>Key of a band's row.</summary>
    public static string OfBand(long bandId) => $"b{bandId}";

    /// <summary>What is known of a device's trace, null where it was never asked.</summary>
    public static TraceRow? Get(Db db, string device) =>
        db.One(
            "SELECT ask, asked_at_ms, asked_by, read_ask, read_at_ms, entries FROM trace WHERE device=$1",
            static r => new TraceRow(r.Int(0), r.Long(1), r.Text(2), r.IntOrNull(3), r.LongOrNull(4), r.Blob(5)),
            device);

    /// <summary>Number of the question that waits for its answer, 0 for none.</summary>
    public static byte Waiting(Db db, string device) =>
        Get(db, device) is { Waits: true } row ? (byte)row.Ask : (byte)0;

    /// <summary>Stores a new question; false where the last one is younger than <see cref="AskEveryMs"/>.</summary>
    public static bool Ask(Db db, string centreId, string device, string who, long nowMs) =>
        db.Run(
            """
            INSERT INTO trace (device, centre_id, ask, asked_at_ms, asked_by, entries) VALUES ($1,$2,1,$3,$4,x'')
            ON CONFLICT (device) DO UPDATE SET ask=ask%255+1, asked_at_ms=excluded.asked_at_ms, asked_by=excluded.asked_by
            WHERE asked_at_ms<=$5
            """,
            device, centreId, nowMs, who, nowMs - AskEveryMs) > 0;

    /// <summary>Stores a hub's whole answer; false where the answer is to no question that waits.</summary>
    public static bool PutAnswer(Db db, string device, int ask, byte[] entries, long atMs) =>
        db.Run(
            """
            UPDATE trace SET read_ask=ask, read_at_ms=$3, entries=$4 WHERE device=$1 AND ask=$2 AND read_ask IS NOT ask
            """,
            device, ask, atMs, entries) > 0;

    /// <summary>
    /// Stores one half of an entry from a band's answer. The first half that arrives sets the time of the answer. False
    /// where the half does not belong to the newest question.
    /// </summary>
    public static bool PutHalf(Db db, string device, byte[] frame, long atMs)
    {
        int ask = Payload.TraceAsk(frame, 0);
        if (Get(db, device) is not { } row || row.Ask != ask)
        {
            return false;
        }
        byte[] entries = row.Entries;
        if (row.Waits)
        {
            entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
            Array.Fill(entries, NotReceived);
        }
        Payload.TakeTraceHalf(frame, 0, entries);
        db.Run(
            "UPDATE trace SET read_ask=ask, read_at_ms=$2, entries=$3 WHERE device=$1",
            device, row.Waits ? atMs : row.ReadAtMs, entries);
        return true;
    }
}

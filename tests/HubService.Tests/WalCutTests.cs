using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>P32: the write-ahead log of real alarms, cut at its bytes.</summary>
public sealed class WalCutTests(ITestOutputHelper output)
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const int PageBytes = 4096;
    private const int FrameBytes = FrameHeaderBytes + PageBytes;
    private const int Presses = 3;

    /// <summary>
    /// Three presses through the real intake, each receipted after its commit. The log is cut at every byte of its
    /// header, of every frame's header, around every frame's end and of a commit's last 300 bytes, and between them at
    /// a prime distance. What was receipted before the cut is there, whole, and nothing else is.
    /// </summary>
    [Fact]
    public async Task P32_a_log_cut_at_every_frame_holds_every_receipted_press_and_nothing_half()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        string file = Path.Combine(centre.DataDir, "elderband.db");
        await centre.Store.WriteAsync(
            Lane.Alarm, static tx => tx.Db.Run("PRAGMA wal_autocheckpoint=0"), TestContext.Current.CancellationToken);
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        var presses = new List<(int Sequence, long WalBytes)>();
        for (int i = 0; i < Presses; i++)
        {
            byte[] sos = band.Sos();
            Task<bool> sent = hub.SendAsync(band, sos);

            // The log is measured right after the receipt. If the receipt were sent before the commit, the log would
            // lack the press.
            SpinWait.SpinUntil(() => hub.Receipts.Count > i, 10_000).ShouldBeTrue("the receipt");
            presses.Add((Frame.SequenceOf(sos, 0), new FileInfo(file + "-wal").Length));
            (await sent).ShouldBeTrue();
        }

        byte[] database = ReadShared(file);
        byte[] wal = ReadShared(file + "-wal");
        string folder = Directory.CreateTempSubdirectory("eb-service-wal-").FullName;
        int points = 0;
        int most = 0;
        foreach (int cut in Cuts(wal, presses.ConvertAll(static p => p.WalBytes)))
        {
            string copy = Path.Combine(folder, "elderband.db");
            File.WriteAllBytes(copy, database);
            File.WriteAllBytes(copy + "-wal", wal.AsSpan(0, cut).ToArray());
            File.Delete(copy + "-shm");
            most = Math.Max(most, Judge(copy, cut, presses));
            points++;
        }

        Directory.Delete(folder, recursive: true);
        output.WriteLine($"{points} cuts of a log of {wal.Length} bytes with {Presses} receipted presses");
        points.ShouldBeGreaterThan(1500);
        most.ShouldBe(Presses);
    }

    private static int Judge(string copy, int cut, List<(int Sequence, long WalBytes)> presses)
    {
        string because = $"cut at byte {cut}";
        using var opened = new Db(copy);
        opened.Run("PRAGMA synchronous=OFF"); // the copy is judged once and need not reach the disk
        List<int> stored = opened.All("SELECT sequence FROM event ORDER BY id", static r => r.Int(0));
        int[] receipted = [.. presses.Where(p => p.WalBytes <= cut).Select(static p => p.Sequence)];
        receipted.ShouldBeSubsetOf(stored, because);
        stored.ShouldBe(presses.Take(stored.Count).Select(static p => p.Sequence), because);

        // An event and its card are one transaction.
        opened.Number("SELECT coalesce(sum(presses), 0) FROM alarm").ShouldBe(stored.Count, because);
        (opened.Value("PRAGMA integrity_check") as string).ShouldBe("ok", because);
        return stored.Count;
    }

    private static SortedSet<int> Cuts(byte[] wal, List<long> commits)
    {
        var cuts = new SortedSet<int>(Enumerable.Range(0, HeaderBytes + 1)) { wal.Length };
        for (int frame = HeaderBytes; frame < wal.Length; frame += FrameBytes)
        {
            for (int i = 0; i <= FrameHeaderBytes; i++)
            {
                cuts.Add(frame + i);
            }

            for (int i = 0; i < PageBytes; i += 397)
            {
                cuts.Add(frame + FrameHeaderBytes + i);
            }

            cuts.Add(frame + FrameBytes - 1);
        }

        // Cuts the log after each of the last bytes of the second commit. The transaction counts only with its last
        // byte.
        for (int i = FrameBytes - 300; i <= FrameBytes; i++)
        {
            cuts.Add((int)commits[1] - FrameBytes + i);
        }

        cuts.RemoveWhere(cut => cut > wal.Length);
        return cuts;
    }

    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] all = new byte[stream.Length];
        stream.ReadExactly(all);
        return all;
    }
}

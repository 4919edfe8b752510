using System.Collections.Concurrent;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Soak;

/// <summary>
/// One press of the soak: its identity (R1), when it began and when its receipt came, µs of the machine's monotonic
/// clock.
/// </summary>
public sealed class SoakPress(long address, int sequence)
{
    /// <summary>Address of the band.</summary>
    public long Address { get; } = address;

    /// <summary>Sequence of the press's frame on the alarm lane.</summary>
    public int Sequence { get; } = sequence;

    /// <summary>When the key was pressed.</summary>
    public long BeganUs { get; } = World.MonotonicUs();

    /// <summary>
    /// When the hub got the centre's receipt; 0: not yet. The centre sends the receipt after the commit (R2).
    /// </summary>
    public long ReceiptUs { get; set; }
}

/// <summary>All presses of a soak.</summary>
public sealed class SoakBook
{
    private readonly ConcurrentQueue<SoakPress> _presses = new();

    /// <summary>Presses so far, oldest first.</summary>
    public IEnumerable<SoakPress> Presses => _presses;

    /// <summary>Notes a press that begins now.</summary>
    public SoakPress Begin(long address, int sequence)
    {
        var press = new SoakPress(address, sequence);
        _presses.Enqueue(press);
        return press;
    }

    /// <summary>Presses that began at <paramref name="fromUs"/> or later and before <paramref name="toUs"/>.</summary>
    public IReadOnlyList<SoakPress> Between(long fromUs, long toUs) =>
        [.. _presses.Where(p => p.BeganUs >= fromUs && p.BeganUs < toUs)];

    /// <summary>Number of presses that began before <paramref name="beforeUs"/> and have no receipt.</summary>
    public int WaitingSince(long beforeUs) => _presses.Count(p => p.BeganUs < beforeUs && p.ReceiptUs == 0);

    /// <summary>
    /// Within how many ms this share of the presses, 0 to 1, had its receipt: infinity where one of these presses has
    /// none, NaN where there is no press.
    /// </summary>
    public static double WithinMs(IReadOnlyList<SoakPress> presses, double share)
    {
        var ms = presses
            .Select(static p => p.ReceiptUs == 0 ? double.PositiveInfinity : (p.ReceiptUs - p.BeganUs) / 1000.0)
            .Order().ToArray();
        return ms.Length == 0 ? double.NaN : ms[(int)((ms.Length - 1) * share)];
    }
}

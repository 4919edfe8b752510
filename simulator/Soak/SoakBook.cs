using System.Collections.Concurrent;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Soak;

/// <summary>One press of the soak by its identity (R1), with the moments of its way; µs of the machine's monotonic
/// clock.</summary>
public sealed class SoakPress(long address, int sequence)
{
    /// <summary>Address of its band.</summary>
    public long Address { get; } = address;

    /// <summary>Sequence of its frame on the alarm lane.</summary>
    public int Sequence { get; } = sequence;

    /// <summary>When the key was pressed.</summary>
    public long BeganUs { get; } = World.MonotonicUs();

    /// <summary>
    /// When the centre's receipt was at the hub; 0: not yet. The receipt leaves after the commit (R2).
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

    /// <summary>Presses that began in the time, without those that began at its end.</summary>
    public IReadOnlyList<SoakPress> Between(long fromUs, long toUs) =>
        [.. _presses.Where(p => p.BeganUs >= fromUs && p.BeganUs < toUs)];

    /// <summary>Presses that began before the moment and have no receipt.</summary>
    public int WaitingSince(long beforeUs) => _presses.Count(p => p.BeganUs < beforeUs && p.ReceiptUs == 0);

    /// <summary>
    /// A share of the presses had its receipt within so many ms; a press without one counts as infinitely late.
    /// </summary>
    public static double WithinMs(IReadOnlyList<SoakPress> presses, double share)
    {
        var ms = presses
            .Select(static p => p.ReceiptUs == 0 ? double.PositiveInfinity : (p.ReceiptUs - p.BeganUs) / 1000.0)
            .Order().ToArray();
        return ms.Length == 0 ? double.NaN : ms[(int)((ms.Length - 1) * share)];
    }
}

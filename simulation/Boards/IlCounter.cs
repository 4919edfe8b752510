using System.Numerics;
using System.Runtime.CompilerServices;

namespace ElderBand.Simulation;

/// <summary>
/// IL instructions and calls that the device assemblies have executed on this thread, by method. The build rewrites the
/// copies of those assemblies that lie beside a program of worlds (tools/CountIl): each basic block adds its length here.
/// Class constructors are not counted: the device runs them before Main.
/// </summary>
public static class IlCounter
{
    private static readonly string[] Names = ReadNames();

    [ThreadStatic]
    private static long[]? t_counts;

    /// <summary>False where the device assemblies beside this program are the originals: then nothing is counted.</summary>
    public static bool IsThere => Names.Length > 0;

    /// <summary>Instructions executed on this thread so far; the difference of two readings is what lay between.</summary>
    public static long Executed()
    {
        var counts = t_counts ?? Make();
        var sums = Vector<long>.Zero;
        var at = 0;
        for (; at <= counts.Length - Vector<long>.Count; at += Vector<long>.Count)
        {
            sums += new Vector<long>(counts, at);
        }

        long executed = 0;
        for (var lane = 0; lane < Vector<long>.Count; lane += 2)
        {
            executed += sums[lane];
        }

        for (; at < counts.Length; at += 2)
        {
            executed += counts[at];
        }

        return executed;
    }

    /// <summary>Names of the counted methods.</summary>
    public static IReadOnlyList<string> Methods => Names;

    /// <summary>A copy of this thread's counts: instructions and calls of each of <see cref="Methods"/>.</summary>
    public static long[] Snapshot() => (long[])(t_counts ?? Make()).Clone();

    /// <summary>Copies this thread's counts into a snapshot.</summary>
    public static void Copy(long[] snapshot) => (t_counts ?? Make()).CopyTo(snapshot, 0);

    /// <summary>For the counted assemblies: where a method counts its instructions; its calls lie behind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref long CellOf(int method) => ref (t_counts ?? Make())[2 * method];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long[] Make() => t_counts = new long[2 * Names.Length];

    private static string[] ReadNames()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "counted-methods.txt");
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }
}

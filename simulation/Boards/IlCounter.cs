using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ElderBand.Simulation;

/// <summary>
/// IL instructions and calls that the device assemblies have executed on this thread, by method. The build rewrites the
/// copies of those assemblies in the output folder of a program that runs worlds (tools/CountIl): each basic block adds
/// the number of its instructions to the count of its method. The device runs all class constructors before Main, in no
/// step, so their instructions are not counted.
/// </summary>
public static class IlCounter
{
    /// <summary>
    /// Highest number of methods. A method's calls are counted this many places behind its instructions
    /// (tools/CountIl).
    /// </summary>
    public const int MostMethods = 2048;

    private static readonly string[] Names = ReadNames();

    [ThreadStatic]
    private static long[]? t_counts;

    /// <summary>
    /// False where the device assemblies in this program's folder are the originals: then nothing is counted.
    /// </summary>
    public static bool IsThere => Names.Length > 0;

    /// <summary>
    /// Instructions executed on this thread so far. The difference of two readings is the number executed between them.
    /// </summary>
    public static long Executed()
    {
        var counts = t_counts ?? Make();
        var sums = Vector512<long>.Zero;
        for (var at = 0; at < Names.Length; at += Vector512<long>.Count)
        {
            sums += Vector512.LoadUnsafe(ref counts[at]);
        }

        return Vector512.Sum(sums);
    }

    /// <summary>Names of the counted methods.</summary>
    public static IReadOnlyList<string> Methods => Names;

    /// <summary>
    /// A copy of this thread's counts: instructions of each of <see cref="Methods"/>, and <see cref="MostMethods"/>
    /// places behind each the calls.
    /// </summary>
    public static long[] Snapshot() => (long[])(t_counts ?? Make()).Clone();

    /// <summary>Copies this thread's counts into a snapshot.</summary>
    public static void Copy(long[] snapshot) => (t_counts ?? Make()).CopyTo(snapshot, 0);

    /// <summary>Called by the counted assemblies: the place where a method counts its instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref long CellOf(int method) => ref (t_counts ?? Make())[method];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long[] Make() => t_counts = new long[2 * MostMethods];

    private static string[] ReadNames()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "counted-methods.txt");
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }
}

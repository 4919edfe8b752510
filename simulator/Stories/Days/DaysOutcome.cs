using System.Text.Encodings.Web;
using System.Text.Json;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Stories.Days;

/// <summary>What the steps of one board were.</summary>
public sealed record BoardWork(
    StepCost MostInstructions,
    StepCost Longest,
    IReadOnlyList<MethodCost> MostMethods,
    long Steps,
    long Instructions,
    int Boots,
    long RadioStarts);

/// <summary>Native memory of the two Bluetooth stacks at the end of a day, bytes.</summary>
public sealed record NativeBytes(long Band, long Hub);

/// <summary>What many days have shown.</summary>
public sealed class DaysOutcome
{
    // 256 KB of littlefs on blocks of 4 KB (docs/simulator.md).
    private const int Blocks = 64;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What was asked for.</summary>
    public required DaysOptions Options { get; init; }

    /// <summary>Virtual days.</summary>
    public required double Days { get; init; }

    /// <summary>Presses of the key.</summary>
    public required int Presses { get; init; }

    /// <summary>Presses that are no event at the centre.</summary>
    public required int Lost { get; init; }

    /// <summary>Events of the centre that are no press, or are a press once more.</summary>
    public required int Doubled { get; init; }

    /// <summary>Falls of the wearer.</summary>
    public required int Falls { get; init; }

    /// <summary>Falls at the centre, suspicions included.</summary>
    public required int FallAlarms { get; init; }

    /// <summary>Native memory of the two Bluetooth stacks at the end of each day, bytes.</summary>
    public required IReadOnlyList<NativeBytes> NativeBytes { get; init; }

    /// <summary>The band's steps.</summary>
    public required BoardWork Band { get; init; }

    /// <summary>The hub's steps.</summary>
    public required BoardWork Hub { get; init; }

    /// <summary>Samples of the accelerometer that found its FIFO full while the App ran.</summary>
    public required long AccelerometerLost { get; init; }

    /// <summary>Samples of the optical sensor that found its FIFO full while the App ran.</summary>
    public required long PpgLost { get; init; }

    /// <summary>Summaries of a worn band at the centre.</summary>
    public required int Summaries { get; init; }

    /// <summary>Of these with a heart rate.</summary>
    public required int SummariesWithRate { get; init; }

    /// <summary>Flash writes by file.</summary>
    public required IReadOnlyDictionary<string, double> BandWritesADay { get; init; }

    /// <summary>Flash writes by file.</summary>
    public required IReadOnlyDictionary<string, double> HubWritesADay { get; init; }

    /// <summary>Worn or on the charger, in range of a hub that is online, the accelerometer measuring.</summary>
    public required double HoursProtectedADay { get; init; }

    /// <summary>Charge.</summary>
    public required BandEnergy Energy { get; init; }

    /// <summary>Faults and events by name.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>Writes and subscriptions that reached no characteristic: the band's App saw nothing of them.</summary>
    public long WritesLost =>
        Counts.GetValueOrDefault(Simulation.Bluetooth.Faults.WriteLost)
        + Counts.GetValueOrDefault(Simulation.Bluetooth.Faults.SubscriptionLost);

    /// <summary>No press lost or doubled, and every write of the hub received.</summary>
    public bool IsGood => Lost == 0 && Doubled == 0 && WritesLost == 0;

    /// <summary>Writes the outcome as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Prints the table.</summary>
    public void Print(TextWriter output)
    {
        var (leastDays, mostDays) = Energy.Days;
        (string What, string Value)[] rows =
        [
            ("days, ns per IL", $"{Days:0.0}, {Options.NsPerIl}"),
            ("presses, lost, doubled", $"{Presses}, {Lost}, {Doubled}"),
            ("falls, at the centre", $"{Falls}, {FallAlarms}"),
            ("hub writes that no characteristic took", $"{WritesLost}"),
            ("radio starts of the band, of the hub", $"{Band.RadioStarts}, {Hub.RadioStarts}"),
            ("native bytes of the band, first and last day", Native(static n => n.Band)),
            ("native bytes of the hub, first and last day", Native(static n => n.Hub)),
            ("band: most IL in a step", Cost(Band.MostInstructions)),
            ("band: longest step", Cost(Band.Longest)),
            ("hub: most IL in a step", Cost(Hub.MostInstructions)),
            ("hub: longest step", Cost(Hub.Longest)),
            ("boots of the band, of the hub", $"{Band.Boots}, {Hub.Boots}"),
            ("samples lost: accelerometer, PPG", $"{AccelerometerLost}, {PpgLost}"),
            ("summaries worn, with a rate",
                $"{Summaries}, {SummariesWithRate} ({Percent(SummariesWithRate, Summaries)})"),
            ("band: flash writes a day, erases per block and year", Wear(BandWritesADay)),
            ("hub: flash writes a day, erases per block and year", Wear(HubWritesADay)),
            ("share off, awake, radio on, light and deep sleep",
                string.Join(", ", Energy.Shares.Values.Select(static s => $"{s:0.00%}"))),
            ("mAh a day by the model; days on 300 mAh",
                $"{Energy.LowMahADay:0.0} to {Energy.HighMahADay:0.0}; {leastDays:0.0} to {mostDays:0.0}"),
            ("hours protected a day", $"{HoursProtectedADay:0.0}"),
        ];
        foreach (var (what, value) in rows)
        {
            output.WriteLine($"{what,-52}{value}");
        }

        PrintMethods(output, "band", Band);
        PrintMethods(output, "hub", Hub);
        foreach (var (what, count) in Counts)
        {
            output.WriteLine($"  {count,10}  {what}");
        }
    }

    private static void PrintMethods(TextWriter output, string whose, BoardWork work)
    {
        foreach (var (name, instructions) in work.MostMethods)
        {
            output.WriteLine($"  {instructions,10}  IL of the {whose}'s costliest step in {name}");
        }
    }

    private static string Cost(StepCost cost) =>
        $"{cost.Instructions} IL, {cost.Us / 1000.0:0.0} ms, at {cost.AtMs / 1000.0:0.0} s";

    private static string Percent(int part, int all) => all == 0 ? "-" : $"{part / (double)all:0.0%}";

    // Each write takes one block anew; wear is spread over all blocks.
    private static string Wear(IReadOnlyDictionary<string, double> writes) =>
        $"{writes.Values.Sum():0}, {writes.Values.Sum() * 365 / Blocks:0}";

    private string Native(Func<NativeBytes, long> of) =>
        NativeBytes.Count == 0 ? "-" : $"{of(NativeBytes[0])}, {of(NativeBytes[^1])}";
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// An alarm's way; every number is ms since the press (a fall: since its begin), null = did not happen.
/// </summary>
public sealed record AlarmFigures(
    string? Number,
    string Kind,
    string Resident,
    string What,
    string? State,
    double? LatchedMs,
    double? OnAirMs,
    double? HubStoredMs,
    double? PrealarmMs,
    double? CommittedMs,
    double? PushedMs,
    double? ReceivedMs,
    double? FamilySentMs,
    double? WristHomeMs,
    double? WristCentreMs,
    double? WristTakenMs,
    double? WristComingMs,
    double? WristClosedMs,
    double? CancelledMs,
    int[] StagesShown,
    int Texts)
{
    /// <summary>Reads an incident.</summary>
    public static AlarmFigures Of(Incident i) => new(
        i.Alarm?.Number,
        i.Kind,
        i.Who.Person.Name,
        i.What,
        i.Alarm?.State,
        Since(i, i.LatchedUs),
        Since(i, i.OnAirUs),
        Since(i, i.HubStoredUs),
        Since(i, i.PrealarmUs),
        Since(i, i.CommittedUs),
        Since(i, i.PushedUs),
        Since(i, i.ReceivedUs),
        Since(i, i.FamilySentUs),
        Since(i, i.StageUs(1)),
        Since(i, i.StageUs(2)),
        Since(i, i.StageUs(3)),
        Since(i, i.StageUs(4)),
        Since(i, i.StageUs(5)),
        Since(i, i.CancelledUs),
        [.. Enumerable.Range(1, 5).Select(i.StageTimes)],
        i.Texts.Count);

    private static double? Since(Incident i, long? us) =>
        us is { } at ? Math.Round((at - i.BeganUs) / 1000.0, 1) : null;
}

/// <summary>What the centre told of one band.</summary>
public sealed record BandFigures(
    string Resident, string Mode, bool Worn, string Source, int Summaries, int WithHeartRate, int Unexplained,
    IReadOnlyDictionary<string, int> Refused, int? LastBpm, int? LastConfidence);

/// <summary>How many of what.</summary>
public sealed record Counts(int Presses, int Falls, int Alarms, int Cancelled, int Lost, int Doubled, int Texts);

/// <summary>Delays of the virtual radio and flash, ms.</summary>
public sealed record VirtualDelays(
    int[] ConnectionIntervalMs, int[] ConnectMs, int[] DiscoveryMs, int[] AdvertisingIntervalMs, double ScanShare,
    int SupervisionTimeoutMs, int[] FlashOperationMs, double Loss)
{
    /// <summary>Reads the figures of a world.</summary>
    public static VirtualDelays Of(Figures f) => new(
        [f.ConnectionIntervalMs.Min, f.ConnectionIntervalMs.Max],
        [f.ConnectMs.Min, f.ConnectMs.Max],
        [f.DiscoveryMs.Min, f.DiscoveryMs.Max],
        [f.AdvertisingIntervalMs.Min, f.AdvertisingIntervalMs.Max],
        f.ScanShare,
        f.SupervisionTimeoutMs,
        [f.FlashMs.Min, f.FlashMs.Max],
        f.Loss);

    /// <summary>In one line.</summary>
    public static string InWords(Figures f) =>
        $"virtual radio: connection interval {f.ConnectionIntervalMs.Min}-{f.ConnectionIntervalMs.Max} ms, connect "
            + $"{f.ConnectMs.Min}-{f.ConnectMs.Max} ms, discovery 3 x {f.DiscoveryMs.Min}-{f.DiscoveryMs.Max} ms,"
        + $" advertising every {f.AdvertisingIntervalMs.Min}-{f.AdvertisingIntervalMs.Max} ms of which a hub hears "
            + $"{f.ScanShare:0%}, loss {f.Loss:0%};"
        + $" virtual flash: {f.FlashMs.Min}-{f.FlashMs.Max} ms an operation";
}

/// <summary>The file that <c>--json</c> writes.</summary>
public sealed record Report(
    bool Ok,
    IReadOnlyList<string> Unmet,
    string Clock,
    string Data,
    VirtualDelays Virtual,
    Counts Counts,
    IReadOnlyList<AlarmFigures> Alarms,
    IReadOnlyList<BandFigures> Vitals)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>Reads everything that was written down. Only on the world's thread.</summary>
    public static Report Of(NeighbourhoodRun run, Options options, IReadOnlyList<string> unmet) => new(
        unmet.Count == 0,
        unmet,
        "the machine's monotonic clock, shared by both processes",
        options.Data is null ? "invented signals" : "recordings",
        VirtualDelays.Of(run.World.Figures),
        CountsOf(run.IncidentLog),
        [.. run.IncidentLog.Incidents.Select(AlarmFigures.Of)],
        [.. run.Residents.Select(resident =>
        {
            var tally = run.Vitals[resident.Id];
            return new BandFigures(
                resident.Person.Name,
                $"{resident.Band.Mode}".ToLowerInvariant(),
                resident.Band.Wearer.IsWorn,
                resident.Band.Wearer.Source,
                tally.Summaries,
                tally.WithRate,
                tally.Unexplained,
                tally.Refused,
                tally.Last?.Bpm,
                tally.Last?.Confidence);
        })]);

    /// <summary>Counts what the incidents holds.</summary>
    public static Counts CountsOf(IncidentLog incidents) => new(
        incidents.Incidents.Count(static i => i.Kind == "sos"),
        incidents.Incidents.Count(static i => i.Kind == "fall"),
        incidents.Incidents.Count(static i => i.ReceivedUs is not null),
        incidents.Incidents.Count(static i => i.CancelledUs is not null),
        incidents.Incidents.Count(static i => i.ReceivedUs is null && !i.IsToBeCancelled),
        incidents.Unexplained.Count,
        incidents.Incidents.Sum(static i => i.Texts.Count));

    /// <summary>Writes the file.</summary>
    public void Save(string path) =>
        File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + Environment.NewLine);
}

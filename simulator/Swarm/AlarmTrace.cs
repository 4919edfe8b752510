using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>What the rows of the service's database have shown of an alarm, commit by commit.</summary>
public sealed class AlarmTrace(long id, BandDevice band, long sinceMs)
{
    /// <summary>Id of the alarm's row.</summary>
    public long Id { get; } = id;

    /// <summary>The band that raised it.</summary>
    public BandDevice Band { get; } = band;

    /// <summary>World time of the commit that made the row.</summary>
    public long SinceMs { get; } = sinceMs;

    /// <summary>The row after its latest change.</summary>
    public required AlarmRow Row { get; set; }

    /// <summary>Stages that the centre told the wrist, with the world time of their commit.</summary>
    public List<(Stage Stage, long AtMs)> History { get; } = [];

    /// <summary>
    /// Boots of presses on the card that are so far from the opener's that the first press of each stands for the card
    /// (docs/adr/0042); the band keeps a slot for it.
    /// </summary>
    public HashSet<int> FarBoots { get; } = [];

    /// <summary>Number of SOS events on the alarm's card.</summary>
    public int Presses { get; set; }

    /// <summary>
    /// How often the wrist has shown "closed" for the alarm: once for each of its frames that the band follows.
    /// </summary>
    public int ClosedFelt { get; set; }

    /// <summary>The band has lost what it knew of the alarm, and no later press has named it again.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>World time of the last commit that changed the stage that the centre knows the wrist to show.</summary>
    public long KnownMs { get; set; }

    /// <summary>The alarm into which this alarm was merged; null: none.</summary>
    public long? Into { get; set; }

    /// <summary>True: the alarm was merged into that of an SOS (docs/adr/0041).</summary>
    public bool IsMerged => Row.Outcome == ElderBand.HubService.Outcome.Merged;
}

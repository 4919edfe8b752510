using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>An alarm as the service's database has told it, commit by commit.</summary>
public sealed class AlarmTrace(long id, BandDevice band, long sinceMs)
{
    /// <summary>Id of its row.</summary>
    public long Id { get; } = id;

    /// <summary>The band that raised it.</summary>
    public BandDevice Band { get; } = band;

    /// <summary>World time of the commit that made it.</summary>
    public long SinceMs { get; } = sinceMs;

    /// <summary>The row after the last commit that changed it.</summary>
    public required AlarmRow Row { get; set; }

    /// <summary>Stages that the centre told the wrist, with the world time of their commit.</summary>
    public List<(Stage Stage, long AtMs)> History { get; } = [];

    /// <summary>SOS events on its card.</summary>
    public int Presses { get; set; }

    /// <summary>How often the wrist has said "closed" for it: once for each frame that it follows it by.</summary>
    public int ClosedFelt { get; set; }

    /// <summary>World time of the last commit that changed what the centre knows of the wrist.</summary>
    public long KnownMs { get; set; }

    /// <summary>The alarm that carries on for it; null: none.</summary>
    public long? Into { get; set; }

    /// <summary>An SOS carries on for it (docs/adr/0041).</summary>
    public bool IsMerged => Row.Outcome == "merged";
}

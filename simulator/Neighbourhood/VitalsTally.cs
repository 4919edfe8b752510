using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>Counts the vitals summaries that the centre sent for one resident.</summary>
public sealed class VitalsTally
{
    private readonly HashSet<long> _seen = [];

    /// <summary>Summaries, each counted once.</summary>
    public int Summaries => _seen.Count;

    /// <summary>Summaries with a heart rate.</summary>
    public int WithRate { get; private set; }

    /// <summary>Summaries with neither a heart rate nor a reason for its absence.</summary>
    public int Unexplained { get; private set; }

    /// <summary>The reasons for a missing heart rate, and how often each was given.</summary>
    public SortedDictionary<string, int> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>The newest summary.</summary>
    public VitalsView? Last { get; private set; }

    /// <summary>Counts a summary; one that was counted before changes nothing.</summary>
    public void Take(VitalsView vitals)
    {
        if (!_seen.Add(vitals.AtMs))
        {
            return;
        }

        Last = vitals;
        if (vitals.Bpm is not null)
        {
            WithRate++;
        }
        else if (vitals.Refusal is { } why)
        {
            Refused[why] = Refused.GetValueOrDefault(why) + 1;
        }
        else
        {
            Unexplained++;
        }
    }
}

using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>Prints what happens, hop by hop, in ms since the finger was on the key.</summary>
public sealed class Timeline(TextWriter output)
{
    private readonly Lock _gate = new();
    private long _startUs;

    /// <summary>From here the story's seconds count.</summary>
    public void Begin(long startUs) => _startUs = startUs;

    /// <summary>Something that somebody does.</summary>
    public void Say(long atUs, string words)
    {
        lock (_gate)
        {
            output.WriteLine($"{(atUs - _startUs) / 1e6,8:0.000} s  {words}");
        }
    }

    /// <summary>What came of it.</summary>
    public void Hop(Incident incident, string words, long atUs)
    {
        lock (_gate)
        {
            output.WriteLine($"{(atUs - incident.BeganUs) / 1000.0,10:+#,0} ms  {incident.Who.Person.Name}  {words}");
        }
    }

    /// <summary>A line without a time.</summary>
    public void Note(string words)
    {
        lock (_gate)
        {
            output.WriteLine(words);
        }
    }
}

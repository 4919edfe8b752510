using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>Which calls a power cut cannot take away, and which a changed bit of a band's flash can.</summary>
public sealed partial class FrameLedger
{
    /// <summary>
    /// How many calls of the band were in a hub's flash or committed at this time. A hub whose flash refuses writes
    /// sends a call from memory, and acknowledges the call once the centre has committed it (P19).
    /// </summary>
    public int Safe(BandDevice band, long atMs) => _byIdentity.Count(known => known.Value.Band == band
        && (known.Value.CommittedMs <= atMs || (_atHub.TryGetValue(known.Key, out var storedMs) && storedMs <= atMs)));

    /// <summary>
    /// Notes that a bit of the band's flash has changed. Only one copy holds the newest record (P18), so a call that
    /// neither a hub nor the centre has may be lost.
    /// </summary>
    public void Rotten(BandDevice band)
    {
        foreach (var call in Calls.Where(c => c.Band == band && c.CommittedMs is null))
        {
            call.IsUnstored |= !_atHub.ContainsKey(call.Identity);
        }
    }
}

using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>What is durable, and what a changed bit of a band's flash may cost.</summary>
public sealed partial class FrameLedger
{
    /// <summary>
    /// How many calls of the band were safe at a time: in some hub's flash, or committed. A hub whose flash refuses
    /// sends a call from memory and acknowledges it once the centre has it (P19).
    /// </summary>
    public int Safe(BandDevice band, long atMs) => _byIdentity.Count(known => known.Value.Band == band
        && (known.Value.CommittedMs <= atMs || (_atHub.TryGetValue(known.Key, out var storedMs) && storedMs <= atMs)));

    /// <summary>
    /// A bit of the band's flash changes. The newest record is in one copy only (P18), so a call that no hub and no
    /// centre has may be gone.
    /// </summary>
    public void Rotten(BandDevice band)
    {
        foreach (var call in Calls.Where(c => c.Band == band && c.CommittedMs is null))
        {
            call.IsUnstored |= !_atHub.ContainsKey(call.Identity);
        }
    }
}

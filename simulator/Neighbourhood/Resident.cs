using ElderBand.Simulation;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>A person with the band on (or off) the wrist and the home's hub.</summary>
/// <param name="Id">The centre's number of the resident.</param>
/// <param name="Person">Who it is.</param>
/// <param name="Band">The band.</param>
/// <param name="Hub">The hub of the home.</param>
/// <param name="Paths">The air between the two.</param>
public sealed record Resident(long Id, Person Person, BandDevice Band, HubDevice Hub, RadioPath[] Paths)
{
    /// <summary>Where to go.</summary>
    public string Place { get; init; } = "";
}

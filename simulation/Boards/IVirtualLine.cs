using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>A virtual hub's line to the centre.</summary>
public interface IVirtualLine : IUplink
{
    /// <summary>The hub's board has lost power: the connection ends, and the other side gets no message.</summary>
    void PowerLost();
}

using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

internal static class Rows
{
    /// <summary>Technical records of this code that the centre has from the hub.</summary>
    public static int Technical(this HubRig rig, TechnicalCode code) =>
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.HubTechnical && row.Code == code);
}

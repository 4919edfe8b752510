namespace ElderBand.HubService.Devices;

/// <summary>When silence is a fault (R7, P38).</summary>
public static class Liveness
{
    /// <summary>
    /// A hub beats every 30 s; three missed beats are a fault, within the minute and a half that P38 leaves.
    /// </summary>
    public const long HubSilentMs = 90_000;
}

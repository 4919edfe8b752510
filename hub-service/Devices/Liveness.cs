namespace ElderBand.HubService.Devices;

/// <summary>When silence is a fault (R7, P38).</summary>
public static class Liveness
{
    /// <summary>
    /// A hub beats every 30 s; three missed beats are a fault, within the minute and a half that P38 leaves.
    /// </summary>
    public const long HubSilentMs = 90_000;

    /// <summary>A band is visited after this silence, where the hub at its home works: a walk is over.</summary>
    public const long VisitAfterMs = 4 * 3_600_000L;

    /// <summary>A visit that staff have dealt with is asked for again after this time.</summary>
    public const long VisitAgainMs = 20 * 3_600_000L;
}

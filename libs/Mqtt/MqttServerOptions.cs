namespace ElderBand.Mqtt;

/// <summary>Bounds and waits of <see cref="MqttServer{TSession}"/>; times in milliseconds.</summary>
public sealed record MqttServerOptions
{
    /// <summary>Bounds of one packet.</summary>
    public MqttLimits Limits { get; init; } = MqttLimits.Default;

    /// <summary>Largest CONNECT: what a stranger may make this end keep.</summary>
    public int MaxConnectBytes { get; init; } = 4096;

    /// <summary>
    /// From the accepted connection to the whole CONNECT, and again for the sign-in. Below the 10 s of P28 to leave
    /// room for the closing.
    /// </summary>
    public int ConnectTimeoutMs { get; init; } = 9_000;

    /// <summary>From the first to the last byte of one packet. Below the 10 s of P28 likewise.</summary>
    public int PacketTimeoutMs { get; init; } = 8_000;

    /// <summary>How long a client may refuse to take bytes.</summary>
    public int WriteTimeoutMs { get; init; } = 10_000;

    /// <summary>
    /// Longest silence of a client, whatever keep-alive it asked for; otherwise 1.5 times its keep-alive.
    /// </summary>
    public int MaxSilenceMs { get; init; } = 600_000;

    /// <summary>Publishes of one connection whose tasks run at the same time.</summary>
    public int MaxUnacknowledged { get; init; } = 64;

    /// <summary>Packets waiting to be written to one connection, and publishes to it that wait for a PUBACK.</summary>
    public int MaxQueuedPackets { get; init; } = 256;

    /// <summary>Filters of one connection.</summary>
    public int MaxSubscriptions { get; init; } = 16;
}

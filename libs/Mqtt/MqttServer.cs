using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;

namespace ElderBand.Mqtt;

/// <summary>
/// The MQTT 3.1.1 endpoint for hubs, over any pipe: hand each accepted connection to <see cref="RunAsync"/>. It is not
/// a general broker, and says so where it differs: QoS 2 closes the connection, wildcards other than <c>prefix/#</c>
/// are refused in the SUBACK, nothing is routed from client to client, and because it keeps nothing for absent clients
/// wills and the retain flag have no effect and "session present" is always false.
/// </summary>
public sealed class MqttServer<TSession>(IMqttEndpoint<TSession> endpoint, MqttServerOptions? options = null)
    where TSession : class
{
    private readonly ConcurrentDictionary<string, MqttServerConnection<TSession>> _byClientId = new(
        StringComparer.Ordinal
    );
    private readonly ConcurrentDictionary<MqttServerConnection<TSession>, byte> _all = new();
    private volatile bool _stopped;

    internal IMqttEndpoint<TSession> Endpoint { get; } = endpoint;

    internal MqttServerOptions Options { get; } = options ?? new MqttServerOptions();

    /// <summary>Connections at this moment, those still signing in included.</summary>
    public int ConnectionCount => _all.Count;

    /// <summary>
    /// Serves one connection until it ends and lets go of the pipe; never throws. The pipe alone tells of the client's
    /// end: Kestrel's ConnectionClosed comes while packets are still unread. Before the host stops, call
    /// <see cref="StopAsync"/>.
    /// </summary>
    public async Task<MqttDisconnect> RunAsync(IDuplexPipe pipe, EndPoint? remote)
    {
        var connection = new MqttServerConnection<TSession>(this, pipe, remote);
        _all.TryAdd(connection, 0);
        if (_stopped)
        {
            connection.Close("the service is stopping");
        }
        try
        {
            return await connection.RunAsync();
        }
        finally
        {
            _all.TryRemove(connection, out _);
        }
    }

    /// <summary>Closes every connection, now and from now on, and waits until they are gone.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await Task.WhenAll(
            _all.Keys.Select(connection =>
            {
                connection.Close("the service is stopping");
                return connection.Gone;
            })
        );
    }

    /// <summary>
    /// Makes <paramref name="connection"/> the one of its client id, and waits until its predecessor is gone.
    /// </summary>
    internal Task TakeOverAsync(MqttServerConnection<TSession> connection)
    {
        MqttServerConnection<TSession>? older = null;
        _byClientId.AddOrUpdate(
            connection.ClientId,
            static (_, newer) => newer,
            (_, current, newer) =>
            {
                older = current;
                return newer;
            },
            connection
        );
        if (older is null)
        {
            return Task.CompletedTask;
        }
        older.TakenOver();
        return older.Gone;
    }

    internal void Forget(MqttServerConnection<TSession> connection) =>
        _byClientId.TryRemove(KeyValuePair.Create(connection.ClientId, connection));
}

using System.Net;

namespace ElderBand.Mqtt;

/// <summary>Who asks to sign in. <see cref="Password"/> is 0 to 65,535 bytes, null when none was sent.</summary>
public sealed record MqttCredentials(
    string ClientId,
    string? UserName,
    ReadOnlyMemory<byte>? Password,
    EndPoint? Remote
);

/// <summary>The answer to a sign-in: a session, or null and the code that the client is told.</summary>
public sealed record MqttSignIn<TSession>(TSession? Session, MqttConnectCode Code = MqttConnectCode.Accepted)
    where TSession : class;

/// <summary>
/// The decisions of the application behind <see cref="MqttServer{TSession}"/>. <typeparamref name="TSession"/> is what
/// the application knows about a signed-in client. The calls for one connection come one after the other; a call that
/// throws closes that connection.
/// </summary>
public interface IMqttEndpoint<TSession>
    where TSession : class
{
    /// <summary>
    /// Checks a sign-in. A newer connection with the same client id ends the older one, so refuse a client id that
    /// does not belong to the user. An empty client id arrives here with a random one in its place.
    /// </summary>
    ValueTask<MqttSignIn<TSession>> AuthenticateAsync(MqttCredentials credentials, CancellationToken cancellationToken);

    /// <summary>
    /// May this session publish to <paramref name="topic"/>? If not, its connection is closed: 3.1.1 has no other way
    /// to say no (P29).
    /// </summary>
    bool AuthorizePublish(TSession session, string topic);

    /// <summary>
    /// May this session subscribe to <paramref name="filter"/>, an exact topic or <c>prefix/#</c>? If not, the SUBACK
    /// says so.
    /// </summary>
    bool AuthorizeSubscribe(TSession session, string filter);

    /// <summary>A publish or a subscription was refused: write the audit row.</summary>
    /// <param name="session">Who tried.</param>
    /// <param name="attempt">Publish or Subscribe.</param>
    /// <param name="topic">The topic or filter, at most <see cref="MqttLimits.MaxTextBytes"/> bytes, free of control
    /// characters.</param>
    void AccessRefused(TSession session, MqttPacketType attempt, string topic);

    /// <summary>
    /// The client is signed in; publish to it through <paramref name="connection"/>. An older connection of the same
    /// client id is already gone.
    /// </summary>
    void Connected(TSession session, MqttServerConnection<TSession> connection);

    /// <summary>
    /// A publish came in. Called in the order of arrival, without waiting for the tasks before it; up to
    /// <see cref="MqttServerOptions.MaxUnacknowledged"/> tasks run at once, then the connection is not read.
    /// True = stored: at QoS 1 the PUBACK is sent now and not earlier. False = not stored: the connection is closed,
    /// which makes the client send it again.
    /// </summary>
    /// <param name="session">From whom.</param>
    /// <param name="topic">An authorised topic.</param>
    /// <param name="payload">The application's own copy.</param>
    /// <param name="qos">0 or 1.</param>
    ValueTask<bool> PublishReceived(TSession session, string topic, ReadOnlyMemory<byte> payload, MqttQos qos);

    /// <summary>The last call for a session that got <see cref="Connected"/>.</summary>
    void Disconnected(TSession session, MqttServerConnection<TSession> connection, MqttDisconnect why);
}

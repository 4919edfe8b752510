using System.Collections.Concurrent;
using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;
using ElderBand.Mqtt;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// The MQTT endpoint's decisions: a hub signs in with its id and its 256-bit password, publishes under its own topics
/// only, and gets its PUBACK when what it published has been committed, never before (P24).
/// </summary>
public sealed class HubEndpoint(
    Store store, FrameIntake intake, Measurements measurements, VitalsQueue vitals, HubLinks hubs, Metrics metrics,
    Clock clock, StrangerGate strangers, HubPaces? paces = null)
    : IMqttEndpoint<HubSession>
{
    private const int PasswordBytes = 32;
    private const int LimitersKept = 4096;

    private readonly ConcurrentDictionary<string, TagLimiter> _refusals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HubInbox> _inboxes = new(StringComparer.Ordinal);
    private int _waiting;

    /// <summary>Number of messages of hubs that are not committed yet, including those that wait for a place.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <inheritdoc/>
    public ValueTask<MqttSignIn<HubSession>> AuthenticateAsync(
        MqttCredentials credentials, CancellationToken cancellationToken)
    {
        string name = credentials.UserName ?? "";
        HubRow? hub = name.Length is > 0 and <= 64 ? store.Read(db => DeviceRows.Hub(db, name)) : null;
        // SHA-256 of 256 random bits needs no salt and no stretching: there is nothing to guess.
        byte[] given = SHA256.HashData(PasswordOf(credentials.Password).Span);
        bool right = CryptographicOperations.FixedTimeEquals(given, hub?.PasswordSha256 ?? new byte[32]);
        if (right && hub is { RevokedAtMs: null } && credentials.ClientId == hub.Id)
        {
            return new(new MqttSignIn<HubSession>(new HubSession(hub.Id, hub.CentreId)));
        }

        metrics.Count("hub_signins_refused_total");
        if (IsTooMuch(hub?.Id ?? ""))
        {
            return Refused();
        }
        string why = hub is null ? "unknown hub" : hub.RevokedAtMs is not null ? "revoked hub"
            : right ? "client id is not the hub id" : "wrong password";
        Audit(hub?.CentreId, "hub.signInRefused", $"{Shown(name)} from {credentials.Remote}", why);
        return Refused();
    }

    /// <inheritdoc/>
    public bool AuthorizePublish(HubSession session, string topic) =>
        topic.StartsWith(session.UpPrefix, StringComparison.Ordinal)
        && topic.IndexOf('/', session.UpPrefix.Length) < 0;

    /// <inheritdoc/>
    public bool AuthorizeSubscribe(HubSession session, string filter) =>
        filter.StartsWith(session.DownPrefix, StringComparison.Ordinal);

    /// <inheritdoc/>
    public void AccessRefused(HubSession session, MqttPacketType attempt, string topic)
    {
        metrics.Count("hub_access_refused_total");
        if (IsTooMuch(session.HubId))
        {
            return;
        }
        Audit(session.CentreId, $"hub.{attempt.ToString().ToLowerInvariant()}Refused", $"hub:{session.HubId}", topic);
    }

    /// <inheritdoc/>
    public void Connected(HubSession session, MqttServerConnection<HubSession> connection)
    {
        strangers.SignedIn(connection.Remote);
        hubs.Add(session, connection);
    }

    /// <inheritdoc/>
    public void Disconnected(HubSession session, MqttServerConnection<HubSession> connection, MqttDisconnect why)
    {
        hubs.Remove(session, connection);
        session.End();
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PublishReceived(
        HubSession session, string topic, ReadOnlyMemory<byte> payload, MqttQos qos)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            byte[] data = payload.ToArray();
            string kind = topic[session.UpPrefix.Length..];
            bool isCall = IsCall(kind, data);
            if (paces is not null && (isCall || kind is not "vitals"))
            {
                await paces.WaitAsync(session.HubId, () => FramesThatCount(session, data), session.Ended);
            }
            return isCall
                ? await _inboxes.GetOrAdd(session.HubId, static _ => new HubInbox())
                    .StoreAsync(
                        Parts(kind, data), session.Ended, () => StoreAsync(session, kind, data, Lane.Alarm, default))
                : await StoreAsync(session, kind, data, Lane.Vitals, session.Ended);
        }
        catch (OperationCanceledException)
        {
            return false; // the store closes or the connection has ended: without a PUBACK the hub sends again
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>
    /// Frames of a message for the pace of its hub. A reader that fails must not keep a call from its inbox (P31): then
    /// all frames count.
    /// </summary>
    private int FramesThatCount(HubSession session, byte[] data)
    {
        if (!Envelope.IsValid(data, data.Length))
        {
            return 1;
        }
        try
        {
            return store.Read(db => intake.FramesThatCount(db, session.HubId, data, clock.NowMs));
        }
        catch (SqliteException)
        {
            return Envelope.Count(data);
        }
    }

    /// <summary>The measurements of an envelope that the writer need not see; null where the writer judges.</summary>
    private List<VitalsRow>? Ordinary(HubSession session, byte[] data)
    {
        try
        {
            return measurements.Of(session, data);
        }
        catch (SqliteException)
        {
            return null; // a reader failed: the writer waits until the file can be used
        }
    }

    /// <summary>
    /// True for a hello and for a message that may hold a call for help. The lanes of the frames decide, not the topic.
    /// </summary>
    private static bool IsCall(string kind, byte[] data)
    {
        if (kind is not "vitals" || !Envelope.IsValid(data, data.Length))
        {
            return kind is "alarm" or "hello";
        }
        for (int i = 0; i < Envelope.Count(data); i++)
        {
            if (Frame.LaneOf(data, Envelope.FrameAt(Envelope.RecordAt(data, i))) == Lane.Alarm)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// What a message says, without the times that change when the hub sends it again: each record of an envelope by
    /// its number, address and frame, a hello by its boot and flags, anything else by its bytes.
    /// </summary>
    private static string[] Parts(string kind, byte[] data)
    {
        if (kind is "alarm" or "vitals" && Envelope.IsValid(data, data.Length))
        {
            var records = Enumerable.Range(0, Envelope.Count(data)).Select(i => Envelope.RecordAt(data, i));
            return [.. records.Select(record =>
                $"{kind}:{Envelope.RecordBoot(data, record)}:{Envelope.RecordSequence(data, record)}:"
                    + $"{Envelope.BandAddress(data, record):x}:"
                    + Convert.ToHexString(data, Envelope.FrameAt(record), Frame.Size))];
        }
        return kind == "hello" && HubMessage.HelloIsValid(data, data.Length)
            ? [$"hello:{Bytes.GetU24(data, 1)}:{data[20]}"]
            : [$"{kind}:{Convert.ToHexString(SHA256.HashData(data))}"];
    }

    /// <summary>Writes one message. True: committed.</summary>
    private async Task<bool> StoreAsync(
        HubSession session, string kind, byte[] data, Lane lane, CancellationToken cancellationToken)
    {
        long arrivedUs = clock.NowUs;
        bool valid = kind switch
        {
            "alarm" or "vitals" => Envelope.IsValid(data, data.Length),
            "hello" or "beat" => HubMessage.HelloIsValid(data, data.Length),
            "trace" => TraceMessage.AnswerIsValid(data, data.Length),
            _ => false,
        };
        bool ofUnknownVersion = kind is "alarm" or "vitals" or "hello" or "beat" or "trace"
            && HubMessage.IsOfUnknownVersion(data, data.Length);
        metrics.Count($"messages_total{{topic=\"{(valid ? kind : "other")}\"}}");
        if (valid && kind is "alarm" or "vitals")
        {
            return await StoreEnvelopeAsync(session, data, lane, arrivedUs, kind == "alarm", cancellationToken);
        }
        await store.WriteAsync(
            lane,
            tx =>
            {
                tx.ArrivedUs = arrivedUs;
                if (ofUnknownVersion)
                {
                    intake.RejectVersion(tx, session, kind, data);
                }
                else if (!valid)
                {
                    intake.Reject(tx, session, $"no message of the protocol on up/{Shown(kind)}", data);
                }
                else if (kind == "trace")
                {
                    intake.StoreTrace(tx, session, data);
                }
                else
                {
                    intake.StoreHello(tx, session, data, isHello: kind == "hello");
                }
            },
            cancellationToken);
        return true;
    }

    /// <summary>
    /// Writes the records of an envelope, the measurements last. If the database is damaged, each record is written
    /// alone. A record that still meets the damage goes to the quarantine and is shown on a card. The hub then does not
    /// send that record again.
    /// </summary>
    private async Task<bool> StoreEnvelopeAsync(
        HubSession session, byte[] data, Lane lane, long arrivedUs, bool receipts, CancellationToken cancellationToken)
    {
        Task<List<VitalsRow>> Write(int? only) => store.WriteAsync(
            lane,
            tx =>
            {
                tx.ArrivedUs = arrivedUs;
                return intake.Store(tx, session, data, receipts, only);
            },
            cancellationToken);

        List<VitalsRow> rows = [];
        try
        {
            rows = (receipts ? null : Ordinary(session, data)) ?? await Write(null);
        }
        catch (DamageException)
        {
            for (int i = 0; i < Envelope.Count(data); i++)
            {
                int record = i;
                try
                {
                    rows.AddRange(await Write(record));
                }
                catch (DamageException e)
                {
                    await store.WriteAsync(
                        lane, tx => intake.KeepDamaged(tx, session, data, receipts, record, e.Message),
                        cancellationToken);
                }
            }
        }
        if (rows.Count == 0)
        {
            return true;
        }
        try
        {
            await vitals.StoreAsync(rows, cancellationToken);
        }
        catch (DamageException e)
        {
            metrics.Count("measurements_lost_total", rows.Count);
            await store.WriteAsync(
                Lane.Vitals,
                tx => TechnicalReports.Card(
                    tx, session.CentreId, CardKind.DatabaseDamaged, null, null, urgent: false, e.Message, "vitals"),
                cancellationToken);
        }
        return true;
    }

    /// <summary>
    /// Counts a refusal; ten a minute tell the story, more would fill the audit and delay the alarms of others.
    /// </summary>
    private bool IsTooMuch(string hubId)
    {
        if (_refusals.Count > LimitersKept)
        {
            _refusals.Clear();
        }
        TagLimiter limiter = _refusals.GetOrAdd(hubId, static _ => new TagLimiter());
        lock (limiter)
        {
            limiter.CountBad(clock.NowMs);
            return limiter.IsOver(clock.NowMs);
        }
    }

    private static ValueTask<MqttSignIn<HubSession>> Refused() =>
        new(new MqttSignIn<HubSession>(null, MqttConnectCode.BadUserNameOrPassword));

    /// <summary>The 32 raw bytes, or their base64 text, for tools that can only send text.</summary>
    private static ReadOnlyMemory<byte> PasswordOf(ReadOnlyMemory<byte>? sent)
    {
        ReadOnlyMemory<byte> password = sent ?? default;
        byte[] raw = new byte[PasswordBytes];
        return password.Length != PasswordBytes
            && System.Buffers.Text.Base64.DecodeFromUtf8(password.Span, raw, out int used, out int written)
                == System.Buffers.OperationStatus.Done
            && used == password.Length && written == PasswordBytes
            ? raw
            : password;
    }

    private void Audit(string? centreId, string action, string subject, string detail) =>
        _ = AuditAsync(centreId, action, subject, detail);

    private async Task AuditAsync(string? centreId, string action, string subject, string detail)
    {
        try
        {
            await store.WriteAsync(
                Lane.Alarm,
                tx =>
                {
                    string? centre = centreId ?? ResidentRows.FirstCentre(tx.Db)?.CentreId;
                    tx.Audit(centre ?? "", "service", action, subject, detail);
                });
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>A stranger's text, short and without control characters.</summary>
    private static string Shown(string text) =>
        new([.. text.Take(64).Select(static c => char.IsControl(c) ? '?' : c)]);
}

/// <summary>Kestrel's connections, handed to the MQTT endpoint.</summary>
public sealed class MqttConnectionHandler(MqttServer<HubSession> server) : ConnectionHandler
{
    /// <inheritdoc/>
    public override Task OnConnectedAsync(ConnectionContext connection) =>
        server.RunAsync(connection.Transport, connection.RemoteEndPoint);
}

using System.Net;
using Microsoft.AspNetCore.Connections;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Bounds the connections of the MQTT port that have not signed in yet, in all and of one address, from the accepted
/// connection on, so before TLS. A signed-in hub no longer counts: homes may share one address behind a carrier's NAT,
/// and a hub has one connection anyway. Where a bound is reached, the oldest connection of the address that has the
/// most makes room, unless all of them are young: then the newcomer is refused and tries again (P75, docs/adr/0103).
/// All members may be called from any thread.
/// </summary>
public sealed class StrangerGate(Clock clock, Metrics metrics)
{
    /// <summary>Most connections of one address that have not signed in.</summary>
    public const int PerAddress = 256;

    /// <summary>Most connections in all that have not signed in.</summary>
    public const int InAll = 1024;

    // A hub on a slow line needs 1 to 3 s for TLS and CONNECT: nobody is sent away sooner for one of its own address.
    private const long PatienceUs = 3_000_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<EndPoint, Stranger> _strangers = [];
    private readonly Dictionary<IPAddress, LinkedList<Stranger>> _byAddress = [];

    /// <summary>Connections that have not signed in, now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _strangers.Count;
            }
        }
    }

    /// <summary>Serves a new connection, or ends it where there is no room.</summary>
    public async Task GuardAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint remote)
        {
            await next(connection);
            return;
        }
        var stranger = new Stranger(remote, ClientAddress.Of(remote.Address), connection, clock.NowUs);
        if (!Enter(stranger, out Stranger? leaves))
        {
            metrics.Count("mqtt_strangers_refused_total");
            connection.Abort(new ConnectionAbortedException("too many connections that have not signed in"));
            return;
        }
        if (leaves is not null)
        {
            metrics.Count("mqtt_strangers_refused_total");
            leaves.Connection.Abort(new ConnectionAbortedException("silent, and others wait to sign in"));
        }
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(remote, stranger);
        }
    }

    /// <summary>The connection from there has signed in: it is no stranger any more.</summary>
    public void SignedIn(EndPoint? remote) => Leave(remote, null);

    private void Leave(EndPoint? remote, Stranger? who)
    {
        lock (_gate)
        {
            // The address and port of one that was sent away may be those of a newer one by now.
            if (remote is not null && _strangers.TryGetValue(remote, out Stranger? stranger)
                && (who is null || ReferenceEquals(who, stranger)))
            {
                Remove(stranger);
            }
        }
    }

    private bool Enter(Stranger stranger, out Stranger? leaves)
    {
        leaves = null;
        lock (_gate)
        {
            int own = _byAddress.GetValueOrDefault(stranger.Address)?.Count ?? 0;
            if (own >= PerAddress || _strangers.Count >= InAll)
            {
                LinkedList<Stranger> most = own >= PerAddress
                    ? _byAddress[stranger.Address] : _byAddress.Values.MaxBy(static of => of.Count)!;
                Stranger oldest = most.First!.Value;
                if (most.Count <= own + 1 && stranger.SinceUs - oldest.SinceUs < PatienceUs)
                {
                    return false;
                }
                leaves = oldest;
                Remove(oldest);
            }
            if (!_byAddress.TryGetValue(stranger.Address, out LinkedList<Stranger>? same))
            {
                _byAddress[stranger.Address] = same = [];
            }
            _strangers[stranger.Remote] = stranger;
            stranger.Place = same.AddLast(stranger);
            return true;
        }
    }

    private void Remove(Stranger stranger)
    {
        _strangers.Remove(stranger.Remote);
        LinkedList<Stranger> same = _byAddress[stranger.Address];
        same.Remove(stranger.Place!);
        if (same.Count == 0)
        {
            _byAddress.Remove(stranger.Address);
        }
    }

    private sealed record Stranger(IPEndPoint Remote, IPAddress Address, ConnectionContext Connection, long SinceUs)
    {
        public LinkedListNode<Stranger>? Place { get; set; }
    }
}

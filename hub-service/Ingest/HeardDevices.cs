using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Keeps in memory which devices were heard by a measurement, and stores that once a second. A crash loses one second
/// of it, and silence is counted from the start of the process at the earliest (P64).
/// </summary>
public sealed class HeardDevices(Store store, Metrics metrics, ILogger<HeardDevices> log) : BackgroundService
{
    /// <summary>Time between two flushes.</summary>
    public const int FlushEveryMs = 1000;

    /// <summary>Longest wait for the last flush at a stop: a database that refuses must not hold the stop up.</summary>
    public const int LastFlushMs = 2000;

    // A job of the writer is short, so that a call for help does not wait for it.
    private const int BandsInOneJob = 64;

    private readonly Lock _gate = new();
    private Dictionary<string, HeardHub> _hubs = new(StringComparer.Ordinal);
    private Dictionary<(long BandId, string HubId), HeardBand> _bands = [];

    /// <summary>Notes that a hub has brought new measurements.</summary>
    public void Note(HubSession hub, long nowMs)
    {
        lock (_gate)
        {
            _hubs[hub.HubId] = new HeardHub(hub, nowMs);
        }
    }

    /// <summary>
    /// Notes a measurement of a band: what it says of the band's wear, and through which hub it came.
    /// </summary>
    public void Note(BandRow band, string hubId, int rssiDbm, int boot, int sequence, Wear wear, long nowMs)
    {
        lock (_gate)
        {
            if (!_bands.TryGetValue((band.Id, hubId), out HeardBand? last)
                || (boot, sequence).CompareTo((last.Boot, last.Sequence)) > 0)
            {
                _bands[(band.Id, hubId)] = new HeardBand(band, hubId, rssiDbm, boot, sequence, wear, nowMs);
            }
        }
    }

    /// <summary>
    /// Stores what was heard since the last time. A device that cannot be stored is dropped alone, with a line in the
    /// log.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the store is closing.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        List<HeardHub> hubs;
        List<HeardBand> bands;
        lock (_gate)
        {
            hubs = [.. _hubs.Values];
            bands = [.. _bands.Values];
            _hubs = new(StringComparer.Ordinal);
            _bands = [];
        }
        await StoreAsync(hubs, Store, cancellationToken);
        await StoreAsync(bands, Store, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LastFlushMs);
        try
        {
            await FlushAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            log.LogWarning("What was heard in the last second could not be stored before the stop.");
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(FlushEveryMs, stoppingToken);
                await FlushAsync(stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task StoreAsync<T>(List<T> all, Action<Tx, T> one, CancellationToken cancellationToken)
    {
        foreach (T[] some in all.Chunk(BandsInOneJob))
        {
            if (await TryAsync(some, one, cancellationToken) || some.Length == 1)
            {
                continue;
            }
            foreach (T single in some)
            {
                await TryAsync([single], one, cancellationToken);
            }
        }
    }

    private async Task<bool> TryAsync<T>(T[] some, Action<Tx, T> one, CancellationToken cancellationToken)
    {
        try
        {
            await store.WriteAsync(Lane.Vitals, tx => Array.ForEach(some, each => one(tx, each)), cancellationToken);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            metrics.Count("heard_flushes_failed_total");
            log.LogError(e, "What was heard of {Devices} devices could not be stored at once.", some.Length);
            return false;
        }
    }

    private static void Store(Tx tx, HeardHub heard) => TechnicalReports.Heard(tx, heard.Hub, heard.AtMs);

    private static void Store(Tx tx, HeardBand heard)
    {
        DeviceRows.BandHeardBy(tx.Db, heard.Band, heard.HubId, heard.RssiDbm, heard.AtMs);
        if (DeviceRows.IsNewest(tx.Db, heard.Band.Id, heard.Boot, heard.Sequence))
        {
            TechnicalReports.Heard(tx, heard.Band, heard.AtMs);
            DeviceRows.BandWear(tx.Db, heard.Band.Id, heard.Wear);
        }
    }

    private sealed record HeardHub(HubSession Hub, long AtMs);

    private sealed record HeardBand(
        BandRow Band, string HubId, int RssiDbm, int Boot, int Sequence, Wear Wear, long AtMs);
}

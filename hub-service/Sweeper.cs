using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService;

/// <summary>
/// Does what is due because time has passed. Runs the timers of alarms, which are rows and therefore still run after a
/// restart. Looks for silent hubs and bands, and for open alarms without a live timer. Writes a heartbeat to the
/// database.
/// </summary>
public sealed class Sweeper(
    Store store, VitalsStore vitals, Ringing ringing, Clock clock, ClockCheck clocks, Metrics metrics,
    ILogger<Sweeper> log)
    : BackgroundService
{
    /// <summary>The service sweeps this often.</summary>
    public const int StepMs = 200;
    private const int SlowStepMs = 5000;

    // A time service that corrects the clock smoothly moves the clock by far less than this between two sweeps.
    private const long ClockStepMs = 2000;

    private readonly long _startedAtMs = clock.NowMs;
    private long _slowDueMs;
    private bool _isFirst = true;
    private long _steppedMs;
    private bool _hubsDisagree;
    private string? _vitalsTrouble;
    private readonly HashSet<string> _shownDamage = [];

    /// <summary>Number of open alarms without a live timer in the last sweep. Any number but 0 is a defect.</summary>
    public int Orphans { get; private set; }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SweepAsync(stoppingToken);
                await Task.Delay(StepMs, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                metrics.Count("sweeps_failed_total");
                log.LogError(e, "A sweep failed; the next one is in a second.");
                await Task.Delay(1000, CancellationToken.None);
            }
        }
    }

    /// <summary>Does what is due now; the service does it every 200 ms.</summary>
    public async Task SweepAsync(CancellationToken stoppingToken)
    {
        if (_isFirst)
        {
            long newestMs = store.Read(Heartbeat.Read);
            if (newestMs > _startedAtMs)
            {
                await CardAsync(
                    CardKind.ClockWrong, "beforeStored",
                    $"{(newestMs - _startedAtMs) / 1000} s before what is stored already", stoppingToken);
            }
            if (store.Folder is { } folder && ClockCheck.FileSystemAheadMs(folder, clock.WallMs) is { } aheadMs)
            {
                await CardAsync(
                    CardKind.ClockWrong, "fileSystem", $"the times of files are {aheadMs / 1000:+0;-0} s ahead of it",
                    stoppingToken);
            }
            await store.WriteAsync(
                Lane.Alarm,
                tx =>
                {
                    TimerRows.PullIn(tx.Db, tx.NowMs, MessageRows.LongestWaitMs);
                    SilenceRows.HeardAtTheStartAtTheLatest(tx.Db, _startedAtMs);
                },
                stoppingToken);
            _isFirst = false;
        }
        await TimersAsync(stoppingToken);
        if (clock.NowMs >= _slowDueMs)
        {
            _slowDueMs = clock.NowMs + SlowStepMs;
            await SlowAsync(stoppingToken);
        }
    }

    private async Task TimersAsync(CancellationToken stoppingToken)
    {
        foreach (DueTimer timer in store.Read(db => TimerRows.Due(db, clock.NowMs)))
        {
            try
            {
                await store.WriteAsync(Lane.Alarm, tx => ringing.TimerDue(tx, timer), stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // One that fails must not stop those of all others; it is tried again in the next sweep.
                metrics.Count("timers_failed_total");
                log.LogError(e, "The timer {Kind} of alarm {Alarm} failed", timer.Kind, timer.AlarmId);
            }
        }
    }

    private async Task SlowAsync(CancellationToken stoppingToken)
    {
        List<long> orphans = store.Read(TimerRows.Orphans);
        Orphans = orphans.Count;
        foreach (long orphan in orphans)
        {
            metrics.Count("alarms_rescued_total");
            await store.WriteAsync(Lane.Alarm, tx => ringing.Rescue(tx, orphan), stoppingToken);
        }

        long steppedMs = clock.SteppedMs;
        if (Math.Abs(steppedMs - _steppedMs) > ClockStepMs)
        {
            await CardAsync(
                CardKind.ClockWrong, "stepped", $"stepped by {(steppedMs - _steppedMs) / 1000.0:+0;-0} s",
                stoppingToken);
            _steppedMs = steppedMs;
        }

        if (!_hubsDisagree && clocks.Hubs() is { } hubs)
        {
            _hubsDisagree = true;
            await CardAsync(
                CardKind.ClockWrong, "hubs",
                $"{hubs.Agreeing} of {hubs.Heard} hubs were {hubs.AheadMs / 1000:+0;-0} s ahead of it when they came "
                    + "back: one of the two clocks is wrong, or this one was corrected",
                stoppingToken);
        }

        List<SilentDevice> silent = store.Read(db =>
        {
            List<SilentDevice> found =
                SilenceRows.NewlySilentHubs(db, clock.NowMs, _startedAtMs, Liveness.HubSilentMs);
            found.AddRange(SilenceRows.NewlySilentBands(db, clock.NowMs, _startedAtMs));
            return found;
        });
        foreach (SilentDevice device in silent)
        {
            await store.WriteAsync(
                Lane.Alarm,
                tx => TechnicalRows.Open(
                    tx,
                    new TechnicalKey(
                        device.CentreId, device.HubId is null ? CardKind.BandSilent : CardKind.HubSilent,
                        device.BandId, device.HubId),
                    urgent: true),
                stoppingToken);
        }
        foreach (SilentDevice band in store.Read(db => SilenceRows.BandsToVisit(db, clock.NowMs, _startedAtMs)))
        {
            await store.WriteAsync(
                Lane.Alarm,
                tx => TechnicalRows.Open(
                    tx, new TechnicalKey(band.CentreId, CardKind.VisitToday, band.BandId, null), urgent: true),
                stoppingToken);
        }
        await DatabasesAsync(stoppingToken);
        long heartbeatMs = await store.WriteAsync(
            Lane.Vitals,
            tx =>
            {
                Heartbeat.Write(tx);
                return tx.NowMs;
            },
            stoppingToken);
        store.NoteHeartbeat(heartbeatMs);
    }

    /// <summary>
    /// Opens cards about damage in a database file, and about a file of measurements that cannot be written. The banner
    /// of every console shows an alarm file that cannot be written.
    /// </summary>
    private async Task DatabasesAsync(CancellationToken stoppingToken)
    {
        foreach ((Store file, string code) in ((Store, string)[])[(store, "alarms"), (vitals, "vitals")])
        {
            if (file.Damage is { } damage && _shownDamage.Add(damage))
            {
                await CardAsync(CardKind.DatabaseDamaged, code, damage, stoppingToken);
            }
        }
        // Trouble must be seen in two checks in a row, because a lock that passes is no reason for a card.
        string? trouble = vitals.Trouble;
        if (trouble is not null && _vitalsTrouble is not null)
        {
            await CardAsync(CardKind.VitalsUnwritten, "vitals", trouble, stoppingToken);
        }
        else if (trouble is null && _vitalsTrouble is not null)
        {
            await store.WriteAsync(
                Lane.Alarm,
                tx => TechnicalRows.Close(
                    tx, new TechnicalKey(Centre(tx.Db), CardKind.VitalsUnwritten, null, null, "vitals"),
                    "takes writes again"),
                stoppingToken);
        }
        _vitalsTrouble = trouble;
    }

    private Task CardAsync(CardKind kind, string code, string detail, CancellationToken stoppingToken) =>
        store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                if (ResidentRows.FirstCentre(tx.Db) is { } centre)
                {
                    TechnicalRows.Open(
                        tx, new TechnicalKey(centre.CentreId, kind, null, null, code), urgent: true, detail);
                }
            },
            stoppingToken);

    private static string Centre(Db db) => ResidentRows.FirstCentre(db)?.CentreId ?? "";
}

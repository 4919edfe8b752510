using System.Collections.Concurrent;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>
/// The console's event stream. The stream sends the whole state first and then each change. Every 5 s the stream sends
/// a sign of life, and the page answers it (<see cref="Answered"/>).
/// </summary>
public sealed class ConsoleStream(
    Store store, Changes changes, ConsoleCounter consoles, Ringing ringing, Sessions sessions, Clock clock,
    IHostApplicationLifetime lifetime)
{
    private const int AliveEveryMs = 5000;

    private readonly long _startedAtMs = clock.NowMs;
    private readonly ConcurrentDictionary<string, ConsolePresence> _pages = new(StringComparer.Ordinal);

    /// <summary>Everything the console draws, now.</summary>
    public StateView State(Caller caller)
    {
        string centreId = caller.Staff.CentreId;
        return store.Read(db => new StateView(
            clock.NowMs, _startedAtMs, StaffEndpoints.CentreOf(db, centreId),
            new MeView(caller.Staff.Id, caller.Staff.DisplayName, caller.CanAct, caller.Screen?.Name),
            changes.ReadAll(db, centreId, clock.NowMs), Views.Technicals(db, centreId), Alive(db, centreId)));
    }

    /// <summary>Notes that a page has answered a sign of life. False where no open stream has this id.</summary>
    public bool Answered(string pageId)
    {
        if (!_pages.TryGetValue(pageId, out ConsolePresence? page))
        {
            return false;
        }
        page.Answered();
        return true;
    }

    /// <summary>Browsers with a page that counts as a console now, as <see cref="Caller.Browser"/>.</summary>
    public IReadOnlySet<string> OpenBrowsers =>
        _pages.Values.Where(static page => page.IsOpen).Select(static page => page.Caller.Browser)
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>True where no other browser of the centre shows a page that counts as a console.</summary>
    public bool IsLastScreen(Caller caller) =>
        !_pages.Values.Any(page => page.IsOpen && page.Caller.Staff.CentreId == caller.Staff.CentreId
            && page.Caller.Browser != caller.Browser);

    /// <summary>Streams until the browser leaves, the service stops or the caller may no longer read.</summary>
    public async Task RunAsync(HttpContext context, Caller caller)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        CancellationToken end = ending.Token;
        // Subscribed before the state is read: a change in between comes twice, and the revision tells.
        using Subscription subscription = changes.Subscribe(caller.Staff.CentreId);
        EventStream stream = await EventStream.OpenAsync(context);
        // The header is out: this console counts, in its own first state too.
        using var page = new ConsolePresence(consoles, clock, caller);
        _pages[page.Id] = page;
        try
        {
            await RunAsync(context, caller, subscription, stream, page, end);
        }
        finally
        {
            _pages.TryRemove(page.Id, out _);
        }
    }

    private async Task RunAsync(
        HttpContext context, Caller caller, Subscription subscription, EventStream stream, ConsolePresence page,
        CancellationToken end)
    {
        var feed = new AlarmFeed();
        await SendStateAsync(stream, feed, caller, end);

        long nextAliveMs = clock.NowMs + AliveEveryMs;
        while (true)
        {
            long nowMs = clock.NowMs;
            if (page.HasGone(out int againInMs))
            {
                await store.WriteAsync(
                    Lane.Alarm, tx => ringing.ConsolesGone(tx, caller.Staff.CentreId), CancellationToken.None);
            }
            if (nextAliveMs > nowMs)
            {
                await WaitAsync(subscription, (int)Math.Min(nextAliveMs - nowMs, againInMs), end);
            }
            bool reload = false;
            while (subscription.Notices.TryRead(out Notice? notice))
            {
                reload |= notice.Reload;
                if (notice.Alarm is { } alarm)
                {
                    (string name, object data) = feed.Next(alarm);
                    await stream.SendAsync(name, data, end);
                }
                else if (notice.Technical is { } card)
                {
                    await stream.SendAsync("technical", card, end);
                }
                foreach (VitalsView vitals in notice.Vitals ?? [])
                {
                    await stream.SendAsync("vitals", vitals, end);
                }
            }
            if (reload)
            {
                await SendStateAsync(stream, feed, caller, end);
            }

            nowMs = clock.NowMs;
            if (nowMs < nextAliveMs)
            {
                continue;
            }
            nextAliveMs = nowMs + AliveEveryMs;
            if (Again(context, caller) is not { } now)
            {
                return; // signed out everywhere: the console asks who it is and says so
            }
            page.Caller = now;
            if (now.CanAct != caller.CanAct || now.Staff.Id != caller.Staff.Id)
            {
                caller = now;
                await SendStateAsync(stream, feed, caller, end);
            }
            await stream.SendAsync("alive", Alive(caller.Staff.CentreId) with { PageId = page.Id }, end);
        }
    }

    private Task SendStateAsync(EventStream stream, AlarmFeed feed, Caller caller, CancellationToken end)
    {
        StateView state = State(caller);
        feed.Sent(state.Alarms);
        return stream.SendAsync("state", state, end);
    }

    private static async Task WaitAsync(Subscription subscription, int timeoutMs, CancellationToken end)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(end);
        timeout.CancelAfter(timeoutMs);
        try
        {
            await subscription.Notices.WaitToReadAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            // Nothing has changed in that time.
        }
    }

    /// <summary>
    /// The caller as of now; while the database does not answer, as before: alarms are not hidden for that.
    /// </summary>
    private Caller? Again(HttpContext context, Caller caller)
    {
        try
        {
            return sessions.Find(context);
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            return caller;
        }
    }

    private AliveView Alive(string centreId)
    {
        try
        {
            return store.Read(db => Alive(db, centreId));
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            return new AliveView(
                clock.NowMs, new HubsAliveView(0, 0, null, []), new BandsAliveView(0, 0, null, []),
                new DatabaseView(false, store.LastCommitAtMs), consoles.Open(centreId), null);
        }
    }

    private AliveView Alive(Db db, string centreId) => Views.Alive(
        db, centreId, clock.NowMs, new DatabaseView(
            Service.DatabaseIsWritten(store, clock.NowMs), store.LastCommitAtMs), consoles.Open(centreId));
}

using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;
using ElderBand.Tests.HubService.Schedules;

namespace ElderBand.Tests.HubService;

/// <summary>The alarms on a real database. Tests give them the events that the intake makes.</summary>
internal sealed class DeskRig : IAsyncDisposable
{
    private readonly string _folder;
    private readonly ConsoleCounter _consoles;
    private IDisposable _console;

    private DeskRig(string folder)
    {
        _folder = folder;
        _consoles = new ConsoleCounter(Clock);
        _console = _consoles.Enter("c1");
        Ringing = new Ringing(_consoles);
        Store = Store.Open(folder, Clock);
    }

    /// <summary>This clock moves only in <see cref="After"/>, so no timer is due early on a slow machine.</summary>
    public TestClock Clock { get; } = new(new ScheduleTime(DateTimeOffset.UtcNow));

    public Store Store { get; private set; }

    public Ringing Ringing { get; private set; }

    public AlarmDesk Desk => new(Ringing);

    public static async Task<DeskRig> OpenAsync()
    {
        TestCentre centre = await TestCentre.EnrolAsync();
        return new DeskRig(centre.DataDir);
    }

    public Task RestartAsync()
    {
        Store.Dispose();
        Store = Store.Open(_folder, Clock);
        return Task.CompletedTask;
    }

    public void LeaveConsole() => _console.Dispose();

    public void OpenConsole() => _console = _consoles.Enter("c1");

    public void RestartConsoles() => Ringing = new Ringing(new ConsoleCounter(Clock));

    public List<AlarmView> Alarms() => Store.Read(db => Views.Alarms(db, "c1", Clock.NowMs));

    public List<TechnicalView> Tasks() => Store.Read(db => Views.Technicals(db, "c1"));

    public AlarmView Only() => Alarms().ShouldHaveSingleItem();

    public List<string> Messages() =>
        Store.Read(db => db.All("SELECT reason FROM message ORDER BY id", r => r.Text(0)));

    public List<string> Timers() => Store.Read(db => db.All("SELECT kind FROM timer", r => r.Text(0)));

    public Task Sos(int sequence, byte flags = 0, string sender = "b1") =>
        Event(FrameType.Sos, sequence, (tx, e) => Calls.Sos(tx, e), flags: flags, sender: sender);

    public Task Fall(int sequence, long ageMs = 0, int uptimeS = 95, byte flags = 0) =>
        Event(FrameType.FallSuspected, sequence, (tx, e) =>
            Falls.Suspected(tx, e), ageMs, flags: flags, uptimeS: uptimeS);

    public Task Confirm(int sequence, int to) =>
        Event(FrameType.FallConfirmed, sequence, (tx, e) => Falls.Confirmed(tx, e), to: to);

    public Task Cancel(int sequence, int to) =>
        Event(FrameType.FallCancelled, sequence, (tx, e) => Falls.Cancelled(tx, e), to: to);

    public Task NotNeeded(int sequence, int to) =>
        Event(FrameType.NotNeeded, sequence, (tx, e) => Calls.NotNeeded(tx, e), to: to);

    public Task<ActResult> Try(Func<Tx, ActResult> act) => Store.WriteAsync(Lane.Alarm, act);

    public async Task Act(Func<Tx, ActResult> act) =>
        (await Try(act)).Act.ShouldBe(ElderBand.HubService.Alarms.Act.Done);

    /// <summary>Moves the clock and runs the timers that are due, as the sweeper does.</summary>
    public async Task After(long ms)
    {
        Clock.Advance(ms);
        foreach (DueTimer timer in Store.Read(db => TimerRows.Due(db, Clock.NowMs)))
        {
            await Store.WriteAsync(Lane.Alarm, tx => Ringing.TimerDue(tx, timer));
        }
    }

    public ValueTask DisposeAsync()
    {
        Store.Read(TimerRows.Orphans).ShouldBeEmpty();
        Store.Dispose();
        Directory.Delete(_folder, recursive: true);
        File.Delete(SecretBox.DefaultFile(_folder));
        return ValueTask.CompletedTask;
    }

    private Calls Calls => new(Ringing);

    private Falls Falls => new(Ringing);

    private Task Event(
        FrameType type, int sequence, Action<Tx, FrameEvent> apply, long ageMs = 0, int? to = null, byte flags = 0,
        int uptimeS = 100, string sender = "b1") => Store.WriteAsync(Lane.Alarm, tx =>
        {
            var e = new FrameEvent
            {
                CentreId = "c1",
                Sender = sender,
                Boot = 1,
                Lane = Lane.Alarm,
                Sequence = sequence,
                Type = type,
                Frame = new byte[Frame.Size],
                BandId = sender == "b1" ? 1 : 2,
                HubId = "hub-1",
                ResidentId = sender == "b1" ? 1 : 2,
                HomeId = 1,
                Source = "band",
                UptimeS = uptimeS,
                RefersTo = to,
                Flags = flags,
                AtMs = tx.NowMs - ageMs,
                Quality = AgeQuality.Measured,
                AgeMs = ageMs,
                ReceivedAtMs = tx.NowMs,
            };
            apply(tx, e with { EventId = EventRows.Insert(tx.Db, e) });
        });
}

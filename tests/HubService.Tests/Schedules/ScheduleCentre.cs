using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace ElderBand.Tests.HubService.Schedules;

/// <summary>
/// The service's own alarms, timers and SQL on a SQLite database in memory, in virtual time. The centre has three
/// residents with two contacts each, and three officers. A restart drops all objects of the service and keeps the
/// database.
/// </summary>
internal sealed class ScheduleCentre : IDisposable
{
    public const int Residents = 3;
    public const int Officers = 3;
    private const string CentreId = "c1";

    private Process? _process;
    private int _consoles = 1;
    private int _sequence;

    public ScheduleCentre()
    {
        using Store store = Store.Over(Disk, new Clock(Time));
        ResidentRows.PutCentre(Disk, new CentreRow(CentreId, "Centre", "021"), 0);
        for (int i = 1; i <= Residents; i++)
        {
            long resident = ResidentRows.PutResident(
                Disk, new ResidentRow(0, CentreId, $"r{i}", $"r{i}", "", null, "", "", "", "", "", ""), 0);
            for (int order = 1; order <= 2; order++)
            {
                ResidentRows.InsertContact(
                    Disk,
                    new ContactRow(0, CentreId, resident, order, $"k{order}", "", $"{order}", "self", 1, "paper"), 0);
            }
            StaffRows.Insert(Disk, CentreId, $"s{i}", $"s{i}", "officer", "", 0);
        }
        Start();
    }

    public ScheduleTime Time { get; } = new();

    public Db Disk { get; } = new(":memory:", create: true);

    public long NowMs => Running.Clock.NowMs;

    public long Rescued => Running.Metrics["alarms_rescued_total"] + Running.Metrics["timers_failed_total"];

    private Process Running => _process!;

    public void Press(int resident) => Event(FrameType.Sos, resident, (tx, e) => new Calls(Running.Ringing).Sos(tx, e));

    /// <summary>Raises a suspected fall. Returns the number to which its confirmation or its cancel refers.</summary>
    public int Fall(int resident)
    {
        Event(FrameType.FallSuspected, resident, (tx, e) => new Falls(Running.Ringing).Suspected(tx, e));
        return _sequence;
    }

    public void Answer(int resident, FrameType type, int to) => Event(
        type, resident,
        (tx, e) =>
        {
            var falls = new Falls(Running.Ringing);
            if (type == FrameType.FallConfirmed)
            {
                falls.Confirmed(tx, e);
            }
            else
            {
                falls.Cancelled(tx, e);
            }
        },
        to);

    public Act Do(Func<AlarmDesk, Tx, ActResult> act) =>
        Now(Running.Store.WriteAsync(Lane.Alarm, tx => act(new AlarmDesk(Running.Ringing), tx))).Act;

    public void Write(Action<Db> write) => Now(Running.Store.WriteAsync(Lane.Alarm, tx =>
    {
        write(tx.Db);
        return true;
    }));

    /// <summary>Closes the last console, or opens one where none is open.</summary>
    public void SwitchConsole()
    {
        _consoles = 1 - _consoles;
        Running.Look(_consoles);
    }

    /// <summary>Does one sweep, which the service does five times a second.</summary>
    public void Sweep()
    {
        Task sweep = Running.Sweeper.SweepAsync(CancellationToken.None);
        sweep.IsCompletedSuccessfully.ShouldBeTrue("without threads a sweep ends within its call");
    }

    public void Kill()
    {
        _process?.Dispose();
        _process = null;
    }

    public void Start()
    {
        _process = new Process(Disk, new Clock(Time));
        Running.Look(_consoles);
    }

    public void Dispose()
    {
        Kill();
        Disk.Dispose();
    }

    private static T Now<T>(Task<T> task) => task.IsCompleted
        ? task.GetAwaiter().GetResult()
        : throw new InvalidOperationException("the service waits for something outside the schedule");

    private void Event(FrameType type, int resident, Action<Tx, FrameEvent> apply, int? to = null)
    {
        _sequence++;
        Now(Running.Store.WriteAsync(Lane.Alarm, tx =>
        {
            var e = new FrameEvent
            {
                CentreId = CentreId,
                Sender = $"b{resident}",
                Boot = 1,
                Lane = Lane.Alarm,
                Sequence = _sequence,
                Type = type,
                Frame = new byte[Frame.Size],
                HubId = "hub",
                ResidentId = resident,
                Source = "band",
                UptimeS = (int)(Time.NowMs / 1000),
                RefersTo = to,
                AtMs = tx.NowMs,
                Quality = AgeQuality.Measured,
                AgeMs = 0,
                ReceivedAtMs = tx.NowMs,
            };
            apply(tx, e with { EventId = EventRows.Insert(tx.Db, e) });
            return true;
        }));
    }

    private sealed class Process : IDisposable
    {
        private readonly ConsoleCounter _consoles;
        private readonly Db _measurements = new(":memory:", create: true);
        private IDisposable? _console;

        public Process(Db disk, Clock clock)
        {
            Clock = clock;
            Store = Store.Over(disk, clock);
            _consoles = new ConsoleCounter(clock);
            Ringing = new Ringing(_consoles);
            Sweeper = new Sweeper(
                Store, VitalsStore.Over(_measurements, clock), Ringing, clock, new ClockCheck(), Metrics,
                NullLogger<Sweeper>.Instance);
        }

        public Clock Clock { get; }

        public Store Store { get; }

        public Metrics Metrics { get; } = new();

        public Ringing Ringing { get; }

        public Sweeper Sweeper { get; }

        public void Look(int consoles)
        {
            _console?.Dispose();
            _console = consoles > 0 ? _consoles.Enter(CentreId) : null;
        }

        public void Dispose()
        {
            _console?.Dispose();
            Sweeper.Dispose();
            _measurements.Dispose();
            Store.Dispose();
        }
    }
}

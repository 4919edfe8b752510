using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;
using ElderBand.Simulation;
using ElderBand.Wristband;
using Microsoft.Extensions.Logging.Abstractions;

namespace ElderBand.Simulator.Swarm;

/// <summary>
/// The service's own intake, alarms, timers and downlink in virtual time over SQLite in memory (docs/adr/0063).
/// Kestrel, TLS, MQTT and the three threads are left out, because they only bring bytes. The database outlives the
/// process as a file does.
/// </summary>
public sealed class ServiceCentre : IDisposable
{
    /// <summary>The centre's id.</summary>
    public const string CentreId = "c1";

    private readonly World _world;
    private readonly Db _disk = new(":memory:", create: true);
    private readonly Db _vitalsDisk = new(":memory:", create: true);
    private readonly WorldClock _clock;
    private readonly Dictionary<string, ServiceLine> _lines = new(StringComparer.Ordinal);
    private readonly List<Actor> _staff = [];
    private Process? _process;
    private int _starts;

    /// <summary>An enrolled centre with two officers; the service does not run yet.</summary>
    public ServiceCentre(World world)
    {
        _world = world;
        _clock = new WorldClock(world);
        using Store store = Store.Over(_disk, _clock);
        ResidentRows.PutCentre(_disk, new CentreRow(CentreId, "Centre", "021"), _clock.NowMs);
        foreach (var name in new[] { "Li", "Wang" })
        {
            _staff.Add(new Actor(
                StaffRows.Insert(_disk, CentreId, name, name, "officer", "", _clock.NowMs), name));
        }
    }

    /// <summary>Called after each commit with what it changed.</summary>
    public Action<Db, IReadOnlyList<Change>>? Committed { get; set; }

    /// <summary>Called with each line of the log.</summary>
    public Action<string>? Log { get; set; }

    /// <summary>How far the machine's clock is wrong, ms; the service reads it when it starts.</summary>
    public long ClockErrorMs { get; set; }

    /// <summary>Enrols a home; its id is the link group of its bands.</summary>
    public long AddHome(string code) => ResidentRows.PutHome(
        _disk, new HomeRow(0, CentreId, code, "", "", "", "", "", Enrolment.FirstLinkEpoch), _clock.NowMs);

    /// <summary>Enrols a hub of a home and returns the function that makes its line.</summary>
    public Func<HubDevice, IUplink> AddHub(string id, long homeId)
    {
        var password = new byte[32];
        _world.Random.NextBytes(password);
        DeviceRows.InsertHub(_disk, CentreId, id, SHA256.HashData(password), _clock.NowMs);
        DeviceRows.PlaceHub(_disk, CentreId, id, homeId, _clock.NowMs);
        return device => _lines[id] = new ServiceLine(this, device, id, password);
    }

    /// <summary>Enrols a band for a new resident of the home.</summary>
    public (long BandId, BandIdentity Identity) AddBand(long address, long homeId)
    {
        var secret = new byte[BandKeys.Size];
        _world.Random.NextBytes(secret);
        var code = $"r{address:x}";
        var resident = AddResident(_disk, code, homeId, _clock.NowMs);
        var band = DeviceRows.InsertBand(_disk, CentreId, address, secret, code, guardAlways: false, _clock.NowMs);
        DeviceRows.AssignBand(_disk, CentreId, band, resident, _clock.NowMs);
        return (band, new BandIdentity
        {
            Secret = secret,
            LinkGroup = (uint)homeId,
            LinkEpoch = Enrolment.FirstLinkEpoch,
        });
    }

    /// <summary>
    /// Gives a band to a new resident of the home. Returns the ids of the resident before and after; null where the
    /// service is down.
    /// </summary>
    public (long Before, long After)? HandOver(long bandId, long homeId)
    {
        if (_process is not { } process)
        {
            return null;
        }

        var wearers = Now(process.Store.WriteAsync(Lane.Alarm, tx =>
        {
            var before = DeviceRows.ResidentOf(tx.Db, bandId, tx.NowMs)!.Value;
            var after = AddResident(tx.Db, $"after-{before}", homeId, tx.NowMs);
            DeviceRows.AssignBand(tx.Db, CentreId, bandId, after, tx.NowMs);
            return (before, after);
        }));
        process.Downlink.Turn();
        return wearers;
    }

    private static long AddResident(Db db, string code, long homeId, long nowMs)
    {
        var resident = ResidentRows.PutResident(
            db, new ResidentRow(0, CentreId, code, code, "", null, "", "", "", "", "", ""), nowMs);
        ResidentRows.MoveTo(db, CentreId, resident, homeId, nowMs);
        return resident;
    }

    /// <summary>Gives a home new link keys, as an officer does after the loss of a hub (docs/adr/0003).</summary>
    public void RaiseLinkEpoch(long homeId) => DeviceRows.RaiseLinkEpoch(_disk, homeId);

    /// <summary>The line of a hub.</summary>
    public ServiceLine LineOf(string hubId) => _lines[hubId];

    /// <summary>Starts the process.</summary>
    public void Start()
    {
        if (_process is not null)
        {
            return;
        }

        _clock.ErrorMs = ClockErrorMs;
        _process = new Process(_disk, _vitalsDisk, _clock);
        _process.Store.Committed = (changes, _) => Committed?.Invoke(_disk, changes);
        Step(++_starts);
        Flush(_starts);
    }

    /// <summary>
    /// The process ends at this moment: what is in its memory is gone, the operating system closes its sockets.
    /// </summary>
    public void Kill()
    {
        if (_process is null)
        {
            return;
        }

        _process.Dispose();
        _process = null;
        foreach (var line in _lines.Values)
        {
            line.Reset();
        }
    }

    /// <summary>Makes a backup of the database. The caller disposes the backup.</summary>
    public Db Backup()
    {
        var backup = new Db(":memory:", create: true);
        _disk.CopyTo(backup);
        return backup;
    }

    /// <summary>
    /// Puts a backup in the place of the database, gives it a new incarnation and starts the service. A service with
    /// files finds at its start that the incarnation must be new.
    /// </summary>
    public void Restore(Db backup)
    {
        Kill();
        backup.CopyTo(_disk);
        Incarnation.Renew(_disk, _clock.NowMs);
        Start();
    }

    /// <summary>Reads from the database.</summary>
    public T Look<T>(Func<Db, T> look) => look(_disk);

    /// <summary>An officer acts on an alarm; false where the service is down or the act is refused.</summary>
    public bool Act(StaffAct act, long alarmId, int officer)
    {
        if (_process is not { } process)
        {
            return false;
        }

        var actor = _staff[officer];
        var result = Now(process.Store.WriteAsync(Lane.Alarm, tx => act switch
        {
            StaffAct.Take => process.Desk.Take(tx, CentreId, alarmId, actor),
            StaffAct.SendHelp => process.Desk.Coming(tx, CentreId, alarmId, actor),
            StaffAct.HandBack => process.Desk.HandBack(tx, CentreId, alarmId, actor),
            _ => process.Desk.Close(tx, CentreId, alarmId, actor, AlarmDesk.Outcomes[0], ""),
        }));
        process.Downlink.Turn();
        return result.Act == HubService.Alarms.Act.Done;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process?.Dispose();
        _disk.Dispose();
        _vitalsDisk.Dispose();
    }

    /// <summary>A hub signs in; null where it may not or nobody answers.</summary>
    internal HubSession? SignIn(string hubId, byte[] password, ServiceLine line)
    {
        if (_process is not { } process)
        {
            return null;
        }

        var signIn = Now(process.Endpoint.AuthenticateAsync(
            new Mqtt.MqttCredentials(hubId, hubId, password, null), CancellationToken.None));
        if (signIn.Session is { } session)
        {
            process.Hubs.Add(session, line);
        }

        return signIn.Session;
    }

    /// <summary>A connection is over, as the service sees it.</summary>
    internal void SignedOut(HubSession session, ServiceLine line) => _process?.Hubs.Remove(session, line);

    /// <summary>A hub's message is here; true where it has been committed.</summary>
    internal bool Receive(HubSession session, string topic, byte[] payload)
    {
        if (_process is not { } process)
        {
            return false;
        }

        var done = Now(process.Endpoint.PublishReceived(
            session, session.UpPrefix + topic, payload, Mqtt.MqttQos.AtLeastOnce));
        process.Downlink.Turn();
        return done;
    }

    private void Step(int start)
    {
        if (start != _starts || _process is not { } process)
        {
            return;
        }

        End(process.Sweeper.SweepAsync(CancellationToken.None));
        process.Downlink.Turn();
        _world.At(_world.NowMs + Sweeper.StepMs, () => Step(start));
    }

    private void Flush(int start)
    {
        if (start == _starts && _process is { } process)
        {
            End(process.Heard.FlushAsync(CancellationToken.None));
            _world.At(_world.NowMs + HeardDevices.FlushEveryMs, () => Flush(start));
        }
    }

    private static void End(Task task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("the service waits for something outside the world", task.Exception);
        }
    }

    // Without threads everything that the service awaits has ended when the call returns.
    private static T Now<T>(Task<T> task) => task.IsCompleted
        ? task.GetAwaiter().GetResult()
        : throw new InvalidOperationException("the service waits for something outside the world");

    private static T Now<T>(ValueTask<T> task) => Now(task.AsTask());

    private sealed class WorldClock(World world) : Clock
    {
        private const long StartMs = 1_780_000_000_000;

        public long ErrorMs { get; set; }

        public override long NowMs => StartMs + ErrorMs + world.NowMs;

        public override long NowUs => world.NowUs;
    }

    // What Service.Build composes, without its threads.
    private sealed class Process : IDisposable
    {
        private readonly IDisposable _console;

        public Process(Db disk, Db vitalsDisk, Clock clock)
        {
            Store = Store.Over(disk, clock);
            VitalsStore vitals = VitalsStore.Over(vitalsDisk, clock);
            var metrics = new Metrics();
            var consoles = new ConsoleCounter(clock);
            var ringing = new Ringing(consoles);
            Desk = new AlarmDesk(ringing);
            Downlink = new Downlink(Store, Hubs, ringing, clock, NullLogger<Downlink>.Instance);
            var clocks = new ClockCheck();
            var intake = new FrameIntake(new Calls(ringing), new Falls(ringing), Downlink, Hubs, clocks, metrics);
            Heard = new HeardDevices(Store, metrics, NullLogger<HeardDevices>.Instance);
            Endpoint = new HubEndpoint(
                Store, intake, new Measurements(Store, Heard, clock),
                new VitalsQueue(vitals, new VitalsIntake(metrics)), Hubs, metrics, clock,
                new StrangerGate(clock, metrics));
            Sweeper = new Sweeper(Store, vitals, ringing, clock, clocks, metrics, NullLogger<Sweeper>.Instance);
            _console = consoles.Enter(CentreId);
        }

        public HubLinks Hubs { get; } = new();

        public Store Store { get; }

        public AlarmDesk Desk { get; }

        public Downlink Downlink { get; }

        public HubEndpoint Endpoint { get; }

        public Sweeper Sweeper { get; }

        public HeardDevices Heard { get; }

        public void Dispose()
        {
            _console.Dispose();
            Downlink.Dispose();
            Sweeper.Dispose();
            Heard.Dispose();
            Store.Dispose();
        }
    }
}

/// <summary>What an officer does to an alarm.</summary>
public enum StaffAct
{
    /// <summary>Takes it.</summary>
    Take,

    /// <summary>Says that help is on the way.</summary>
    SendHelp,

    /// <summary>Gives it back: it rings again.</summary>
    HandBack,

    /// <summary>Closes it.</summary>
    Close,
}

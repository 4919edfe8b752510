using System.Collections.Concurrent;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Devices;

/// <summary>
/// What the centre says to hubs and bands, on a thread of its own: the table of bands, stages until the wrist has shown
/// them, configurations until the band echoes them, link groups, questions for a trace. Nothing here needs to survive a
/// restart: it is made from the database whenever a hub says hello.
/// </summary>
public sealed class Downlink : IDisposable
{
    private const long HeardWithinMs = 3_600_000;
    private const int StepMs = 250;
    private const int TablesEveryMs = 2000;

    private static readonly int[] ResendS = [2, 5, 15, 60];

    /// <summary>
    /// A hub that says hello without end is greeted once in this time, or it would hold up the stages of all others.
    /// </summary>
    private const int GreetEveryMs = 1000;

    private readonly Store _store;
    private readonly HubLinks _hubs;
    private readonly Clock _clock;
    private readonly Tagger _tagger = new(new HmacSha256());
    private readonly ILogger<Downlink> _log;
    private readonly ConcurrentQueue<string> _hellos = new();
    private readonly HashSet<string> _toGreet = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _greetedMs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<long> _changed = new();
    private readonly ConcurrentQueue<long> _bands = new();
    private readonly Dictionary<long, (int Attempt, long DueMs, bool IsUnsure)> _stages = [];
    private readonly Dictionary<string, byte[]> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<long, (int Version, int Epoch)> _settings = [];
    private readonly Dictionary<string, int> _asked = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _work = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private Thread? _thread;
    private long _tablesDueMs;

    /// <summary>Asks <see cref="Ringing.StageChanged"/> to call this object for each changed stage.</summary>
    public Downlink(Store store, HubLinks hubs, Ringing ringing, Clock clock, ILogger<Downlink> log)
    {
        _log = log;
        _store = store;
        _hubs = hubs;
        _clock = clock;
        ringing.StageChanged = alarmId =>
        {
            _changed.Enqueue(alarmId);
            _work.Release();
        };
    }

    /// <summary>Starts the thread. A simulation in virtual time calls <see cref="Turn"/> instead.</summary>
    public void Start()
    {
        _thread = new Thread(Run) { Name = "downlink", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Sends what is due now; the thread does it every 250 ms and whenever something has changed.</summary>
    public void Turn() => _store.Read(db =>
    {
        Step(db, _clock.NowMs);
        if (_clock.NowMs >= _tablesDueMs)
        {
            // Also what a command of another process has changed reaches hubs and bands.
            _tablesDueMs = _clock.NowMs + TablesEveryMs;
            SendChangedTables(db);
        }
        return true;
    });

    /// <summary>A hub has said hello: everything that it or its bands should know is sent again.</summary>
    public void Hello(string hubId)
    {
        _hellos.Enqueue(hubId);
        _work.Release();
    }

    /// <summary>A band should be told its configuration and link group again.</summary>
    public void BandChanged(long bandId)
    {
        _bands.Enqueue(bandId);
        _work.Release();
    }

    /// <summary>Makes the centre's receipt for a band frame.</summary>
    /// <param name="tagger">Signs.</param>
    /// <param name="centreDownKey">The band's key for frames from the centre.</param>
    /// <param name="lane">Lane of the answered frame.</param>
    /// <param name="boot">Boot of the answered frame.</param>
    /// <param name="sequence">Sequence of the answered frame.</param>
    /// <param name="refusal">0 stored, else why not.</param>
    /// <param name="highestBoot">The highest boot of the band that is known; 0 tells nothing.</param>
    /// <param name="opener">The frame that opened the card of an answered press.</param>
    public static byte[] Receipt(
        Tagger tagger, byte[] centreDownKey, Lane lane, int boot, int sequence, int refusal, int highestBoot = 0,
        PressKey? opener = null)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Receipt, lane, boot, sequence);
        Payload.PutReceipt(frame, (byte)refusal);
        Payload.TellHighestBoot(frame, highestBoot);
        if (opener is not null)
        {
            Payload.TellOpener(frame, opener.Boot, opener.Sequence);
        }
        tagger.SignCentre(centreDownKey, frame);
        return frame;
    }

    /// <summary>
    /// Sends frames to bands, each through the hubs of the band, in as few messages as possible. A hub holds six
    /// messages at once and loses further ones (P26).
    /// </summary>
    public void SendToBands(IEnumerable<(List<string> Hubs, long Address, byte[] Frame)> frames)
    {
        foreach (var hub in frames.SelectMany(static f => f.Hubs.Select(id => (Id: id, f.Address, f.Frame)))
            .GroupBy(static f => f.Id, StringComparer.Ordinal))
        {
            foreach (var part in hub.Chunk(HubMessage.MaxBandFrames))
            {
                byte[] message = new byte[HubMessage.MaxDownSize];
                int size = HubMessage.BeginBandFrames(message);
                foreach (var (_, address, frame) in part)
                {
                    size = HubMessage.AddBandFrame(message, address, frame);
                }
                _hubs.Send(hub.Key, "band", message, size);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Cancel();
        _thread?.Join();
        _stopping.Dispose();
        // A late commit may still release _work, so _work is not disposed. A SemaphoreSlim holds no handle.
    }

    private void Run()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                _work.Wait(StepMs, _stopping.Token);
                Turn();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                // The database's trouble, which the writer reports, or a row that cannot be read: neither may end the
                // process, and what failed has its next turn later than everything else.
                _log.LogError(e, "Sending to the hubs failed; trying again.");
                _stopping.Token.WaitHandle.WaitOne(StepMs);
            }
        }
    }

    private void Step(Db db, long nowMs)
    {
        for (int waiting = _hellos.Count; waiting > 0 && _hellos.TryDequeue(out string? hubId); waiting--)
        {
            _toGreet.Add(hubId);
        }
        foreach (string hubId in _toGreet.Where(hub => nowMs - _greetedMs.GetValueOrDefault(hub) >= GreetEveryMs)
            .ToList())
        {
            _toGreet.Remove(hubId);
            _greetedMs[hubId] = nowMs;
            Greet(db, hubId, nowMs);
        }
        while (_bands.TryDequeue(out long bandId))
        {
            if (DeviceRows.Band(db, bandId) is { RevokedAtMs: null, HasSecret: true } band)
            {
                SendSettings(db, band, DeviceRows.HubsFor(db, bandId, nowMs - HeardWithinMs));
                foreach (AlarmRow alarm in AlarmRows.WithWristBehind(db, band.Sender, nowMs))
                {
                    _stages.TryAdd(alarm.Id, (0, nowMs, false)); // another wearer may have the band now
                }
            }
        }
        while (_changed.TryDequeue(out long alarmId))
        {
            _stages[alarmId] = (0, nowMs, _stages.ContainsKey(alarmId));
        }
        foreach ((long alarmId, var next) in _stages.Where(s => s.Value.DueMs <= nowMs).ToList())
        {
            long waitMs = ResendS[Math.Min(next.Attempt, ResendS.Length - 1)] * 1000L;
            _stages[alarmId] = (next.Attempt + 1, nowMs + waitMs, false);
            if (!SendStage(db, alarmId, null, next.IsUnsure, nowMs))
            {
                _stages.Remove(alarmId);
            }
        }
    }

    /// <summary>Sends an alarm's stage; false where there is nothing (more) to tell the wrist.</summary>
    /// <param name="db">The database.</param>
    /// <param name="alarmId">The id of the alarm.</param>
    /// <param name="onlyHub">The hub to send through. Null: every hub that may reach the band.</param>
    /// <param name="isUnsure">
    /// True where the wrist may show a stage that it has not confirmed. The frame is then sent in any case.
    /// </param>
    /// <param name="nowMs">UTC ms.</param>
    private bool SendStage(Db db, long alarmId, string? onlyHub, bool isUnsure, long nowMs)
    {
        if (AlarmRows.Get(db, alarmId) is not { BandId: { } bandId } alarm
            || alarm.Kind == "inactivity"
            || alarm.Outcome == Outcome.Merged
            || alarm.ClosedAtMs < nowMs - HeardWithinMs
            || DeviceRows.Band(db, bandId) is not { RevokedAtMs: null } band)
        {
            return false;
        }
        bool isPassedOn = DeviceRows.PassedOnTo(db, alarm) is not null;
        Stage wanted = AlarmMachine.WantedStage(alarm.State, isPassedOn, alarm.WristStage);
        if (wanted < Stage.Centre || (alarm.WristStage == (int)wanted && !isUnsure))
        {
            return false;
        }

        byte[] key = CentreDown(band);
        var frames = new List<byte[]>();
        foreach (PressKey press in EventRows.Followed(db, alarmId))
        {
            byte[] frame = new byte[Frame.Size];
            Frame.Begin(frame, FrameType.Stage, Lane.Alarm, press.Boot, press.Sequence);
            // The hand-over itself is no change of the alarm: its end needs a higher revision than the last stage.
            int revision = alarm.Revision + (isPassedOn ? 1 : 0);
            Payload.PutStage(frame, wanted, Math.Min(revision, Frame.MaxSequence));
            _tagger.SignCentre(key, frame);
            frames.Add(frame);
        }
        List<string> hubs = onlyHub is null ? DeviceRows.HubsFor(db, bandId, nowMs - HeardWithinMs) : [onlyHub];
        SendToBands(frames.Select(frame => (hubs, band.Address, frame)));
        return true;
    }

    private void Greet(Db db, string hubId, long nowMs)
    {
        if (DeviceRows.Hub(db, hubId) is not { RevokedAtMs: null } hub)
        {
            return;
        }
        _hubs.SendHello(hubId);
        byte[] centre = new byte[CentreMessage.Size];
        if (Incarnation.Value(db) is not 0 and var incarnation)
        {
            _hubs.Send(hub.Id, "centre", centre, CentreMessage.Put(centre, nowMs, incarnation));
        }
        SendTable(db, hub, nowMs, always: true);
        _asked.Remove(hubId); // the question may have been lost with the last connection
        AskForTrace(db, hubId);
        IEnumerable<BandRow> bands = DeviceRows.BandsHeardBy(db, hubId, nowMs - HeardWithinMs);
        if (hub.HomeId is { } homeId)
        {
            bands = bands.Concat(DeviceRows.BandsOfHome(db, homeId).Select(static link => link.Band))
                .DistinctBy(static band => band.Id);
        }
        foreach (BandRow band in bands.Where(static band => band.HasSecret).ToList())
        {
            SendSettings(db, band, [hubId]);
            foreach (AlarmRow alarm in AlarmRows.WithWristBehind(db, band.Sender, nowMs))
            {
                SendStage(db, alarm.Id, hubId, isUnsure: true, nowMs); // the stages told before the hello are not known
                _stages.TryAdd(alarm.Id, (1, nowMs + (ResendS[1] * 1000L), false));
            }
        }
    }

    private void SendSettings(Db db, BandRow band, List<string> hubIds)
    {
        var frames = new List<byte[]>();
        byte[] key = CentreDown(band);
        BandConfiguration c = band.Configuration;
        if (band.AppliedVersion != (c.Version & 0xFF))
        {
            byte[] frame = new byte[Frame.Size];
            Frame.Begin(frame, FrameType.Configuration, Lane.Alarm, c.Version, 0);
            Payload.PutConfiguration(
                frame, c.GuardAlways, c.Sensitivity, c.WalkingAid, c.BedFromQuarter, c.BedToQuarter,
                c.InactivityTenMinutes);
            Payload.AskForTrace(frame, TraceRows.Waiting(db, TraceRows.OfBand(band.Id)));
            _tagger.SignCentre(key, frame);
            frames.Add(frame);
        }
        // The first epoch is in the band's own identity; a later one it knows from here only, and ignores what it
        // knows.
        if (DeviceRows.Link(db, band.Id) is { } link && link.LinkEpoch > Enrolment.FirstLinkEpoch)
        {
            byte[] frame = new byte[Frame.Size];
            Frame.Begin(frame, FrameType.LinkGroup, Lane.Alarm, link.LinkEpoch, 0);
            Payload.PutLinkGroup(frame, (uint)link.HomeId, link.LinkEpoch);
            _tagger.SignCentre(key, frame);
            frames.Add(frame);
        }
        if (band.IsOfferedKey)
        {
            foreach (string hubId in hubIds)
            {
                if (DeviceRows.Hub(db, hubId) is { } hub)
                {
                    SendTable(db, hub, _clock.NowMs, always: false); // the hub needs the next keys before the band does
                }
            }
            foreach (byte[] frame in KeyChange.Frames(db, band))
            {
                _tagger.SignCentre(key, frame);
                frames.Add(frame);
            }
        }
        SendToBands(frames.Select(frame => (hubIds, band.Address, frame)));
    }

    private void SendChangedTables(Db db)
    {
        foreach (HubSession session in _hubs.Connected)
        {
            if (DeviceRows.Hub(db, session.HubId) is not { RevokedAtMs: null } hub)
            {
                _hubs.Close(session.HubId, "revoked");
                continue;
            }
            if (!_tables.ContainsKey(session.HubId))
            {
                continue; // it has not said hello yet
            }
            SendTable(db, hub, _clock.NowMs, always: false);
            AskForTrace(db, hub.Id);
            foreach (BandLink link in hub.HomeId is { } homeId ? DeviceRows.BandsOfHome(db, homeId) : [])
            {
                (int, int) now = (link.Band.Configuration.Version, link.LinkEpoch);
                if (_settings.TryGetValue(link.Band.Id, out (int, int) known) && known != now)
                {
                    _bands.Enqueue(link.Band.Id);
                }
                _settings[link.Band.Id] = now;
            }
        }
    }

    /// <summary>Asks a hub for its trace where a question waits: once in each connection of the hub.</summary>
    private void AskForTrace(Db db, string hubId)
    {
        byte ask = TraceRows.Waiting(db, TraceRows.OfHub(hubId));
        byte[] message = new byte[TraceMessage.AskSize];
        if (ask != 0 && _asked.GetValueOrDefault(hubId) != ask
            && _hubs.Send(hubId, "trace", message, TraceMessage.PutAsk(message, ask)))
        {
            _asked[hubId] = ask;
        }
    }

    /// <summary>
    /// Sends the bands of the hub's home with their link keys; without <paramref name="always"/> only where they
    /// changed.
    /// </summary>
    private void SendTable(Db db, HubRow hub, long nowMs, bool always)
    {
        byte[] message = new byte[HubMessage.MaxDownSize];
        int size = HubMessage.BeginBands(message, nowMs);
        if (hub.HomeId is { } homeId)
        {
            size = KeyChange.AddBands(db, homeId, message, size);
        }
        byte[] content = message[HubMessage.CountAt..size];
        if (!always && _tables.TryGetValue(hub.Id, out byte[]? last) && last.AsSpan().SequenceEqual(content))
        {
            return;
        }
        if (_hubs.Send(hub.Id, "bands", message, size))
        {
            _tables[hub.Id] = content;
        }
    }

    internal static byte[] CentreDown(BandRow band)
    {
        var keys = new BandKeys();
        keys.Derive(new HmacSha256(), band.Secret, 0, 0);
        return keys.CentreDown;
    }
}

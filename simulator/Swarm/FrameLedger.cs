using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Simulator.Swarm;

/// <summary>
/// Follows each call for help by the identity of its frame through every place it must pass: the key, the air, a hub's
/// flash, the commit, the card. It looks from outside: pin, antenna, flash and database rows.
/// </summary>
public sealed partial class FrameLedger
{
    /// <summary>A press that no frame shows when the power goes within this time is excused, ms.</summary>
    private const int ExcuseMs = 3000;

    /// <summary>A suspicion may come so long after the fall began, ms.</summary>
    private const int FallMs = 30_000;

    private const int CountdownMs = 31_000;

    // After so long the band has made a press an event: 80 ms of contact, and a step that a flash write delays.
    private const int JudgedMs = 500;

    private const int MayCallMs = 30;

    // In the countdown a hold from 3.0 s on may mean "I am fine"; the plan does not know when the countdown ends.
    private const int MayBeFineMs = 2900;

    private readonly World _world;
    private readonly Dictionary<long, BandDevice> _bands = [];
    private readonly List<HubDevice> _hubs;
    private readonly Dictionary<string, Call> _byIdentity = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Violation> _unexplained = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (BandDevice Band, FrameType Type, string Named, long AtMs)> _onAir =
        new(StringComparer.Ordinal);
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _atHub = new(StringComparer.Ordinal);
    private readonly Dictionary<BandDevice, int> _drops = [];
    private readonly HashSet<(BandDevice Band, int Boot, int Sequence)> _cancels = [];
    private readonly Dictionary<long, AlarmTrace> _alarms = [];
    private readonly List<(BandDevice Band, long AtMs)> _falls = [];
    private long _lastEvent;

    /// <summary>A ledger of the bands, by the database's id.</summary>
    public FrameLedger(World world, IEnumerable<(long BandId, BandDevice Band)> bands, IEnumerable<HubDevice> hubs)
    {
        _world = world;
        foreach (var (id, band) in bands)
        {
            _bands[id] = band;
            band.Radio.OnAir += (frame, _) => OnAir(band, frame);
            band.Flash.Written += write =>
            {
                if (write.File.StartsWith("latch.", StringComparison.Ordinal))
                {
                    LatchWritten(band, write);
                }
            };
        }

        _hubs = [.. hubs];
        foreach (var hub in _hubs)
        {
            hub.Flash.Written += write => Stored(hub, write);
        }
    }

    /// <summary>Calls for help, oldest first.</summary>
    public List<Call> Calls { get; } = [];

    /// <summary>Alarms by their ids.</summary>
    public IReadOnlyDictionary<long, AlarmTrace> Alarms => _alarms;

    /// <summary>Violations so far.</summary>
    public List<Finding> Findings { get; } = [];

    /// <summary>Called with each line of the log.</summary>
    public Action<string>? Log { get; set; }

    /// <summary>Called with each alarm that is new.</summary>
    public Action<AlarmTrace>? Raised { get; set; }

    /// <summary>
    /// Notes a press that begins now. A contact of less than 30 ms is no press; one of 30 to 79 ms may count as one
    /// (P01).
    /// </summary>
    public void Press(BandDevice band, int holdMs)
    {
        if (holdMs < MayCallMs)
        {
            return;
        }

        var inCountdown = Calls.Exists(c => c.Band == band && c.Type == FrameType.FallSuspected
            && _world.NowMs - c.AtMs < CountdownMs);
        CountDrop(band);
        NoteCount(band);
        var call = new Call(band, FrameType.Sos, _world.NowMs)
        {
            HoldMs = holdMs,
            IsExcused = holdMs < SosKey.FireMs || (inCountdown && holdMs >= MayBeFineMs),
        };
        if (!call.IsExcused && (call.Boot < 0 || band.UptimeMs < SosKey.BounceMs))
        {
            // The latch beside the key is one bit, so all presses before a start of the App are one SOS (P49). A
            // contact in the first 30 ms of the App may be a bounce of such a press.
            var starts = band.Boots - (call.Boot < 0 ? 0 : 1);
            Calls.FindAll(c => c.Band == band && c.Boot < 0 && c.Starts == starts)
                .ForEach(static c => c.IsExcused = true);
        }

        Calls.Add(call);
    }

    /// <summary>Notes a fall that begins now.</summary>
    public void Fall(BandDevice band) => _falls.Add((band, _world.NowMs));

    /// <summary>The band is about to lose its power.</summary>
    public void PowerGoes(BandDevice band)
    {
        foreach (var call in Calls.Where(c => c.Band == band))
        {
            call.IsExcused |= call.OnAirMs is null && _world.NowMs - call.AtMs < ExcuseMs;
        }

        NoteCount(band);
        Forget(band);
    }

    /// <summary>The band gets its power again. A key that is still down may then make a second event (V13).</summary>
    public void PowerReturns(BandDevice band) => Calls
        .FindAll(c => c.Band == band && c.Type == FrameType.Sos && c.AtMs + c.HoldMs > _world.NowMs)
        .ForEach(static c => c.MoreEvents++);

    /// <summary>The service has committed.</summary>
    public void Committed(Db db, IReadOnlyList<Change> changes)
    {
        foreach (var change in changes.Where(static c => c.Kind == ChangeKind.Alarm).DistinctBy(static c => c.Id))
        {
            Follow(db, AlarmRows.Get(db, change.Id)!);
        }

        foreach (var row in EventRows.After(db, _lastEvent))
        {
            _lastEvent = row.Id;
            if (row.BandId is { } id)
            {
                Commit(_bands[id], row);
            }
        }
    }

    /// <summary>
    /// Calls that must be at the centre and are not: seen on the air, or pressed with power to spare. Of more presses
    /// than the latch has slots the second oldest may be dropped (docs/adr/0024); the first and the last never.
    /// </summary>
    public List<Call> Missing()
    {
        var missing = new List<Call>();
        foreach (var calls in Calls.GroupBy(static c => c.Band))
        {
            var drops = _drops.GetValueOrDefault(calls.Key);
            foreach (var call in calls.Where(c => c.CommittedMs is null && IsOwed(c)))
            {
                var mayDrop = drops > 0 && call.Type == FrameType.Sos
                    && calls.Any(c => c.AtMs < call.AtMs) && calls.Any(c => c.AtMs > call.AtMs);
                drops -= mayDrop ? 1 : 0;
                if (!mayDrop)
                {
                    missing.Add(call);
                }
            }
        }

        return missing;
    }

    /// <summary>
    /// The wrist has said the last that there is to say: "closed" for the frame that opened the alarm and for each
    /// merged fall.
    /// </summary>
    public bool IsOver(AlarmTrace alarm) =>
        alarm.ClosedFelt > _alarms.Values.Count(a => a.Into == alarm.Id);

    /// <summary>True where a call or a stage of these bands was under way in the time.</summary>
    public bool WasDue(Func<BandDevice, bool> whose, long fromMs, long toMs) =>
        Calls.Exists(c => whose(c.Band) && c.AtMs <= toMs && (c.CommittedMs ?? long.MaxValue) >= fromMs)
        || _alarms.Values.Any(a => whose(a.Band) && a.History.Exists(h => h.AtMs <= toMs)
            && (a.Row.WristStage != (int)Wanted(a) || a.KnownMs >= fromMs));

    /// <summary>
    /// Frames of the latch that were on the air and are not at the centre, calls excepted: those are in
    /// <see cref="Calls"/>. Frames without a rank in the latch may wait for a beat, and a full latch drops some.
    /// </summary>
    public IEnumerable<string> Waiting => _waiting.Select(identity => _onAir[identity])
        .Where(f => f.Type is not (FrameType.Sos or FrameType.FallSuspected) && !_drops.ContainsKey(f.Band))
        .Select(static f => f.Named);

    private bool IsOwed(Call call) =>
        (!call.IsForgotten || HasAHub(call)) && (!call.IsExcused || call.OnAirMs is not null);

    /// <summary>Reports a violation.</summary>
    public void Report(Violation what, string words)
    {
        Findings.Add(new Finding(what, _world.NowMs, words));
        Log?.Invoke($"VIOLATION {what}: {words}");
    }

    private void OnAir(BandDevice band, byte[] frame)
    {
        frame = band.Opened(frame);
        if (Frame.LaneOf(frame, 0) != Lane.Alarm || Frame.TypeOf(frame, 0) > FrameType.Status)
        {
            return;
        }

        var identity = Call.IdentityOf(frame);
        var type = Frame.TypeOf(frame, 0);
        var named = $"{band.Name}: {type} {Frame.BootOf(frame, 0)}/{Frame.SequenceOf(frame, 0)}";
        if (!_onAir.TryAdd(identity, (band, type, named, _world.NowMs)))
        {
            if (_byIdentity.TryGetValue(identity, out var again))
            {
                again.LastOnAirMs = _world.NowMs;
            }

            return;
        }

        NoteCount(band);
        if (IsSignedAgain(band, identity))
        {
            Log?.Invoke($"{named}, signed again, on the air");
            return;
        }

        if (AlarmLatch.RankOf(type) > 0)
        {
            _waiting.Add(identity);
        }

        Log?.Invoke(type == FrameType.StageShown
            ? $"{named} of {Payload.ShownBoot(frame, 0)}/{Payload.ShownSequence(frame, 0)}, "
                + $"{Payload.ShownStage(frame, 0)}, on the air"
            : $"{named} on the air");
        if (type == FrameType.StageShown)
        {
            Add(_reported, band, Payload.ShownStage(frame, 0));
            _told[identity] = Told.Of(band, frame);
        }

        if (type is FrameType.FallSuspected or FrameType.FallConfirmed)
        {
            CountDrop(band);
        }

        if (type == FrameType.FallCancelled)
        {
            _cancels.Add((band, Frame.BootOf(frame, 0), Payload.RefersTo(frame, 0)));
        }
        else if (type == FrameType.FallSuspected)
        {
            if (!_falls.Exists(f => f.Band == band && _world.NowMs - f.AtMs < FallMs) && !WasCut(band))
            {
                _unexplained[identity] = Violation.Invented;
                return;
            }

            ExcuseHolds(band);
            var fall = new Call(band, type, _world.NowMs)
            {
                Identity = identity,
                OnAirMs = _world.NowMs,
                Numbers = (Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0)),
            };
            _byIdentity[identity] = fall;
            Calls.Add(fall);
        }
        else if (type == FrameType.Sos)
        {
            Explain(band, frame, identity);
        }
    }

    // A suspicion from before a power cut is on the air again afterwards, as late as the power is back.
    private bool WasCut(BandDevice band) => band.Boots > 1 && _falls.Exists(f => f.Band == band);

    private void Stored(HubDevice hub, FlashWrite write)
    {
        var boots = hub.Boots;
        foreach (var identity in _byIdentity.Keys.Concat(_told.Keys))
        {
            var bytes = Convert.FromHexString(identity);
            if (!_atHub.ContainsKey(identity) && write.Data.AsSpan().IndexOf(bytes) >= 0)
            {
                // The moment at which the flash operation ends; a power cut in it may have undone the write.
                _world.At(write.EndUs / 1000, () =>
                {
                    var isWhole = hub.IsOn && hub.Boots == boots && hub.Flash.Holds(bytes);
                    if (isWhole && _atHub.TryAdd(identity, _world.NowMs))
                    {
                        _inHubs.Add(identity);
                        Log?.Invoke($"{hub.Name} has stored {identity[..12]} of {_onAir[identity].Band.Name}");
                    }
                });
            }
        }
    }

    private void Follow(Db db, AlarmRow row)
    {
        if (row.BandId is not { } bandId)
        {
            return;
        }

        if (!_alarms.TryGetValue(row.Id, out var alarm))
        {
            alarm = _alarms[row.Id] = new AlarmTrace(row.Id, _bands[bandId], _world.NowMs) { Row = row };
            Log?.Invoke($"alarm {row.Number} ({row.Kind}) of {alarm.Band.Name} is {row.State}");
            if (row.Kind == "fall")
            {
                // A confirmation that comes first opens the alarm, and its stages are the suspicion's receipt.
                Calls.FindAll(c => c.Band == alarm.Band && c.Type == FrameType.FallSuspected
                    && c.Numbers == (row.Boot, row.Sequence)).ForEach(c => c.CommittedMs ??= _world.NowMs);
            }

            Raised?.Invoke(alarm);
        }

        if (alarm.Row.State != row.State)
        {
            Log?.Invoke($"alarm {row.Number} of {alarm.Band.Name} is {row.State}");
        }

        alarm.KnownMs = alarm.Row.WristStage == row.WristStage ? alarm.KnownMs : _world.NowMs;
        alarm.Row = row;
        alarm.Into ??= alarm.IsMerged ? AlarmRows.MergedInto(db, row.Id) : null;
        NoteStage(alarm);
    }

    private void Commit(BandDevice band, EventRow row)
    {
        var identity = Call.IdentityOf(row.Frame);
        var named = $"{row.Type} {Frame.BootOf(row.Frame, 0)}/{Frame.SequenceOf(row.Frame, 0)} of {band.Name}";
        foreach (var same in _onAir.Where(f => f.Value.Band == band && Unsigned(f.Key) == Unsigned(identity)))
        {
            _waiting.Remove(same.Key);
            _told.Remove(same.Key);
        }

        if (!_committed.Add((band, Unsigned(identity))))
        {
            Report(Violation.Doubled, $"{named} is at the centre twice");
        }

        if (_unexplained.TryGetValue(identity, out var why) || !_onAir.ContainsKey(identity))
        {
            Report(_onAir.ContainsKey(identity) ? why : Violation.Invented, $"{named} is at the centre");
            return;
        }

        if (!_byIdentity.TryGetValue(identity, out var call))
        {
            return; // an answer or a note: it was on the air, and no more is asked of it
        }

        Log?.Invoke($"committed {named}");
        call.CommittedMs ??= _world.NowMs;
        call.AlarmId ??= row.AlarmId;
        if (row.AlarmId is not { } alarmId || !_alarms.TryGetValue(alarmId, out var alarm))
        {
            Report(Violation.Lost, $"{named} is committed and on no card");
            return;
        }

        // A later press shows the band the way back to a card that its latch has lost (docs/adr/0042).
        var isOpener = (Frame.BootOf(row.Frame, 0), Frame.SequenceOf(row.Frame, 0))
            == (alarm.Row.Boot, alarm.Row.Sequence);
        alarm.IsForgotten = call.IsForgotten && (isOpener || alarm.IsForgotten);
        if (row.Type == FrameType.Sos && Math.Abs(Frame.BootOf(row.Frame, 0) - alarm.Row.Boot) > Payload.OpenerBoots)
        {
            alarm.FarBoots.Add(Frame.BootOf(row.Frame, 0));
        }

        alarm.Presses += row.Type == FrameType.Sos ? 1 : 0;
        alarm.ClosedFelt -= alarm.ClosedFelt > 0 && IsPassedOn(alarm) ? 1 : 0; // it ends on the wrist once more
        if (row.Type == FrameType.Sos && !AlarmMachine.IsOpen(alarm.Row.State))
        {
            Report(Violation.Lost, $"{named} is committed on a card that is {alarm.Row.State}");
        }
    }
}

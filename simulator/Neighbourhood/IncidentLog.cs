using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>
/// A press or a fall of one resident, and when each hop passed it on. Times are µs on the machine's monotonic clock.
/// </summary>
public sealed class Incident(Resident who, string kind, string what, long beganUs)
{
    private readonly long?[] _stageUs = new long?[6];
    private readonly int[] _stageTimes = new int[6];

    /// <summary>The resident who pressed or fell.</summary>
    public Resident Who { get; } = who;

    /// <summary>sos or fall.</summary>
    public string Kind { get; } = kind;

    /// <summary>Description in words, with the source of the motion.</summary>
    public string What { get; } = what;

    /// <summary>Time of the finger on the key, or of the fall's beginning.</summary>
    public long BeganUs { get; } = beganUs;

    /// <summary>The wearer cancels this incident, so no alarm is expected.</summary>
    public bool IsToBeCancelled { get; set; }

    /// <summary>
    /// First 12 bytes of the incident's frame, known once the frame is on the air: header and payload, the same in
    /// every copy.
    /// </summary>
    public byte[]? Identity { get; set; }

    /// <summary>Time of the write to the band's flash.</summary>
    public long? LatchedUs { get; set; }

    /// <summary>Time of the first transmission.</summary>
    public long? OnAirUs { get; set; }

    /// <summary>Time of the write to the hub's flash.</summary>
    public long? HubStoredUs { get; set; }

    /// <summary>The centre's number of the alarm.</summary>
    public AlarmView? Alarm { get; set; }

    /// <summary>Time of the commit in the centre's database.</summary>
    public long? CommittedUs { get; set; }

    /// <summary>Time of the push to every open console.</summary>
    public long? PushedUs { get; set; }

    /// <summary>Time at which an event-stream client read a ringing alarm.</summary>
    public long? ReceivedUs { get; set; }

    /// <summary>Time at which the SMS gateway received the first text to the family.</summary>
    public long? FamilySentUs { get; set; }

    /// <summary>Time at which the console showed the suspected fall (amber line).</summary>
    public long? PrealarmUs { get; set; }

    /// <summary>Time at which the console showed the alarm as cancelled.</summary>
    public long? CancelledUs { get; set; }

    /// <summary>Texts about the incident; a text that was sent again counts once.</summary>
    public HashSet<string> Texts { get; } = [];

    /// <summary>When the wrist began to say a stage (1-5), null where it never did.</summary>
    public long? StageUs(int stage) => _stageUs[stage];

    /// <summary>How often the wrist said a stage.</summary>
    public int StageTimes(int stage) => _stageTimes[stage];

    /// <summary>The wrist said a stage.</summary>
    public void Show(int stage, long atUs)
    {
        _stageUs[stage] ??= atUs;
        _stageTimes[stage]++;
    }
}

/// <summary>
/// Records when each incident passes each hop. It observes the programs from outside: the key's pin, the flash, the
/// antenna, the motor, the centre's event stream and the SMS gateway. Only the world's thread may use the log.
/// </summary>
public sealed class IncidentLog
{
    private readonly World _world;
    private readonly Dictionary<BandDevice, List<FlashWrite>> _bandWrites = [];

    /// <summary>An empty log of these residents.</summary>
    public IncidentLog(World world, IEnumerable<Resident> residents)
    {
        _world = world;
        foreach (var resident in residents)
        {
            Watch(resident);
        }
    }

    /// <summary>All incidents, oldest first.</summary>
    public List<Incident> Incidents { get; } = [];

    /// <summary>Alarms that no incident explains: invented or doubled.</summary>
    public List<AlarmView> Unexplained { get; } = [];

    /// <summary>Called at each hop with the incident, the name of the hop and the time in µs.</summary>
    public Action<Incident, string, long>? Hop { get; set; }

    /// <summary>Begins an incident at this moment.</summary>
    public Incident Begin(Resident who, string kind, string what)
    {
        var incident = new Incident(who, kind, what, _world.NowUs);
        Incidents.Add(incident);
        return incident;
    }

    /// <summary>An alarm as the event stream told it.</summary>
    public void Take(AlarmView alarm, long atUs)
    {
        var incident = Incidents.Find(i => i.Alarm?.Id == alarm.Id)
            ?? Incidents.FindLast(i =>
                i.Alarm is null && i.Identity is not null && i.Who.Id == alarm.Resident.Id && i.Kind == alarm.Kind);
        if (incident is null)
        {
            if (!Unexplained.Exists(a => a.Id == alarm.Id))
            {
                Unexplained.Add(alarm);
            }

            return;
        }

        if (incident.Alarm is { } known && known.Revision >= alarm.Revision)
        {
            return;
        }

        var before = incident.Alarm;
        incident.Alarm = alarm;
        if (alarm.State == "prealarm" && incident.PrealarmUs is null)
        {
            incident.PrealarmUs = atUs;
            Hop?.Invoke(incident, "suspicion on the screen (amber, silent)", atUs);
        }
        else if (alarm.State == "cancelled" && incident.CancelledUs is null)
        {
            incident.CancelledUs = atUs;
            Hop?.Invoke(incident, "cancelled by the wearer: grey on the screen, nobody is called", atUs);
        }
        else if (alarm.State is "ringing" or "taken" or "coming" or "closed" && incident.ReceivedUs is null)
        {
            incident.ReceivedUs = atUs;
            Set(incident, alarm.Trace.CommittedUs, static i => i.CommittedUs, static (i, us) =>
                i.CommittedUs = us, "committed in the centre's database");
            Set(incident, alarm.Trace.PushedUs, static i => i.PushedUs, static (i, us) =>
                i.PushedUs = us, "pushed to the consoles");
            Hop?.Invoke(incident, $"on the screen, alarm {alarm.Number}, ringing", atUs);
        }

        if (alarm.Unanswered && before is not null && !before.Unanswered)
        {
            Hop?.Invoke(incident, "nobody has answered for 60 s: the screen and the family are told so", atUs);
        }

        if (alarm.Owner is { } owner && before?.Owner?.StaffId != owner.StaffId)
        {
            Hop?.Invoke(incident, $"taken by {owner.DisplayName}", atUs);
        }

        if (alarm.State != before?.State && alarm.State is "coming" or "closed" && alarm.State != before?.State)
        {
            Hop?.Invoke(incident, alarm.State == "coming" ? "help is on the way" : "closed", atUs);
        }
    }

    /// <summary>A text at the phone company.</summary>
    public void Take(Text text)
    {
        if (Incidents.Find(i =>
            i.Alarm is { } alarm && (text.Alarm == $"{alarm.Id}" || text.Alarm == alarm.Number)) is not { } incident)
        {
            return;
        }

        incident.Texts.Add(text.Id);
        if (incident.FamilySentUs is null)
        {
            incident.FamilySentUs = text.AtUs;
            Hop?.Invoke(incident, $"text to the family ({text.To})", text.AtUs);
        }
    }

    /// <summary>The bytes of the flash of a hub.</summary>
    public void Watch(HubDevice hub) => hub.Flash.Written += write =>
    {
        foreach (var incident in Incidents)
        {
            if (incident.HubStoredUs is null && incident.Identity is { } identity
                && write.Data.AsSpan().IndexOf(identity) >= 0)
            {
                incident.HubStoredUs = write.EndUs;
                Hop?.Invoke(incident, $"stored by {hub.Name}", write.EndUs);
            }
        }
    };

    private void Watch(Resident resident)
    {
        var band = resident.Band;
        var writes = _bandWrites[band] = [];
        band.Flash.Written += write =>
        {
            writes.Add(write);
            if (writes.Count > 32)
            {
                writes.RemoveAt(0);
            }
        };
        band.Radio.OnAir += (frame, atUs) => OnAir(resident, band.Opened(frame), atUs, writes);
        band.Wrist.Shown += (felt, atUs) =>
        {
            if (felt is < Felt.Home or > Felt.Closed)
            {
                return;
            }

            var stage = (int)felt;
            var incident = Incidents.Find(i => i.Who == resident && i.Identity is not null && i.StageTimes(5) == 0)
                ?? Incidents.FindLast(i => i.Who == resident);
            if (incident is not null)
            {
                incident.Show(stage, atUs);
                Hop?.Invoke(incident, $"wrist: {Words(felt)}", atUs);
            }
        };
    }

    private void OnAir(Resident resident, byte[] frame, long atUs, List<FlashWrite> writes)
    {
        var kind = Frame.TypeOf(frame, 0) switch
        {
            FrameType.Sos => "sos",
            FrameType.FallSuspected => "fall",
            _ => null,
        };
        if (kind is null
            || Incidents.Exists(i => i.Who == resident && i.Identity is { } known && frame.AsSpan().StartsWith(known)))
        {
            return;
        }

        var incident = Incidents.Find(i => i.Who == resident && i.Kind == kind && i.Identity is null);
        if (incident is null)
        {
            return;
        }

        incident.Identity = frame[..12];
        incident.OnAirUs = atUs;
        foreach (var write in writes)
        {
            if (write.Data.AsSpan().IndexOf(incident.Identity) >= 0)
            {
                incident.LatchedUs = write.EndUs;
                Hop?.Invoke(incident, "latched in the band's flash", write.EndUs);
                break;
            }
        }

        Hop?.Invoke(incident,
            kind == "sos" ? "on the air" : "suspected by the band, on the air; the wrist counts down 30 s", atUs);
    }

    private void Set(Incident incident, long us, Func<Incident, long?> get, Action<Incident, long> set, string words)
    {
        if (us > 0 && get(incident) is null)
        {
            set(incident, us);
            Hop?.Invoke(incident, words, us);
        }
    }

    private static string Words(Felt felt) => felt switch
    {
        Felt.Home => "2 pulses, heard at home",
        Felt.Centre => "3 pulses, the centre has it",
        Felt.Taken => "4 long, a person has it",
        Felt.Coming => "5 long, help is on the way",
        _ => "6 soft, closed",
    };
}

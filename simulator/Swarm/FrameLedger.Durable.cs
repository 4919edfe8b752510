using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>Notes which calls survive a power cut, and which calls a damaged flash may have lost.</summary>
public sealed partial class FrameLedger
{
    // A band confirms a stage again after a boot, also where the boot cut off the pattern of the stage. This many
    // confirmations, and one for each boot, are allowed beyond the stages felt.
    private const int MoreReports = 8;

    private readonly HashSet<long> _forgotten = [];
    private readonly Dictionary<string, Told> _told = new(StringComparer.Ordinal);
    private readonly HashSet<Told> _lostReports = [];
    private readonly Dictionary<(BandDevice Band, Stage Stage), int> _reported = [];
    private readonly Dictionary<(BandDevice Band, Stage Stage), int> _felt = [];

    /// <summary>
    /// How many calls of the band were in a hub's flash or committed at this time. A hub whose flash refuses writes
    /// sends a call from memory, and acknowledges the call once the centre has committed it (P19).
    /// </summary>
    public int Safe(BandDevice band, long atMs) => _byIdentity.Count(known => known.Value.Band == band
        && (known.Value.CommittedMs <= atMs || (_atHub.TryGetValue(known.Key, out var storedMs) && storedMs <= atMs)));

    /// <summary>
    /// Notes that a bit of the band's flash has changed. Only one copy holds the newest record (P18), so a call that
    /// neither a hub nor the centre has may be lost.
    /// </summary>
    public void Rotten(BandDevice band)
    {
        // A key that is down now may make a second event at the next start.
        foreach (var call in Calls.Where(c => c.Band == band
            && (c.CommittedMs is null || c.SpansABoot || c.AtMs + c.HoldMs > _world.NowMs)))
        {
            call.IsGoneAtBand = true;
            call.IsUnstored |= !IsInAHub(call);
        }
    }

    /// <summary>
    /// Notes that a hub's flash was damaged. A call that the flash of its band has lost too may now be lost. So may a
    /// report of a stage, because the band sends the report only until a hub has stored it.
    /// </summary>
    public void HubRotten()
    {
        foreach (var (identity, told) in _told)
        {
            if (_atHub.ContainsKey(identity) && !IsInAHub(identity))
            {
                _lostReports.Add(told);
            }
        }

        foreach (var call in Calls.Where(static c => c.IsGoneAtBand && c.CommittedMs is null))
        {
            call.IsUnstored |= !IsInAHub(call);
        }
    }

    /// <summary>
    /// True where the centre has lost a call of the band and no hub can send the call again. The wrist is then right
    /// where it shows that nobody has the call.
    /// </summary>
    public bool HasLostWithReason(BandDevice band) => Calls.Exists(
        c => c.Band == band && c.IsUnstored && c.CommittedMs is null && c.Identity.Length > 0);

    /// <summary>
    /// True where the wrist has said the stage, and a hub's damaged flash had the only report of it. The centre asks
    /// for the report again, but in Daily the next link may be an hour away (docs/adr/0026).
    /// </summary>
    public bool HasLostReport(AlarmTrace alarm, Stage stage) =>
        _lostReports.Contains(new Told(alarm.Band, alarm.Row.Boot, alarm.Row.Sequence, stage));

    private bool IsInAHub(Call call) => call.Identity.Length > 0 && IsInAHub(call.Identity);

    private bool IsInAHub(string identity) =>
        _hubs.Exists(hub => hub.Flash.Holds(Convert.FromHexString(identity)));

    /// <summary>
    /// Notes that the band's flash is empty from now on. The band follows no earlier call, and begins its numbers anew.
    /// </summary>
    public void Forgotten(BandDevice band)
    {
        Rotten(band);
        _waiting.RemoveWhere(identity => _onAir[identity].Band == band && !IsInAHub(identity));
        Calls.FindAll(c => c.Band == band).ForEach(static call => call.MayBeDropped = true);
        foreach (var alarm in _alarms.Values.Where(a => a.Band == band))
        {
            _forgotten.Add(alarm.Id);
        }
    }

    /// <summary>Notes that the wearer has felt a stage.</summary>
    public void Felt(BandDevice band, Stage stage) => Add(_felt, band, stage);

    /// <summary>
    /// Reports each band that has confirmed far more stages than its wrist has shown. Each confirmation spends a
    /// sequence and makes a row at the centre (P12).
    /// </summary>
    public void JudgeReports()
    {
        foreach (var ((band, stage), count) in _reported)
        {
            var felt = _felt.GetValueOrDefault((band, stage));
            if (stage > Stage.Home && count > felt + MoreReports + band.Boots)
            {
                Report(Violation.Invented, $"{band.Name} has told {count} times of {stage}, felt {felt} times");
            }
        }
    }

    private sealed record Told(BandDevice Band, int Boot, int Sequence, Stage Stage)
    {
        public static Told Of(BandDevice band, byte[] frame) => new(
            band, Payload.ShownBoot(frame, 0), Payload.ShownSequence(frame, 0), Payload.ShownStage(frame, 0));
    }

    private static void Add(Dictionary<(BandDevice Band, Stage Stage), int> counts, BandDevice band, Stage stage) =>
        counts[(band, stage)] = counts.GetValueOrDefault((band, stage)) + 1;
}

using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>Notes which calls survive a power cut, and which calls a band's flash has lost or never held.</summary>
public sealed partial class FrameLedger
{
    // When the flash works again, the band reads settings, secret and latch late and writes each, the latch last. On a
    // worn flash each of these operations takes 200 ms.
    private const int RewrittenMs = 5000;

    private const long Lasting = long.MaxValue / 2;

    // A band confirms a stage again after a boot, also where the boot cut off the pattern of the stage. This many
    // confirmations, and one for each boot, are allowed beyond the stages felt.
    private const int MoreReports = 8;

    private readonly Dictionary<BandDevice, (long FromMs, long ToMs)> _flashFaults = [];
    private readonly HashSet<string> _inHubs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Told> _told = new(StringComparer.Ordinal);
    private readonly HashSet<Told> _lostReports = [];
    private readonly Dictionary<(BandDevice Band, Stage Stage), int> _reported = [];
    private readonly Dictionary<(BandDevice Band, Stage Stage), int> _felt = [];

    /// <summary>
    /// How many calls of the band were in a hub's flash or committed at this time. A hub whose flash refuses writes
    /// sends a call from memory, and acknowledges the call once the centre has committed it (P19).
    /// </summary>
    public int Safe(BandDevice band, long atMs) => _byIdentity.Where(known => known.Value.Band == band
        && (known.Value.CommittedMs <= atMs || (_atHub.TryGetValue(known.Key, out var storedMs) && storedMs <= atMs)))
        .DistinctBy(static known => Unsigned(known.Key)).Count();

    /// <summary>From now on the band's flash takes no record of the latch: writes are refused, or reads fail.</summary>
    public void FlashFails(BandDevice band)
    {
        var isLonger = _flashFaults.TryGetValue(band, out var last) && _world.NowMs < last.ToMs + RewrittenMs;
        _flashFaults[band] = (isLonger ? last.FromMs : _world.NowMs, Lasting);
    }

    /// <summary>A fault of the band's flash has ended; where no other lasts, it takes records again.</summary>
    public void FlashWorks(BandDevice band)
    {
        if (band.Flash.Refusal == FlashResult.Ok && band.Flash.ReadFails is null
            && _flashFaults.TryGetValue(band, out var last) && last.ToMs == Lasting)
        {
            _flashFaults[band] = (last.FromMs, _world.NowMs);
        }
    }

    // A whole record of the latch after the fault holds every call that waits.
    private void LatchWritten(BandDevice band, FlashWrite write)
    {
        var boots = band.Boots;
        _world.At(write.EndUs / 1000, () =>
        {
            if (band.IsOn && band.Boots == boots && _flashFaults.TryGetValue(band, out var fault)
                && fault.ToMs != Lasting)
            {
                _flashFaults.Remove(band);
            }
        });
    }

    /// <summary>
    /// Notes that a bit of a file of the band's flash has changed, or that the file's end is gone. Only one copy holds
    /// the newest record (P18), so a call that the other copy does not hold may be lost.
    /// </summary>
    public void Rotten(BandDevice band, string file)
    {
        if (!file.StartsWith("latch.", StringComparison.Ordinal))
        {
            return;
        }

        Forget(band, (identity, _) =>
        {
            // The bit may be one of the frame's own: one half of its identity is still whole.
            var half = identity.Length / 2;
            var content = band.Flash.Content(file);
            return content.Length < 6 || content.Length < Bytes.GetU16(content.ToArray(), 4) + 10
                || content.IndexOf(identity.AsSpan(0, half)) >= 0 || content.IndexOf(identity.AsSpan(half)) >= 0;
        });
    }

    /// <summary>
    /// Notes that the band's flash is empty from now on. The band follows no earlier call, and begins its numbers anew.
    /// </summary>
    public void Forgotten(BandDevice band) => Forget(band, static (_, _) => true);

    // Frames for which this is so, and which no whole copy of the latch's record holds, are lost with the band. Other
    // frames than calls do not wait then, unless a hub has them.
    private void Forget(BandDevice band, Func<byte[], long, bool> isSo)
    {
        foreach (var (identity, frame) in _onAir.Where(f => f.Value.Band == band && !_signedAgain.Contains(f.Key)))
        {
            var bytes = Convert.FromHexString(identity);
            if (!isSo(bytes, frame.AtMs) || IsStored(band, bytes))
            {
                continue;
            }

            if (_byIdentity.TryGetValue(identity, out var call))
            {
                call.IsForgotten = true;
            }

            if (!IsInAHub(bytes))
            {
                _waiting.Remove(identity);
            }
        }

        ForgetAlarms(band);
    }

    /// <summary>
    /// Notes that a hub's flash was damaged. What no hub holds any more must come from the band again. A report of a
    /// stage may be lost then, because the band sends the report only until a hub has stored it.
    /// </summary>
    public void HubRotten()
    {
        _inHubs.RemoveWhere(identity => !IsInAHub(Convert.FromHexString(identity)));
        foreach (var (identity, told) in _told)
        {
            if (_atHub.ContainsKey(identity) && !IsInAHub(Convert.FromHexString(identity)))
            {
                _lostReports.Add(told);
            }
        }
    }

    /// <summary>
    /// True where the centre has lost a call of the band and no hub can send the call again. The wrist is then right
    /// where it shows that nobody has the call.
    /// </summary>
    public bool HasLostWithReason(BandDevice band) => Calls.Exists(c => c.Band == band && c.IsForgotten
        && c.CommittedMs is null && c.Identity.Length > 0 && !HasAHub(c));

    /// <summary>
    /// True where the wrist has said the stage, and a hub's damaged flash had the only report of it. The centre asks
    /// for the report again, but in Daily the next link may be an hour away (docs/adr/0026).
    /// </summary>
    public bool HasLostReport(AlarmTrace alarm, Stage stage) =>
        _lostReports.Contains(new Told(alarm.Band, alarm.Row.Boot, alarm.Row.Sequence, stage));

    private bool IsInAHub(byte[] identity) => _hubs.Exists(hub => hub.Flash.Holds(identity));

    // The band follows an alarm by boot and sequence of the frame that opened it, which its slot names.
    private void ForgetAlarms(BandDevice band)
    {
        foreach (var alarm in _alarms.Values.Where(a => a.Band == band))
        {
            var opener = new byte[5];
            Bytes.PutU24(opener, 0, alarm.Row.Boot);
            Bytes.PutU16(opener, 3, alarm.Row.Sequence);
            alarm.IsForgotten |= !IsStored(band, opener);
        }
    }

    // A whole copy of the latch's record holds these bytes: length at byte 4, content from byte 6, then the CRC.
    private static bool IsStored(BandDevice band, byte[] part)
    {
        foreach (var name in new[] { "latch.a", "latch.b" })
        {
            var file = band.Flash.Content(name).ToArray();
            var end = file.Length < 10 ? file.Length : 6 + Bytes.GetU16(file, 4);
            if (end + 4 <= file.Length && Bytes.GetU32(file, end) == Crc32.Compute(file, 0, end)
                && file.AsSpan(0, end).IndexOf(part) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    // The power goes now. A call is forgotten where the flash took no record when the call was made, and holds none
    // after the cut.
    private void Forget(BandDevice band)
    {
        if (!_flashFaults.TryGetValue(band, out var fault) || _world.NowMs >= fault.ToMs + RewrittenMs)
        {
            return;
        }

        _world.At(_world.NowMs, () => Forget(band, (_, onAirMs) => onAirMs >= fault.FromMs));
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

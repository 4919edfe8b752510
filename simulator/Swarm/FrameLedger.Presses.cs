using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>Finds the press that a frame on the air tells of, and the frame that it repeats.</summary>
public sealed partial class FrameLedger
{
    // The event comes at most so long after the contact: after 80 ms, a step and perhaps a flash write, and in a
    // countdown after the hold.
    private const int LatestS = 12;

    // A press may be seen in a later start of the band only where the key was down so shortly before that start, ms.
    private const int BeforeAStartMs = 10_000;

    // Under which boot counts each start of a band has run. A count that was not stored or cannot be read is used by
    // two starts (docs/adr/0022), and a band that learns of a higher count goes on under that one.
    private readonly HashSet<(BandDevice Band, int Start, int Boot)> _counts = [];

    private readonly Dictionary<(BandDevice Band, int Start), long> _startedMs = [];

    private void NoteCount(BandDevice band)
    {
        _counts.Add((band, band.Boots, band.BootCount));
        _startedMs.TryAdd((band, band.Boots), _world.NowMs - band.UptimeMs);
    }

    // Frames that the band has signed again since. It signs under the secret of its label where it cannot read its own
    // (docs/adr/0097); header and payload stay.
    private readonly HashSet<string> _signedAgain = new(StringComparer.Ordinal);

    private readonly HashSet<(BandDevice Band, string Unsigned)> _committed = [];

    private static string Unsigned(string identity) => identity[..(2 * Frame.CentreTagOffset)];

    private bool IsSignedAgain(BandDevice band, string identity)
    {
        var before = _onAir.Where(known => known.Value.Band == band && known.Key != identity
            && Unsigned(known.Key) == Unsigned(identity)).Select(static known => known.Key).LastOrDefault();
        if (before is null)
        {
            return false;
        }

        _signedAgain.Add(before);
        if (_waiting.Remove(before))
        {
            _waiting.Add(identity);
        }

        if (_unexplained.TryGetValue(before, out var why))
        {
            _unexplained[identity] = why;
        }
        else if (_byIdentity.TryGetValue(before, out var call))
        {
            _byIdentity[identity] = call;
            call.Identity = call.Identity == before ? identity : call.Identity;
        }

        return true;
    }

    private bool HasAHub(Call call) => _byIdentity.Any(known => known.Value == call && _inHubs.Contains(known.Key));

    private void Explain(BandDevice band, byte[] frame, string identity)
    {
        // A press of the frame's boot goes before an older one, a key that was held over a start before the others, one
        // that must arrive before one that may. Of those of earlier boots the newest goes first.
        var boot = Frame.BootOf(frame, 0);
        bool IsOfBoot(Call call) => _counts.Contains((band, call.Starts + (call.Boot < 0 ? 1 : 0), boot));
        bool IsHeldOver(Call call) => call.MoreEvents > 0 && !IsOfBoot(call);
        var fitting = Calls.Where(c => c.Band == band && c.Type == FrameType.Sos && Fits(c, frame))
            .OrderBy(c => IsOfBoot(c) ? 0 : 1).ThenByDescending(IsHeldOver).ThenBy(static c => c.IsExcused)
            .ThenByDescending(c => IsOfBoot(c) ? 0 : c.AtMs).ToList();
        var call = fitting.Find(c => c.Identity.Length == 0 || IsHeldOver(c))
            ?? fitting.Find(static c => c.MoreEvents > 0);
        if (call is null)
        {
            _unexplained[identity] = fitting.Count > 0 ? Violation.Doubled : Violation.Invented;
            return;
        }

        if (call.Identity.Length > 0)
        {
            call.MoreEvents--;
            CountDrop(band); // the second event of one press takes a slot as well
        }

        call.Numbers = call.Identity.Length == 0 ? (boot, Frame.SequenceOf(frame, 0)) : call.Numbers;
        call.Identity = call.Identity.Length == 0 ? identity : call.Identity;
        call.OnAirMs ??= _world.NowMs;
        _byIdentity[identity] = call;
    }

    // The countdown began before the write that its suspicion waited for, so a press meanwhile was a hold in it, which
    // may mean "I am fine".
    private void ExcuseHolds(BandDevice band)
    {
        foreach (var press in Calls.Where(c => c.Band == band && c.Type == FrameType.Sos && c.HoldMs >= MayBeFineMs
            && _world.NowMs - c.AtMs < JudgedMs && c.Identity.Length == 0))
        {
            press.IsExcused = true;
        }
    }

    private bool Fits(Call call, byte[] frame)
    {
        var (boot, uptimeS) = (Frame.BootOf(frame, 0), Payload.UptimeS(frame, 0));
        return _counts.Any(c => c.Band == call.Band && c.Boot == boot && (c.Start == call.Starts
            ? uptimeS >= call.UptimeS - 1 && uptimeS <= call.UptimeS + LatestS
            : c.Start > call.Starts && uptimeS <= LatestS + (call.HoldMs / 1000)
                && call.AtMs + call.HoldMs + BeforeAStartMs >= _startedMs[(c.Band, c.Start)]));
    }
}

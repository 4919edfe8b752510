using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Simulator.Swarm;

/// <summary>What a full latch may drop, and of which cards the wrist then need not hear (P44).</summary>
public sealed partial class FrameLedger
{
    /// <summary>
    /// An alarm of which the wrist need not hear: the band's flash was lost after it; a fall whose wearer has said "I
    /// am fine", or during which more frames waited than the latch has slots; a card with no other presses than such as
    /// the full latch may have dropped.
    /// </summary>
    public bool MayBeForgotten(AlarmTrace alarm) => _forgotten.Contains(alarm.Id) || (alarm.Row.Kind == "fall"
        ? _drops.ContainsKey(alarm.Band)
            || _cancels.Contains((alarm.Band, alarm.Row.Boot, alarm.Row.Sequence))
        : Calls.Exists(c => c.AlarmId == alarm.Id)
            && Calls.TrueForAll(c => c.AlarmId != alarm.Id || c.MayBeDropped));

    /// <summary>
    /// True: more frames have waited than the latch has slots. The band may then have forgotten a card whose end the
    /// wrist has shown, and no longer confirms that end to the centre.
    /// </summary>
    public bool HadNoRoom(BandDevice band) => _drops.ContainsKey(band);

    // A new call may take the slot of an older press where the latch is full.
    private void CountDrop(BandDevice band)
    {
        var coming = Calls.Count(c => c.Band == band && c.Identity.Length == 0 && _world.NowMs - c.AtMs < JudgedMs);
        var uncommitted = Calls.Count(c => c.Band == band && c.CommittedMs is null);
        var followed = _alarms.Values.Count(a => a.Band == band && !IsOver(a));
        if (Math.Max(band.Pending + coming, uncommitted) + followed >= AlarmLatch.Slots)
        {
            _drops[band] = _drops.GetValueOrDefault(band) + 1;
            WaitingPresses(band).Skip(1).ToList().ForEach(static call => call.MayBeDropped = true);
        }
    }

    // Presses without a receipt, as the band sees it, oldest first: it still sends one that the centre has.
    private IEnumerable<Call> WaitingPresses(BandDevice band) => Calls.Where(c => c.Band == band
        && c.Type == FrameType.Sos && (c.CommittedMs is null || c.LastOnAirMs > c.CommittedMs));
}

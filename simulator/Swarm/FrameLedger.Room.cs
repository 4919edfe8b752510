using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Simulator.Swarm;

/// <summary>Notes which presses a full latch may drop, and which alarms the wrist then need not show (P44).</summary>
public sealed partial class FrameLedger
{
    private readonly HashSet<(BandDevice Band, int Boot, int Sequence)> _answered = [];

    /// <summary>
    /// True where the wrist need not show the alarm. There are four reasons: the band's flash has lost the alarm;
    /// the wearer has answered a fall with "I am fine"; during a fall more frames waited than the latch has slots; or
    /// the full latch may have dropped every press on the card.
    /// </summary>
    public bool MayBeForgotten(AlarmTrace alarm) => alarm.IsForgotten || (alarm.Row.Kind == "fall"
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
        var followed = _alarms.Values.Where(a => a.Band == band && !IsOver(a)).Sum(static a => 1 + a.FarBoots.Count);
        if (Math.Max(band.Pending + coming, uncommitted) + followed >= AlarmLatch.Slots)
        {
            _drops[band] = _drops.GetValueOrDefault(band) + 1;
            WaitingPresses(band).Skip(1).ToList().ForEach(static call => call.MayBeDropped = true);
        }
    }

    /// <summary>A hub sends the band a receipt or a stage of this frame. The band may miss it.</summary>
    public void Answers(BandDevice band, int boot, int sequence) => _answered.Add((band, boot, sequence));

    // Presses whose receipts the band does not have, oldest first: no hub has sent a receipt or a stage, or the band
    // has sent the press again since the commit.
    private IEnumerable<Call> WaitingPresses(BandDevice band) => Calls.Where(c => c.Band == band
        && c.Type == FrameType.Sos && (c.CommittedMs is null || c.LastOnAirMs > c.CommittedMs
            || !_answered.Contains((band, c.Numbers.Boot, c.Numbers.Sequence))));
}

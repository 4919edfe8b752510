using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>What strangers without keys do over the radio.</summary>
public sealed partial class SwarmFaults
{
    private const int BetweenReplaysMs = 700;
    private const int MostRecorded = 64;

    private void OfStrangerOrCentre(PlannedFault fault, int b)
    {
        var band = _swarm.Bands[b];
        switch (fault.Kind)
        {
            case FaultKind.Replay:
                Replay(fault, b);
                break;
            case FaultKind.OneWay:
                During(fault, of => of == band, on => Array.ForEach(_swarm.Paths[b], p => p.SetOneWay(on)));
                break;
            case FaultKind.PressInRhythm:
                PressInRhythm(fault, band);
                break;
            case FaultKind.ServiceRestore:
                Restore(fault);
                break;
            case FaultKind.HandOver:
                HandOver(fault, b);
                break;
            case FaultKind.HeldLinks:
                Link(fault, b, [], static stranger => stranger.Links);
                break;
            case FaultKind.ReplayedStages:
                Link(fault, b, _stages[b], static stranger => stranger.Sent);
                break;
        }
    }

    private void Link(PlannedFault fault, int b, List<byte[]> frames, Func<StrangerDevice, int> count)
    {
        var stranger = _swarm.AddStranger(b, frames);
        During(
            fault, of => of == _swarm.Bands[b], on => Do(on, stranger.PowerOn, stranger.PowerOff),
            () => count(stranger) > 0);
    }

    // A stranger near the hubs sends earlier advertisements of the band again, under the band's address.
    private void Replay(PlannedFault fault, int b)
    {
        var (random, heard, isOn) = (new Random(fault.Subject), 0, false);
        During(fault, of => of == _swarm.Bands[b], on =>
        {
            isOn = on;
            Send();
        }, () => heard > 0);

        void Send()
        {
            if (!isOn || _recorded[b].Count == 0)
            {
                return;
            }

            var data = _recorded[b][random.Next(_recorded[b].Count)];
            heard += _swarm.Paths[b].Count(path => path.Spoof(data));
            World.At(World.NowMs + 1 + random.Next(BetweenReplaysMs), Send);
        }
    }

    private void Record(int b)
    {
        var radio = _swarm.Bands[b].Radio;
        radio.OnAir += (_, _) =>
        {
            if (radio.Advertised is { } data && _recorded[b].Count < MostRecorded && !_recorded[b].Contains(data))
            {
                _recorded[b].Add(data);
            }
        };
    }

    // Records the stages that this hub sends to bands, and notes the answers to calls. A stranger cannot read a frame,
    // but he sees which frame makes the band answer.
    private void RecordAnswers(HubDevice hub) => hub.Radio.OnAir += (air, _) =>
    {
        for (var b = 0; b < _stages.Length; b++)
        {
            var frame = _swarm.Bands[b].OpenedDown(air);
            var type = Frame.TypeOf(frame, 0);
            if (type is FrameType.Stage or FrameType.Receipt)
            {
                Ledger.Answers(_swarm.Bands[b], Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0));
            }

            if (type == FrameType.Stage && _stages[b].Count < MostRecorded)
            {
                _stages[b].Add(air);
            }
        }
    };
}

using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>Faults of the flash of one device, and replays by a stranger.</summary>
public sealed partial class SwarmFaults
{
    // A boot reads up to 42 files and repeats a read that fails, so more failures than these are a lasting fault.
    private const int MostFailedReads = 150;
    private const int BetweenReplaysMs = 700;
    private const int MostRecorded = 64;

    private void OfDeviceOrStranger(PlannedFault fault, int b, HubDevice hub)
    {
        var band = _swarm.Bands[b];
        switch (fault.Kind)
        {
            case FaultKind.BandReadFails:
                FailReads(fault, band, of => of == band);
                break;
            case FaultKind.HubReadFails:
                FailReads(fault, hub, static _ => true);
                break;
            case FaultKind.BandRot:
                Rot(fault, band, of => of == band);
                break;
            case FaultKind.HubRot:
                Rot(fault, hub, static _ => true);
                break;
            case FaultKind.Replay:
                Replay(fault, b);
                break;
            case FaultKind.OneWay:
                During(fault, of => of == band, on => Array.ForEach(_swarm.Paths[b], p => p.SetOneWay(on)));
                break;
        }
    }

    // The device loses its power. The first reads after its start fail; in every third fault all reads fail until the
    // heal.
    private void FailReads(PlannedFault fault, Device device, Func<BandDevice, bool> whose)
    {
        var left = fault.Subject % 3 == 0 ? int.MaxValue : 1 + (fault.Subject % MostFailedReads);
        var failed = 0;
        _heal.Add(() => device.Flash.ReadFails = null);
        During(fault, whose, on =>
        {
            device.Flash.ReadFails = on || _isHealed ? null : _ => failed < left && ++failed > 0;
            SetPower(device, !on);
        }, () => failed > 0);
    }

    // One bit of one file changes while the device has no power.
    private void Rot(PlannedFault fault, Device device, Func<BandDevice, bool> whose)
    {
        var rotten = false;
        During(fault, whose, on =>
        {
            SetPower(device, !on);
            if (on && device.Flash.Rot(fault.Subject) is { } file)
            {
                rotten = true;
                _log($"{device.Name}: a bit of {file} has changed");
                if (device is BandDevice band)
                {
                    Ledger.Rotten(band);
                }
            }
        }, () => rotten);
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
}

using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>Faults of the flash of one device.</summary>
public sealed partial class SwarmFaults
{
    // A boot reads up to 42 files and repeats a read that fails, so more failures than these are a lasting fault.
    private const int MostFailedReads = 150;
    private static readonly (int Min, int Max) SlowFlashMs = (100, 200);

    private void OfFlashOrStranger(PlannedFault fault, int b, HubDevice hub)
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
                Damage(fault, band, of => of == band);
                break;
            case FaultKind.HubRot:
                Damage(fault, hub, static _ => true);
                break;
            case FaultKind.BandFlashLost:
                During(fault, of => of == band, on =>
                {
                    SetPower(band, !on);
                    Do(on, () => Forget(band), static () => { });
                });
                break;
            case FaultKind.BandFlashSlow:
                During(fault, static _ => true, on =>
                    _swarm.Bands.ForEach(slow => slow.Flash.OperationMs = on ? SlowFlashMs : null));
                break;
            default:
                OfStrangerOrCentre(fault, b);
                break;
        }
    }

    private void Forget(BandDevice band)
    {
        band.Flash.Format();
        Ledger.Forgotten(band);
    }

    private void Forget(HubDevice hub)
    {
        hub.Flash.Format();
        Ledger.HubRotten();
    }

    // The device loses its power. The first reads after its start fail; in every third fault all reads fail until the
    // heal.
    private void FailReads(PlannedFault fault, Device device, Func<BandDevice, bool> whose)
    {
        var left = fault.Subject % 3 == 0 ? int.MaxValue : 1 + (fault.Subject % MostFailedReads);
        var failed = 0;
        _heal.Add(() => SetReads(device, null));
        During(fault, whose, on =>
        {
            SetReads(device, on || _isHealed ? null : _ =>
            {
                var fails = failed < left && ++failed > 0;
                if (!fails)
                {
                    SetReads(device, null);
                }

                return fails;
            });
            SetPower(device, !on);
        }, () => failed > 0);
    }

    private void SetReads(Device device, Func<string, bool>? fails)
    {
        device.Flash.ReadFails = fails;
        if (device is BandDevice band)
        {
            Do(fails is not null, () => Ledger.FlashFails(band), () => Ledger.FlashWorks(band));
        }
    }

    // One file is damaged while the device has no power.
    private void Damage(PlannedFault fault, Device device, Func<BandDevice, bool> whose)
    {
        var rotten = false;
        During(fault, whose, on =>
        {
            SetPower(device, !on);
            if (on && device.Flash.Rot(fault.Subject) is { } file)
            {
                rotten = true;
                _log($"{device.Name}: {file} is damaged");
                if (device is BandDevice band)
                {
                    Ledger.Rotten(band, file);
                }
                else
                {
                    Ledger.HubRotten();
                }
            }
        }, () => rotten);
    }
}

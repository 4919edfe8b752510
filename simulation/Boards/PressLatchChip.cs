using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// The latch beside the key (hardware/wristband/README.md): a contact charges a capacitor, and the full capacitor holds
/// itself, also while the chip sleeps, boots or is reset. Only the loss of the supply or the App's clear empties it.
/// </summary>
public sealed class PressLatchChip : IPressLatch
{
    private readonly BandDevice _device;
    private readonly KeyPin _key;
    private int _charge;
    private bool _isSet;

    internal PressLatchChip(BandDevice device, KeyPin key)
    {
        _device = device;
        _key = key;
        key.Changed += (_, _) => Charge();
    }

    /// <summary>Contact that sets the latch, ms: 36 to 46 by its parts.</summary>
    public int SetMs { get; set; } = 41;

    /// <inheritdoc/>
    public bool IsSet() => _isSet;

    /// <inheritdoc/>
    public void Clear()
    {
        _device.StandStill(2);
        _device.Effect(() =>
        {
            _isSet = false;
            Charge(); // a held key charges the capacitor again
        });
    }

    /// <summary>The supply is lost, and the capacitor with it.</summary>
    internal void PowerLost() => _isSet = false;

    private void Charge()
    {
        var charge = ++_charge;
        _device.World.At(_device.World.NowMs + SetMs, () =>
        {
            if (charge != _charge || !_key.IsPressed || !_device.IsOn)
            {
                return;
            }

            _isSet = true;
            _device.Wake(WakeCause.Key);
        });
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// A pin that the App drives. <see cref="Changed"/> has the moment at which the level changes on the outside.
/// </summary>
public sealed class OutputPin(Device device) : IPin
{
    private bool _wanted;

    /// <summary>Level on the outside, after earlier work of the step has ended.</summary>
    public bool IsActive { get; private set; }

    /// <summary>Called on every change with the moment of the world in µs.</summary>
    public Action<bool, long>? Changed { get; set; }

    /// <inheritdoc/>
    public bool Read() => _wanted;

    /// <inheritdoc/>
    public void Write(bool active)
    {
        _wanted = active;
        device.Effect(() => Set(active));
    }

    /// <summary>Makes the pin inactive, because the board has lost power.</summary>
    internal void Release()
    {
        _wanted = false;
        Set(false);
    }

    private void Set(bool active)
    {
        if (IsActive == active)
        {
            return;
        }

        IsActive = active;
        Changed?.Invoke(active, device.World.NowUs);
    }
}

/// <summary>A pin that the world drives: a key.</summary>
public sealed class KeyPin(Device device) : IPin
{
    private bool _makesNoEdge;

    /// <summary>True while the key is held down.</summary>
    public bool IsPressed { get; private set; }

    /// <summary>Called on every change with the moment of the world in µs.</summary>
    public Action<bool, long>? Changed { get; set; }

    /// <inheritdoc/>
    public bool Read() => IsPressed;

    /// <inheritdoc/>
    public void Write(bool active) => throw new InvalidOperationException($"{device.Name}: the key is an input");

    /// <summary>Presses or releases the key.</summary>
    public void Set(bool pressed)
    {
        if (IsPressed == pressed)
        {
            return;
        }

        IsPressed = pressed;
        Changed?.Invoke(pressed, device.World.NowUs);
        if (device.IsInLightSleep)
        {
            _makesNoEdge = true;
            device.EndLightSleep();
            return;
        }

        // Neither edge of a press that ends light sleep makes an event (docs/adr/0014).
        if (_makesNoEdge)
        {
            _makesNoEdge = false;
            device.World.Count("key edges without an event");
            return;
        }

        if (!pressed || !device.Wake(WakeCause.Key))
        {
            device.Raise(EventKind.KeyEdge, 0, pressed ? 1 : 0, null);
        }
    }

    /// <summary>Presses the key and releases it after a time.</summary>
    public void Press(int holdMs)
    {
        Set(true);
        device.World.At(device.World.NowMs + holdMs, () => Set(false));
    }
}

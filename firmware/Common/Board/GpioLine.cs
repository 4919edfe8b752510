using System.Device.Gpio;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>One GPIO line, active high or active low.</summary>
    public sealed class GpioLine : IPin
    {
        private readonly GpioPin _pin;
        private readonly bool _activeHigh;
        private readonly Inbox _inbox;
        private readonly EventKind _kind;
        private readonly bool _isOutput;
        private readonly PinMode _mode;
        private bool _written;

        /// <summary>Opens a line.</summary>
        /// <param name="gpio">The chip's lines.</param>
        /// <param name="number">GPIO number, from Pins.</param>
        /// <param name="mode">Direction and pull.</param>
        /// <param name="activeHigh">False where a low level means active.</param>
        public GpioLine(GpioController gpio, int number, PinMode mode, bool activeHigh)
        {
            _pin = gpio.OpenPin(number, mode);
            _activeHigh = activeHigh;
            _isOutput = mode == PinMode.Output;
            _mode = mode;
            if (_isOutput)
            {
                Write(false);
            }
        }

        /// <summary>Opens an input whose every change becomes an event; the RC filter on the board debounces.</summary>
        public GpioLine(GpioController gpio, int number, PinMode mode, bool activeHigh, Inbox inbox, EventKind kind)
            : this(gpio, number, mode, activeHigh)
        {
            _inbox = inbox;
            _kind = kind;
            _pin.ValueChanged += OnChanged;
        }

        /// <inheritdoc/>
        public bool Read()
        {
            // Whether an output can be read back differs from chip to chip.
            return _isOutput ? _written : (bool)_pin.Read() == _activeHigh;
        }

        /// <inheritdoc/>
        public void Write(bool active)
        {
            _written = active;
            _pin.Write(active == _activeHigh ? PinValue.High : PinValue.Low);
        }

        /// <summary>Makes the pad a GPIO of the same direction again, after something else has had it.</summary>
        public void TakeBack()
        {
            _pin.SetPinMode(_mode);
        }

        private void OnChanged(object sender, PinValueChangedEventArgs e)
        {
            bool isHigh = e.ChangeType == PinEventTypes.Rising;
            _inbox.Post(_kind, 0, isHigh == _activeHigh ? 1 : 0, null, 0);
        }
    }
}

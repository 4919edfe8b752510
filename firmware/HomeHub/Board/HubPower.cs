using System.Device.Gpio;
using System.Threading;
using ElderBand.BandProtocol;
using nanoFramework.Runtime.Native;

namespace ElderBand.HomeHub.Board
{
    /// <summary>
    /// Mains line, and the external watchdog TPS3431, which is always on. The watchdog resets through the EN line,
    /// which looks like power on to the chip. A capacitor shows the difference: it keeps its charge through a reset and
    /// loses the charge with the supply.
    /// </summary>
    public sealed class HubPower : IPower
    {
        /// <summary>
        /// Wait for the capacitor to lose its charge, so that the next boot is not taken for a watchdog reset: 20 times
        /// the 10 ms of R9 and C3 (hardware/hub/bom.csv).
        /// </summary>
        private const int DischargeMs = 200;

        private readonly IPin _mains;
        private readonly IPin _watchdogFeed;
        private readonly GpioPin _retention;
        private readonly WakeCause _cause;

        /// <summary>Opens the lines, reads the capacitor and charges it.</summary>
        public HubPower(GpioController gpio, IPin mains, IPin watchdogFeed)
        {
            _mains = mains;
            _watchdogFeed = watchdogFeed;
            _retention = gpio.OpenPin(Pins.Retention, PinMode.Input);
            _cause = _retention.Read() == PinValue.High ? WakeCause.Watchdog : WakeCause.PowerOn;
            _retention.SetPinMode(PinMode.Output);
            _retention.Write(PinValue.High);
        }

        /// <summary>A hub does not measure its backup battery.</summary>
        public byte BatteryPct()
        {
            return 255;
        }

        /// <inheritdoc/>
        public bool External()
        {
            return _mains.Read();
        }

        /// <summary>
        /// Power on, also after <see cref="Reset"/>; everything else that resets counts as the watchdog.
        /// </summary>
        public WakeCause Cause()
        {
            return _cause;
        }

        /// <summary>A hub never sleeps: it returns at once.</summary>
        public void DeepSleep(int timeoutMs)
        {
        }

        /// <inheritdoc/>
        public void Reset()
        {
            _retention.Write(PinValue.Low);
            Thread.Sleep(DischargeMs);
            Power.RebootDevice();
        }

        /// <inheritdoc/>
        public void FeedWatchdog()
        {
            _watchdogFeed.Write(true);
            _watchdogFeed.Write(false);
        }
    }
}

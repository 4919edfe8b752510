using System;
using System.Threading;
using ElderBand.BandProtocol;
using Iot.Device.RegisterBus;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Runtime.Native;

namespace ElderBand.Wristband.Board
{
    /// <summary>Fuel gauge MAX17048, charger line, EXT1 wake, and the external watchdog TPS3431.</summary>
    public sealed class BandPower : IPower
    {
        /// <summary>7-bit address of the fuel gauge.</summary>
        public const int GaugeAddress = 0x36;

        /// <summary>State of charge: the high byte is percent (MAX17048 datasheet, register 0x04).</summary>
        private const byte ChargeRegister = 0x04;

        /// <summary>
        /// From driving the watchdog's enable line low until it reads as low: 11 ms by the parts, up to 200 ms are
        /// allowed (hardware/README.md). Left high, the line would reset a sleeping chip.
        /// </summary>
        private const int WatchdogOffMs = 100;

        private const Sleep.WakeupGpioPin KeyWake = Sleep.WakeupGpioPin.Pin5;
        private const Sleep.WakeupGpioPin LatchWake = Sleep.WakeupGpioPin.Pin15;
        private const Sleep.WakeupGpioPin MotionWake = Sleep.WakeupGpioPin.Pin6;

        private readonly IRegisterBus _gauge;
        private readonly IPin _charger;
        private readonly IPin _watchdogEnable;
        private readonly IPin _watchdogFeed;
        private readonly byte[] _charge = new byte[2];
        private readonly WakeCause _cause;

        /// <summary>Takes the lines and switches the watchdog on.</summary>
        public BandPower(IRegisterBus gauge, IPin charger, IPin watchdogEnable, IPin watchdogFeed)
        {
            _gauge = gauge;
            _charger = charger;
            _watchdogEnable = watchdogEnable;
            _watchdogFeed = watchdogFeed;
            _watchdogEnable.Write(true);

            // Read before the first light sleep, which has a cause of its own.
            _cause = ReadCause();
        }

        /// <inheritdoc/>
        public byte BatteryPct()
        {
            if (_gauge.Read(ChargeRegister, _charge, 2) != BusResult.Ok)
            {
                return 255;
            }

            return _charge[0] > 100 ? (byte)100 : _charge[0];
        }

        /// <inheritdoc/>
        public bool External()
        {
            return _charger.Read();
        }

        /// <summary>
        /// Why this boot began. The watchdog resets through the EN line, which the chip sees as power on.
        /// </summary>
        public WakeCause Cause()
        {
            return _cause;
        }

        /// <inheritdoc/>
        public void DeepSleep(int timeoutMs)
        {
            _watchdogEnable.Write(false);
            Thread.Sleep(WatchdogOffMs);
            WakeBy(timeoutMs);
            Sleep.StartDeepSleep();
        }

        /// <summary>
        /// Light sleep until the key, its latch, the accelerometer or the time. Memory stays. The chip drives no line
        /// while it sleeps: a capacitor keeps the watchdog on, which resets a chip that never wakes (P08,
        /// docs/adr/0012). False where the chip has refused and no time has passed.
        /// </summary>
        public bool LightSleep(int timeoutMs)
        {
            WakeBy(timeoutMs);
            return Sleep.StartLightSleep() == EspNativeError.OK;
        }

        /// <inheritdoc/>
        public void Reset()
        {
            Power.RebootDevice();
        }

        /// <inheritdoc/>
        public void FeedWatchdog()
        {
            _watchdogFeed.Write(true);
            _watchdogFeed.Write(false);
        }

        private static void WakeBy(int timeoutMs)
        {
            Sleep.EnableWakeupByMultiPins(KeyWake | LatchWake | MotionWake, Sleep.WakeupMode.AnyHigh);
            Sleep.EnableWakeupByTimer(new TimeSpan(timeoutMs * TimeSpan.TicksPerMillisecond));
        }

        private static WakeCause ReadCause()
        {
            switch (Sleep.GetWakeupCause())
            {
                case Sleep.WakeupCause.Ext1:
                    bool key = (Sleep.GetWakeupGpioPin() & (KeyWake | LatchWake)) != 0;
                    return key ? WakeCause.Key : WakeCause.Motion;
                case Sleep.WakeupCause.Timer:
                    return WakeCause.Timer;
                default:
                    return WakeCause.PowerOn;
            }
        }
    }
}

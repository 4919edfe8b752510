using System.Device.Gpio;
using System.Threading;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.Wristband.Board;

namespace ElderBand.Wristband
{
    /// <summary>The wristband's composition root: makes the ports, fills the band, runs its loop.</summary>
    public static class Program
    {
        private const int EventSlots = 32;

        /// <summary>Entry of the device.</summary>
        public static void Main()
        {
            EspClock clock = new EspClock();
            EventRing events = new EventRing(EventSlots, Frame.Size);
            Inbox inbox = new Inbox(events, clock);
            GpioController gpio = new GpioController();

            I2cBus bus = new I2cBus(gpio);
            GpioLine light = new GpioLine(gpio, Pins.Led, PinMode.Output, true);
            GpioLine motion = new GpioLine(gpio, Pins.MotionInterrupt, PinMode.Input, true, inbox, EventKind.MotionReady);
            BandPower power = new BandPower(
                bus.Open(BandPower.GaugeAddress),
                new GpioLine(gpio, Pins.Charger, PinMode.Input, true, inbox, EventKind.PowerEdge),
                new GpioLine(gpio, Pins.WatchdogEnable, PinMode.Output, true),
                new GpioLine(gpio, Pins.WatchdogFeed, PinMode.Output, true));

            Provision provision = new Provision();
            BandIdentity identity = new BandIdentity
            {
                Secret = provision.Bytes("secret", BandKeys.Size),
                LinkGroup = (uint)provision.Number("group", 0),
                LinkEpoch = (int)provision.Number("epoch", 0),
            };
            if (identity.Secret == null)
            {
                WaitForProvision(light, power);
            }

            BandRadio radio = new BandRadio(inbox);
            GpioLine key = new GpioLine(gpio, Pins.Key, PinMode.Input, true, inbox, EventKind.KeyEdge);
            GpioLine motor = new GpioLine(gpio, Pins.Motor, PinMode.Output, true);
            BandPorts ports = new BandPorts
            {
                Link = radio,
                Flash = new FlashFiles(),
                Clock = clock,
                Mac = new NativeMac(),
                Power = power,
                Key = key,
                Vibration = motor,
                Light = light,
                Ppg = bus.Open(I2cBus.PulseAddress),
                PpgHasGreen = provision.Number("green", 0) == 1,
                Accelerometer = bus.Open(I2cBus.AccelerometerAddress),
                Events = events,
            };

            Band band = new Band(ports, identity);
            band.Start(clock.NowMs());
            if (motion.Read())
            {
                // An interrupt line that was high before it was listened to makes no edge.
                inbox.Post(EventKind.MotionReady, 0, 1, null, 0);
            }

            Idle idle = new Idle(inbox, radio, power, new[] { key, motion }, new IPin[] { key, motion, motor, light });
            while (true)
            {
                idle.Wait(band.Step(clock.NowMs()));
            }
        }

        /// <summary>Without a secret nothing could be proven to anybody: the light says so, twice a second, until power off.</summary>
        private static void WaitForProvision(GpioLine light, BandPower power)
        {
            bool lit = false;
            while (true)
            {
                lit = !lit;
                light.Write(lit);
                power.FeedWatchdog();
                Thread.Sleep(500);
            }
        }
    }
}

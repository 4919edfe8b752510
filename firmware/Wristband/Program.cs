using System.Device.Gpio;
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
            GpioLine latch = new GpioLine(gpio, Pins.PressLatch, PinMode.Input, true);
            GpioLine light = new GpioLine(gpio, Pins.Led, PinMode.Output, true);
            GpioLine motion = new GpioLine(
                gpio, Pins.MotionInterrupt, PinMode.Input, true, inbox, EventKind.MotionReady);
            BandPower power = new BandPower(
                bus.Open(BandPower.GaugeAddress),
                new GpioLine(gpio, Pins.Charger, PinMode.Input, true, inbox, EventKind.PowerEdge),
                new GpioLine(gpio, Pins.WatchdogEnable, PinMode.Output, true),
                new GpioLine(gpio, Pins.WatchdogFeed, PinMode.Output, true));

            GpioLine key = new GpioLine(gpio, Pins.Key, PinMode.Input, true, inbox, EventKind.KeyEdge);
            GpioLine motor = new GpioLine(gpio, Pins.Motor, PinMode.Output, true);
            FlashFiles flash = new FlashFiles();
            ProvisionStore store = BandProvision.StoreOn(flash);
            BandProvision provision = BandProvision.Load(store);
            Provision.StopOnFault(provision.File, store, light, power, key, motor);
            BandIdentity identity = new BandIdentity
            {
                Secret = provision.Secret,
                LinkGroup = provision.LinkGroup,
                LinkEpoch = provision.LinkEpoch,
                CopyWasBad = store.WasBad,
            };

            BandRadio radio = new BandRadio(inbox);
            BandPorts ports = new BandPorts
            {
                Link = radio,
                Flash = flash,
                Clock = clock,
                Mac = new NativeMac(),
                Power = power,
                Key = key,
                PressLatch = new PressLatch(latch, new GpioLine(gpio, Pins.PressLatchClear, PinMode.Output, true)),
                Vibration = motor,
                Light = light,
                Ppg = bus.Open(I2cBus.PulseAddress),
                PpgHasGreen = provision.PpgHasGreen,
                Accelerometer = bus.Open(I2cBus.AccelerometerAddress),
                Events = events,
            };

            Band band = new Band(ports, identity);
            band.Start(clock.NowMs());
            TraceLog.Print(band.Trace);
            if (motion.Read())
            {
                // An interrupt line that was high before it was listened to makes no edge.
                inbox.Post(EventKind.MotionReady, 0, 1, null, 0);
            }

            Idle idle = new Idle(
                inbox,
                radio,
                power,
                new[] { key, latch, motion },
                new IPin[] { key, latch, motion, motor, light });
            while (true)
            {
                long nowMs = clock.NowMs();
                int waitMs = band.Step(nowMs);

                // The duration of the step is subtracted from the wait, so that a vibration pulse keeps its length.
                long tookMs = clock.NowMs() - nowMs;
                band.Trace.AddStep(tookMs, nowMs);
                idle.Wait(waitMs - (int)tookMs);
            }
        }
    }
}

using System.Device.Gpio;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.HomeHub.Board;

namespace ElderBand.HomeHub
{
    /// <summary>The home hub's composition root: makes the ports, fills the hub, runs its loop.</summary>
    public static class Program
    {
        // Eight bands that advertise, notify and connect at once, between two steps.
        private const int EventSlots = 64;
        private const int DownlinkSlots = 8;

        /// <summary>The earliest time that can be (2026-11-22); the provision's own time is later.</summary>
        private const long BuildDateS = 1795305600L;

        /// <summary>Entry of the device.</summary>
        public static void Main()
        {
            EspClock clock = new EspClock();
            EventRing events = new EventRing(EventSlots, Frame.Size);
            EventRing downlinks = new EventRing(DownlinkSlots, HubMessage.MaxDownSize);
            Inbox inbox = new Inbox(events, clock);
            GpioController gpio = new GpioController();

            GpioLine light = new GpioLine(gpio, Pins.Led, PinMode.Output, true);
            GpioLine key = new GpioLine(gpio, Pins.Key, PinMode.Input, true, inbox, EventKind.KeyEdge);
            GpioLine buzzer = new GpioLine(gpio, Pins.Buzzer, PinMode.Output, true);
            HubPower power = new HubPower(
                gpio,
                new GpioLine(gpio, Pins.Mains, PinMode.Input, true, inbox, EventKind.PowerEdge),
                new GpioLine(gpio, Pins.WatchdogFeed, PinMode.Output, true));

            FlashFiles flash = new FlashFiles();
            ProvisionStore store = HubProvision.StoreOn(flash);
            HubProvision provision = HubProvision.Load(store);
            Provision.StopOnFault(provision.File, store, light, power, key, buzzer);

            HubPorts ports = new HubPorts
            {
                Radio = new HubRadio(inbox, clock),
                Uplink = new MqttUplink(new Inbox(downlinks, inbox), provision),
                Flash = flash,
                Clock = clock,
                Mac = new NativeMac(),
                Power = power,
                Key = key,
                Buzzer = buzzer,
                Light = light,
                Events = events,
                Downlinks = downlinks,
                ProvisionCopyWasBad = store.WasBad,
                AuthorityEndsMs = MqttUplink.EndOf(provision.Authority),
            };

            store = null; // the collector may take the 16 KB of its buffers
            Hub hub = new Hub(ports, 1000 * (provision.MadeS > BuildDateS ? provision.MadeS : BuildDateS));
            hub.Start(clock.NowMs());
            TraceLog.Print(hub.Trace);
            while (true)
            {
                long nowMs = clock.NowMs();
                int waitMs = hub.Step(nowMs);

                // The duration of the step is subtracted from the wait, so that a pulse keeps its length.
                long tookMs = clock.NowMs() - nowMs;
                hub.Trace.AddStep(tookMs, nowMs);
                inbox.Wait(waitMs - (int)tookMs);
            }
        }
    }
}

using System;
using System.Threading;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>Stops a device that has no usable provision, and shows the fault (hardware/README.md).</summary>
    public static class Provision
    {
        private const int LookMs = 50;
        private const int ReadAgainMs = 10000;

        /// <summary>
        /// Returns at once where the provision is good. Otherwise the device does not start, because it could prove no
        /// frame to anybody. The light flashes the number of the fault until power off, the cable is told where in the
        /// file the fault is, and motor or buzzer answer each press of the key with "does not work". Where the flash
        /// could not be read, the device restarts as soon as the flash can be read.
        /// </summary>
        public static void StopOnFault(
            ProvisionFile file, ProvisionStore store, IPin light, IPower power, IPin key, IPin sounder)
        {
            if (file.Fault == ProvisionFault.None)
            {
                return;
            }

            int flashes = (int)file.Fault;
            Console.WriteLine("provision: fault " + flashes.ToString() + " at " + file.Where);
            DeadKey dead = new DeadKey();
            for (long ms = 0; ; ms += LookMs)
            {
                sounder.Write(dead.Answers(key.Read(), ms));
                light.Write(FlashCode.IsLit(flashes, ms));
                power.FeedWatchdog();
                if (store.IsUnread && ms % ReadAgainMs == 0 && store.CanBeRead())
                {
                    power.Reset();
                }

                Thread.Sleep(LookMs);
            }
        }
    }
}

using System;
using System.IO;
using System.Threading;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>
    /// The files that make this device one of its home, written when it is handed out (hardware/README.md). No secret
    /// is ever in the code.
    /// </summary>
    public static class Provision
    {
        /// <summary>The device's lines, <see cref="ProvisionFile"/>.</summary>
        public const string LinesFile = "I:\\provision.txt";

        /// <summary>The centre's certificate authority, hub only.</summary>
        public const string AuthorityFile = "I:\\ca.pem";

        private const int LookMs = 50;

        /// <summary>The text of a file; null where there is none or it cannot be read.</summary>
        public static string Read(string path)
        {
            try
            {
                return File.Exists(path) ? File.ReadAllText(path) : null;
            }
            catch (Exception)
            {
                return null;
            }
        }

        /// <summary>
        /// Returns at once where nothing is wrong. Otherwise no frame could be proven to anybody: the light flashes the
        /// fault's number until power off, the cable is told where in the file the fault is, and motor or buzzer answer
        /// each press of the key with "does not work".
        /// </summary>
        public static void StopOnFault(ProvisionFile file, IPin light, IPower power, IPin key, IPin sounder)
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
                Thread.Sleep(LookMs);
            }
        }
    }
}

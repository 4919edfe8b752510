using ElderBand.BandProtocol;
using nanoFramework.Runtime.Native;

namespace ElderBand.HomeHub.Board
{
    /// <summary>Mains line and the external watchdog TPS3431, which is always on.</summary>
    public sealed class HubPower : IPower
    {
        private readonly IPin _mains;
        private readonly IPin _watchdogFeed;

        /// <summary>Takes the lines.</summary>
        public HubPower(IPin mains, IPin watchdogFeed)
        {
            _mains = mains;
            _watchdogFeed = watchdogFeed;
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

        /// <summary>The watchdog resets through the EN line, which the chip sees as power on.</summary>
        public WakeCause Cause()
        {
            return WakeCause.PowerOn;
        }

        /// <summary>A hub never sleeps: it returns at once.</summary>
        public void DeepSleep(int timeoutMs)
        {
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
    }
}

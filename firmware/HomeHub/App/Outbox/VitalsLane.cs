using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>Queues of the vitals lane, in the order in which they use the line.</summary>
    public enum VitalsQueue : byte
    {
        /// <summary>10-second frames and statuses: kept in memory for 10 minutes.</summary>
        Live = 1,

        /// <summary>10-minute frames: kept for a day while the hub is offline.</summary>
        TenMinutes = 2,
    }

    /// <summary>
    /// The lane of measurements. All are in memory; while the hub is offline, 10-minute frames go to flash as well.
    /// </summary>
    public sealed class VitalsLane : RecordStore
    {
        /// <summary>Number of queues.</summary>
        public const int QueueCount = 2;

        private const long LiveKeepMs = 600000;

        /// <summary>Allocates all memory that the lane will use.</summary>
        public VitalsLane(IFlash flash, int segments, int capacity)
            : base(flash, null, "vitals", segments, capacity, QueueCount)
        {
        }

        /// <summary>True for a 10-minute frame.</summary>
        public static bool IsTenMinutes(byte[] frame, int offset)
        {
            return Frame.TypeOf(frame, offset) == FrameType.Vitals && Payload.IsTenMinutes(frame, offset);
        }

        /// <summary>Drops the live frames that are older than 10 minutes.</summary>
        public void Trim(long nowMs)
        {
            int oldest = Queues.First((int)VitalsQueue.Live);
            while (oldest >= 0 && nowMs - ReceivedMs(oldest) > LiveKeepMs)
            {
                Remove(oldest);
                oldest = Queues.First((int)VitalsQueue.Live);
            }
        }

        /// <summary>Drops the oldest record of the lane; true where that was a 10-minute frame.</summary>
        public bool DropOldest()
        {
            int live = Queues.First((int)VitalsQueue.Live);
            int kept = Queues.First((int)VitalsQueue.TenMinutes);
            bool dropsKept = live < 0 || (kept >= 0 && ReceivedMs(kept) < ReceivedMs(live));
            Remove(dropsKept ? kept : live);
            return dropsKept;
        }

        /// <inheritdoc/>
        protected override int QueueOf(int slot)
        {
            return (int)(IsTenMinutes(Data, FrameAt(slot)) ? VitalsQueue.TenMinutes : VitalsQueue.Live);
        }
    }
}

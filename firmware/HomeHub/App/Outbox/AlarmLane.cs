using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>Queues of the alarm lane, in the order in which they use the line.</summary>
    public enum AlarmQueue : byte
    {
        /// <summary>Calls for help whose link tag is right.</summary>
        Urgent = 1,

        /// <summary>Calls for help that only the centre can judge.</summary>
        Unchecked = 2,

        /// <summary>Everything else.</summary>
        Notes = 3,
    }

    /// <summary>
    /// The lane of frames that may call for help: every record goes to flash before the hub acknowledges it (R2).
    /// </summary>
    public sealed class AlarmLane : RecordStore
    {
        /// <summary>Number of queues.</summary>
        public const int QueueCount = 3;

        /// <summary>Allocates all memory that the lane will use.</summary>
        public AlarmLane(IFlash flash, ICheckpoint checkpoint, int segments, int capacity)
            : base(flash, checkpoint, "alarm", segments, capacity, QueueCount)
        {
        }

        /// <summary>True while a call for help waits for the centre's receipt.</summary>
        public bool UrgentWaits
        {
            get { return Queues.Count((int)AlarmQueue.Urgent) + Queues.Count((int)AlarmQueue.Unchecked) > 0; }
        }

        /// <summary>
        /// Arrival time of the oldest checked call for help that waits for the centre's receipt, monotonic ms. 0 for a
        /// record from an earlier boot; <see cref="long.MaxValue"/> where none waits.
        /// </summary>
        public long OldestUrgentReceivedMs
        {
            get
            {
                int oldest = Queues.First((int)AlarmQueue.Urgent);
                return oldest < 0 ? long.MaxValue : ReceivedMs(oldest);
            }
        }

        /// <summary>
        /// True where the frame calls for help or belongs to such a call. Such frames are sent first and may use the
        /// last quarter of the lane.
        /// </summary>
        public static bool IsUrgent(FrameType type)
        {
            switch (type)
            {
                case FrameType.WearChange:
                case FrameType.Technical:
                case FrameType.Boot:
                case FrameType.StageShown:
                case FrameType.HubTechnical:
                    return false;
                default:
                    // An unknown type counts as urgent: a newer band may call for help with it.
                    return true;
            }
        }

        /// <summary>True where one more record of this type fits: the last quarter takes only calls for help.</summary>
        public bool HasRoom(FrameType type)
        {
            return Count < (IsUrgent(type) ? Capacity : Capacity - (Capacity / 4));
        }

        /// <inheritdoc/>
        public override bool KeepsDone
        {
            get { return true; }
        }

        /// <inheritdoc/>
        protected override int QueueOf(int slot)
        {
            return (int)(!IsUrgent(TypeOf(slot)) ? AlarmQueue.Notes
                : IsLinkChecked(slot) ? AlarmQueue.Urgent
                : AlarmQueue.Unchecked);
        }
    }
}

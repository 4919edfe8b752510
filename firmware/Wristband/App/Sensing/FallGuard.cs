namespace ElderBand.Wristband
{
    /// <summary>Whether a countdown runs.</summary>
    public enum FallState : byte
    {
        /// <summary>Nothing suspected.</summary>
        Watching = 0,

        /// <summary>At least one suspected fall waits for the wearer's answer.</summary>
        Countdown = 1,
    }

    /// <summary>What can happen to a suspicion.</summary>
    public enum FallEvent : byte
    {
        /// <summary>The detector suspects a fall.</summary>
        Suspected = 0,

        /// <summary>A countdown has ended, others still run.</summary>
        Deadline = 1,

        /// <summary>The last countdown has ended.</summary>
        LastDeadline = 2,

        /// <summary>The wearer pressed for help.</summary>
        Sos = 3,

        /// <summary>The wearer is fine.</summary>
        Fine = 4,
    }

    /// <summary>What the band is to do.</summary>
    public enum FallAction : byte
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>Count down for the fall just suspected.</summary>
        Begin = 1,

        /// <summary>Confirm the fall whose countdown has ended.</summary>
        Confirm = 2,

        /// <summary>Stop counting: the SOS stands for every suspicion, which stays linked to it.</summary>
        LeaveToSos = 3,

        /// <summary>Withdraw every suspicion.</summary>
        Cancel = 4,
    }

    /// <summary>
    /// From a suspicion to a confirmed or withdrawn fall: 30 s for the wearer. Each suspicion is its own alarm with its
    /// own countdown; one answer of the wearer holds for all that run.
    /// </summary>
    public sealed class FallGuard
    {
        /// <summary>Time for the wearer's answer, ms.</summary>
        public const int CountdownMs = 30000;

        /// <summary>Countdowns at a time; for one more the caller first confirms the oldest.</summary>
        public const int MaxRunning = 4;

        private readonly int[] _running = new int[MaxRunning];
        private readonly long[] _deadlineMs = new long[MaxRunning];
        private int _count;

        /// <summary>State now.</summary>
        public FallState State { get; private set; }

        /// <summary>Countdowns running.</summary>
        public int Running
        {
            get { return _count; }
        }

        /// <summary>The table: next state and action for every pair.</summary>
        public static FallState Next(FallState state, FallEvent happened, out FallAction action)
        {
            const int E = 8;
            action = FallAction.None;
            switch (((int)state * E) + (int)happened)
            {
                case ((int)FallState.Watching * E) + (int)FallEvent.Suspected:
                case ((int)FallState.Countdown * E) + (int)FallEvent.Suspected:
                    action = FallAction.Begin;
                    return FallState.Countdown;
                case ((int)FallState.Countdown * E) + (int)FallEvent.Deadline:
                    action = FallAction.Confirm;
                    return FallState.Countdown;
                case ((int)FallState.Countdown * E) + (int)FallEvent.LastDeadline:
                    action = FallAction.Confirm;
                    return FallState.Watching;
                case ((int)FallState.Countdown * E) + (int)FallEvent.Sos:
                    action = FallAction.LeaveToSos;
                    return FallState.Watching;
                case ((int)FallState.Countdown * E) + (int)FallEvent.Fine:
                    action = FallAction.Cancel;
                    return FallState.Watching;
                default:
                    return state;
            }
        }

        /// <summary>Something happened; the action is the caller's to carry out.</summary>
        public FallAction Apply(FallEvent happened)
        {
            State = Next(State, happened, out FallAction action);
            return action;
        }

        /// <summary>Starts the countdown of a suspicion, named by its frame's sequence; there must be room.</summary>
        public void Begin(int sequence, long nowMs)
        {
            _running[_count] = sequence;
            _deadlineMs[_count] = nowMs + CountdownMs;
            _count++;
        }

        /// <summary>Sequence of the oldest countdown's fall, -1 where none runs.</summary>
        public int Oldest()
        {
            return _count == 0 ? -1 : _running[0];
        }

        /// <summary>Takes the oldest countdown out, whatever its deadline: the sequence, -1 where none runs.</summary>
        public int TakeOldest()
        {
            if (_count == 0)
            {
                return -1;
            }

            int sequence = _running[0];
            _count--;
            for (int i = 0; i < _count; i++)
            {
                _running[i] = _running[i + 1];
                _deadlineMs[i] = _deadlineMs[i + 1];
            }

            return sequence;
        }

        /// <summary>Deadline of the oldest countdown; long.MaxValue where none runs.</summary>
        public long NextDeadlineMs()
        {
            return _count == 0 ? long.MaxValue : _deadlineMs[0];
        }
    }
}

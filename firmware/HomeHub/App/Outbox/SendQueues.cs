namespace ElderBand.HomeHub
{
    /// <summary>
    /// The order in which a lane's records go to the centre: a queue for each kind, in order of arrival. In each queue,
    /// records that were sent since the line came up stand before records that were not.
    /// </summary>
    public sealed class SendQueues
    {
        private const int TickMs = 100;

        private readonly SlotLists _queues;
        private readonly int[] _unsent;
        private readonly int[] _sent;
        private readonly byte[] _attempts;
        private readonly int[] _dueTicks;
        private readonly int[] _messages;

        /// <summary>Allocates all memory that the queues will use.</summary>
        /// <param name="slots">Slots of the table.</param>
        /// <param name="queues">Queues, numbered from 1.</param>
        public SendQueues(int slots, int queues)
        {
            _queues = new SlotLists(slots, queues + 1);
            _unsent = new int[queues + 1];
            _sent = new int[queues + 1];
            _attempts = new byte[slots];
            _dueTicks = new int[slots];
            _messages = new int[slots];
            Clear();
        }

        /// <summary>Records in a queue.</summary>
        public int Count(int queue)
        {
            return _queues.Count(queue);
        }

        /// <summary>The oldest record of a queue, -1 for none.</summary>
        public int First(int queue)
        {
            return _queues.First(queue);
        }

        /// <summary>The next record of the same queue, -1 after the last.</summary>
        public int Next(int slot)
        {
            return _queues.Next(slot);
        }

        /// <summary>
        /// Records of a queue that were sent since the line came up and still wait for their receipt.
        /// </summary>
        public int SentCount(int queue)
        {
            return _sent[queue];
        }

        /// <summary>The oldest record of a queue that was not sent since the line came up, -1 for none.</summary>
        public int FirstUnsent(int queue)
        {
            return _unsent[queue];
        }

        /// <summary>How often a record was sent since the line came up.</summary>
        public int Attempts(int slot)
        {
            return _attempts[slot];
        }

        /// <summary>The message that carried a sent record last.</summary>
        public int Message(int slot)
        {
            return _messages[slot];
        }

        /// <summary>When a sent record is to be sent again, ms, rounded up to 100 ms.</summary>
        public long DueMs(int slot)
        {
            return (long)_dueTicks[slot] * TickMs;
        }

        /// <summary>Adds a record to the end of a queue.</summary>
        public void Add(int slot, int queue)
        {
            _attempts[slot] = 0;
            _queues.Add(slot, queue);
            if (_unsent[queue] < 0)
            {
                _unsent[queue] = slot;
            }
        }

        /// <summary>Removes a record from its queue.</summary>
        public void Remove(int slot)
        {
            int queue = _queues.ListOf(slot);
            if (_attempts[slot] > 0)
            {
                _sent[queue]--;
            }
            else if (_unsent[queue] == slot)
            {
                _unsent[queue] = _queues.Next(slot);
            }

            _queues.Remove(slot);
        }

        /// <summary>
        /// Notes that a record was sent: again, or for the first time as the first unsent record of its queue.
        /// </summary>
        public void Sent(int slot, int message, long dueMs)
        {
            if (_attempts[slot] == 0)
            {
                int queue = _queues.ListOf(slot);
                _sent[queue]++;
                _unsent[queue] = _queues.Next(slot);
            }

            if (_attempts[slot] < 255)
            {
                _attempts[slot]++;
            }

            _messages[slot] = message;
            _dueTicks[slot] = (int)((dueMs + TickMs - 1) / TickMs);
        }

        /// <summary>The line is down: from now on no record counts as sent.</summary>
        public void AllUnsent()
        {
            for (int queue = 1; queue < _sent.Length; queue++)
            {
                int slot = _queues.First(queue);
                _unsent[queue] = slot;
                for (; _sent[queue] > 0; _sent[queue]--)
                {
                    _attempts[slot] = 0;
                    slot = _queues.Next(slot);
                }
            }
        }

        /// <summary>Forgets all records.</summary>
        public void Clear()
        {
            _queues.Clear();
            for (int queue = 0; queue < _sent.Length; queue++)
            {
                _unsent[queue] = -1;
                _sent[queue] = 0;
            }
        }
    }
}

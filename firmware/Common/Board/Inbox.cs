using System.Threading;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>The event ring of the loop's thread, with the wait handle that wakes that thread.</summary>
    public sealed class Inbox
    {
        private readonly EventRing _ring;
        private readonly IClock _clock;
        private readonly AutoResetEvent _bell;

        /// <summary>Makes an inbox over <paramref name="ring"/>.</summary>
        public Inbox(EventRing ring, IClock clock)
        {
            _ring = ring;
            _clock = clock;
            _bell = new AutoResetEvent(false);
        }

        /// <summary>Makes an inbox over another ring that wakes the same thread.</summary>
        public Inbox(EventRing ring, Inbox first)
        {
            _ring = ring;
            _clock = first._clock;
            _bell = first._bell;
        }

        /// <summary>Adds an event, timed now, and wakes the loop. Any thread.</summary>
        public void Post(EventKind kind, long address, int arg, byte[] data, int count)
        {
            _ring.Enqueue(kind, _clock.NowMs(), address, arg, data, count);
            _bell.Set();
        }

        /// <summary>True where an event has come since the last wait: the loop must step before it sleeps.</summary>
        public bool TakeBell()
        {
            return _bell.WaitOne(0, false);
        }

        /// <summary>Waits for an event, at most <paramref name="timeoutMs"/> (0 or less: not at all).</summary>
        public void Wait(long timeoutMs)
        {
            if (timeoutMs > 0)
            {
                _bell.WaitOne((int)timeoutMs, false);
            }
        }
    }
}

using System.Threading;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>The ring of the one thread that decides, with the bell that wakes it.</summary>
    public sealed class Inbox
    {
        private readonly EventRing _ring;
        private readonly IClock _clock;
        private readonly AutoResetEvent _bell;

        /// <summary>A bell for <paramref name="ring"/>.</summary>
        public Inbox(EventRing ring, IClock clock)
        {
            _ring = ring;
            _clock = clock;
            _bell = new AutoResetEvent(false);
        }

        /// <summary>Another ring that rings the same bell.</summary>
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

        /// <summary>True where the bell has rung since the last wait; it then has to be answered.</summary>
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

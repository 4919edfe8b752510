using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>How long the radio stays on outside Guard: for a while after each beat and each new frame.</summary>
    public sealed class RadioWindow
    {
        private const int LinkedMs = 5000;
        private const int LongestMs = 60000;

        private long _untilMs;
        private long _endMs;

        /// <summary>True while the radio is wanted.</summary>
        public bool IsOpen(long nowMs)
        {
            return nowMs < _untilMs;
        }

        /// <summary>When the window closes, ms; in the past where it is closed.</summary>
        public long UntilMs
        {
            get { return _untilMs; }
        }

        /// <summary>A beat that asks for nothing.</summary>
        public void OpenForBeat(long nowMs)
        {
            Open(LinkTiming.BeatWindowMs, nowMs);
        }

        /// <summary>A frame waits for a hub, or the band asks for a link.</summary>
        public void OpenForFrame(long nowMs)
        {
            Open(LinkTiming.WindowMs, nowMs);
        }

        /// <summary>
        /// A link came up or brought a frame. At most 60 s after the window's beginning: a stranger's link must not
        /// empty the battery.
        /// </summary>
        public void Prolong(long nowMs)
        {
            long until = nowMs + LinkedMs < _endMs ? nowMs + LinkedMs : _endMs;
            _untilMs = until > _untilMs ? until : _untilMs;
        }

        private void Open(int forMs, long nowMs)
        {
            _endMs = nowMs + LongestMs;
            _untilMs = nowMs + forMs > _untilMs ? nowMs + forMs : _untilMs;
        }
    }
}

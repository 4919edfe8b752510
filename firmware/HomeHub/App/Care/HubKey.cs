using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>Events of the hub's own key.</summary>
    public enum KeySignal : byte
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>A press of 80 ms or more: help.</summary>
        Press = 1,

        /// <summary>Held for over 10 s, or stuck.</summary>
        Stuck = 2,

        /// <summary>Released after it was reported stuck.</summary>
        Freed = 3,
    }

    /// <summary>
    /// The hub's key. A press fires after 80 ms of contact, without waiting for the release; a shorter contact never
    /// fires.
    /// </summary>
    public sealed class HubKey
    {
        private const long PressMs = 80;
        private const long StuckMs = 10000;

        private long _pressedMs;
        private bool _down;
        private bool _fired;
        private bool _stuck;

        /// <summary>An edge, with the time of its callback.</summary>
        public KeySignal OnEdge(bool pressed, long atMs)
        {
            if (pressed == _down)
            {
                return KeySignal.None;
            }

            KeySignal signal = KeySignal.None;
            if (pressed)
            {
                _pressedMs = atMs;
                _fired = false;
            }
            else
            {
                // Press and release may both have waited in the ring.
                signal = _stuck ? KeySignal.Freed
                    : !_fired && atMs - _pressedMs >= PressMs ? KeySignal.Press
                    : KeySignal.None;
                _stuck = false;
            }

            _down = pressed;
            return signal;
        }

        /// <summary>
        /// Time passes while the key is held; <paramref name="level"/> is the pin, in case an edge was lost.
        /// </summary>
        public KeySignal Step(bool level, long nowMs)
        {
            if (level != _down)
            {
                return OnEdge(level, nowMs);
            }

            if (!_down)
            {
                return KeySignal.None;
            }

            if (!_fired && nowMs - _pressedMs >= PressMs)
            {
                _fired = true;
                return KeySignal.Press;
            }

            if (!_stuck && nowMs - _pressedMs >= StuckMs)
            {
                _stuck = true;
                return KeySignal.Stuck;
            }

            return KeySignal.None;
        }

        /// <summary>Milliseconds until <see cref="Step"/> has something to decide.</summary>
        public int WaitMs(long nowMs)
        {
            if (!_down || _stuck)
            {
                return 1000;
            }

            long at = _pressedMs + (_fired ? StuckMs : PressMs);
            return at <= nowMs ? 0 : (int)(at - nowMs);
        }
    }
}

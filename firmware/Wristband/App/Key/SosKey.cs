namespace ElderBand.Wristband
{
    /// <summary>
    /// The one key (docs/adr/0020). Every press of 80 ms or more means help, unless the wearer lets go when the wrist
    /// asks for that (docs/adr/0027). Timing comes from the edges' own times, so a loop that was busy writing flash
    /// judges a press as exactly as an idle one.
    /// </summary>
    public sealed class SosKey
    {
        /// <summary>Contact after which an SOS fires, ms.</summary>
        public const int FireMs = 80;

        /// <summary>Longest contact bounce, ms (P01); an opening up to this long is part of the press.</summary>
        public const int BounceMs = 30;

        /// <summary>Letting go when asked, within this time of an SOS, means "not needed", ms.</summary>
        public const int AgainMs = 60000;

        /// <summary>Time to let go after the wrist has finished asking, ms.</summary>
        public const int LetGoMs = 2000;

        // Bounce may take 30 ms of the first 80 ms. A contact shorter than the remaining 50 ms counts as chatter.
        private const int SolidMs = FireMs - BounceMs;

        private const int Held3Ms = 3000;
        private const int Held10Ms = 10000;
        private const int Held20Ms = 20000;
        private const int Timers = 5;

        private KeyState _state;
        private bool _down;
        private long _firstDownMs;
        private long _lastDownMs;
        private long _upMs;
        private long _solidBeforeMs;
        private int _nextTimer = Timers;
        private bool _pressed;
        private bool _hadSos;
        private long _lastSosMs;
        private long _askedUntilMs;

        /// <summary>State now.</summary>
        public KeyState State
        {
            get { return _state; }
        }

        /// <summary>True while the contact is closed.</summary>
        public bool IsDown
        {
            get { return _down; }
        }

        /// <summary>True from the first contact to the accepted release.</summary>
        public bool IsPressed
        {
            get { return _pressed; }
        }

        /// <summary>A contact that is no press yet.</summary>
        public bool IsContact
        {
            get
            {
                return _state == KeyState.Contact || _state == KeyState.ContactAgain
                    || _state == KeyState.CountdownContact;
            }
        }

        /// <summary>
        /// The wrist asks to let go, or is about to: it plays nothing else meanwhile, so that the request is felt.
        /// </summary>
        public bool IsAsking
        {
            get { return IsAsked || _state == KeyState.CountdownHeld || _state == KeyState.FiredAgain; }
        }

        private bool IsAsked
        {
            get { return _state == KeyState.CountdownAsked || _state == KeyState.AskedAgain; }
        }

        /// <summary>The band starts.</summary>
        /// <param name="woke">The key woke the band from sleep.</param>
        /// <param name="down">The key is down now.</param>
        /// <param name="wasReset">The last boot ended because the key was held for 20 s.</param>
        /// <param name="nowMs">Now.</param>
        public KeyAction Start(bool woke, bool down, bool wasReset, long nowMs)
        {
            if (woke)
            {
                Begin(nowMs, down);
                _nextTimer = 1;
                return Apply(KeyEvent.Wake, nowMs);
            }

            if (!down)
            {
                return KeyAction.None;
            }

            Begin(nowMs, true);
            if (wasReset)
            {
                _nextTimer = 1;
                return Apply(KeyEvent.FoundDown, nowMs);
            }

            return Apply(KeyEvent.Press, nowMs);
        }

        /// <summary>
        /// The contact closed or opened at <paramref name="atMs"/>; call <see cref="Advance"/> up to that time first.
        /// Repeats of the same level do nothing.
        /// </summary>
        public void Edge(bool down, long atMs, bool inCountdown)
        {
            if (down == _down)
            {
                return;
            }

            if (!down)
            {
                _down = false;
                _upMs = atMs < _lastDownMs ? _lastDownMs : atMs;
                _solidBeforeMs += _upMs - _lastDownMs;
                return;
            }

            if (_pressed)
            {
                _down = true;
                _lastDownMs = atMs;
                return;
            }

            Begin(atMs, true);
            bool again = _hadSos && atMs - _lastSosMs <= AgainMs;
            Apply(inCountdown ? KeyEvent.PressInCountdown : again ? KeyEvent.PressAgain : KeyEvent.Press, atMs);
        }

        /// <summary>The wrist has finished asking to let go.</summary>
        public void OnLetGoEnd(long atMs)
        {
            if (IsAsked)
            {
                _askedUntilMs = atMs + LetGoMs;
            }
        }

        /// <summary>
        /// The countdown ends now. A press that is held means help: its release would come after the countdown.
        /// </summary>
        public KeyAction OnCountdownOver(long nowMs)
        {
            return Apply(KeyEvent.CountdownOver, nowMs);
        }

        /// <summary>Lets time pass; call again until it answers None.</summary>
        public KeyAction Advance(long nowMs)
        {
            if (!_pressed)
            {
                return KeyAction.None;
            }

            // An open contact does not count as held, even while the opening may still be a bounce.
            long limit = !_down && _upMs < nowMs ? _upMs : nowMs;
            while (_nextTimer < Timers && TimerDueMs() <= limit)
            {
                long at = TimerDueMs();
                KeyEvent happened = (KeyEvent)((int)KeyEvent.Held80Ms + _nextTimer);
                _nextTimer++;
                KeyAction action = Apply(happened, at);
                if (action != KeyAction.None)
                {
                    return action;
                }
            }

            if (!_down && nowMs - _upMs >= BounceMs)
            {
                _pressed = false;
                return Apply(KeyEvent.Release, _upMs);
            }

            return KeyAction.None;
        }

        /// <summary>
        /// When <see cref="Advance"/> next has something to do; long.MaxValue where only an edge can change anything.
        /// </summary>
        public long NextDueMs()
        {
            if (!_pressed)
            {
                return long.MaxValue;
            }

            if (!_down)
            {
                return _upMs + BounceMs;
            }

            return _nextTimer < Timers ? TimerDueMs() : long.MaxValue;
        }

        private void Begin(long atMs, bool down)
        {
            _pressed = true;
            _down = down;
            _firstDownMs = atMs;
            _lastDownMs = atMs;
            _upMs = atMs;
            _solidBeforeMs = 0;
            _nextTimer = 0;
            _askedUntilMs = atMs + Held10Ms; // until the wrist says when it has finished
        }

        private long TimerDueMs()
        {
            switch (_nextTimer)
            {
                case 0:
                    long fire = _firstDownMs + FireMs;
                    long solid = _lastDownMs + SolidMs - _solidBeforeMs;
                    return solid > fire && _down ? solid : !_down && _solidBeforeMs < SolidMs ? long.MaxValue : fire;
                case 1:
                    return _firstDownMs + Held3Ms;
                case 2:
                    return _askedUntilMs;
                case 3:
                    return _firstDownMs + Held10Ms;
                default:
                    return _firstDownMs + Held20Ms;
            }
        }

        // The one place where a transition takes effect.
        private KeyAction Apply(KeyEvent happened, long atMs)
        {
            _state = KeyTable.Next(_state, happened, out KeyAction action);
            if (action == KeyAction.Sos || action == KeyAction.SosFromSleep || action == KeyAction.SosInCountdown)
            {
                _hadSos = true;
                _lastSosMs = atMs;
            }

            return action;
        }
    }
}

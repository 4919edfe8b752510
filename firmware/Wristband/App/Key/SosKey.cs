namespace ElderBand.Wristband
{
    /// <summary>States of the key.</summary>
    public enum KeyState : byte
    {
        /// <summary>Not pressed.</summary>
        Up = 0,

        /// <summary>Contact, not yet 80 ms.</summary>
        Contact = 1,

        /// <summary>Contact, not yet 80 ms, within 60 s of an SOS: a 3 s hold will mean "not needed".</summary>
        ContactAgain = 2,

        /// <summary>The SOS of this press has fired.</summary>
        Fired = 3,

        /// <summary>The SOS of this press has fired; a 3 s hold still means "not needed".</summary>
        FiredAgain = 4,

        /// <summary>Contact during a fall's countdown, not yet 80 ms.</summary>
        CountdownContact = 5,

        /// <summary>During a countdown, 80 ms to 2 s: a release is an SOS.</summary>
        CountdownShort = 6,

        /// <summary>During a countdown, 2-3 s: a release is neither.</summary>
        CountdownBetween = 7,

        /// <summary>During a countdown, 3-10 s: the pattern has changed, a release is "I am fine".</summary>
        CountdownFine = 8,

        /// <summary>Held over 10 s: reported, means nothing more until 20 s.</summary>
        Stuck = 9,

        /// <summary>Held through a reset: the contact counts as no press and causes no second reset.</summary>
        HeldAtBoot = 10,

        /// <summary>Held over 20 s, or stuck: nothing but a release changes this state.</summary>
        Spent = 11,
    }

    /// <summary>Events of the key.</summary>
    public enum KeyEvent : byte
    {
        /// <summary>First contact.</summary>
        Press = 0,

        /// <summary>First contact within 60 s of an SOS.</summary>
        PressAgain = 1,

        /// <summary>First contact during a fall's countdown.</summary>
        PressInCountdown = 2,

        /// <summary>The key woke the band: the wake is the press.</summary>
        Wake = 3,

        /// <summary>The key ended the last boot and is still down.</summary>
        FoundDown = 4,

        /// <summary>Open for longer than a bounce.</summary>
        Release = 5,

        /// <summary>80 ms since first contact, bounce discounted.</summary>
        Held80Ms = 6,

        /// <summary>2 s since first contact.</summary>
        Held2S = 7,

        /// <summary>3 s since first contact.</summary>
        Held3S = 8,

        /// <summary>10 s since first contact.</summary>
        Held10S = 9,

        /// <summary>20 s since first contact.</summary>
        Held20S = 10,
    }

    /// <summary>Actions that the key demands of the band.</summary>
    public enum KeyAction : byte
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>Help.</summary>
        Sos = 1,

        /// <summary>Help; the press woke the band.</summary>
        SosFromSleep = 2,

        /// <summary>Help; a short press during a countdown.</summary>
        SosInCountdown = 3,

        /// <summary>Change the pattern: a release now means "I am fine".</summary>
        OfferFine = 4,

        /// <summary>"I am fine": the fall is cancelled.</summary>
        Fine = 5,

        /// <summary>"Not needed" after an SOS.</summary>
        NotNeeded = 6,

        /// <summary>Report a stuck key.</summary>
        ReportStuck = 7,

        /// <summary>Report that a stuck key was released.</summary>
        ReportFree = 8,

        /// <summary>Restart the band.</summary>
        Reset = 9,
    }

    /// <summary>
    /// The one key (docs/adr/0020). A short press always means help. Timing comes from the edges' own times, so a loop
    /// that was busy writing flash judges a press as exactly as an idle one.
    /// </summary>
    public sealed class SosKey
    {
        /// <summary>Contact after which an SOS fires, ms.</summary>
        public const int FireMs = 80;

        /// <summary>Longest contact bounce, ms (P01); an opening up to this long is part of the press.</summary>
        public const int BounceMs = 30;

        /// <summary>A 3 s hold within this time of an SOS means "not needed", ms.</summary>
        public const int AgainMs = 60000;

        // Bounce may take 30 ms of the first 80 ms. A contact shorter than the remaining 50 ms counts as chatter.
        private const int SolidMs = FireMs - BounceMs;

        private const int Held2Ms = 2000;
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

        /// <summary>
        /// The table: next state and action for every pair. Pairs that time cannot produce stay where they are.
        /// </summary>
        public static KeyState Next(KeyState state, KeyEvent happened, out KeyAction action)
        {
            const int E = 16;
            action = KeyAction.None;
            switch (((int)state * E) + (int)happened)
            {
                case ((int)KeyState.Up * E) + (int)KeyEvent.Press:
                    return KeyState.Contact;
                case ((int)KeyState.Up * E) + (int)KeyEvent.PressAgain:
                    return KeyState.ContactAgain;
                case ((int)KeyState.Up * E) + (int)KeyEvent.PressInCountdown:
                    return KeyState.CountdownContact;
                case ((int)KeyState.Up * E) + (int)KeyEvent.Wake:
                    action = KeyAction.SosFromSleep;
                    return KeyState.Fired;
                case ((int)KeyState.Up * E) + (int)KeyEvent.FoundDown:
                    return KeyState.HeldAtBoot;

                case ((int)KeyState.Contact * E) + (int)KeyEvent.Held80Ms:
                    action = KeyAction.Sos;
                    return KeyState.Fired;
                case ((int)KeyState.ContactAgain * E) + (int)KeyEvent.Held80Ms:
                    action = KeyAction.Sos;
                    return KeyState.FiredAgain;
                case ((int)KeyState.CountdownContact * E) + (int)KeyEvent.Held80Ms:
                    return KeyState.CountdownShort;

                case ((int)KeyState.CountdownShort * E) + (int)KeyEvent.Held2S:
                    return KeyState.CountdownBetween;
                case ((int)KeyState.CountdownShort * E) + (int)KeyEvent.Release:
                    action = KeyAction.SosInCountdown;
                    return KeyState.Up;
                case ((int)KeyState.CountdownBetween * E) + (int)KeyEvent.Held3S:
                    action = KeyAction.OfferFine;
                    return KeyState.CountdownFine;
                case ((int)KeyState.CountdownFine * E) + (int)KeyEvent.Release:
                    action = KeyAction.Fine;
                    return KeyState.Up;

                case ((int)KeyState.FiredAgain * E) + (int)KeyEvent.Held3S:
                    action = KeyAction.NotNeeded;
                    return KeyState.Fired;

                case ((int)KeyState.Fired * E) + (int)KeyEvent.Held10S:
                case ((int)KeyState.FiredAgain * E) + (int)KeyEvent.Held10S:
                case ((int)KeyState.CountdownFine * E) + (int)KeyEvent.Held10S:
                    action = KeyAction.ReportStuck;
                    return KeyState.Stuck;
                case ((int)KeyState.HeldAtBoot * E) + (int)KeyEvent.Held10S:
                    action = KeyAction.ReportStuck;
                    return KeyState.Spent;
                case ((int)KeyState.Stuck * E) + (int)KeyEvent.Held20S:
                    action = KeyAction.Reset;
                    return KeyState.Spent;

                case ((int)KeyState.Contact * E) + (int)KeyEvent.Release:
                case ((int)KeyState.ContactAgain * E) + (int)KeyEvent.Release:
                case ((int)KeyState.CountdownContact * E) + (int)KeyEvent.Release:
                case ((int)KeyState.CountdownBetween * E) + (int)KeyEvent.Release:
                case ((int)KeyState.Fired * E) + (int)KeyEvent.Release:
                case ((int)KeyState.FiredAgain * E) + (int)KeyEvent.Release:
                case ((int)KeyState.HeldAtBoot * E) + (int)KeyEvent.Release:
                    return KeyState.Up;
                case ((int)KeyState.Stuck * E) + (int)KeyEvent.Release:
                case ((int)KeyState.Spent * E) + (int)KeyEvent.Release:
                    action = KeyAction.ReportFree;
                    return KeyState.Up;

                default:
                    return state;
            }
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
                _upMs = atMs;
                _solidBeforeMs += atMs - _lastDownMs;
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
                    return _firstDownMs + Held2Ms;
                case 2:
                    return _firstDownMs + Held3Ms;
                case 3:
                    return _firstDownMs + Held10Ms;
                default:
                    return _firstDownMs + Held20Ms;
            }
        }

        // The one place where a transition takes effect.
        private KeyAction Apply(KeyEvent happened, long atMs)
        {
            _state = Next(_state, happened, out KeyAction action);
            if (action == KeyAction.Sos || action == KeyAction.SosFromSleep || action == KeyAction.SosInCountdown)
            {
                _hadSos = true;
                _lastSosMs = atMs;
            }

            return action;
        }
    }
}

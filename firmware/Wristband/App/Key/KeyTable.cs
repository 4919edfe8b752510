namespace ElderBand.Wristband
{
    /// <summary>States of the key.</summary>
    public enum KeyState : byte
    {
        /// <summary>Not pressed.</summary>
        Up = 0,

        /// <summary>Contact, not yet 80 ms.</summary>
        Contact = 1,

        /// <summary>Contact, not yet 80 ms, within 60 s of an SOS.</summary>
        ContactAgain = 2,

        /// <summary>The SOS of this press has fired.</summary>
        Fired = 3,

        /// <summary>The SOS of this press has fired; not yet held for 3 s, within 60 s of an SOS before.</summary>
        FiredAgain = 4,

        /// <summary>The SOS of this press has fired; the wrist asks to let go, which means "not needed".</summary>
        AskedAgain = 5,

        /// <summary>Contact during a fall's countdown, not yet 80 ms.</summary>
        CountdownContact = 6,

        /// <summary>During a countdown, 80 ms to 3 s: a release is an SOS.</summary>
        CountdownHeld = 7,

        /// <summary>During a countdown, the wrist asks to let go, which means "I am fine".</summary>
        CountdownAsked = 8,

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

        /// <summary>3 s since first contact.</summary>
        Held3S = 7,

        /// <summary>Held on for 2 s after the wrist has finished asking to let go.</summary>
        HeldOn = 8,

        /// <summary>10 s since first contact.</summary>
        Held10S = 9,

        /// <summary>20 s since first contact.</summary>
        Held20S = 10,

        /// <summary>The countdown during which the key was pressed ends now.</summary>
        CountdownOver = 11,
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

        /// <summary>Help; a press or a grip during a countdown.</summary>
        SosInCountdown = 3,

        /// <summary>Ask the wearer to let go: <see cref="WristPattern.LetGo"/>.</summary>
        AskToLetGo = 4,

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

    /// <summary>What the key does in every state at every event (docs/adr/0020, docs/adr/0027).</summary>
    public static class KeyTable
    {
        /// <summary>
        /// Next state and action for every pair. Pairs that time cannot produce stay where they are.
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
                    return KeyState.CountdownHeld;

                case ((int)KeyState.CountdownContact * E) + (int)KeyEvent.CountdownOver:
                    return KeyState.Contact;
                case ((int)KeyState.CountdownHeld * E) + (int)KeyEvent.Release:
                    action = KeyAction.SosInCountdown;
                    return KeyState.Up;
                case ((int)KeyState.CountdownHeld * E) + (int)KeyEvent.Held3S:
                    action = KeyAction.AskToLetGo;
                    return KeyState.CountdownAsked;
                case ((int)KeyState.CountdownAsked * E) + (int)KeyEvent.Release:
                    action = KeyAction.Fine;
                    return KeyState.Up;
                case ((int)KeyState.CountdownHeld * E) + (int)KeyEvent.CountdownOver:
                case ((int)KeyState.CountdownAsked * E) + (int)KeyEvent.HeldOn:
                    action = KeyAction.SosInCountdown;
                    return KeyState.Fired;

                case ((int)KeyState.FiredAgain * E) + (int)KeyEvent.Held3S:
                    action = KeyAction.AskToLetGo;
                    return KeyState.AskedAgain;
                case ((int)KeyState.AskedAgain * E) + (int)KeyEvent.Release:
                    action = KeyAction.NotNeeded;
                    return KeyState.Up;
                case ((int)KeyState.AskedAgain * E) + (int)KeyEvent.HeldOn:
                    return KeyState.Fired;

                case ((int)KeyState.Fired * E) + (int)KeyEvent.Held10S:
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
    }
}

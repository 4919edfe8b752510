namespace ElderBand.BandProtocol
{
    /// <summary>What band and hub expect of each other on a link; one place, so that they cannot drift apart.</summary>
    public static class LinkTiming
    {
        /// <summary>A hub sends a HubState at least this often on every link it holds, ms.</summary>
        public const int HubStateMs = 10000;

        /// <summary>
        /// Without a right-tagged frame for this long the other side counts as gone: three intervals (R7, P15).
        /// </summary>
        public const int SilenceMs = 3 * HubStateMs;

        /// <summary>A link whose challenge is unanswered for this long is a stranger's, ms.</summary>
        public const int HelloMs = 5000;

        /// <summary>A band whose beats stay out for this many periods of its mode is silent (P38).</summary>
        public const int SilentBeats = 3;

        /// <summary>Outside Guard a beat that asks for nothing is on the air this long, ms: a hub that owes the band
        /// something begins to connect within it, or waits for the next beat.</summary>
        public const int BeatWindowMs = 1500;

        /// <summary>
        /// A beat that asks for a link, and a frame that no hub has stored, are on the air at least this long, ms.
        /// </summary>
        public const int WindowMs = 6000;

        /// <summary>A worn band whose last state of a hub is older than this asks for a link, ms: by then the hub is
        /// known to live and the minute of the day is fresh, once an hour.</summary>
        public const int HubStateTooOldMs = 55 * 60000;

        /// <summary>
        /// Bytes of the nonce: the whole payload of a LinkChallenge, echoed as the payload of a LinkHello.
        /// </summary>
        public const int NonceBytes = Frame.PayloadSize;

        /// <summary>Time between two signs of life of a band in this mode, ms.</summary>
        public static int BeatMs(BandMode mode)
        {
            switch (mode)
            {
                case BandMode.Guard:
                    return 60000;
                case BandMode.Shelf:
                    return 900000;
                default:
                    return 300000;
            }
        }
    }
}

namespace ElderBand.BandProtocol
{
    /// <summary>
    /// Answers each press of the key of a device that has no identity with "does not work", which is one long pulse of
    /// the motor or buzzer. No tick and no pulse of a pattern is half as long (docs/adr/0090).
    /// </summary>
    public sealed class DeadKey
    {
        /// <summary>Length of the pulse, ms.</summary>
        public const int PulseMs = 3000;

        private bool _wasDown;
        private long _untilMs;

        /// <summary>True while the motor or buzzer must run; to be asked every 50 ms or more often.</summary>
        /// <param name="down">True: the key is down.</param>
        /// <param name="ms">Now, ms; rises.</param>
        public bool Answers(bool down, long ms)
        {
            if (down && !_wasDown)
            {
                _untilMs = ms + PulseMs;
            }

            _wasDown = down;
            return ms < _untilMs;
        }
    }
}

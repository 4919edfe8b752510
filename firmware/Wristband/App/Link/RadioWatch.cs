using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Watches the radio stack: a hub that falls silent, an alarm that no hub takes, advertisements that are refused,
    /// and the memory that the stack leaks.
    /// </summary>
    public sealed class RadioWatch
    {
        private const int RestartWithoutLinkMs = 300000;
        private const int RefusalsUntilRestart = 3;

        // What the stack keeps of internal RAM until the next boot (docs/adr/0025): with each start the device's name,
        // with each change of the advertisement the data before, at most 31 bytes of advertisement and 31 of scan
        // response.
        private const int StartLeakBytes = 20;
        private const int ChangeLeakBytes = 62;
        private const int WornOutBytes = 24 * 1024;

        // A stack can report success and transmit nothing, so an alarm that no link has followed restarts the radio
        // after these times, each counted from the restart before.
        private static readonly int[] RestartUnheardMs = { 10000, 20000, 30000 };

        private readonly LinkTrust _trust;
        private bool _runs;
        private long _sinceMs;
        private int _refusals;
        private int _leakedBytes;
        private bool _callWaits;
        private long _callSinceMs;
        private int _callRestarts;

        /// <summary>Composes the watch over what is known of the links.</summary>
        public RadioWatch(LinkTrust trust)
        {
            _trust = trust;
        }

        /// <summary>Times the radio was restarted.</summary>
        public int Restarts { get; private set; }

        /// <summary>Times the radio stack was started since boot.</summary>
        public int RadioStarts { get; private set; }

        /// <summary>The radio stack has leaked so much that the band should restart at a quiet moment.</summary>
        public bool IsWornOut
        {
            get { return _leakedBytes >= WornOutBytes; }
        }

        /// <summary>The radio must be restarted.</summary>
        public bool MustRestart { get; private set; }

        /// <summary>The radio is wanted from now on.</summary>
        public void OnRadioWanted(long nowMs)
        {
            _sinceMs = nowMs;
        }

        /// <summary>The radio was stopped.</summary>
        public void OnStopped()
        {
            _runs = false;
        }

        /// <summary>The radio was restarted.</summary>
        public void OnRestart(long nowMs)
        {
            Restarts++;
            _runs = false;
            OnAdvertise();
            _runs = true;
            _sinceMs = nowMs;
            _refusals = 0;
            MustRestart = false;
        }

        /// <summary>
        /// An advertisement is handed to the stack: a start where the stack does not run, else a change.
        /// </summary>
        public void OnAdvertise()
        {
            RadioStarts += _runs ? 0 : 1;
            _leakedBytes += _runs ? ChangeLeakBytes : StartLeakBytes;
        }

        /// <summary>The stack's answer to an advertisement.</summary>
        public void OnAdvertised(bool accepted)
        {
            if (accepted)
            {
                _runs = true;
                _refusals = 0;
                return;
            }

            // The advertisement before may have ended as well. A restart must not end a link that is trusted or may
            // still become trusted, because the frame goes over that link.
            _refusals++;
            MustRestart |= _refusals >= RefusalsUntilRestart && _trust.MayDropLinks;
        }

        /// <summary>Checks for each fault whether its time has passed; returns when to call this next, ms.</summary>
        /// <param name="nowMs">Now.</param>
        /// <param name="callWaits">A press or a fall has been stored by no hub.</param>
        public long Step(long nowMs, bool callWaits)
        {
            if (_trust.IsTrusted)
            {
                _callWaits = false;
                long silentMs = _trust.AliveMs + LinkTiming.SilenceMs;
                MustRestart |= nowMs >= silentMs;
                return silentMs;
            }

            // The count of links does not matter here: the end of a link may get lost, and supervision must go on.
            long aloneMs = (_trust.EndedMs > _sinceMs ? _trust.EndedMs : _sinceMs) + RestartWithoutLinkMs;
            MustRestart |= nowMs >= aloneMs;
            long callMs = WatchCall(nowMs, callWaits);
            return callMs < aloneMs ? callMs : aloneMs;
        }

        private long WatchCall(long nowMs, bool callWaits)
        {
            if (_trust.Links > 0 || !callWaits)
            {
                _callWaits = false;
                return long.MaxValue;
            }

            if (!_callWaits)
            {
                _callWaits = true;
                _callSinceMs = nowMs;
                _callRestarts = 0;
            }

            if (_callRestarts == RestartUnheardMs.Length)
            {
                return long.MaxValue;
            }

            if (nowMs - _callSinceMs >= RestartUnheardMs[_callRestarts])
            {
                _callRestarts++;
                _callSinceMs = nowMs;
                MustRestart = true;
                return nowMs;
            }

            return _callSinceMs + RestartUnheardMs[_callRestarts];
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>What the hub's LED and buzzer signal, from the normal state to the most urgent.</summary>
    public enum SignalMode : byte
    {
        /// <summary>Light steady: the centre is reached.</summary>
        Online = 0,

        /// <summary>Light slow (1 s on, 1 s off): the centre is not reached.</summary>
        Offline = 1,

        /// <summary>
        /// Light in pairs (two flashes every 2 s): the store is full or refuses; bands keep their calls.
        /// </summary>
        StoreFault = 2,

        /// <summary>
        /// Light fast (4 a second) and a beep every 10 s, after 2 min every minute: a call is not delivered (P20).
        /// </summary>
        NotDelivered = 3,
    }

    /// <summary>
    /// Light and buzzer. Beeps that answer the key: one when the press is stored, two when the centre has it.
    /// </summary>
    public sealed class Signals
    {
        private const long BeepMs = 150;
        private const long BeepGapMs = 150;

        private readonly IPin _light;
        private readonly IPin _buzzer;
        private SignalMode _mode;
        private long _modeSinceMs;
        private long _nextReminderMs;
        private int _beeps;
        private long _beepEdgeMs;
        private bool _sounding;
        private bool _lit;
        private bool _started;

        /// <summary>Makes the signals.</summary>
        public Signals(IPin light, IPin buzzer)
        {
            _light = light;
            _buzzer = buzzer;
        }

        /// <summary>What is signalled.</summary>
        public SignalMode Mode
        {
            get { return _mode; }
        }

        /// <summary>Requests beeps; at most four wait.</summary>
        public void Beep(int times)
        {
            _beeps = _beeps + times > 4 ? 4 : _beeps + times;
        }

        /// <summary>Drives the pins; returns milliseconds until they change.</summary>
        public int Step(SignalMode mode, long nowMs)
        {
            if (mode != _mode || !_started)
            {
                _started = true;
                _mode = mode;
                _modeSinceMs = nowMs;
                _nextReminderMs = nowMs;
            }

            if (mode == SignalMode.NotDelivered && nowMs >= _nextReminderMs)
            {
                Beep(1);
                _nextReminderMs = nowMs + (nowMs - _modeSinceMs < 120000 ? 10000 : 60000);
            }

            Sound(nowMs);
            long phase = nowMs - _modeSinceMs;
            bool lit;
            int wait;
            switch (mode)
            {
                case SignalMode.Online:
                    lit = true;
                    wait = 60000;
                    break;
                case SignalMode.Offline:
                    lit = phase % 2000 < 1000;
                    wait = (int)(1000 - (phase % 1000));
                    break;
                case SignalMode.StoreFault:
                    lit = phase % 2000 < 600 && phase % 300 < 150;
                    wait = (int)(150 - (phase % 150));
                    break;
                default:
                    lit = phase % 250 < 125;
                    wait = (int)(125 - (phase % 125));
                    break;
            }

            if (lit != _lit)
            {
                _lit = lit;
                _light.Write(lit);
            }

            int soundWait = _sounding || _beeps > 0 ? (int)(_beepEdgeMs - nowMs) : 60000;
            soundWait = soundWait < 0 ? 0 : soundWait;
            return soundWait < wait ? soundWait : wait;
        }

        private void Sound(long nowMs)
        {
            if (_sounding)
            {
                if (nowMs >= _beepEdgeMs)
                {
                    _sounding = false;
                    _buzzer.Write(false);
                    _beepEdgeMs = nowMs + BeepGapMs;
                }
            }
            else if (_beeps > 0 && nowMs >= _beepEdgeMs)
            {
                _beeps--;
                _sounding = true;
                _buzzer.Write(true);
                _beepEdgeMs = nowMs + BeepMs;
            }
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>Patterns that the wrist plays once.</summary>
    public enum WristPattern : byte
    {
        /// <summary>Heard at home: one pulse.</summary>
        Home = 0,

        /// <summary>The centre has it: two pulses.</summary>
        Centre = 1,

        /// <summary>A person has it: one long.</summary>
        Taken = 2,

        /// <summary>Help is on the way: two long.</summary>
        Coming = 3,

        /// <summary>Closed: one soft.</summary>
        Closed = 4,

        /// <summary>Held long enough: let go now.</summary>
        LetGo = 5,

        /// <summary>"I am fine" or "not needed" is understood.</summary>
        Understood = 6,

        /// <summary>The band is on its charger and on the wrist: take it off.</summary>
        TakeOff = 7,
    }

    /// <summary>Ticks that the wrist repeats while no pattern plays.</summary>
    public enum WristTick : byte
    {
        /// <summary>Nothing.</summary>
        Silent = 0,

        /// <summary>Waiting: every 5 s.</summary>
        Waiting = 1,

        /// <summary>The home or the centre has it, nobody has taken it: every 30 s.</summary>
        NotTaken = 2,

        /// <summary>A fall's countdown: every 2 s, then 1 s, then 0.5 s.</summary>
        Countdown = 3,
    }

    /// <summary>
    /// Plays patterns on motor and LED. Patterns wait for each other in a bounded queue and differ in length and
    /// number. A stage counts as shown when its pattern has ended: a wearer cannot have felt it before (docs/adr/0021).
    /// </summary>
    public sealed class WristSignal
    {
        private const int QueueLength = 8;
        private const int GapMs = 700;
        private const int AfterCountdownMs = 1500;
        private const int TickOnMs = 60;

        // Milliseconds on, off, on, ...
        private static readonly int[][] Patterns =
        {
            new[] { 200 },
            new[] { 200, 250, 200 },
            new[] { 900 },
            new[] { 900, 400, 900 },
            new[] { 40, 60, 40, 60, 40 },
            new[] { 500, 100, 500, 100, 500 },
            new[] { 100, 100, 400 },
            new[] { 300, 150, 300, 150, 300, 150, 300, 150, 300 },
        };

        private readonly IPin _vibration;
        private readonly IPin _light;
        private readonly WristPattern[] _queue = new WristPattern[QueueLength];
        private readonly LatchSlot[] _queueSlot = new LatchSlot[QueueLength];
        private readonly uint[] _queueOrder = new uint[QueueLength];
        private int _queued;
        private bool _playing;
        private int _at;
        private long _partEndMs;
        private long _freeFromMs;
        private WristTick _tick;
        private long _tickSinceMs;
        private long _nextTickMs;
        private bool _ticking;
        private int _tickOnMs;
        private long _patternFromMs;
        private bool _on;
        private LatchSlot _shown;
        private Stage _shownStage;

        /// <summary>Composes the signal over motor and LED.</summary>
        public WristSignal(IPin vibration, IPin light)
        {
            _vibration = vibration;
            _light = light;
        }

        /// <summary>The tick that is repeated now.</summary>
        public WristTick Tick
        {
            get { return _tick; }
        }

        /// <summary>True while a pattern plays or waits.</summary>
        public bool IsBusy
        {
            get { return _queued > 0; }
        }

        /// <summary>
        /// Queues the pattern of a slot's stage; the slot is handed back by <see cref="TakeShown"/> when it has ended.
        /// </summary>
        public void ShowStage(LatchSlot slot, Stage stage)
        {
            Forget(slot, stage);
            Add((WristPattern)((int)stage - 1), slot);
        }

        /// <summary>True while a stage of this slot plays or waits.</summary>
        public bool Shows(LatchSlot slot)
        {
            for (int i = 0; i < _queued; i++)
            {
                if (_queueSlot[i] == slot && _queueOrder[i] == slot.Order)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Drops what is queued for a slot and not yet playing, from this stage on.</summary>
        public void Forget(LatchSlot slot, Stage fromStage)
        {
            int kept = _playing ? 1 : 0;
            for (int i = kept; i < _queued; i++)
            {
                if (_queueSlot[i] == slot && (int)_queue[i] + 1 >= (int)fromStage)
                {
                    continue;
                }

                Move(i, kept);
                kept++;
            }

            _queued = kept;
        }

        /// <summary>Plays at once, before anything that waits.</summary>
        public void Now(WristPattern pattern, long nowMs)
        {
            if (_playing && _queueSlot[0] == null)
            {
                Drop(0);
            }

            _playing = false;
            if (_queued == QueueLength)
            {
                _queued--;
            }

            for (int i = _queued; i > 0; i--)
            {
                Move(i - 1, i);
            }

            _queue[0] = pattern;
            _queueSlot[0] = null;
            _queued++;
            Begin(nowMs);
        }

        /// <summary>Changes what is repeated; the first one comes at once.</summary>
        public void SetTick(WristTick tick, long nowMs)
        {
            if (tick == _tick)
            {
                return;
            }

            if (_tick == WristTick.Countdown)
            {
                _freeFromMs = nowMs + AfterCountdownMs; // one pulse right after the fast ticks would be missed
            }

            _tick = tick;
            _tickSinceMs = nowMs;
            _nextTickMs = tick == WristTick.NotTaken ? nowMs + 30000 : nowMs;
        }

        /// <summary>The slot whose stage pattern has just ended, with the stage; null for none.</summary>
        public LatchSlot TakeShown(out Stage stage)
        {
            LatchSlot slot = _shown;
            _shown = null;
            stage = _shownStage;
            return slot;
        }

        /// <summary>Drives the pins; returns when it wants to be called next, ms.</summary>
        public long Step(long nowMs)
        {
            while (_playing && nowMs >= _partEndMs)
            {
                int[] pattern = Patterns[(int)_queue[0]];
                _at++;
                if (_at < pattern.Length)
                {
                    Drive((_at & 1) == 0);
                    _partEndMs += pattern[_at];
                    continue;
                }

                Drive(false);
                _playing = false;
                _freeFromMs = _partEndMs + GapMs;
                LatchSlot slot = _queueSlot[0];
                if (slot != null && slot.Order == _queueOrder[0])
                {
                    _shown = slot;
                    _shownStage = (Stage)((int)_queue[0] + 1);
                }

                Drop(0);
                if (_shown != null)
                {
                    return nowMs;
                }
            }

            if (_playing)
            {
                return _partEndMs;
            }

            if (_ticking && nowMs >= _partEndMs)
            {
                _ticking = false;
                Drive(false);

                // Without this pause the last pulse of a countdown and the first pulse of a stage would feel like one
                // pattern.
                _patternFromMs = _tickOnMs > TickOnMs ? _partEndMs + GapMs : 0;
            }

            if (_ticking)
            {
                return _partEndMs;
            }

            // While a countdown runs only its tick plays; stages wait until it is over.
            if (_queued > 0 && _tick != WristTick.Countdown)
            {
                long fromMs = _patternFromMs > _freeFromMs ? _patternFromMs : _freeFromMs;
                if (nowMs < fromMs)
                {
                    return fromMs;
                }

                Begin(nowMs);
                return _partEndMs;
            }

            if (_tick == WristTick.Silent)
            {
                return long.MaxValue;
            }

            if (nowMs < _nextTickMs || nowMs < _freeFromMs)
            {
                return _nextTickMs > _freeFromMs ? _nextTickMs : _freeFromMs;
            }

            _ticking = true;
            int onMs = TickOnMs;
            int everyMs = _tick == WristTick.Waiting ? 5000 : 30000;
            if (_tick == WristTick.Countdown)
            {
                long elapsedMs = nowMs - _tickSinceMs;
                onMs = elapsedMs < 10000 ? 150 : 250;
                everyMs = elapsedMs < 10000 ? 2000 : elapsedMs < 20000 ? 1000 : 500;
            }

            _tickOnMs = onMs;
            _partEndMs = nowMs + onMs;
            _nextTickMs = nowMs + everyMs;
            Drive(true);
            return _partEndMs;
        }

        private void Begin(long nowMs)
        {
            _playing = true;
            _ticking = false;
            _at = 0;
            _partEndMs = nowMs + Patterns[(int)_queue[0]][0];
            Drive(true);
        }

        private void Add(WristPattern pattern, LatchSlot slot)
        {
            if (_queued == QueueLength)
            {
                Drop(_playing ? 1 : 0);
            }

            _queue[_queued] = pattern;
            _queueSlot[_queued] = slot;
            _queueOrder[_queued] = slot.Order;
            _queued++;
        }

        private void Drop(int index)
        {
            for (int i = index + 1; i < _queued; i++)
            {
                Move(i, i - 1);
            }

            _queued--;
        }

        private void Move(int from, int to)
        {
            _queue[to] = _queue[from];
            _queueSlot[to] = _queueSlot[from];
            _queueOrder[to] = _queueOrder[from];
        }

        private void Drive(bool on)
        {
            if (on != _on)
            {
                _on = on;
                _vibration.Write(on);
                _light.Write(on);
            }
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>Patterns that the wrist plays once.</summary>
    public enum WristPattern : byte
    {
        /// <summary>Heard at home: two pulses.</summary>
        Home = 0,

        /// <summary>The centre has it: three pulses.</summary>
        Centre = 1,

        /// <summary>A person has it: four long.</summary>
        Taken = 2,

        /// <summary>Help is on the way: five long.</summary>
        Coming = 3,

        /// <summary>Closed: six soft.</summary>
        Closed = 4,

        /// <summary>Held long enough, let go now: seven close pulses.</summary>
        LetGo = 5,

        /// <summary>"I am fine" or "not needed" is understood: seven short and a long one.</summary>
        Understood = 6,

        /// <summary>The band is on its charger and on the wrist, take it off: nine pulses.</summary>
        TakeOff = 7,

        /// <summary>
        /// The centre has refused a call, press again: a long and a short pulse, five times. Nothing else is long and
        /// short in turn.
        /// </summary>
        Refused = 8,
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

        /// <summary>A fall's countdown: every 2 s, then 1.5 s, then 1 s.</summary>
        Countdown = 3,
    }

    /// <summary>
    /// Plays patterns on motor and LED. Patterns wait for each other in a bounded queue, and each has its own number of
    /// pulses; a tick is one pulse. A flash write can lengthen a pulse or a pause, because each begins when the one
    /// before has really ended; a flash write can neither shorten a pulse nor change their number (docs/adr/0028). A
    /// stage counts as shown when its pattern has ended: a wearer cannot have felt it before (docs/adr/0021).
    /// </summary>
    public sealed class WristSignal
    {
        /// <summary>Shortest silence between two patterns, ticks or both, ms; longer than any in a pattern.</summary>
        public const int GapMs = 700;

        private const int QueueLength = 8;
        private const int AfterCountdownMs = 1500;
        private const int TickOnMs = 60;

        // Milliseconds on, off, on, ... Pattern p has p + 2 pulses. A pause of 150 ms that two flash writes of 240 ms
        // lengthen is still shorter than GapMs.
        private static readonly int[][] Patterns =
        {
            new[] { 200, 150, 200 },
            new[] { 200, 150, 200, 150, 200 },
            new[] { 400, 150, 400, 150, 400, 150, 400 },
            new[] { 400, 150, 400, 150, 400, 150, 400, 150, 400 },
            new[] { 60, 150, 60, 150, 60, 150, 60, 150, 60, 150, 60 },
            new[] { 150, 100, 150, 100, 150, 100, 150, 100, 150, 100, 150, 100, 150 },
            new[] { 80, 100, 80, 100, 80, 100, 80, 100, 80, 100, 80, 100, 80, 100, 600 },
            new[] { 120, 150, 120, 150, 120, 150, 120, 150, 120, 150, 120, 150, 120, 150, 120, 150, 120 },
            new[] { 500, 100, 80, 100, 500, 100, 80, 100, 500, 100, 80, 100, 500, 100, 80, 100, 500, 100, 80 },
        };

        private readonly IPin _vibration;
        private readonly IPin _light;
        private readonly IClock _clock;
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
        private long _stagesFromMs;
        private bool _held;
        private bool _letGoEnded;
        private LatchSlot _shown;
        private Stage _shownStage;

        /// <summary>Composes the signal over motor and LED; the clock tells when an edge has really happened.</summary>
        public WristSignal(IPin vibration, IPin light, IClock clock)
        {
            _vibration = vibration;
            _light = light;
            _clock = clock;
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

        /// <summary>
        /// Plays before anything that waits. A pattern that plays is never cut short: its first pulses could be another
        /// pattern.
        /// </summary>
        public void Now(WristPattern pattern)
        {
            if (_queued == QueueLength)
            {
                _queued--;
            }

            int at = _playing ? 1 : 0;
            for (int i = _queued; i > at; i--)
            {
                Move(i - 1, i);
            }

            _queue[at] = pattern;
            _queueSlot[at] = null;
            _queued++;
        }

        /// <summary>
        /// While true, neither a tick nor a stage begins, so that the wrist can ask to let go and be understood.
        /// </summary>
        public void Hold(bool held)
        {
            _held = held;
        }

        /// <summary>Changes what is repeated; the first one comes at once.</summary>
        public void SetTick(WristTick tick, long nowMs)
        {
            if (tick == _tick)
            {
                return;
            }

            _tick = tick;
            _tickSinceMs = nowMs;
            _nextTickMs = tick == WristTick.NotTaken ? nowMs + 30000 : nowMs;
        }

        /// <summary>True once after <see cref="WristPattern.LetGo"/> has ended.</summary>
        public bool TakeLetGoEnd(out long endedMs)
        {
            bool ended = _letGoEnded;
            _letGoEnded = false;
            endedMs = _freeFromMs - GapMs;
            return ended;
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
            if ((_playing || _ticking) && nowMs < _partEndMs)
            {
                return _partEndMs;
            }

            if (_ticking)
            {
                EndTick();
            }
            else if (_playing)
            {
                return Advance(nowMs);
            }

            bool stage = _queued > 0 && _queueSlot[0] != null;
            if (_queued > 0 && !(stage && (_held || _tick == WristTick.Countdown)))
            {
                return BeginPattern(stage && _stagesFromMs > _freeFromMs ? _stagesFromMs : _freeFromMs, nowMs);
            }

            return _held || _tick == WristTick.Silent ? long.MaxValue : BeginTick(nowMs);
        }

        private long Advance(long nowMs)
        {
            int[] pattern = Patterns[(int)_queue[0]];
            _at++;
            if (_at < pattern.Length)
            {
                Drive((_at & 1) == 0, pattern[_at]);
                return _partEndMs;
            }

            Drive(false, GapMs);
            _playing = false;
            _freeFromMs = _partEndMs;
            _letGoEnded |= _queue[0] == WristPattern.LetGo;
            LatchSlot slot = _queueSlot[0];
            if (slot != null && slot.Order == _queueOrder[0])
            {
                _shown = slot;
                _shownStage = (Stage)((int)_queue[0] + 1);
            }

            Drop(0);
            return nowMs;
        }

        private void EndTick()
        {
            _ticking = false;
            Drive(false, GapMs);
            _freeFromMs = _partEndMs;
        }

        private long BeginPattern(long fromMs, long nowMs)
        {
            if (nowMs < fromMs)
            {
                return fromMs;
            }

            _playing = true;
            _at = 0;
            Drive(true, Patterns[(int)_queue[0]][0]);
            return _partEndMs;
        }

        private long BeginTick(long nowMs)
        {
            long fromMs = _nextTickMs > _freeFromMs ? _nextTickMs : _freeFromMs;
            if (nowMs < fromMs)
            {
                return fromMs;
            }

            int onMs = TickOnMs;
            int everyMs = _tick == WristTick.Waiting ? 5000 : 30000;
            if (_tick == WristTick.Countdown)
            {
                long elapsedMs = nowMs - _tickSinceMs;
                onMs = elapsedMs < 10000 ? 150 : 250;
                everyMs = elapsedMs < 10000 ? 2000 : elapsedMs < 20000 ? 1500 : 1000;
            }

            _ticking = true;
            _nextTickMs = nowMs + everyMs;
            Drive(true, onMs);
            if (_tick == WristTick.Countdown)
            {
                // A wearer who has felt the ticks of a countdown would miss a stage that follows them at once.
                _stagesFromMs = _partEndMs + AfterCountdownMs;
            }

            return _partEndMs;
        }

        private void Add(WristPattern pattern, LatchSlot slot)
        {
            if (_queued == QueueLength)
            {
                DropOldestStage();
            }

            _queue[_queued] = pattern;
            _queueSlot[_queued] = slot;
            _queueOrder[_queued] = slot.Order;
            _queued++;
        }

        // A request to let go, or its answer, is never dropped for a stage.
        private void DropOldestStage()
        {
            int at = _playing ? 1 : 0;
            while (at < QueueLength - 1 && _queueSlot[at] == null)
            {
                at++;
            }

            Drop(at);
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

        private void Drive(bool on, int forMs)
        {
            _vibration.Write(on);
            _light.Write(on);
            _partEndMs = _clock.NowMs() + forMs;
        }
    }
}

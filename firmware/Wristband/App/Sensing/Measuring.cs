using ElderBand.BandProtocol;
using ElderBand.VitalsFilter;
using Iot.Device.Max30102;
using Iot.Device.RegisterBus;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Reads both sensor FIFOs in time, judges wear, requests estimates and closes summaries.
    /// <see cref="MotionSensing"/> and <see cref="PpgSensing"/> own the parts; <see cref="PpgSchedule"/> decides
    /// when the LEDs are on.
    /// </summary>
    public sealed class Measuring
    {
        /// <summary>Period of a summary in Guard, ms.</summary>
        public const int SummaryMs = 10000;

        /// <summary>Period of a summary in Daily, and in Guard while the hub does not reach the centre, ms.</summary>
        public const int LongSummaryMs = PpgSchedule.MeasureEveryMs;

        // Both FIFOs hold 1.28 s. Half of that is left for a step that holds the loop.
        private const int GuardMotionMs = 320;
        private const int DailyMotionMs = 800;
        private const int GuardPpgMs = 640;

        // In motion an estimate is due as often as the tracker can take a step, or the tracker loses the rate. At
        // rest an estimate costs more than half a million instructions, and one each 10 s is enough (docs/adr/0071).
        private const int RestEstimateEveryMs = 10000;
        private const int MovingEstimateEveryMs = MotionTracker.StepMs;

        private const int VerifyEveryMs = 10000;
        private const int WearEveryMs = 1000;

        private readonly HeartRate _heart;
        private readonly WearDetector _wear = new WearDetector();
        private readonly MotionSensing _motion;
        private readonly PpgSensing _ppg;
        private readonly PpgSchedule _schedule = new PpgSchedule();
        private readonly VitalsSummary _summary = new VitalsSummary();

        private BandMode _mode;
        private bool _longSummaries;
        private bool _summaryOwed;
        private bool _settling;
        private bool _judgesFall; // this step has judged a fall; the next one acts, so that none is over its bound
        private long _nextMotionMs;
        private long _nextPpgMs;
        private long _nextVerifyMs;
        private long _wearMs;
        private long _nextEstimateMs;
        private long _estimateDueMs;
        private long _nextSummaryMs;

        /// <summary>Over the two parts.</summary>
        /// <param name="ppg">The PPG sensor's registers.</param>
        /// <param name="accelerometer">The accelerometer's registers.</param>
        /// <param name="hasGreen">The PPG sensor is a MAX30101 or MAX30105.</param>
        public Measuring(IRegisterBus ppg, IRegisterBus accelerometer, bool hasGreen)
        {
            _heart = new HeartRate(Max30102.RateHz, hasGreen ? 3 : 2);
            _motion = new MotionSensing(accelerometer, _heart);
            _ppg = new PpgSensing(ppg, hasGreen, _heart, _wear);
        }

        /// <summary>Worn, as far as known.</summary>
        public Wear Wear { get; private set; }

        /// <summary>Faults of the PPG sensor.</summary>
        public SensorWatch Ppg
        {
            get { return _ppg.Watch; }
        }

        /// <summary>Faults of the accelerometer.</summary>
        public SensorWatch Accelerometer
        {
            get { return _motion.Watch; }
        }

        /// <summary>Seconds without movement.</summary>
        public int StillSeconds
        {
            get { return _motion.Activity.StillSeconds; }
        }

        /// <summary>
        /// Worn, or it was and nothing has bared the sensor since: a wearer without movement and pulse.
        /// </summary>
        public bool MayBeWorn
        {
            get { return Wear == Wear.On || _wear.MayBeWorn; }
        }

        /// <summary>The fall detector has seen an impact and has not judged it for good yet.</summary>
        public bool FallIsUnderWay
        {
            get { return _motion.Fall.IsUnderWay; }
        }

        /// <summary>The next step may judge a fall, which leaves no instructions for other work of that size.</summary>
        public bool MayJudgeFall
        {
            get { return _motion.Fall.IsSumming; }
        }

        /// <summary>An estimate is under way: the next step computes a slice of it.</summary>
        public bool IsEstimating
        {
            get { return _heart.IsEstimating; }
        }

        /// <summary>The last summary.</summary>
        public VitalsSummary Summary
        {
            get { return _summary; }
        }

        /// <summary>Score of the last suspicion, 0-100.</summary>
        public byte FallScore
        {
            get { return _motion.Score; }
        }

        /// <summary>Begins; the first summary comes one period later.</summary>
        public void Start(long nowMs)
        {
            _nextMotionMs = nowMs;
            _nextPpgMs = nowMs;
            _nextVerifyMs = nowMs + VerifyEveryMs;
            _wearMs = nowMs;
            _nextEstimateMs = nowMs + RestEstimateEveryMs;
            _nextSummaryMs = nowMs + SummaryMs;
            _schedule.Start(nowMs);
        }

        /// <summary>Sets the fall detector's profile.</summary>
        public void Configure(byte sensitivity, bool walkingAid)
        {
            _motion.Fall.Configure(sensitivity, walkingAid);
        }

        /// <summary>The mode, and whether a hub that reaches the centre is listening.</summary>
        public void SetMode(BandMode mode, bool online, long nowMs)
        {
            bool longSummaries = mode != BandMode.Guard || !online;
            if (longSummaries != _longSummaries)
            {
                _longSummaries = longSummaries;
                _nextSummaryMs = nowMs + (longSummaries ? LongSummaryMs : SummaryMs);
            }

            if (mode != _mode)
            {
                _mode = mode;
                _schedule.SetMode(mode, nowMs);
            }
        }

        /// <summary>LEDs on for probes only, or as the mode demands.</summary>
        public void SetOnlyProbes(bool onlyProbes, long nowMs)
        {
            if (_schedule.SetOnlyProbes(onlyProbes, nowMs))
            {
                _ppg.Forget(); // an earlier rate must not appear in the summaries that follow
            }
        }

        /// <summary>
        /// The suspicion of the samples since the last call; held back while the band looks whether it was dropped.
        /// </summary>
        public FallVerdict TakeVerdict(long nowMs)
        {
            return _judgesFall || _schedule.IsLooking(nowMs) ? FallVerdict.None : _motion.TakeVerdict();
        }

        /// <summary>Writes the payload of a summary that is due; false where none is.</summary>
        public bool TakeSummary(byte[] frame)
        {
            return _summary.Take(frame, _motion.Activity, Wear, _longSummaries);
        }

        /// <summary>Before deep sleep: LEDs off, and the accelerometer on watch or off.</summary>
        public void PrepareSleep(bool wakeOnMovement)
        {
            _ppg.PrepareSleep();
            _motion.PrepareSleep(wakeOnMovement);
        }

        /// <summary>
        /// Reads the FIFO that is due, or computes one slice of an estimate. One step does not do both, so that a press
        /// waits for one of them at most.
        /// </summary>
        /// <returns>When it wants to be called next, ms.</returns>
        public long Step(long nowMs)
        {
            bool hadVerdict = _motion.HasVerdict;
            bool hasRead = ReadSensors(nowMs);
            _judgesFall = _motion.HasVerdict && !hadVerdict;
            if (nowMs >= _nextVerifyMs)
            {
                _nextVerifyMs = nowMs + VerifyEveryMs;
                _motion.Verify(nowMs);
                _ppg.Verify(nowMs);
            }

            if (nowMs - _wearMs >= WearEveryMs)
            {
                JudgeWear(nowMs);
            }

            if (!hasRead && _ppg.MayStep && _ppg.StepEstimate())
            {
                EndEstimate(nowMs);
            }

            CloseSummary(nowMs);
            _motion.Watch.Step(nowMs);
            _ppg.Watch.Step(nowMs);
            if (_ppg.MayStep || _motion.HasMore || _judgesFall)
            {
                return nowMs + 1;
            }

            bool ppgIsDue = _schedule.IsOn(nowMs) || _ppg.Watch.IsRunning;
            return ppgIsDue && _nextPpgMs < _nextMotionMs ? _nextPpgMs : _nextMotionMs;
        }

        private bool ReadSensors(long nowMs)
        {
            bool hasRead = false;
            if (_motion.HasMore)
            {
                _motion.Feed(_ppg.Watch.IsRunning);
                hasRead = true;
            }
            else if (nowMs >= _nextMotionMs)
            {
                _nextMotionMs = nowMs + (_mode == BandMode.Guard ? GuardMotionMs : DailyMotionMs);
                _motion.Step(_ppg.Watch.IsRunning, nowMs);
                hasRead = true;
            }

            bool settling = _motion.Fall.Phase == FallPhase.Settle;
            if (settling && !_settling)
            {
                _schedule.LookAtSkin(nowMs);
            }

            _settling = settling;
            SchedulePpg(nowMs);
            if (nowMs >= _nextPpgMs)
            {
                _nextPpgMs = nowMs + (_schedule.IsContinuous ? GuardPpgMs : PpgSchedule.BurstMs);
                if (_ppg.Step(_schedule.IsOn(nowMs), nowMs) && !_wear.IsBare)
                {
                    _schedule.OnSkinSeen(nowMs);
                }

                hasRead = true;
            }

            return hasRead;
        }

        private void SchedulePpg(long nowMs)
        {
            if (_schedule.HasMeasured(nowMs))
            {
                _ppg.AskForLastEstimate();
                _summaryOwed = true;
            }

            bool begins = _schedule.Choose(
                Wear == Wear.On, _wear.NeedsPulse, _wear.MayBeWorn, StillSeconds, nowMs);
            if (begins)
            {
                _nextEstimateMs = nowMs + RestEstimateEveryMs;
            }

            bool isMeasured = _schedule.IsContinuous || _schedule.IsMeasuring;
            if (isMeasured && _ppg.Watch.IsRunning && nowMs >= _nextEstimateMs)
            {
                _estimateDueMs = _nextEstimateMs;
                _nextEstimateMs = Next(_nextEstimateMs, RestEstimateEveryMs, nowMs);
                _ppg.AskForEstimate();
            }
        }

        private void EndEstimate(long nowMs)
        {
            if (_heart.IsMoving)
            {
                _nextEstimateMs = Next(_estimateDueMs, MovingEstimateEveryMs, nowMs);
            }

            if (_heart.Refusal == HeartRefusal.None)
            {
                _wear.LifeSeen();
            }
        }

        private void JudgeWear(long nowMs)
        {
            if (_motion.Fall.TakeMoved())
            {
                _wear.LifeSeen();
            }

            Wear = (Wear)_wear.Step((int)(nowMs - _wearMs));
            _wearMs = nowMs;

            // Without the PPG sensor wear is unknown. The fall detector then treats the band as worn, so that no fall
            // is missed.
            _motion.SetWorn(Wear == Wear.On || _ppg.Watch.IsFaulty);
        }

        // An estimate that is asked for or under way belongs to the period that ends: the summary waits for it.
        private void CloseSummary(long nowMs)
        {
            bool isDue = _summaryOwed || (nowMs >= _nextSummaryMs && !_schedule.IsMeasuring);
            if (isDue && !_ppg.IsEstimating)
            {
                _summaryOwed = false;
                _nextSummaryMs = Next(_nextSummaryMs, _longSummaries ? LongSummaryMs : SummaryMs, nowMs);
                _summary.Close(_heart, _ppg.Watch.IsFaulty, Wear == Wear.On);
            }
        }

        // The periods start at fixed times, however late a step comes.
        private static long Next(long dueMs, int periodMs, long nowMs)
        {
            long next = dueMs + periodMs;
            return next > nowMs && next <= nowMs + periodMs ? next : nowMs + periodMs;
        }
    }
}

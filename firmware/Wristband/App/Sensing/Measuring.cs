using ElderBand.BandProtocol;
using ElderBand.VitalsFilter;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;
using Iot.Device.RegisterBus;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Follows one sensor through its faults (P05): a failure is answered at once with a recovery of the bus and a
    /// restart of the part; one that lasts, or keeps coming back, is reported.
    /// </summary>
    public sealed class SensorWatch
    {
        /// <summary>Trouble for this long is reported, ms.</summary>
        public const int ReportAfterMs = 20000;

        /// <summary>Health for this long ends it, ms.</summary>
        public const int RecoveredAfterMs = 30000;

        /// <summary>A part that runs and gives no sample for this long has failed, ms.</summary>
        public const int SilentMs = 2000;

        private const int QuickRetryMs = 1000;
        private const int SlowRetryMs = 5000;
        private const int QuickTries = 5;
        private const int FlappingTries = 3;

        private bool _trouble;
        private bool _down;
        private long _steppedMs;
        private long _troubleMs;
        private long _goodMs;
        private long _lastSampleMs;
        private long _retryMs;
        private int _tries;

        /// <summary>The part runs, as far as known.</summary>
        public bool IsRunning { get; private set; }

        /// <summary>The trouble is worth a technician.</summary>
        public bool IsFaulty { get; private set; }

        /// <summary>True where a start may be tried now.</summary>
        public bool MayStart(long nowMs)
        {
            return !IsRunning && nowMs >= _retryMs;
        }

        /// <summary>The part was started.</summary>
        public void OnStarted(long nowMs)
        {
            IsRunning = true;
            _down = false;
            _lastSampleMs = nowMs;
        }

        /// <summary>The part was stopped on purpose: until it is wanted again no time counts, for it or against it.</summary>
        public void OnStopped()
        {
            IsRunning = false;
            _down = false;
            _retryMs = 0;
        }

        /// <summary>The part gave samples.</summary>
        public void OnSamples(long nowMs)
        {
            _lastSampleMs = nowMs;
        }

        /// <summary>The part failed.</summary>
        public void OnFailed(long nowMs)
        {
            IsRunning = false;
            _down = true;
            _goodMs = 0;
            if (!_trouble)
            {
                _trouble = true;
                _troubleMs = 0;
                _tries = 0;
            }

            _tries++;
            _retryMs = _tries == 1 ? nowMs : nowMs + (_tries < QuickTries ? QuickRetryMs : SlowRetryMs);
        }

        /// <summary>True where a running part has gone quiet.</summary>
        public bool IsSilent(long nowMs)
        {
            return IsRunning && nowMs - _lastSampleMs >= SilentMs;
        }

        /// <summary>Lets time pass.</summary>
        public void Step(long nowMs)
        {
            long elapsedMs = nowMs - _steppedMs;
            _steppedMs = nowMs;
            if (!_trouble)
            {
                return;
            }

            // In Daily the part runs for moments only: what it ran adds up from one to the next.
            _goodMs += IsRunning ? elapsedMs : 0;
            _troubleMs += IsRunning || _down ? elapsedMs : 0;
            if (_goodMs >= RecoveredAfterMs)
            {
                _trouble = false;
                IsFaulty = false;
            }
            else if (_troubleMs >= ReportAfterMs && (_down || _tries >= FlappingTries))
            {
                IsFaulty = true; // one hiccup that a restart has mended is nobody's business
            }
        }
    }

    /// <summary>
    /// From the FIFOs to verdicts and numbers. The accelerometer runs at 25 Hz in every mode, so that a change of mode
    /// costs the fall detector nothing; the pulse sensor runs all the time in Guard, in Daily for 30 s every 10 minutes
    /// and for a moment to see whether the band is worn (docs/adr/0023, 0079).
    /// </summary>
    public sealed class Measuring
    {
        /// <summary>Period of a summary in Guard, ms.</summary>
        public const int SummaryMs = 10000;

        /// <summary>Period of a summary in Daily, and in Guard while the hub does not reach the centre, ms.</summary>
        public const int LongSummaryMs = 600000;

        private const int GuardBurstMs = 320;
        private const int DailyBurstMs = 800;
        private const int MeasureMs = 30000;
        private const int ProbeMs = 600; // two bursts
        private const int ProbeEveryMs = 60000;

        // An arm in motion is asked as often as the tracker can move on, or it loses the way; at rest an answer costs more than
        // half a million instructions, in which no press is heard (docs/adr/0071), and nothing is won by asking often.
        private const int RestEstimateEveryMs = 10000;
        private const int MovingEstimateEveryMs = MotionTracker.StepMs;

        private const int ProbeMovedEveryMs = 10000;
        private const int VerifyEveryMs = 10000;

        // After an impact: a probe, two seconds of bare sensor, and a second until wear is judged.
        private const int LookMs = 3000;

        private const int WearEveryMs = 1000;
        private const int FrozenMotionSamples = 60 * Adxl343.RateHz;
        private const int FrozenPulseSamples = 10 * Max30102.RateHz;
        private const int PulseFullScale = 0x3FFFF;

        private readonly IRegisterBus _ppgBus;
        private readonly IRegisterBus _accelBus;
        private readonly Max30102 _ppg;
        private readonly Adxl343 _accel;
        private readonly SensorWatch _ppgWatch = new SensorWatch();
        private readonly SensorWatch _accelWatch = new SensorWatch();
        private readonly FallDetector _fall = new FallDetector(Adxl343.RateHz);
        private readonly Activity _activity = new Activity(Adxl343.RateHz);
        private readonly WearDetector _wear = new WearDetector();
        private readonly HeartRate _heart;

        private BandMode _mode;
        private bool _longSummaries;
        private long _nextAccelMs;
        private long _nextPpgMs;
        private long _nextVerifyMs;
        private long _wearMs;
        private long _ppgUntilMs;
        private long _nextProbeMs;
        private long _nextMeasureMs;
        private long _nextPulseMs;
        private long _nextEstimateMs;
        private long _nextSummaryMs;
        private bool _measuring;
        private bool _summaryReady;
        private FallVerdict _verdict;
        private int _verdictScore;
        private int _lastX;
        private int _lastY;
        private int _lastZ;
        private int _sameMotion;
        private int _lastRed;
        private int _lastIr;
        private int _samePulse;
        private int _lostBefore;
        private int _overrunsBefore;
        private bool _settling;
        private bool _looking;
        private long _lookUntilMs;

        /// <summary>Over the two parts.</summary>
        /// <param name="ppg">The pulse sensor's registers.</param>
        /// <param name="accelerometer">The accelerometer's registers.</param>
        /// <param name="hasGreen">The pulse sensor is a MAX30101 or MAX30105.</param>
        public Measuring(IRegisterBus ppg, IRegisterBus accelerometer, bool hasGreen)
        {
            _ppgBus = ppg;
            _accelBus = accelerometer;
            _ppg = Max30102.OnBus(ppg, hasGreen);
            _accel = Adxl343.OnBus(accelerometer);
            _heart = new HeartRate(Max30102.RateHz, hasGreen ? 3 : 2);
        }

        /// <summary>Worn, as far as known.</summary>
        public Wear Wear { get; private set; }

        /// <summary>The pulse sensor needs a technician.</summary>
        public bool PpgIsFaulty
        {
            get { return _ppgWatch.IsFaulty; }
        }

        /// <summary>The accelerometer needs a technician.</summary>
        public bool AccelerometerIsFaulty
        {
            get { return _accelWatch.IsFaulty; }
        }

        /// <summary>Seconds without movement.</summary>
        public int StillSeconds
        {
            get { return _activity.StillSeconds; }
        }

        /// <summary>Worn, or it was and nothing has bared the sensor since: a wearer without movement and pulse.</summary>
        public bool MayBeWorn
        {
            get { return Wear == Wear.On || _wear.MayBeWorn; }
        }

        /// <summary>The fall detector has seen an impact and has not judged it for good yet.</summary>
        public bool FallIsUnderWay
        {
            get { return _fall.IsUnderWay; }
        }

        /// <summary>Heart rate of the last summary, beats a minute; 0 where refused.</summary>
        public byte Bpm { get; private set; }

        /// <summary>Its confidence, 0-100.</summary>
        public byte Confidence { get; private set; }

        /// <summary>Why there is none.</summary>
        public HeartRefusal Refusal { get; private set; }

        /// <summary>Oxygen of the last summary, percent; 0 where refused.</summary>
        public byte Spo2Pct { get; private set; }

        /// <summary>Why there is none.</summary>
        public HeartRefusal Spo2Refusal { get; private set; }

        /// <summary>Score of the last suspicion, 0-100.</summary>
        public byte FallScore
        {
            get { return (byte)_verdictScore; }
        }

        /// <summary>Begins; the first summary comes one period later.</summary>
        public void Start(long nowMs)
        {
            _nextAccelMs = nowMs;
            _nextPpgMs = nowMs;
            _nextVerifyMs = nowMs + VerifyEveryMs;
            _wearMs = nowMs;
            _nextProbeMs = nowMs;
            _nextMeasureMs = nowMs + ProbeEveryMs;
            _nextEstimateMs = nowMs + RestEstimateEveryMs;
            _nextSummaryMs = nowMs + SummaryMs;
        }

        /// <summary>Sets the fall detector's profile.</summary>
        public void Configure(byte sensitivity, bool walkingAid)
        {
            _fall.Configure(sensitivity, walkingAid);
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
                _nextProbeMs = nowMs;
            }
        }

        /// <summary>The suspicion of the samples since the last call; held back while the band looks whether it was dropped, and
        /// not for long: what cannot be told counts as worn.</summary>
        public FallVerdict TakeVerdict(long nowMs)
        {
            if (_looking && nowMs < _lookUntilMs)
            {
                return FallVerdict.None;
            }

            _looking = false;
            FallVerdict verdict = _verdict;
            _verdict = FallVerdict.None;
            return verdict;
        }

        /// <summary>Writes the payload of a summary that is due; false where none is.</summary>
        public bool TakeSummary(byte[] frame)
        {
            if (!_summaryReady)
            {
                return false;
            }

            _summaryReady = false;
            int steps = _activity.TakeSteps();
            Payload.PutVitals(
                frame,
                Bpm,
                Confidence,
                Spo2Pct,
                (byte)Refusal,
                (byte)Spo2Refusal,
                Wear,
                (byte)_activity.MinuteClass,
                _longSummaries,
                (byte)(steps > 255 ? 255 : steps));
            return true;
        }

        /// <summary>True where <see cref="TakeSummary"/> has something.</summary>
        public bool SummaryIsReady
        {
            get { return _summaryReady; }
        }

        /// <summary>Before deep sleep: lights off, and the accelerometer on watch or off.</summary>
        public void PrepareSleep(bool wakeOnMovement)
        {
            _ppg.Stop();
            _ppgWatch.OnStopped();
            if (wakeOnMovement)
            {
                _accel.WatchForMovement();
            }
            else
            {
                _accel.Stop();
            }

            _accelWatch.OnStopped();
        }

        /// <summary>Reads what is due and judges it; returns when it wants to be called next, ms.</summary>
        public long Step(long nowMs)
        {
            int burstMs = _mode == BandMode.Guard ? GuardBurstMs : DailyBurstMs;
            if (nowMs >= _nextAccelMs)
            {
                _nextAccelMs = nowMs + burstMs;
                StepAccelerometer(nowMs);
            }

            LookAfterImpact(nowMs);
            ChoosePpg(nowMs);
            if (nowMs >= _nextPpgMs)
            {
                _nextPpgMs = nowMs + GuardBurstMs;
                StepPpg(nowMs);
            }

            if (nowMs >= _nextVerifyMs)
            {
                _nextVerifyMs = nowMs + VerifyEveryMs;
                Verify(nowMs);
            }

            if (nowMs - _wearMs >= WearEveryMs)
            {
                JudgeWear(nowMs);
            }

            if (_ppgWatch.IsRunning && nowMs >= _nextEstimateMs)
            {
                Estimate();
                _nextEstimateMs = Next(_nextEstimateMs, _heart.IsMoving ? MovingEstimateEveryMs : RestEstimateEveryMs, nowMs);
            }

            if (nowMs >= _nextSummaryMs && !_measuring)
            {
                CloseSummary(nowMs);
            }

            _accelWatch.Step(nowMs);
            _ppgWatch.Step(nowMs);
            return (PpgIsWanted(nowMs) || _ppgWatch.IsRunning) && _nextPpgMs < _nextAccelMs ? _nextPpgMs : _nextAccelMs;
        }

        // ---- accelerometer ----

        private void StepAccelerometer(long nowMs)
        {
            if (!_accelWatch.IsRunning)
            {
                if (!_accelWatch.MayStart(nowMs))
                {
                    return;
                }

                SensorHealth health = _accel.Validate();
                health = health == SensorHealth.Ok ? _accel.Start() : health;
                if (health != SensorHealth.Ok)
                {
                    FailAccelerometer(nowMs);
                    return;
                }

                _accelWatch.OnStarted(nowMs);
                _fall.Reset();
                _sameMotion = 0;
                return;
            }

            SensorHealth read = _accel.ReadBurst();
            if (_accel.Overruns != _overrunsBefore)
            {
                _overrunsBefore = _accel.Overruns;
                _fall.Gap(); // the oldest are the lost ones: the hole lies before this burst
            }

            for (int i = 0; i < _accel.Count; i++)
            {
                PushMotion(_accel.X(i), _accel.Y(i), _accel.Z(i));
            }

            if (_accel.Count > 0)
            {
                _accelWatch.OnSamples(nowMs);
            }

            // A living converter is never without noise for a minute.
            if (read != SensorHealth.Ok || _accelWatch.IsSilent(nowMs) || _sameMotion >= FrozenMotionSamples)
            {
                FailAccelerometer(nowMs);
            }
        }

        private void FailAccelerometer(long nowMs)
        {
            _accelBus.Recover();
            _accelWatch.OnFailed(nowMs);
            _sameMotion = 0;
        }

        private void PushMotion(int x, int y, int z)
        {
            _sameMotion = x == _lastX && y == _lastY && z == _lastZ ? _sameMotion + 1 : 0;
            _lastX = x;
            _lastY = y;
            _lastZ = z;
            FallVerdict verdict = _fall.Push(x, y, z);
            if (verdict >= FallVerdict.Suspected)
            {
                _verdict = verdict;
                _verdictScore = _fall.LastScore;
            }

            _activity.Push(_fall.Square);
            if (_ppgWatch.IsRunning)
            {
                _heart.PushMotion(x, y, z);
            }
        }

        // ---- pulse sensor ----

        private bool PpgIsWanted(long nowMs)
        {
            return _mode == BandMode.Guard || nowMs < _ppgUntilMs;
        }

        private void ChoosePpg(long nowMs)
        {
            if (_mode == BandMode.Guard)
            {
                _measuring = false;
                return;
            }

            if (_measuring && nowMs >= _ppgUntilMs)
            {
                _measuring = false;
                Estimate();
                CloseSummary(nowMs);
            }

            bool worn = Wear == Wear.On;
            if (!_measuring && ((worn && nowMs >= _nextMeasureMs) || (_wear.NeedsPulse && nowMs >= _nextPulseMs)))
            {
                _measuring = true;
                _nextMeasureMs = nowMs + LongSummaryMs;
                _ppgUntilMs = nowMs + MeasureMs;
                _nextProbeMs = nowMs + ProbeEveryMs;
                // By itself: a probe a moment ago must not put the question off.
                _nextPulseMs = nowMs + (!worn && _wear.MayBeWorn ? LongSummaryMs : ProbeEveryMs);
                _nextEstimateMs = nowMs + RestEstimateEveryMs;
            }
            else if (nowMs >= _nextProbeMs)
            {
                bool moved = _activity.StillSeconds < ProbeMovedEveryMs / 1000;
                _nextProbeMs = nowMs + (!worn && moved ? ProbeMovedEveryMs : ProbeEveryMs);
                _ppgUntilMs = nowMs + ProbeMs > _ppgUntilMs ? nowMs + ProbeMs : _ppgUntilMs;
            }
        }

        // In Daily the last look at the skin may be a minute old. A band that is taken off and dropped must not call for help.
        private void LookAfterImpact(long nowMs)
        {
            bool settling = _fall.Phase == FallPhase.Settle;
            if (settling && !_settling && _mode != BandMode.Guard)
            {
                _looking = true;
                _lookUntilMs = nowMs + LookMs;
                _ppgUntilMs = nowMs + ProbeMs > _ppgUntilMs ? nowMs + ProbeMs : _ppgUntilMs;
            }

            _settling = settling;
        }

        private void StepPpg(long nowMs)
        {
            bool wanted = PpgIsWanted(nowMs);
            if (!wanted)
            {
                if (_ppgWatch.IsRunning)
                {
                    _ppg.Stop();
                    _ppgWatch.OnStopped();
                }

                return;
            }

            if (!_ppgWatch.IsRunning)
            {
                if (!_ppgWatch.MayStart(nowMs))
                {
                    return;
                }

                SensorHealth health = _ppg.Validate();
                health = health == SensorHealth.Ok ? _ppg.Start() : health;
                if (health != SensorHealth.Ok)
                {
                    FailPpg(nowMs);
                    return;
                }

                _ppgWatch.OnStarted(nowMs);
                _heart.Reset();
                _samePulse = 0;
                return;
            }

            SensorHealth read = _ppg.ReadBurst();
            if (_ppg.Lost != _lostBefore)
            {
                _lostBefore = _ppg.Lost;
                _heart.Reset(); // a rate across a gap would be invented
            }

            for (int i = 0; i < _ppg.Count; i++)
            {
                PushPulse(_ppg.Red(i), _ppg.Ir(i), _ppg.Green(i));
            }

            if (_ppg.Count > 0)
            {
                _ppgWatch.OnSamples(nowMs);
                if (_looking && !_wear.IsBare)
                {
                    _looking = false;
                    _ppgUntilMs = _measuring ? _ppgUntilMs : nowMs; // on the skin: that is all there was to see
                }
            }

            if (read != SensorHealth.Ok || _ppgWatch.IsSilent(nowMs) || _samePulse >= FrozenPulseSamples)
            {
                FailPpg(nowMs);
            }
        }

        private void FailPpg(long nowMs)
        {
            _ppgBus.Recover();
            _ppgWatch.OnFailed(nowMs);
            _heart.Reset();
            _samePulse = 0;
        }

        private void PushPulse(int red, int ir, int green)
        {
            // Full scale may last: that is sunlight, and the filter refuses it. Any other value that stays is no light.
            _samePulse = red == _lastRed && ir == _lastIr && ir != PulseFullScale ? _samePulse + 1 : 0;
            _lastRed = red;
            _lastIr = ir;
            _heart.Push(red, ir, green);
            _wear.PushIr(ir);
        }

        private void Verify(long nowMs)
        {
            if (_accelWatch.IsRunning && _accel.Verify() != SensorHealth.Ok)
            {
                FailAccelerometer(nowMs);
            }

            if (_ppgWatch.IsRunning && _ppg.Verify() != SensorHealth.Ok)
            {
                FailPpg(nowMs);
            }
        }

        // ---- judgement ----

        private void JudgeWear(long nowMs)
        {
            if (_fall.TakeMoved())
            {
                _wear.LifeSeen();
            }

            Wear = (Wear)_wear.Step((int)(nowMs - _wearMs));
            _wearMs = nowMs;

            // Without the pulse sensor nobody can tell: then a fall is watched for rather than missed.
            bool worn = Wear == Wear.On || _ppgWatch.IsFaulty;
            _fall.SetWorn(worn);
            if (!worn)
            {
                _verdict = FallVerdict.None;
            }
        }

        private void Estimate()
        {
            if (_heart.TryEstimate())
            {
                _wear.LifeSeen();
            }
        }

        // Periods keep their grid, however late a step comes.
        private static long Next(long dueMs, int periodMs, long nowMs)
        {
            long next = dueMs + periodMs;
            return next > nowMs && next <= nowMs + periodMs ? next : nowMs + periodMs;
        }

        private void CloseSummary(long nowMs)
        {
            _nextSummaryMs = Next(_nextSummaryMs, _longSummaries ? LongSummaryMs : SummaryMs, nowMs);
            _summaryReady = true;
            Bpm = 0;
            Spo2Pct = 0;
            Confidence = (byte)_heart.Confidence;
            if (_ppgWatch.IsFaulty)
            {
                Refusal = HeartRefusal.SensorFault;
                Spo2Refusal = HeartRefusal.SensorFault;
                Confidence = 0;
                return;
            }

            if (Wear != Wear.On)
            {
                Refusal = HeartRefusal.NotWorn;
                Spo2Refusal = HeartRefusal.NotWorn;
                Confidence = 0;
                return;
            }

            Refusal = _heart.Refusal;
            Spo2Refusal = _heart.Spo2Refusal;
            if (Refusal == HeartRefusal.None)
            {
                Bpm = (byte)((_heart.BpmX10 + 5) / 10);
            }

            if (Spo2Refusal == HeartRefusal.None)
            {
                Spo2Pct = (byte)(_heart.Spo2X10 / 10);
            }
        }
    }
}

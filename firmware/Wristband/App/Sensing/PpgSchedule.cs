using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// When the PPG sensor is on (docs/adr/0023, 0079). In Guard: always. In Daily: 30 s every 10 minutes for a heart
    /// rate, and for a moment to see whether the band is worn. On a band that is charged on the wrist: only for that
    /// moment.
    /// </summary>
    public sealed class PpgSchedule
    {
        /// <summary>Period of a measurement in Daily, ms.</summary>
        public const int MeasureEveryMs = 600000;

        /// <summary>Time between two reads of the FIFO in Daily, ms. A probe is two of them.</summary>
        public const int BurstMs = 320;

        private const int MeasureMs = 30000;
        private const int ProbeMs = 600;
        private const int ProbeEveryMs = 60000;
        private const int ProbeMovedEveryMs = 10000;

        // After an impact: a probe, two seconds of bare sensor, and a second until wear is judged.
        private const int LookMs = 3000;

        private BandMode _mode;
        private bool _onlyProbes;
        private long _untilMs;
        private long _nextProbeMs;
        private long _nextMeasureMs;
        private long _nextPulseMs;
        private long _lookUntilMs;
        private bool _looking;

        /// <summary>A measurement of 30 s runs.</summary>
        public bool IsMeasuring { get; private set; }

        /// <summary>Begins: a probe at once, the first measurement a minute later.</summary>
        public void Start(long nowMs)
        {
            _nextProbeMs = nowMs;
            _nextMeasureMs = nowMs + ProbeEveryMs;
        }

        /// <summary>Another mode begins: with a probe.</summary>
        public void SetMode(BandMode mode, long nowMs)
        {
            _mode = mode;
            _nextProbeMs = nowMs;
            IsMeasuring &= mode != BandMode.Guard;
        }

        /// <summary>The sensor is on all the time.</summary>
        public bool IsContinuous
        {
            get { return _mode == BandMode.Guard && !_onlyProbes; }
        }

        /// <summary>Only probes are wanted, or all that the mode gives; true where that has changed.</summary>
        public bool SetOnlyProbes(bool onlyProbes, long nowMs)
        {
            if (onlyProbes == _onlyProbes)
            {
                return false;
            }

            _onlyProbes = onlyProbes;
            _untilMs = nowMs;
            _nextProbeMs = nowMs + ProbeEveryMs;
            IsMeasuring = false;
            return true;
        }

        /// <summary>The sensor is wanted now.</summary>
        public bool IsOn(long nowMs)
        {
            return IsContinuous || nowMs < _untilMs;
        }

        /// <summary>True once, when the 30 s of a measurement are over.</summary>
        public bool HasMeasured(long nowMs)
        {
            if (!IsMeasuring || nowMs < _untilMs)
            {
                return false;
            }

            IsMeasuring = false;
            return true;
        }

        /// <summary>Begins a measurement or a probe that is due; true where a measurement begins.</summary>
        /// <param name="worn">The band is worn.</param>
        /// <param name="needsPulse">Only a pulse can tell whether the band is worn.</param>
        /// <param name="mayBeWorn">The band was worn, and nothing has bared the sensor since.</param>
        /// <param name="stillS">Seconds without movement.</param>
        /// <param name="nowMs">Now.</param>
        public bool Choose(bool worn, bool needsPulse, bool mayBeWorn, int stillS, long nowMs)
        {
            if (IsContinuous)
            {
                return false;
            }

            bool isDue = (worn && nowMs >= _nextMeasureMs) || (needsPulse && nowMs >= _nextPulseMs);
            if (isDue && !IsMeasuring && !_onlyProbes)
            {
                IsMeasuring = true;
                _untilMs = nowMs + MeasureMs;
                _nextMeasureMs = nowMs + MeasureEveryMs;
                _nextProbeMs = nowMs + ProbeEveryMs;

                // This deadline is apart from the probe's: a probe that was made just now does not answer the
                // question for a pulse, so it must not delay the measurement that does.
                _nextPulseMs = nowMs + (!worn && mayBeWorn ? MeasureEveryMs : ProbeEveryMs);
                return true;
            }

            if (nowMs >= _nextProbeMs)
            {
                bool moved = stillS < ProbeMovedEveryMs / 1000;
                _nextProbeMs = nowMs + (!worn && moved ? ProbeMovedEveryMs : ProbeEveryMs);
                Probe(nowMs);
            }

            return false;
        }

        /// <summary>
        /// An impact has settled. In Daily the last probe may be a minute old, and a band that was taken off and
        /// dropped must not call for help.
        /// </summary>
        public void LookAtSkin(long nowMs)
        {
            if (!IsContinuous)
            {
                _looking = true;
                _lookUntilMs = nowMs + LookMs;
                Probe(nowMs);
            }
        }

        /// <summary>The sensor is covered: a probe under way has its answer, so the sensor goes off.</summary>
        public void OnSkinSeen(long nowMs)
        {
            if (_looking)
            {
                _looking = false;
                _untilMs = IsMeasuring ? _untilMs : nowMs;
            }
        }

        /// <summary>
        /// A probe after an impact is under way. It ends by itself; without an answer the band counts as worn.
        /// </summary>
        public bool IsLooking(long nowMs)
        {
            _looking &= nowMs < _lookUntilMs;
            return _looking;
        }

        private void Probe(long nowMs)
        {
            _untilMs = nowMs + ProbeMs > _untilMs ? nowMs + ProbeMs : _untilMs;
        }
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>Gathers what <see cref="PowerPolicy"/> needs: open alarms, wear, charger and settings.</summary>
    public sealed class ModeChooser
    {
        private const int ForgetAlarmMs = 24 * 3600000;
        private const int SilentWearerS = 12 * 3600;

        private readonly IPower _power;
        private readonly PowerPolicy _policy;
        private readonly BandSettings _settings;
        private readonly AlarmLatch _latch;
        private readonly FrameSource _source;
        private readonly Measuring _measuring;
        private long _unwornSinceMs;
        private long _putAwayMs;

        /// <summary>Composes the chooser over its inputs.</summary>
        public ModeChooser(
            IPower power,
            PowerPolicy policy,
            BandSettings settings,
            AlarmLatch latch,
            FrameSource source,
            Measuring measuring)
        {
            _power = power;
            _policy = policy;
            _settings = settings;
            _latch = latch;
            _source = source;
            _measuring = measuring;
        }

        /// <summary>Begins a boot.</summary>
        public void Start(WakeCause cause, long nowMs)
        {
            _unwornSinceMs = nowMs;
            _putAwayMs = cause == WakeCause.Motion ? PowerPolicy.PutAwayAfterMotionMs
                : cause == WakeCause.Timer ? 0 : PowerPolicy.PutAwayMs;
        }

        /// <summary>The mode for what is known now.</summary>
        public BandMode Choose(long nowMs)
        {
            // A band that cannot tell whether it is worn does not go to Shelf. Neither does a band whose wearer has
            // been still for less than a night and a morning: after that time the inactivity event has been sent, or
            // nobody wears the band.
            bool silentWearer = _measuring.MayBeWorn && _measuring.StillSeconds < SilentWearerS;
            if (_measuring.Wear != Wear.Off || silentWearer || _measuring.Ppg.IsFaulty)
            {
                _unwornSinceMs = nowMs;
                _putAwayMs = PowerPolicy.PutAwayMs;
            }

            bool open = false;
            long newestMs = long.MinValue;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Used || !HelpStages.Follows(slot.Type))
                {
                    continue;
                }

                if (slot.Open && !slot.Pending && nowMs - slot.AtMs > ForgetAlarmMs)
                {
                    slot.Open = false;
                    _latch.Touch();
                }

                open |= slot.Open;
                bool counts = slot.AtMs > newestMs && (slot.Open || slot.Boot >= _source.FirstBoot);
                newestMs = counts ? slot.AtMs : newestMs;
            }

            return _policy.Choose(
                _power.External(),
                _settings.GuardAlways,
                newestMs == long.MinValue ? long.MaxValue : nowMs - newestMs,
                open,
                nowMs - _unwornSinceMs,
                _putAwayMs);
        }
    }
}

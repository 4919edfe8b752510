using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Makes the band's frames: identity, tags and seal. The boot count is stored before the first frame of a boot
    /// (R1).
    /// </summary>
    public sealed class FrameSource
    {
        /// <summary>The band restarts itself when a sequence has come here.</summary>
        public const int RestartAtSequence = 0xFF00;

        private const int JumpAbove = 16;
        private const int JumpMask = 0x7FFF;

        // Odd, so each millisecond has a sequence of its own. Boots whose first presses are some milliseconds apart are
        // then more than a latch of presses apart.
        private const int JumpPerMs = 17;

        private readonly BootCount _boots;
        private readonly Tagger _tagger;
        private readonly BandKeys _keys;
        private readonly byte[] _air = new byte[Frame.Size];
        private int _alarmSequence;
        private int _vitalsSequence;
        private int _highestBoot;
        private int _usedBoot;
        private bool _unproven;

        /// <summary>Over the flash that holds the boot count.</summary>
        public FrameSource(IFlash flash, Tagger tagger, BandKeys keys)
        {
            _boots = new BootCount(flash);
            _tagger = tagger;
            _keys = keys;
        }

        /// <summary>Boot count of this boot.</summary>
        public int Boot
        {
            get { return _boots.Value; }
        }

        /// <summary>Boot count with which this boot began. The present one is higher after a jump.</summary>
        public int FirstBoot { get; private set; }

        /// <summary>The boot count could not be read.</summary>
        public bool IsUnread
        {
            get { return _boots.IsUnread; }
        }

        /// <summary>The number of this boot may have been used before.</summary>
        public bool BootIsUnproven { get; private set; }

        /// <summary>True where a lane is near its last sequence: the band restarts soon.</summary>
        public bool IsNearlySpent
        {
            get { return _alarmSequence >= RestartAtSequence || _vitalsSequence >= RestartAtSequence; }
        }

        /// <summary>
        /// True: the centre knows a higher boot of this band, or the flash holds an earlier boot whose number is not
        /// lower. The boot count was lost or could not be read, so numbers of this boot were used before.
        /// </summary>
        public bool IsBehind
        {
            get { return _highestBoot > Boot || _usedBoot >= Boot; }
        }

        /// <summary>The centre has said which boot of this band is the highest it knows.</summary>
        public void NoteHighestBoot(int boot)
        {
            _highestBoot = boot > _highestBoot ? boot : _highestBoot;
        }

        /// <summary>
        /// Reads the boot count again after the flash could not be read at the start. Where the number of this boot is
        /// not known to be new, the record tells whether the number is new.
        /// </summary>
        /// <param name="knownBoot">The highest boot that another record knows, 0 for none.</param>
        public void ReadAgain(int knownBoot)
        {
            if (BootIsUnproven)
            {
                _usedBoot = _boots.ReadUsed(knownBoot);
            }
        }

        /// <summary>
        /// Raises the boot count above all boots that are known. The sequences do not begin again. Nobody knows a frame
        /// of the new boot, so its number is proven also where the flash does not store the number.
        /// </summary>
        public void CatchUp()
        {
            _unproven = !_boots.GoAbove(_highestBoot > _usedBoot ? _highestBoot : _usedBoot);
            BootIsUnproven = false;
        }

        /// <summary>Raises and stores the boot count; false where it could not be stored.</summary>
        /// <param name="knownBoot">The highest boot that another record knows, 0 for none.</param>
        public bool Start(int knownBoot)
        {
            bool stored = _boots.Start(knownBoot);
            FirstBoot = Boot;
            _unproven = !stored || _boots.IsUnproven;
            BootIsUnproven = _unproven;
            return stored;
        }

        /// <summary>Writes the header of a frame of the alarm lane.</summary>
        public void BeginAlarm(byte[] frame, FrameType type, long nowMs)
        {
            // A boot count that could not be stored may have been used before, and the hub could take a press for a
            // replay. The sequence then comes from the time of the press, which does not repeat (docs/adr/0022).
            if (_unproven && AlarmLatch.RankOf(type) == 2)
            {
                _unproven = false;
                int jump = JumpAbove + (int)((nowMs * JumpPerMs) & JumpMask);
                _alarmSequence += _alarmSequence + jump < RestartAtSequence ? jump : 0;
            }

            BeginBootWhereSpent(_alarmSequence);
            Frame.Begin(frame, type, Lane.Alarm, Boot, _alarmSequence++);
        }

        /// <summary>Writes the header of a frame of the vitals lane.</summary>
        public void BeginVitals(byte[] frame, FrameType type)
        {
            BeginBootWhereSpent(_vitalsSequence);
            Frame.Begin(frame, type, Lane.Vitals, Boot, _vitalsSequence++);
        }

        // Where no moment came for the restart, the numbers go on under the next boot count: none is used twice (P12).
        private void BeginBootWhereSpent(int sequence)
        {
            if (sequence > Frame.MaxSequence)
            {
                _alarmSequence = 0;
                _vitalsSequence = 0;
                _unproven |= !_boots.Next();
            }
        }

        /// <summary>Puts both tags on.</summary>
        public void Sign(byte[] frame)
        {
            _tagger.SignCentre(_keys.CentreUp, frame);
            _tagger.SignLink(_keys.LinkUp, frame);
        }

        /// <summary>Puts the link tag on again, after the link keys have moved.</summary>
        public void SignLink(byte[] frame)
        {
            _tagger.SignLink(_keys.LinkUp, frame);
        }

        /// <summary>The signed frame as it goes on the air; the buffer is used again for the next one.</summary>
        public byte[] Sealed(byte[] frame)
        {
            Bytes.Copy(frame, 0, _air, 0, Frame.Size);
            _tagger.Seal(_keys.Air, true, _air);
            return _air;
        }
    }
}

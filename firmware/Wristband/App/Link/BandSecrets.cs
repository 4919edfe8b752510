using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>What a step of <see cref="BandSecrets"/> has done.</summary>
    public enum SecretStep : byte
    {
        /// <summary>The step has changed nothing.</summary>
        None = 0,

        /// <summary>
        /// The band makes its frames under another secret from now on. Frames that wait need new link tags.
        /// </summary>
        Changed = 1,

        /// <summary>The flash refused the record; the secrets are as they were.</summary>
        Failed = 2,
    }

    /// <summary>
    /// The band's secret and how it changes (docs/adr/0097). The secret of the label holds until the centre changes it.
    /// A change is stored in two copies before the band makes the first frame under the new secret. The previous secret
    /// is kept until the centre has signed a frame under the new one and no frame in the latch needs the old one.
    /// </summary>
    public sealed class BandSecrets
    {
        private const byte Format = 1;
        private const int EpochAt = 1;
        private const int SecretAt = 4;
        private const int OldAt = SecretAt + BandKeys.Size;
        private const int HasOldAt = OldAt + BandKeys.Size;
        private const int LabelAt = HasOldAt + 1;
        private const int Size = LabelAt + 4;
        private const int AllParts = (1 << Rekey.Parts) - 1;
        private const int AgainMs = 1000;
        private const int ForgetEveryMs = 10000;

        private readonly AbRecord _record;
        private readonly IMac _mac;
        private readonly Tagger _tagger;
        private readonly byte[] _image = new byte[Size];
        private readonly byte[] _old = new byte[BandKeys.Size];
        private readonly byte[] _next = new byte[BandKeys.Size];
        private readonly byte[] _nonce = new byte[Rekey.NonceBytes];
        private uint _label;
        private uint _group;
        private int _linkEpoch;
        private int _parts;
        private bool _isProven;
        private bool _isFromLabel;
        private long _dueMs;

        /// <summary>Composes the secrets over the flash.</summary>
        public BandSecrets(IFlash flash, IMac mac, Tagger tagger)
        {
            _record = new AbRecord(flash, "secret", Size);
            _mac = mac;
            _tagger = tagger;
        }

        /// <summary>The present secret, 32 bytes.</summary>
        public byte[] Secret { get; } = new byte[BandKeys.Size];

        /// <summary>Keys of the present secret.</summary>
        public BandKeys Keys { get; } = new BandKeys();

        /// <summary>Keys of the previous secret, where <see cref="HasOld"/>.</summary>
        public BandKeys OldKeys { get; } = new BandKeys();

        /// <summary>True: the band keeps the previous secret, because frames under it may still be answered.</summary>
        public bool HasOld { get; private set; }

        /// <summary>How often the secret has changed; 0 for the secret of the label.</summary>
        public int Epoch { get; private set; }

        /// <summary>
        /// True: the record could not be read, so the band uses the label's secret, which may be an old one.
        /// </summary>
        public bool IsUnread
        {
            get { return _isFromLabel && _record.IsUnread; }
        }

        /// <summary>
        /// Reads the record. A record that belongs to the secret of another label is not used, because the band has got
        /// a new label since.
        /// </summary>
        /// <param name="label">The label's secret, 32 bytes.</param>
        public void Load(byte[] label)
        {
            _label = Crc32.Compute(label, 0, BandKeys.Size);
            Bytes.Copy(label, 0, Secret, 0, BandKeys.Size);
            _isFromLabel = !Read();
            if (!_isFromLabel && !_record.IsDoubled)
            {
                _record.Save(_image, Size);
            }
        }

        /// <summary>Derives all keys for a link group and its epoch.</summary>
        public void Derive(uint group, int linkEpoch)
        {
            _group = group;
            _linkEpoch = linkEpoch;
            Keys.Derive(_mac, Secret, group, linkEpoch);
            if (HasOld)
            {
                OldKeys.Derive(_mac, _old, group, linkEpoch);
            }
        }

        /// <summary>
        /// Takes a part of the nonce, which the centre has signed. A part for another epoch than the next one is
        /// ignored.
        /// </summary>
        public void Take(byte[] frame)
        {
            int part = Frame.SequenceOf(frame, 0);
            if (Frame.BootOf(frame, 0) == Epoch + 1 && part < Rekey.Parts)
            {
                Bytes.Copy(frame, Frame.PayloadOffset, _nonce, part * Frame.PayloadSize, Frame.PayloadSize);
                _parts |= 1 << part;
            }
        }

        /// <summary>
        /// Notes that the centre has signed a frame under the present secret, so the centre uses this secret too.
        /// </summary>
        public void NoteProof()
        {
            _isProven = true;
        }

        /// <summary>True where <see cref="Step"/> has something to do.</summary>
        public bool IsDue(long nowMs)
        {
            return nowMs >= _dueMs && (_parts == AllParts || (HasOld && _isProven) || IsUnread);
        }

        /// <summary>
        /// Does the first of three steps that is due: reads a record again that could not be read, changes the secret,
        /// or deletes the previous secret.
        /// </summary>
        /// <param name="latch">Holds the frames that may need the previous secret.</param>
        /// <param name="isQuiet">True: no call waits for a hub, and the key and the wrist are at rest.</param>
        /// <param name="nowMs">Now.</param>
        public SecretStep Step(AlarmLatch latch, bool isQuiet, long nowMs)
        {
            if (IsUnread)
            {
                _dueMs = nowMs + AgainMs;
                return ReadAgain(latch);
            }

            if (_parts == AllParts && isQuiet && !HasOld)
            {
                _dueMs = nowMs + AgainMs;
                return Change();
            }

            if (HasOld && _isProven)
            {
                _dueMs = nowMs + ForgetEveryMs;
                return NeedsOld(latch) || ForgetOld() ? SecretStep.None : SecretStep.Failed;
            }

            return SecretStep.None;
        }

        private SecretStep Change()
        {
            Rekey.NextSecret(_mac, Secret, Epoch + 1, _nonce, _next);
            if (!Store(Epoch + 1, _next, Secret, true))
            {
                return SecretStep.Failed;
            }

            _isFromLabel = false;
            _parts = 0;
            _isProven = false;
            Use();
            return SecretStep.Changed;
        }

        private bool ForgetOld()
        {
            if (!Store(Epoch, Secret, _old, false))
            {
                return false;
            }

            Use();
            return true;
        }

        private bool Store(int epoch, byte[] secret, byte[] old, bool hasOld)
        {
            if (_record.IsUnread)
            {
                _record.Load(_image); // a save must not overwrite a copy that was not read (P48)
            }

            _image[0] = Format;
            Bytes.PutU24(_image, EpochAt, epoch);
            Bytes.Copy(secret, 0, _image, SecretAt, BandKeys.Size);
            for (int i = 0; i < BandKeys.Size; i++)
            {
                _image[OldAt + i] = hasOld ? old[i] : (byte)0;
            }

            _image[HasOldAt] = hasOld ? (byte)1 : (byte)0;
            Bytes.PutU32(_image, LabelAt, _label);
            return _record.Save(_image, Size) == FlashResult.Ok && _record.Save(_image, Size) == FlashResult.Ok;
        }

        private bool Read()
        {
            if (_record.Load(_image) != Size || _image[0] != Format || Bytes.GetU32(_image, LabelAt) != _label)
            {
                return false;
            }

            Use();
            return true;
        }

        // Puts the secrets of the image into use.
        private void Use()
        {
            Epoch = Bytes.GetU24(_image, EpochAt);
            Bytes.Copy(_image, SecretAt, Secret, 0, BandKeys.Size);
            Bytes.Copy(_image, OldAt, _old, 0, BandKeys.Size);
            HasOld = _image[HasOldAt] != 0;
            Derive(_group, _linkEpoch);
        }

        // While the record could not be read, the band signed frames under the label's secret. The centre refuses these
        // frames, so the band signs them again under the secret of the record.
        private SecretStep ReadAgain(AlarmLatch latch)
        {
            OldKeys.Derive(_mac, Secret, _group, _linkEpoch);
            byte[] provisional = OldKeys.CentreUp;
            bool[] mine = new bool[AlarmLatch.Slots];
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                mine[i] = latch.At(i).Pending && _tagger.CentreTagIsRight(provisional, latch.At(i).Frame, 0);
            }

            _isFromLabel = !Read();
            if (_isFromLabel)
            {
                return SecretStep.None;
            }

            _parts = 0;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                if (mine[i])
                {
                    _tagger.SignCentre(Keys.CentreUp, latch.At(i).Frame);
                }
            }

            return SecretStep.Changed;
        }

        private bool NeedsOld(AlarmLatch latch)
        {
            bool needs = false;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = latch.At(i);
                needs |= slot.Used && (slot.Pending || slot.Open)
                    && !_tagger.CentreTagIsRight(Keys.CentreUp, slot.Frame, 0);
            }

            return needs;
        }
    }
}

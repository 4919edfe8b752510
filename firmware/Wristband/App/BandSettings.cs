using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>The settings from the centre: the configuration and the link group, in one A/B record.</summary>
    public sealed class BandSettings
    {
        private const byte Format = 1;
        private const int Size = 15;
        private const int ConfigBytes = 5;

        private readonly AbRecord _record;
        private readonly byte[] _image = new byte[Size];
        private readonly byte[] _stored = new byte[Size];

        /// <summary>Settings over the flash; they hold the defaults until <see cref="Load"/>.</summary>
        public BandSettings(IFlash flash)
        {
            _record = new AbRecord(flash, "settings", Size);
            Sensitivity = 1;
            BedFromQuarter = 88;
            BedToQuarter = 28;
        }

        /// <summary>True where the record could not be read; the record is then not written over.</summary>
        public bool IsUnread
        {
            get { return _record.IsUnread; }
        }

        /// <summary>Version of the applied configuration, 0 for the defaults.</summary>
        public int Version { get; private set; }

        /// <summary>The centre keeps the band in Guard.</summary>
        public bool GuardAlways { get; private set; }

        /// <summary>The wearer uses a stick or a walker.</summary>
        public bool WalkingAid { get; private set; }

        /// <summary>Fall sensitivity 0-2.</summary>
        public byte Sensitivity { get; private set; }

        /// <summary>Bed time begins, quarter hours since midnight.</summary>
        public int BedFromQuarter { get; private set; }

        /// <summary>Bed time ends, quarter hours since midnight.</summary>
        public int BedToQuarter { get; private set; }

        /// <summary>Inactivity event after this many 10 minutes; 0 off.</summary>
        public int InactivityTenMinutes { get; private set; }

        /// <summary>Home of the link keys.</summary>
        public uint LinkGroup { get; private set; }

        /// <summary>Epoch of the link keys.</summary>
        public int LinkEpoch { get; private set; }

        /// <summary>Reads the record; of two link groups the one with the higher epoch holds.</summary>
        public void Load(BandIdentity identity)
        {
            LinkGroup = identity.LinkGroup;
            LinkEpoch = identity.LinkEpoch;
            ReadStored();
        }

        /// <summary>
        /// Reads the record and takes over what is newer than the present settings; true where anything was.
        /// </summary>
        public bool ReadStored()
        {
            if (_record.Load(_stored) != Size || _stored[0] != Format)
            {
                return false;
            }

            // The image keeps the configuration's 5 bytes where a frame has them, so the frame's own readers serve.
            bool any = false;
            int version = Bytes.GetU24(_stored, 1);
            if (version > Version)
            {
                any = true;
                Version = version;
                Bytes.Copy(_stored, 4, _image, 4, ConfigBytes);
                Read(_stored, 4 - Frame.PayloadOffset);
            }

            int epoch = Bytes.GetU16(_stored, 13);
            if (epoch > LinkEpoch)
            {
                any = true;
                LinkGroup = Bytes.GetU32(_stored, 9);
                LinkEpoch = epoch;
            }

            return any;
        }

        /// <summary>Applies a configuration whose tag is right; false where it is not newer or not valid.</summary>
        public bool Apply(byte[] frame)
        {
            int version = Frame.BootOf(frame, 0);
            if (version <= Version || !Payload.ConfigurationIsValid(frame, 0))
            {
                return false;
            }

            Version = version;
            Read(frame, 0);
            Bytes.Copy(frame, Frame.PayloadOffset, _image, 4, ConfigBytes);
            return true;
        }

        /// <summary>Moves the link keys; false where the epoch has not risen (a replay).</summary>
        public bool Move(byte[] frame)
        {
            int epoch = Payload.LinkEpochOf(frame, 0);
            if (epoch <= LinkEpoch)
            {
                return false;
            }

            LinkGroup = Payload.LinkGroupOf(frame, 0);
            LinkEpoch = epoch;
            return true;
        }

        /// <summary>Stores the settings that were applied.</summary>
        public FlashResult Save()
        {
            _image[0] = Format;
            Bytes.PutU24(_image, 1, Version);
            Bytes.PutU32(_image, 9, LinkGroup);
            Bytes.PutU16(_image, 13, LinkEpoch);
            return _record.Save(_image, Size);
        }

        private void Read(byte[] frame, int offset)
        {
            GuardAlways = Payload.ConfigGuardAlways(frame, offset);
            WalkingAid = Payload.ConfigWalkingAid(frame, offset);
            Sensitivity = Payload.ConfigSensitivity(frame, offset);
            BedFromQuarter = Payload.ConfigBedFrom(frame, offset);
            BedToQuarter = Payload.ConfigBedTo(frame, offset);
            InactivityTenMinutes = Payload.ConfigInactivity(frame, offset);
        }
    }
}

namespace ElderBand.BandProtocol
{
    /// <summary>
    /// Keeps the provision of a device in two copies with a CRC each (docs/adr/0090). A person copies files onto the
    /// device. The device writes their content into both copies and then deletes the files, so a file that is there is
    /// always newer than the copies. One good copy is enough, and the device writes a bad copy again. Only a newer
    /// provision is written over a copy that could not be read (P48, P51).
    /// </summary>
    public sealed class ProvisionStore
    {
        private const string Record = "provision";
        private const int ReadTries = 3;
        private const int LengthBytes = 2;

        private readonly IFlash _flash;
        private readonly string[] _files;
        private readonly AbRecord _record;
        private readonly byte[] _file;
        private readonly byte[] _kept;
        private readonly byte[] _merged;
        private readonly bool[] _wasRead;
        private int _keptBytes;
        private int _mergedBytes;
        private bool _isDoubled;

        /// <summary>Composes the store over the flash.</summary>
        /// <param name="flash">Flash of the device.</param>
        /// <param name="files">Names of the files that a person may copy.</param>
        /// <param name="maxBytes">Most bytes that these files may have together.</param>
        public ProvisionStore(IFlash flash, string[] files, int maxBytes)
        {
            _flash = flash;
            _files = files;
            int size = maxBytes + (files.Length * LengthBytes);
            _record = new AbRecord(flash, Record, size);
            _file = new byte[size];
            _kept = new byte[size];
            _merged = new byte[size];
            _wasRead = new bool[files.Length];
        }

        /// <summary>
        /// True: one of the two copies was rotten, missing or unreadable, a copied file was refused, or the flash did
        /// not take the copies. Staff must know, because the next fault may cost the device its identity.
        /// </summary>
        public bool WasBad { get; private set; }

        /// <summary>True: a copy or a copied file could not be read and may hold the identity of the device.</summary>
        public bool IsUnread { get; private set; }

        /// <summary>True: the copied files are too long to be kept.</summary>
        public bool IsTooLong { get; private set; }

        /// <summary>Reads both copies, writes a bad copy again, and reads the copied files.</summary>
        public void Load()
        {
            int length = _record.Load(_kept);
            bool isKept = IsWhole(length);
            _keptBytes = isKept ? length : 0;
            _isDoubled = isKept && _record.IsDoubled;
            IsUnread = _record.IsUnread;
            WasBad = isKept && !_isDoubled;
            if (WasBad)
            {
                _isDoubled = _record.Save(_kept, _keptBytes) == FlashResult.Ok;
            }

            Merge();
        }

        /// <summary>
        /// Text of the file that a person has copied, otherwise of the kept one; null where there is neither.
        /// </summary>
        /// <param name="file">Index of the file in the list of names, from 0.</param>
        public string Text(int file)
        {
            return TextOf(_merged, _mergedBytes, file);
        }

        /// <summary>Text of a kept file; null where no such file is kept.</summary>
        /// <param name="file">Index of the file in the list of names, from 0.</param>
        public string Kept(int file)
        {
            return TextOf(_kept, _keptBytes, file);
        }

        /// <summary>
        /// Keeps what <see cref="Text"/> gives, because it is good: writes it into both copies where they do not hold
        /// it, then deletes the copied files.
        /// </summary>
        public void Keep()
        {
            if (_mergedBytes != _keptBytes || !Bytes.Same(_merged, 0, _kept, 0, _keptBytes))
            {
                _isDoubled = _record.Replace(_merged, _mergedBytes) == FlashResult.Ok
                    && _record.Replace(_merged, _mergedBytes) == FlashResult.Ok;
                WasBad |= !_isDoubled;
            }

            for (int i = 0; i < _files.Length; i++)
            {
                if (_isDoubled && _wasRead[i])
                {
                    _flash.Delete(_files[i]);
                }
            }
        }

        /// <summary>Notes that the copied files cannot be used. The device works with the kept ones.</summary>
        public void Refuse()
        {
            WasBad = true;
        }

        /// <summary>True where everything that could not be read can be read now.</summary>
        public bool CanBeRead()
        {
            bool can = _record.CanBeRead();
            for (int i = 0; i < _files.Length; i++)
            {
                can &= _flash.Length(_files[i]) != FlashFile.Fault;
            }

            return can;
        }

        // A copy holds the length of each file and then its bytes. The length is 0 where there is no file.
        private bool IsWhole(int length)
        {
            int at = 0;
            for (int i = 0; i < _files.Length; i++)
            {
                if (at + LengthBytes > length)
                {
                    return false;
                }

                at += LengthBytes + Bytes.GetU16(_kept, at);
            }

            return at == length;
        }

        private void Merge()
        {
            _mergedBytes = 0;
            int keptAt = 0;
            for (int i = 0; i < _files.Length; i++)
            {
                int keptLength = _keptBytes > 0 ? Bytes.GetU16(_kept, keptAt) : 0;
                int read = ReadFile(_files[i]);
                _wasRead[i] = read > 0;
                IsUnread |= read == FlashFile.Fault;
                int length = _wasRead[i] ? read : keptLength;
                if (_mergedBytes + LengthBytes + length + ((_files.Length - 1 - i) * LengthBytes) > _merged.Length)
                {
                    IsTooLong = true;
                    length = 0;
                }

                Bytes.PutU16(_merged, _mergedBytes, length);
                Bytes.Copy(
                    _wasRead[i] ? _file : _kept,
                    _wasRead[i] ? 0 : keptAt + LengthBytes,
                    _merged,
                    _mergedBytes + LengthBytes,
                    length);
                _mergedBytes += LengthBytes + length;
                keptAt += LengthBytes + keptLength;
            }
        }

        private int ReadFile(string name)
        {
            int read = FlashFile.Fault;
            for (int tries = 0; tries < ReadTries && read == FlashFile.Fault; tries++)
            {
                read = _flash.Read(name, 0, _file, _file.Length);
            }

            return read;
        }

        private string TextOf(byte[] content, int count, int file)
        {
            if (count == 0)
            {
                return null;
            }

            int at = 0;
            for (int i = 0; i < file; i++)
            {
                at += LengthBytes + Bytes.GetU16(content, at);
            }

            int length = Bytes.GetU16(content, at);
            return length == 0 ? null : Utf8.Text(content, at + LengthBytes, length);
        }
    }
}

namespace ElderBand.BandProtocol
{
    /// <summary>
    /// A small record in two copies, name.a and name.b, with a counter and a CRC: the flash has no atomic replace, so
    /// the older copy is overwritten and the newer one survives any power cut (P17). Layout: counter 4, length 2,
    /// content, CRC 4. A copy that could not be read may be the newer one, so nothing is written over that copy until
    /// it has been read (P48).
    /// </summary>
    public sealed class AbRecord
    {
        private const int Overhead = 10;
        private const int ContentAt = 6;
        private const int Rotten = -3;
        private const int ReadTries = 3;

        private readonly IFlash _flash;
        private readonly string _nameA;
        private readonly string _nameB;
        private readonly byte[] _buffer;
        private readonly byte[] _other;
        private uint _counter;
        private bool _newestIsA;

        /// <summary>Names the record and its largest content in bytes.</summary>
        public AbRecord(IFlash flash, string name, int maxBytes)
        {
            _flash = flash;
            _nameA = name + ".a";
            _nameB = name + ".b";
            _buffer = new byte[maxBytes + Overhead];
            _other = new byte[maxBytes + Overhead];
        }

        /// <summary>
        /// True where the last load could not read a copy: that copy may hold the newest content.
        /// </summary>
        public bool IsUnread { get; private set; }

        /// <summary>
        /// True where the last load found a copy that could not be read or was not whole: the loaded content may be one
        /// save old.
        /// </summary>
        public bool MayBeOld { get; private set; }

        /// <summary>
        /// True where the last load found both copies whole and with the same content: the record has been saved twice.
        /// </summary>
        public bool IsDoubled { get; private set; }

        /// <summary>
        /// Reads the newest whole copy into the start of <paramref name="content"/>; returns its length, -1 where
        /// neither copy is whole. Reading a copy is tried three times.
        /// </summary>
        public int Load(byte[] content)
        {
            int a = LoadOne(_nameA, _buffer);
            int b = LoadOne(_nameB, _other);
            IsUnread = a == FlashFile.Fault || b == FlashFile.Fault;
            MayBeOld = IsUnread || a == Rotten || b == Rotten;
            IsDoubled = a >= 0 && a == b && Bytes.Same(_buffer, ContentAt, _other, ContentAt, a);
            if (a < 0 && b < 0)
            {
                return -1;
            }

            uint counterA = Bytes.GetU32(_buffer, 0);
            uint counterB = Bytes.GetU32(_other, 0);
            _newestIsA = b < 0 || (a >= 0 && counterA > counterB);
            _counter = _newestIsA ? counterA : counterB;
            byte[] newest = _newestIsA ? _buffer : _other;
            int length = _newestIsA ? a : b;
            Bytes.Copy(newest, ContentAt, content, 0, length);
            return length;
        }

        /// <summary>True where neither copy is a fault to read now. The loaded content stays as it is.</summary>
        public bool CanBeRead()
        {
            return LoadOne(_nameA, _buffer) != FlashFile.Fault && LoadOne(_nameB, _other) != FlashFile.Fault;
        }

        /// <summary>
        /// Writes over the older copy. After Ok the content survives a power cut. Failed also where a copy is unread:
        /// load the record again first.
        /// </summary>
        public FlashResult Save(byte[] content, int count)
        {
            return IsUnread ? FlashResult.Failed : Put(content, count);
        }

        /// <summary>
        /// As <see cref="Save"/>, for content that replaces whatever the record holds. Where a copy is unread, both
        /// copies are written over.
        /// </summary>
        public FlashResult Replace(byte[] content, int count)
        {
            if (!IsUnread)
            {
                return Put(content, count);
            }

            _counter++; // the unread copy may be one save ahead
            FlashResult result = Put(content, count);
            result = result == FlashResult.Ok ? Put(content, count) : result;
            IsUnread = result != FlashResult.Ok;
            return result;
        }

        private FlashResult Put(byte[] content, int count)
        {
            uint counter = _counter + 1;
            Bytes.PutU32(_buffer, 0, counter);
            Bytes.PutU16(_buffer, 4, count);
            Bytes.Copy(content, 0, _buffer, ContentAt, count);
            Bytes.PutU32(_buffer, count + ContentAt, Crc32.Compute(_buffer, 0, count + ContentAt));
            FlashResult result = _flash.Write(_newestIsA ? _nameB : _nameA, _buffer, count + Overhead);
            if (result == FlashResult.Ok)
            {
                _counter = counter;
                _newestIsA = !_newestIsA;
            }

            return result;
        }

        private int LoadOne(string name, byte[] buffer)
        {
            int read = FlashFile.Fault;
            for (int tries = 0; tries < ReadTries && read == FlashFile.Fault; tries++)
            {
                read = _flash.Read(name, 0, buffer, buffer.Length);
            }

            if (read < 0)
            {
                return read;
            }

            if (read < Overhead)
            {
                return Rotten;
            }

            int length = Bytes.GetU16(buffer, 4);
            if (length + Overhead > read
                || Bytes.GetU32(buffer, length + ContentAt) != Crc32.Compute(buffer, 0, length + ContentAt))
            {
                return Rotten;
            }

            return length;
        }
    }
}

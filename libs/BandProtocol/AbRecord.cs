namespace ElderBand.BandProtocol
{
    /// <summary>
    /// A small record in two copies, name.a and name.b, with a counter and a CRC: the flash has no atomic replace, so
    /// the older copy is overwritten and the newer one survives any power cut (P17). Layout: counter 4, length 2,
    /// content, CRC 4.
    /// </summary>
    public sealed class AbRecord
    {
        private const int Overhead = 10;

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
        /// Reads the newest whole copy into the start of <paramref name="content"/>; returns its length, -1 where
        /// neither copy is whole.
        /// </summary>
        public int Load(byte[] content)
        {
            int a = LoadOne(_nameA, _buffer);
            int b = LoadOne(_nameB, _other);
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
            Bytes.Copy(newest, 6, content, 0, length);
            return length;
        }

        /// <summary>Writes over the older copy. After Ok the content survives a power cut.</summary>
        public FlashResult Save(byte[] content, int count)
        {
            uint counter = _counter + 1;
            Bytes.PutU32(_buffer, 0, counter);
            Bytes.PutU16(_buffer, 4, count);
            Bytes.Copy(content, 0, _buffer, 6, count);
            Bytes.PutU32(_buffer, count + 6, Crc32.Compute(_buffer, 0, count + 6));
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
            int read = _flash.Read(name, 0, buffer, buffer.Length);
            if (read < Overhead)
            {
                return -1;
            }

            int length = Bytes.GetU16(buffer, 4);
            if (length + Overhead > read || Bytes.GetU32(buffer, length + 6) != Crc32.Compute(buffer, 0, length + 6))
            {
                return -1;
            }

            return length;
        }
    }
}

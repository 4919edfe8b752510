namespace ElderBand.BandProtocol
{
    /// <summary>
    /// Counts which blocks of the littlefs partition the known files take. The device cannot be asked: its driver
    /// reports a size of -1. A file is known from the first operation that names it, and littlefs gives each file
    /// whole blocks. Callers open all their files at start, so that the count is whole before anything is written.
    /// </summary>
    public sealed class FlashSpace
    {
        /// <summary>Bytes of a littlefs block.</summary>
        public const int BlockBytes = 4096;

        /// <summary>Bytes of the partition in the 4 MB layouts of the ESP32 images; larger layouts have more.</summary>
        public const int PartitionBytes = 0x40000;

        /// <summary>
        /// Blocks that no file of the application may take: 8 for the directory (pairs of blocks; it splits when a
        /// pair is half full), 1 for the copy that an append makes of the last block, 3 for the network settings
        /// of the runtime and for a copied provision and certificate that the device has not stored yet.
        /// </summary>
        public const int ReservedBlocks = 12;

        private const int MaxFiles = 64;

        private readonly string[] _names = new string[MaxFiles];
        private readonly int[] _lengths = new int[MaxFiles];
        private int _files;
        private int _used;

        /// <summary>Bytes that are left, in whole blocks; 0 where the files take more than they may.</summary>
        public int FreeBytes
        {
            get
            {
                int free = (PartitionBytes / BlockBytes) - ReservedBlocks - _used;
                return free > 0 ? free * BlockBytes : 0;
            }
        }

        /// <summary>Notes how long a file is now, bytes; -1 = there is none.</summary>
        public void Note(string name, int length)
        {
            int file = IndexOf(name);
            if (file < 0)
            {
                if (length < 0 || _files == MaxFiles)
                {
                    return;
                }

                file = _files++;
                _names[file] = name;
                _lengths[file] = -1;
            }

            _used += BlocksOf(length) - BlocksOf(_lengths[file]);
            _lengths[file] = length;
        }

        /// <summary>Length of a file, bytes; -1 where there is none or none is known.</summary>
        public int LengthOf(string name)
        {
            int file = IndexOf(name);
            return file < 0 ? -1 : _lengths[file];
        }

        /// <summary>True where the file may become this long, bytes.</summary>
        public bool Fits(string name, int length)
        {
            int more = BlocksOf(length) - BlocksOf(LengthOf(name));
            return more * BlockBytes <= FreeBytes;
        }

        private static int BlocksOf(int length)
        {
            // An empty file takes no block of its own; counting one keeps the estimate on the safe side.
            return length < 0 ? 0 : length == 0 ? 1 : (length + BlockBytes - 1) / BlockBytes;
        }

        private int IndexOf(string name)
        {
            for (int i = 0; i < _files; i++)
            {
                if (_names[i] == name)
                {
                    return i;
                }
            }

            return -1;
        }
    }
}

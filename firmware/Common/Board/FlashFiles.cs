using System;
using System.IO;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>
    /// Files on the internal littlefs drive. <c>Flush</c> there does not reach the medium: every write opens and closes
    /// its file. The file system throws many kinds of exceptions, and none of them may reach the loop. The drive tells
    /// neither its size nor why a write failed, so <see cref="FlashSpace"/> alone decides what is full (R3).
    /// </summary>
    public sealed class FlashFiles : IFlash
    {
        private const string Drive = "I:\\";

        private readonly FlashSpace _space = new FlashSpace();

        /// <inheritdoc/>
        public int Length(string name)
        {
            try
            {
                int length = FlashFile.None;
                if (File.Exists(Drive + name))
                {
                    using FileStream file = new FileStream(Drive + name, FileMode.Open, FileAccess.Read);
                    length = (int)file.Length;
                }

                _space.Note(name, length);
                return length;
            }
            catch (Exception)
            {
                return FlashFile.Fault;
            }
        }

        /// <inheritdoc/>
        public int Read(string name, int offset, byte[] buffer, int count)
        {
            try
            {
                if (!File.Exists(Drive + name))
                {
                    return FlashFile.None;
                }

                using FileStream file = new FileStream(Drive + name, FileMode.Open, FileAccess.Read);
                int left = (int)file.Length - offset;
                _space.Note(name, (int)file.Length);
                file.Seek(offset, SeekOrigin.Begin);
                int wanted = left < count ? left : count;
                int total = 0;
                while (total < wanted)
                {
                    int read = file.Read(buffer, total, wanted - total);
                    if (read <= 0)
                    {
                        return FlashFile.Fault;
                    }

                    total += read;
                }

                return total;
            }
            catch (Exception)
            {
                return FlashFile.Fault;
            }
        }

        /// <inheritdoc/>
        public FlashResult Write(string name, byte[] data, int count)
        {
            return Store(name, FileMode.Create, 0, data, count);
        }

        /// <inheritdoc/>
        public FlashResult Append(string name, byte[] data, int count)
        {
            int length = _space.LengthOf(name);
            if (length < 0)
            {
                length = Length(name);
                if (length == FlashFile.Fault)
                {
                    return FlashResult.Failed;
                }
            }

            return Store(name, FileMode.Append, length < 0 ? 0 : length, data, count);
        }

        /// <inheritdoc/>
        public FlashResult Delete(string name)
        {
            try
            {
                if (File.Exists(Drive + name))
                {
                    File.Delete(Drive + name);
                }

                _space.Note(name, -1);
                return FlashResult.Ok;
            }
            catch (Exception)
            {
                return FlashResult.Failed;
            }
        }

        /// <inheritdoc/>
        public int FreeBytes()
        {
            return _space.FreeBytes;
        }

        private FlashResult Store(string name, FileMode mode, int before, byte[] data, int count)
        {
            if (!_space.Fits(name, before + count))
            {
                return FlashResult.Full;
            }

            try
            {
                using FileStream file = new FileStream(Drive + name, mode, FileAccess.Write);
                file.Write(data, 0, count);
            }
            catch (Exception)
            {
                // How much of it the file holds now is unknown; ask for its length.
                Length(name);
                return FlashResult.Failed;
            }

            _space.Note(name, before + count);
            return FlashResult.Ok;
        }
    }
}

using System;
using System.IO;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>
    /// Files on the internal littlefs drive. <c>Flush</c> there does not reach the medium: every write opens and closes
    /// its file. The file system throws many kinds of exceptions, and none of them may reach the loop.
    /// </summary>
    public sealed class FlashFiles : IFlash
    {
        private const string Drive = "I:\\";
        private const int BlockBytes = 4096;

        /// <inheritdoc/>
        public int Length(string name)
        {
            try
            {
                if (!File.Exists(Drive + name))
                {
                    return -1;
                }

                using FileStream file = new FileStream(Drive + name, FileMode.Open, FileAccess.Read);
                return (int)file.Length;
            }
            catch (Exception)
            {
                return -1;
            }
        }

        /// <inheritdoc/>
        public int Read(string name, int offset, byte[] buffer, int count)
        {
            try
            {
                using FileStream file = new FileStream(Drive + name, FileMode.Open, FileAccess.Read);
                file.Seek(offset, SeekOrigin.Begin);
                int total = 0;
                while (total < count)
                {
                    int read = file.Read(buffer, total, count - total);
                    if (read <= 0)
                    {
                        break;
                    }

                    total += read;
                }

                return total;
            }
            catch (Exception)
            {
                return -1;
            }
        }

        /// <inheritdoc/>
        public FlashResult Write(string name, byte[] data, int count)
        {
            return Store(name, FileMode.Create, data, count);
        }

        /// <inheritdoc/>
        public FlashResult Append(string name, byte[] data, int count)
        {
            return Store(name, FileMode.Append, data, count);
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
            try
            {
                // The API tells the size of the drive, not what is free; littlefs gives each file whole blocks and keeps two for itself.
                long free = new DriveInfo(Drive).TotalSize - (2 * BlockBytes);
                foreach (string path in Directory.GetFiles(Drive))
                {
                    long blocks = (new FileInfo(path).Length / BlockBytes) + 1;
                    free -= blocks * BlockBytes;
                }

                return free > 0 ? (int)free : 0;
            }
            catch (Exception)
            {
                return 0;
            }
        }

        private FlashResult Store(string name, FileMode mode, byte[] data, int count)
        {
            try
            {
                using FileStream file = new FileStream(Drive + name, mode, FileAccess.Write);
                file.Write(data, 0, count);
            }
            catch (Exception)
            {
                return FreeBytes() < count + BlockBytes ? FlashResult.Full : FlashResult.Failed;
            }

            return FlashResult.Ok;
        }
    }
}

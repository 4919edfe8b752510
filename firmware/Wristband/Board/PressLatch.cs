using System.Threading;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;

namespace ElderBand.Wristband.Board
{
    /// <summary>The latch beside the key: one line reads the latch, the other one clears it.</summary>
    public sealed class PressLatch : IPressLatch
    {
        /// <summary>Wait for the capacitor to empty, which takes 1 ms (hardware/wristband/README.md).</summary>
        private const int ClearMs = 2;

        private readonly IPin _line;
        private readonly IPin _clear;

        /// <summary>Over the latch's output and the line that empties its capacitor.</summary>
        public PressLatch(IPin line, IPin clear)
        {
            _line = line;
            _clear = clear;
        }

        /// <inheritdoc/>
        public bool IsSet()
        {
            return _line.Read();
        }

        /// <inheritdoc/>
        public void Clear()
        {
            _clear.Write(true);
            Thread.Sleep(ClearMs);
            _clear.Write(false);
        }
    }
}

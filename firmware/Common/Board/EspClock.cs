using System;
using ElderBand.BandProtocol;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Runtime.Native;

namespace ElderBand.Common.Board
{
    /// <summary>
    /// The chip's microsecond timer. <c>Environment.TickCount64</c> moves in steps of 10 ms and stands still in light
    /// sleep; this one does neither.
    /// </summary>
    public sealed class EspClock : IClock
    {
        private bool _wallIsKnown;

        /// <inheritdoc/>
        public long NowMs()
        {
            return (long)(HighResTimer.GetCurrent() / 1000);
        }

        /// <inheritdoc/>
        public long WallMs()
        {
            return _wallIsKnown ? (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond : 0;
        }

        /// <inheritdoc/>
        public void SetWall(long unixMs)
        {
            Rtc.SetSystemTime(new DateTime(DateTime.UnixEpoch.Ticks + (unixMs * TimeSpan.TicksPerMillisecond)));
            _wallIsKnown = true;
        }
    }
}

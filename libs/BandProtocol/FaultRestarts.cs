namespace ElderBand.BandProtocol
{
    /// <summary>
    /// Counts the restarts that were tried because the flash could not be read. The count is the length of a file:
    /// where the file cannot be read or cannot grow, no restart is tried, so no fault causes endless restarts (P48).
    /// </summary>
    public sealed class FaultRestarts
    {
        /// <summary>Restarts in a row at most.</summary>
        public const int Most = 3;

        private const string Name = "restarts";

        private readonly IFlash _flash;
        private readonly byte[] _mark = new byte[1];

        /// <summary>Over the flash that is at fault.</summary>
        public FaultRestarts(IFlash flash)
        {
            _flash = flash;
        }

        /// <summary>True where one more restart may be tried; that restart is counted.</summary>
        public bool Take()
        {
            int length = _flash.Length(Name);
            return length != FlashFile.Fault && length < Most && _flash.Append(Name, _mark, 1) == FlashResult.Ok;
        }

        /// <summary>Everything was read, so the count begins again.</summary>
        public void Clear()
        {
            if (_flash.Length(Name) > 0)
            {
                _flash.Delete(Name);
            }
        }
    }
}

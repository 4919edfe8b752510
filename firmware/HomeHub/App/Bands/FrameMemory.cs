using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// The last 64 frames that the hub has stored. The memory holds their centre tags; a tag covers header and payload,
    /// so other bytes under a used number have another tag. A frame that is found here is answered without a new
    /// record, so a replay costs no flash write (docs/adr/0055). One memory serves all bands, because each band signs
    /// with its own key.
    /// </summary>
    public sealed class FrameMemory
    {
        private const int Slots = 64;
        private const long AskAgainMs = 600000;
        private const int Periods = 255;

        private readonly uint[] _tags = new uint[Slots];
        private readonly byte[] _asked = new byte[Slots]; // period of the last question, 0 for none
        private int _next;

        /// <summary>True where exactly this frame was stored or answered lately.</summary>
        public bool Holds(byte[] frame, int offset)
        {
            return Find(frame, offset) >= 0;
        }

        /// <summary>The frame is stored; the oldest is forgotten.</summary>
        public void Note(byte[] frame, int offset)
        {
            if (Find(frame, offset) < 0)
            {
                _tags[_next] = Bytes.GetU32(frame, offset + Frame.CentreTagOffset);
                _asked[_next] = 0;
                _next = (_next + 1) % Slots;
            }
        }

        /// <summary>
        /// True where the centre may be asked about a frame that is held: once in a period of 10 minutes.
        /// </summary>
        public bool MayAsk(byte[] frame, int offset, long nowMs)
        {
            int at = Find(frame, offset);
            byte period = (byte)((nowMs / AskAgainMs % Periods) + 1);
            if (at < 0 || _asked[at] == period)
            {
                return at < 0;
            }

            _asked[at] = period;
            return true;
        }

        private int Find(byte[] frame, int offset)
        {
            uint tag = Bytes.GetU32(frame, offset + Frame.CentreTagOffset);
            for (int i = 0; i < Slots; i++)
            {
                if (_tags[i] == tag)
                {
                    return i;
                }
            }

            return -1;
        }
    }
}

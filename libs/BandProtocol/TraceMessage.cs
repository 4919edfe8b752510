namespace ElderBand.BandProtocol
{
    /// <summary>
    /// The centre's question for a hub's trace and the answer. Question (down/trace): version 1, number of the
    /// question 1. Answer (up/trace): version 1, number of the question 1, count 1, then entries of 8 bytes, oldest
    /// first, as <see cref="TraceRing"/> writes them.
    /// </summary>
    public static class TraceMessage
    {
        /// <summary>Bytes of a question.</summary>
        public const int AskSize = 2;

        /// <summary>Bytes before the first entry of an answer.</summary>
        public const int HeaderSize = 3;

        /// <summary>Largest answer.</summary>
        public const int MaxSize = HeaderSize + (TraceRing.Capacity * TraceRing.EntrySize);

        /// <summary>Writes a question; returns its size.</summary>
        public static int PutAsk(byte[] data, byte ask)
        {
            data[0] = HubMessage.Version;
            data[1] = ask;
            return AskSize;
        }

        /// <summary>True where a question is well formed.</summary>
        public static bool AskIsValid(byte[] data, int count)
        {
            return HubMessage.Fits(count, AskSize) && data[0] == HubMessage.Version;
        }

        /// <summary>Number of the question, in the question and in its answer.</summary>
        public static byte Ask(byte[] data)
        {
            return data[1];
        }

        /// <summary>Bytes of the entries of a valid answer, from <see cref="HeaderSize"/>.</summary>
        public static int EntryBytes(byte[] data)
        {
            return data[2] * TraceRing.EntrySize;
        }

        /// <summary>Writes the answer with all entries; returns its size, at most <see cref="MaxSize"/>.</summary>
        public static int PutAnswer(byte[] data, byte ask, TraceRing trace)
        {
            data[0] = HubMessage.Version;
            data[1] = ask;
            data[2] = (byte)trace.Count;
            for (int i = 0; i < trace.Count; i++)
            {
                trace.SaveEntry(i, data, HeaderSize + (i * TraceRing.EntrySize));
            }

            return HeaderSize + (trace.Count * TraceRing.EntrySize);
        }

        /// <summary>True where an answer is well formed.</summary>
        public static bool AnswerIsValid(byte[] data, int count)
        {
            return count >= HeaderSize
                && data[0] == HubMessage.Version
                && data[2] <= TraceRing.Capacity
                && HubMessage.Fits(count, HeaderSize + (data[2] * TraceRing.EntrySize));
        }
    }
}

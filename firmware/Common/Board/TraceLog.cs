using System;
using ElderBand.BandProtocol;

namespace ElderBand.Common.Board
{
    /// <summary>Prints the trace on the cable, as numbers (docs/operations.md names them).</summary>
    public static class TraceLog
    {
        /// <summary>
        /// One line an entry, oldest first: "trace", seconds since its boot, kind, first and second number.
        /// </summary>
        public static void Print(TraceRing trace)
        {
            for (int i = 0; i < trace.Count; i++)
            {
                Console.WriteLine(
                    "trace " + trace.Seconds(i).ToString() + " " + ((int)trace.Kind(i)).ToString()
                    + " " + trace.First(i).ToString() + " " + trace.Second(i).ToString());
            }
        }
    }
}

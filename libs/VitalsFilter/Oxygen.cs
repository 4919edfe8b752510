namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Oxygen saturation from the ratio of the red and the infrared pulse wave, each against its own level. The ratio is the
    /// regression of one wave on the other over 8 s, which noise in single peaks does not move. Refuses first: a pulse has to
    /// be there already, both waves must be alike, and the ratio steady over the window. An estimate, not a diagnosis.
    /// </summary>
    public sealed class Oxygen
    {
        private int _curveConstantX1000 = 112690;
        private int _curveLinearX1000 = -34660;
        private int _curveSquareX1000 = 1596;

        /// <summary>Oxygen saturation x10 in steps of 10, 700..1000; 0 when refused.</summary>
        public int Spo2X10 { get; private set; }

        /// <summary>Ratio of ratios x1000 of the last estimate, 0 if there is none.</summary>
        public int RatioX1000 { get; private set; }

        /// <summary>SpO2 (percent) = constant + linear R + square R^2, each x1000.</summary>
        public void ConfigureCurve(int constantX1000, int linearX1000, int squareX1000)
        {
            _curveConstantX1000 = constantX1000;
            _curveLinearX1000 = linearX1000;
            _curveSquareX1000 = squareX1000;
        }

        /// <summary>There is none.</summary>
        public void Forget()
        {
            Spo2X10 = 0;
            RatioX1000 = 0;
        }

        /// <summary>Estimates from one window of both channels, in which a pulse was found and the arm was still.</summary>
        /// <returns>None, or why there is no value.</returns>
        public HeartRefusal Estimate(int[] red, int[] ir, int oldest)
        {
            long levelRed = IntegerMath.Mean(red);
            long levelIr = IntegerMath.Mean(ir);

            // R by regression of the red wave on the infrared one, over the window and over its quarters.
            long crossAll = 0;
            long irAll = 0;
            long redAll = 0;
            int lowest = int.MaxValue;
            int highest = 0;
            int length = red.Length;
            int quarter = length / 4;
            for (int q = 0; q < 4; q++)
            {
                long cross = 0;
                long irSquares = 0;
                int start = (oldest + (q * quarter)) % length;
                long meanRed = MeanX16(red, start, quarter);
                long meanIr = MeanX16(ir, start, quarter);
                int at = start;
                for (int i = 0; i < quarter; i++)
                {
                    long r = ((long)red[at] * 16) - meanRed;
                    long s = ((long)ir[at] * 16) - meanIr;
                    cross += r * s;
                    irSquares += s * s;
                    redAll += r * r;
                    at = at + 1 == length ? 0 : at + 1;
                }

                crossAll += cross;
                irAll += irSquares;
                int ratio = Ratio(cross, irSquares, levelRed, levelIr);
                lowest = ratio < lowest ? ratio : lowest;
                highest = ratio > highest ? ratio : highest;
            }

            long norm = IntegerMath.IsqrtLong(irAll) * IntegerMath.IsqrtLong(redAll);
            if (norm == 0 || crossAll / (1 + (norm / 1000)) < 900)
            {
                return HeartRefusal.NoSignal;
            }

            RatioX1000 = Ratio(crossAll, irAll, levelRed, levelIr);
            if (highest - lowest > 150)
            {
                return HeartRefusal.Disagree;
            }

            long r1000 = RatioX1000;
            long percentX1000 = _curveConstantX1000 + (_curveLinearX1000 * r1000 / 1000)
                + (_curveSquareX1000 * r1000 * r1000 / 1000000);
            if (percentX1000 < 70000 || percentX1000 > 101000)
            {
                return HeartRefusal.NoSignal; // the curve was never fitted there
            }

            int percent = (int)((percentX1000 + 500) / 1000);
            Spo2X10 = (percent > 100 ? 100 : percent) * 10;
            return HeartRefusal.None;
        }

        private static long MeanX16(int[] ring, int start, int count)
        {
            long sum = 0;
            int at = start;
            for (int i = 0; i < count; i++)
            {
                sum += ring[at];
                at = at + 1 == ring.Length ? 0 : at + 1;
            }

            return sum * 16 / count;
        }

        private static int Ratio(long cross, long irSquares, long levelRed, long levelIr)
        {
            if (irSquares <= 0 || cross <= 0)
            {
                return 0;
            }

            // cross / irSquares x 10^6 without leaving 63 bits, then the two levels.
            while (cross > 1L << 40 || irSquares > 1L << 40)
            {
                cross >>= 1;
                irSquares >>= 1;
            }

            long slope = irSquares == 0 ? 0 : cross * 1000000 / irSquares;
            return (int)(slope * levelIr / levelRed / 1000);
        }
    }
}

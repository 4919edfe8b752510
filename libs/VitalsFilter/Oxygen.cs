namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Estimates oxygen saturation; the estimate is no diagnosis. With red and infrared light, the saturation follows
    /// from the ratio of the two pulse waves, each divided by its own level. That ratio is the slope of the regression
    /// of one wave on the other over 8 s, because noise in single peaks changes a regression little. The colours of a
    /// camera do not give the ratio; there, the saturation follows from the change of the red level since contact
    /// began. An estimate is refused unless a pulse was found, both waves are alike, and the ratio is steady over the
    /// window.
    /// </summary>
    public sealed class Oxygen
    {
        private const int LowestX1000 = 70000;
        private const int HighestX1000 = 101000;
        // Below this, the same level means different saturations in different people.
        private const int TrendLowestX1000 = 90000;
        private const int TrendSettles = 10; // windows after contact until the level counts as settled
        private const int AlikeX1000 = 900;
        private const int SteadyX1000 = 150;
        private const int MinPerfusionX100000 = 100; // AC peak to peak 0.1 % of DC, as for the rate

        private bool _isTrend;
        private int _curveConstantX1000 = 112690;
        private int _curveLinearX1000 = -34660;
        private int _curveSquareX1000 = 1596;

        private int _windows;
        private int _smoothed;
        private int _best;

        /// <summary>Oxygen saturation x10 in steps of 10, 700..1000; 0 when refused.</summary>
        public int Spo2X10 { get; private set; }

        /// <summary>R of the last estimate, x1000; 0 for none. <see cref="ConfigureCurve"/> says what R is and how the
        /// saturation follows from R.</summary>
        public int RatioX1000 { get; private set; }

        /// <summary>True where the estimate uses the red level alone.</summary>
        public bool IsTrend
        {
            get { return _isTrend; }
        }

        /// <summary>SpO2 (percent) = constant + linear R + square R^2, each x1000.</summary>
        /// <param name="isTrend">False: R is the ratio of ratios. True: R is the red level as a share of its highest
        /// since contact. The trend takes the saturation at the highest level for normal, so it shows a later fall, but
        /// never a saturation that was low from the beginning.</param>
        /// <param name="constantX1000">Constant, percent x1000.</param>
        /// <param name="linearX1000">Percent x1000 per 1 of R.</param>
        /// <param name="squareX1000">Percent x1000 per 1 of R squared.</param>
        public void ConfigureCurve(bool isTrend, int constantX1000, int linearX1000, int squareX1000)
        {
            _isTrend = isTrend;
            _curveConstantX1000 = constantX1000;
            _curveLinearX1000 = linearX1000;
            _curveSquareX1000 = squareX1000;
        }

        /// <summary>Clears the value.</summary>
        public void Clear()
        {
            Spo2X10 = 0;
            RatioX1000 = 0;
        }

        /// <summary>Tells that contact begins again.</summary>
        public void Reset()
        {
            Clear();
            _windows = 0;
        }

        /// <summary>Estimates from one window of the red level, in which a pulse was found and the arm was
        /// still.</summary>
        /// <returns>None, or why there is no value.</returns>
        public HeartRefusal FollowLevel(int[] red)
        {
            int level = IntegerMath.Mean(red);
            _smoothed = _windows == 0 ? level : _smoothed + ((level - _smoothed) / 4);
            _best = _windows == 0 || _smoothed > _best ? _smoothed : _best;
            if (_windows < TrendSettles)
            {
                _windows++;
                return HeartRefusal.Warmup;
            }

            RatioX1000 = _best <= 0 ? 0 : (int)((long)_smoothed * 1000 / _best);
            return Apply(TrendLowestX1000);
        }

        /// <summary>Estimates from one window of both channels, in which a pulse was found and the arm was
        /// still.</summary>
        /// <param name="red">The window of red.</param>
        /// <param name="ir">The window of infrared.</param>
        /// <param name="neighbours">Samples in 600 ms. The wave is the signal minus its mean over this number of
        /// samples on both sides.</param>
        /// <returns>None, or why there is no value.</returns>
        public HeartRefusal Estimate(int[] red, int[] ir, int neighbours)
        {
            int length = red.Length;
            long levelRed = IntegerMath.Mean(red);
            long levelIr = IntegerMath.Mean(ir);
            long sumRed = 0;
            long sumIr = 0;
            int count = neighbours;
            for (int i = 0; i < neighbours; i++)
            {
                sumRed += red[i];
                sumIr += ir[i];
            }

            // R by regression of the red wave on the infrared wave, over the window and over each quarter of it.
            long crossAll = 0;
            long irAll = 0;
            long redAll = 0;
            int lowest = int.MaxValue;
            int highest = 0;
            int quarter = length / 4;
            for (int q = 0; q < 4; q++)
            {
                long cross = 0;
                long irSquares = 0;
                long redSquares = 0;
                for (int i = q * quarter; i < (q + 1) * quarter; i++)
                {
                    if (i + neighbours < length)
                    {
                        sumRed += red[i + neighbours];
                        sumIr += ir[i + neighbours];
                        count++;
                    }

                    if (i > neighbours)
                    {
                        sumRed -= red[i - neighbours - 1];
                        sumIr -= ir[i - neighbours - 1];
                        count--;
                    }

                    long r = ((long)red[i] * 16) - (sumRed * 16 / count);
                    long s = ((long)ir[i] * 16) - (sumIr * 16 / count);
                    cross += r * s;
                    irSquares += s * s;
                    redSquares += r * r;
                }

                crossAll += cross;
                irAll += irSquares;
                redAll += redSquares;
                int ratio = Ratio(cross, irSquares, levelRed, levelIr);
                lowest = ratio < lowest ? ratio : lowest;
                highest = ratio > highest ? ratio : highest;
            }

            RatioX1000 = Ratio(crossAll, irAll, levelRed, levelIr);
            HeartRefusal refusal = Judge(
                Perfusion(redAll, length, levelRed), Perfusion(irAll, length, levelIr), crossAll, redAll, irAll);
            if (refusal != HeartRefusal.None)
            {
                RatioX1000 = 0;
                return refusal;
            }

            return highest - lowest > SteadyX1000 ? HeartRefusal.Disagree : Apply(LowestX1000);
        }

        private static HeartRefusal Judge(int perfusionRed, int perfusionIr, long cross, long redPower, long irPower)
        {
            if (perfusionRed < MinPerfusionX100000 || perfusionIr < MinPerfusionX100000)
            {
                return HeartRefusal.LowPerfusion;
            }

            long norm = IntegerMath.IsqrtLong(irPower) * IntegerMath.IsqrtLong(redPower);
            return norm == 0 || cross / (1 + (norm / 1000)) < AlikeX1000 ? HeartRefusal.NoSignal : HeartRefusal.None;
        }

        // The peak to peak of a pulse wave is about four times its root mean square. The wave is scaled by 16.
        private static int Perfusion(long squares, int length, long level)
        {
            long rms = IntegerMath.IsqrtLong(squares / length);
            return level <= 0 ? 0 : (int)(rms * 25000 / level);
        }

        private HeartRefusal Apply(int lowestX1000)
        {
            long r = RatioX1000;
            long percentX1000 = _curveConstantX1000 + (_curveLinearX1000 * r / 1000)
                + (_curveSquareX1000 * r * r / 1000000);
            if (percentX1000 < lowestX1000 || percentX1000 > HighestX1000)
            {
                return HeartRefusal.NoSignal; // outside the range for which the curve was fitted
            }

            int percent = (int)((percentX1000 + 500) / 1000);
            Spo2X10 = (percent > 100 ? 100 : percent) * 10;
            return HeartRefusal.None;
        }

        private static int Ratio(long cross, long irSquares, long levelRed, long levelIr)
        {
            if (irSquares <= 0 || cross <= 0)
            {
                return 0;
            }

            // cross / irSquares x 10^6 within 63 bits, then the ratio of the two levels.
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

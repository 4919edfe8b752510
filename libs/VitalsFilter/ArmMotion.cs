namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// How much the arm moves: the accelerometer's deviation in blocks of a second. The caller ends each block, because
    /// accelerometer and PPG sensor each have their own clock and the blocks follow the PPG sensor's.
    /// </summary>
    public sealed class ArmMotion
    {
        /// <summary>Number of seconds kept.</summary>
        public const int Seconds = 10;

        private readonly int[] _blockVariance = new int[Seconds];
        private int _blockAt;
        private int _blocks;
        private int _count;
        private int _x;
        private int _y;
        private int _z;
        private long _squares;
        private int _silentBlocks;
        private bool _known;

        /// <summary>
        /// True where samples arrived once, but none for three seconds or more: then motion is unknown.
        /// </summary>
        public bool IsSilent
        {
            get { return _known && _silentBlocks >= 3; }
        }

        /// <summary>Takes one sample, milli-g.</summary>
        public void Push(int xMg, int yMg, int zMg)
        {
            int x = IntegerMath.Clamp(xMg, -16000, 16000);
            int y = IntegerMath.Clamp(yMg, -16000, 16000);
            int z = IntegerMath.Clamp(zMg, -16000, 16000);
            _known = true;
            _count++;
            _x += x;
            _y += y;
            _z += z;
            _squares += (x * x) + (y * y) + (z * z);
        }

        /// <summary>Ends the block of the current second.</summary>
        public void CloseSecond()
        {
            if (_count > 0)
            {
                long mean = ((long)_x * _x) + ((long)_y * _y) + ((long)_z * _z);
                long variance = (_squares - (mean / _count)) / _count;
                _blockVariance[_blockAt] = variance > int.MaxValue ? int.MaxValue : (int)variance;
                _blockAt = _blockAt + 1 == Seconds ? 0 : _blockAt + 1;
                _blocks = _blocks < Seconds ? _blocks + 1 : Seconds;
                _silentBlocks = 0;
            }
            else
            {
                _silentBlocks = _silentBlocks < 1000 ? _silentBlocks + 1 : 1000;
            }

            _count = 0;
            _x = 0;
            _y = 0;
            _z = 0;
            _squares = 0;
        }

        /// <summary>Root of the mean variance of the last seconds, mg; 0 before the first second. Each second's
        /// variance is around its own mean, so that a change of the arm's posture does not count as motion.</summary>
        public int DeviationMg(int seconds)
        {
            int count = seconds < _blocks ? seconds : _blocks;
            if (count == 0)
            {
                return 0;
            }

            long sum = 0;
            int at = _blockAt;
            for (int i = 0; i < count; i++)
            {
                at = at == 0 ? Seconds - 1 : at - 1;
                sum += _blockVariance[at];
            }

            return (int)IntegerMath.IsqrtLong(sum / count);
        }

        /// <summary>Forgets all samples.</summary>
        public void Reset()
        {
            _blockAt = 0;
            _blocks = 0;
            _count = 0;
            _x = 0;
            _y = 0;
            _z = 0;
            _squares = 0;
            _silentBlocks = 0;
            _known = false;
        }
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>
    /// Tracks the heart rate while the arm moves. Every 2 s, spectra of the last 8 s of PPG and acceleration are
    /// computed (<see cref="MotionSpectra"/>), with 66 bins between 32 and 223 bpm. A forest of integer trees gives
    /// each bin the log-odds that it holds the heart rate, and not the stride or a harmonic of either
    /// (<see cref="BinFeatures"/>, <see cref="PulseForest"/>). A Viterbi search finds the most likely path through the
    /// bins (<see cref="RatePath"/>). The PPG's level, polarity and scale do not matter. No clock, no allocation after
    /// construction, integers only.
    /// </summary>
    public sealed class MotionTracker
    {
        /// <summary>Number of bins in which a heart rate can lie.</summary>
        public const int Bins = 66;

        /// <summary>The first of these bins in a spectrum.</summary>
        public const int FirstBin = 11;

        /// <summary>Features of one bin, a byte each.</summary>
        public const int FeatureCount = 17;

        /// <summary>Time between two updates, ms.</summary>
        public const int StepMs = 2000;

        private readonly AccelerationWindow _acceleration = new AccelerationWindow();
        private readonly int[] _scratch = new int[2 * Spectrum.Samples];
        private readonly MotionSpectra _spectra;
        private readonly BinFeatures _features = new BinFeatures();
        private readonly int[] _scores = new int[Bins];
        private readonly RatePath _path = new RatePath();

        private TrackStage _stage;
        private int _steps;
        private int _tree;
        private int _open;

        /// <summary>Creates a tracker without a path.</summary>
        public MotionTracker()
        {
            _spectra = new MotionSpectra(_acceleration, _scratch);
        }

        private enum TrackStage : byte
        {
            Spectra,
            Amplitudes,
            Neighbours,
            Places,
            Scores,
            Path,
        }

        /// <summary>Rate of the most likely path x10; 0 before the first update.</summary>
        public int BpmX10
        {
            get { return _path.BpmX10; }
        }

        /// <summary>Recent mean of the log-odds that the path's bin holds a pulse, in 1/64.</summary>
        public int Evidence
        {
            get { return _path.Evidence; }
        }

        /// <summary>0..100. A rate in the bin of the stride is trusted only if, within the last minute, a rate apart
        /// from the stride was found from which a heart can have reached it. Otherwise the confidence stays below
        /// <see cref="HeartRate.ReportConfidence"/>.</summary>
        public int Confidence
        {
            get { return _path.Confidence; }
        }

        /// <summary>The features of all bins at the last update, one row for each feature: for training and
        /// tests.</summary>
        public byte[] Features
        {
            get { return _features.Values; }
        }

        /// <summary>Takes one accelerometer sample, milli-g, at 25 Hz.</summary>
        public void PushMotion(int xMg, int yMg, int zMg)
        {
            _acceleration.Push(xMg, yMg, zMg);
        }

        /// <summary>Forgets the path; the acceleration of the last 8 s stays.</summary>
        public void Reset()
        {
            _features.Reset();
            _path.Reset();
        }

        /// <summary>Begins an update from the last 8 s. Accelerometer samples may arrive during the update.</summary>
        /// <param name="channels">PPG channels, 1..3.</param>
        /// <param name="steps">Steps of <see cref="StepMs"/> since the last update, at least 1.</param>
        public void Begin(int channels, int steps)
        {
            _acceleration.Freeze();
            _spectra.Begin(channels);
            _steps = steps;
            _stage = TrackStage.Spectra;
        }

        /// <summary>Does the next slice of an update.</summary>
        /// <param name="window">The frozen PPG.</param>
        /// <returns>True when the update is done.</returns>
        public bool Step(PulseWindow window)
        {
            switch (_stage)
            {
                case TrackStage.Spectra:
                    if (_spectra.Step(window))
                    {
                        _stage = TrackStage.Amplitudes;
                    }

                    return false;
                case TrackStage.Amplitudes:
                    _features.ScaleToAmplitudes(_spectra);
                    _stage = TrackStage.Neighbours;
                    return false;
                case TrackStage.Neighbours:
                    _features.CompareWithNeighbours(_spectra, _scratch);
                    _stage = TrackStage.Places;
                    return false;
                case TrackStage.Places:
                    _features.CompareWithWindow(_spectra, _scratch);
                    _tree = 0;
                    _open = PulseForest.Begin(_scores, _scratch, Bins);
                    _stage = TrackStage.Scores;
                    return false;
                case TrackStage.Scores:
                    _tree = PulseForest.Judge(_features.Values, Bins, _scores, _scratch, _tree, ref _open);
                    if (_tree == 0)
                    {
                        _stage = TrackStage.Path;
                    }

                    return false;
                default:
                    _path.Advance(_scores, _spectra.Acceleration, _steps, _scratch);
                    return true;
            }
        }
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>Why there is no heart rate (or no SpO2). Four bits on the wire.</summary>
    public enum HeartRefusal : byte
    {
        /// <summary>Reported, not refused.</summary>
        None = 0,

        /// <summary>The level is too low: the sensor is uncovered.</summary>
        NotWorn = 1,

        /// <summary>The arm moves too much.</summary>
        Motion = 2,

        /// <summary>There is contact, but the pulse is too weak to trust.</summary>
        LowPerfusion = 3,

        /// <summary>Samples at the end of the converter's range.</summary>
        Saturated = 4,

        /// <summary>Beats were found, but their intervals vary too much for one rate.</summary>
        Irregular = 5,

        /// <summary>Not enough signal since contact began.</summary>
        Warmup = 6,

        /// <summary>No periodic signal was found.</summary>
        NoSignal = 7,

        /// <summary>Two methods disagree, so one of them may be half or double the true rate.</summary>
        Disagree = 8,

        /// <summary>Values that the chip cannot produce, a frozen signal, or no accelerometer samples.</summary>
        SensorFault = 9,
    }
}

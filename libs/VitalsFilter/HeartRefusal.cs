namespace ElderBand.VitalsFilter
{
    /// <summary>Why there is no heart rate (or no SpO2). Four bits on the wire.</summary>
    public enum HeartRefusal : byte
    {
        /// <summary>Reported, not refused.</summary>
        None = 0,

        /// <summary>The level is too low: nothing on the sensor.</summary>
        NotWorn = 1,

        /// <summary>The arm moves too much.</summary>
        Motion = 2,

        /// <summary>There is contact, but the pulse is too weak to trust.</summary>
        LowPerfusion = 3,

        /// <summary>Samples at the end of the converter's range.</summary>
        Saturated = 4,

        /// <summary>Beats, but too unevenly spaced for one number.</summary>
        Irregular = 5,

        /// <summary>Not enough signal since contact began.</summary>
        Warmup = 6,

        /// <summary>Nothing that repeats like a pulse.</summary>
        NoSignal = 7,

        /// <summary>Two ways of counting disagree, so one of them may be half or double the truth.</summary>
        Disagree = 8,

        /// <summary>Values the chip cannot produce, a frozen signal, or a silent accelerometer.</summary>
        SensorFault = 9,
    }
}

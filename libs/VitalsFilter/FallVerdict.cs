namespace ElderBand.VitalsFilter
{
    /// <summary>What the detector says after a sample.</summary>
    public enum FallVerdict : byte
    {
        /// <summary>Nothing to act on.</summary>
        None = 0,

        /// <summary>A possible fall that ended in movement; for the log only.</summary>
        NearFall = 1,

        /// <summary>Strong suspicion: start the wearer's countdown.</summary>
        Suspected = 2,

        /// <summary>A weaker suspicion that lying still has confirmed: start the wearer's countdown.</summary>
        SuspectedLate = 3,
    }

    /// <summary>Where the detector stands between two samples.</summary>
    public enum FallPhase : byte
    {
        /// <summary>Nothing has passed 1.5 g.</summary>
        Idle = 0,

        /// <summary>Something has, less than a second ago: a higher peak may follow.</summary>
        Peak = 1,

        /// <summary>The peak is a second old or more; the signal after it is awaited. The time to see whether the band
        /// sits on a wrist or was dropped.</summary>
        Settle = 2,

        /// <summary>A weak suspicion: does the wearer lie still?</summary>
        LongLie = 3,
    }
}

namespace ElderBand.VitalsFilter
{
    /// <summary>The detector's verdict after a sample.</summary>
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

    /// <summary>Phase of the detector between two samples.</summary>
    public enum FallPhase : byte
    {
        /// <summary>Nothing has passed 1.5 g.</summary>
        Idle = 0,

        /// <summary>A sample passed 1.5 g less than a second ago; a higher peak may follow.</summary>
        Peak = 1,

        /// <summary>The peak is a second old or more, and samples after the peak are still collected. In this phase the
        /// PPG can show whether the band is on a wrist or was dropped.</summary>
        Settle = 2,

        /// <summary>A weak suspicion is watched: lying still confirms it.</summary>
        LongLie = 3,
    }
}

namespace ElderBand.BandProtocol
{
    /// <summary>What a technical event reports (byte 5 of its payload).</summary>
    public enum TechnicalCode : byte
    {
        /// <summary>Unknown.</summary>
        None = 0,

        /// <summary>The PPG sensor answers nonsense, has stopped converting, or its bus is held.</summary>
        PpgFault = 1,

        /// <summary>
        /// The accelerometer answers nonsense, has stopped converting, or its bus is held: falls are not watched.
        /// </summary>
        AccelerometerFault = 2,

        /// <summary>Battery below 20 %.</summary>
        BatteryLow = 3,

        /// <summary>Battery below 10 %.</summary>
        BatteryCritical = 4,

        /// <summary>The key has been held for over 10 s, or sticks.</summary>
        KeyStuck = 5,

        /// <summary>Flash could not be written: a pending alarm may not survive a reset.</summary>
        FlashFault = 6,

        /// <summary>More than 10 frames with a bad tag within a minute.</summary>
        Tamper = 7,

        /// <summary>The latch was full.</summary>
        LatchFull = 8,

        /// <summary>A fault has ended; byte 4 holds the fault's code in place of the battery.</summary>
        Recovered = 9,

        /// <summary>
        /// The centre sent a configuration with a field out of its range; the band keeps the old one.
        /// </summary>
        ConfigurationRefused = 10,

        /// <summary>Hub: the band has not been heard for three beats.</summary>
        BandSilent = 16,

        /// <summary>Hub: the band is heard again.</summary>
        BandBack = 17,

        /// <summary>Hub: mains power is gone, running on the backup battery.</summary>
        MainsLost = 18,

        /// <summary>Hub: mains power is back.</summary>
        MainsBack = 19,

        /// <summary>Hub: vitals were dropped because the store was full.</summary>
        VitalsDropped = 20,

        /// <summary>Hub: a band's frame has a wrong link tag. Band and hub may hold keys of different epochs.</summary>
        LinkKeyUnknown = 21,

        /// <summary>Hub: restarted by its watchdog.</summary>
        WatchdogReset = 22,

        /// <summary>Hub: its store came back empty; provision again.</summary>
        StoreLost = 23,

        /// <summary>Nothing acknowledges the PPG sensor's address.</summary>
        PpgAbsent = 24,

        /// <summary>Another part is at the PPG sensor's address.</summary>
        PpgWrongPart = 25,

        /// <summary>The PPG sensor's part number was right earlier in this boot and is now another one.</summary>
        PpgChanged = 26,

        /// <summary>Nothing acknowledges the accelerometer's address: falls are not watched.</summary>
        AccelerometerAbsent = 27,

        /// <summary>Another part is at the accelerometer's address: falls are not watched.</summary>
        AccelerometerWrongPart = 28,

        /// <summary>The accelerometer's part number was right earlier in this boot and is now another one.</summary>
        AccelerometerChanged = 29,

        /// <summary>The band is charged on the wrist.</summary>
        ChargedOnWrist = 30,

        /// <summary>The band's press latch did not remember a press: a press during a boot may be lost.</summary>
        PressLatchFault = 31,

        /// <summary>Hub: the centre sends messages of a version that this hub does not know.</summary>
        VersionUnknown = 32,

        /// <summary>
        /// One of the two copies of the device's provision was bad at this boot. The device has written that copy again
        /// unless the flash refused the write.
        /// </summary>
        ProvisionCopyBad = 33,
    }
}

namespace ElderBand.Wristband.Board
{
    /// <summary>
    /// GPIO numbers of the wristband (Adafruit 5477, ESP32-S3). hardware/wristband/pins.json says the same with the
    /// parts, and a test compares the two. The three lines that wake the chip must be RTC GPIOs (0-21 on the S3) and
    /// active high: EXT1 wakes on any line high or on all lines low, and the three share it.
    /// </summary>
    public static class Pins
    {
        /// <summary>I2C data: MAX30102, ADXL343, and the board's MAX17048.</summary>
        public const int I2cData = 3;

        /// <summary>I2C clock.</summary>
        public const int I2cClock = 4;

        /// <summary>The key; wakes.</summary>
        public const int Key = 5;

        /// <summary>ADXL343 INT1; wakes.</summary>
        public const int MotionInterrupt = 6;

        /// <summary>
        /// Watchdog on. A capacitor keeps the level for 8 to 20 s while the chip sleeps and drives nothing.
        /// </summary>
        public const int WatchdogEnable = 8;

        /// <summary>MAX30102 INT, active low.</summary>
        public const int OpticalInterrupt = 9;

        /// <summary>Vibration motor.</summary>
        public const int Motor = 10;

        /// <summary>LED.</summary>
        public const int Led = 11;

        /// <summary>Watchdog feed; a falling edge counts.</summary>
        public const int WatchdogFeed = 12;

        /// <summary>Charger's 5 V, divided to 3 V.</summary>
        public const int Charger = 14;

        /// <summary>The press latch's output; wakes.</summary>
        public const int PressLatch = 15;

        /// <summary>Clears the press latch.</summary>
        public const int PressLatchClear = 16;
    }
}

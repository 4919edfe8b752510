namespace ElderBand.HomeHub.Board
{
    /// <summary>
    /// GPIO numbers of the home hub (ESP32-DevKitC-VE: ESP32-WROVER-E, whose PSRAM takes 16 and 17; 6-11 are the flash;
    /// 0, 2, 5, 12 and 15 are strapped at reset). hardware/hub/pins.json says the same with the parts, and a test
    /// compares.
    /// </summary>
    public static class Pins
    {
        /// <summary>Buzzer.</summary>
        public const int Buzzer = 25;

        /// <summary>Light.</summary>
        public const int Led = 26;

        /// <summary>The hub's own key.</summary>
        public const int Key = 27;

        /// <summary>Watchdog feed; a falling edge counts.</summary>
        public const int WatchdogFeed = 32;

        /// <summary>
        /// A charged capacitor: still charged at boot means that the supply was never gone, so something reset the
        /// chip.
        /// </summary>
        public const int Retention = 33;

        /// <summary>Mains, before the backup battery, divided to 3 V; an input-only line.</summary>
        public const int Mains = 34;
    }
}

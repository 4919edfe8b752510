using System.Device.I2c;
using System.Diagnostics;
using System.Threading;
using Iot.Device.Adxl343;
using Iot.Device.RegisterBus;
using nanoFramework.Hardware.Esp32;

namespace Adxl343Samples
{
    /// <summary>Prints the last sample of each burst of an ADXL343, and what is wrong where there is none.</summary>
    public static class Program
    {
        private const int DataPin = 21;
        private const int ClockPin = 22;
        private const int BusId = 1;

        // Half of what the FIFO holds: a late loop then loses nothing.
        private const int BurstMs = Adxl343.Depth * 1000 / Adxl343.RateHz / 2;

        // A part that does not answer is tried again after this time; the message then appears once a second.
        private const int RetryMs = 1000;

        /// <summary>Entry of the device.</summary>
        public static void Main()
        {
            Configuration.SetPinFunction(DataPin, DeviceFunction.I2C1_DATA);
            Configuration.SetPinFunction(ClockPin, DeviceFunction.I2C1_CLOCK);
            I2cConnectionSettings settings =
                new I2cConnectionSettings(BusId, Adxl343.DefaultI2cAddress, I2cBusSpeed.FastMode);
            using I2cDevice device = I2cDevice.Create(settings);
            Adxl343 sensor = new Adxl343(device);
            while (true)
            {
                SensorHealth health = sensor.Validate();
                if (health == SensorHealth.Ok)
                {
                    health = sensor.Start();
                }

                while (health == SensorHealth.Ok)
                {
                    Thread.Sleep(BurstMs);
                    health = sensor.ReadBurst();
                    int last = sensor.Count - 1;
                    if (last >= 0)
                    {
                        string milliG = $"{sensor.X(last)} {sensor.Y(last)} {sensor.Z(last)}";
                        Debug.WriteLine($"{sensor.Count} samples, {sensor.Overruns} overruns, last {milliG} mg");
                    }
                }

                Debug.WriteLine(
                    $"ADXL343: fault {(int)health}, register {sensor.FaultRegister}, read {sensor.FaultValue}");
                Thread.Sleep(RetryMs);
            }
        }
    }
}

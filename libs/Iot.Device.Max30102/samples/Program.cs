using System.Device.I2c;
using System.Diagnostics;
using System.Threading;
using Iot.Device.Max30102;
using Iot.Device.RegisterBus;
using nanoFramework.Hardware.Esp32;

namespace Max30102Samples
{
    /// <summary>Prints the mean of each burst of a MAX30102, and what is wrong where there is none.</summary>
    public static class Program
    {
        private const int DataPin = 21;
        private const int ClockPin = 22;
        private const int BusId = 1;

        // Half of what the FIFO holds: a late loop then loses nothing.
        private const int BurstMs = Max30102.Depth * 1000 / Max30102.RateHz / 2;

        // A part that does not answer is tried again after this time; the message then appears once a second.
        private const int RetryMs = 1000;

        /// <summary>Entry of the device.</summary>
        public static void Main()
        {
            Configuration.SetPinFunction(DataPin, DeviceFunction.I2C1_DATA);
            Configuration.SetPinFunction(ClockPin, DeviceFunction.I2C1_CLOCK);
            I2cConnectionSettings settings =
                new I2cConnectionSettings(BusId, Max30102.DefaultI2cAddress, I2cBusSpeed.FastMode);
            using I2cDevice device = I2cDevice.Create(settings);
            Max30102 sensor = new Max30102(device);
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
                    Print(sensor);
                }

                Debug.WriteLine(
                    $"MAX30102: fault {(int)health}, register {sensor.FaultRegister}, read {sensor.FaultValue}");
                Thread.Sleep(RetryMs);
            }
        }

        private static void Print(Max30102 sensor)
        {
            if (sensor.Count == 0)
            {
                return;
            }

            int red = 0;
            int infrared = 0;
            for (int i = 0; i < sensor.Count; i++)
            {
                red += sensor.Red(i) / sensor.Count;
                infrared += sensor.Ir(i) / sensor.Count;
            }

            Debug.WriteLine($"{sensor.Count} samples, {sensor.Lost} lost, mean red {red}, infrared {infrared}");
        }
    }
}

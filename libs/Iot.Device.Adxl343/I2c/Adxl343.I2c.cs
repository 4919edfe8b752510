using System.Device.I2c;
using Iot.Device.RegisterBus;

namespace Iot.Device.Adxl343
{
    /// <content>The device's own bus.</content>
    public sealed partial class Adxl343
    {
        /// <summary>Over an I2C device at <see cref="DefaultI2cAddress"/>, up to 400 kHz.</summary>
        /// <param name="i2cDevice">Stays the caller's to dispose.</param>
        public Adxl343(I2cDevice i2cDevice)
            : this(new I2cRegisterBus(i2cDevice))
        {
        }
    }
}

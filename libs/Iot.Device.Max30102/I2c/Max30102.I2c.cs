using System.Device.I2c;
using Iot.Device.RegisterBus;

namespace Iot.Device.Max30102
{
    /// <content>The device's own bus.</content>
    public sealed partial class Max30102
    {
        /// <summary>Over an I2C device at <see cref="DefaultI2cAddress"/>, up to 400 kHz.</summary>
        /// <param name="i2cDevice">Stays the caller's to dispose.</param>
        /// <param name="hasGreen">A MAX30101 or MAX30105: the third channel is measured as well.</param>
        public Max30102(I2cDevice i2cDevice, bool hasGreen = false)
            : this(new I2cRegisterBus(i2cDevice), hasGreen)
        {
        }
    }
}

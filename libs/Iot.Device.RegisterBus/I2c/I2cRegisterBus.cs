using System;
using System.Device.I2c;

namespace Iot.Device.RegisterBus
{
    /// <summary>
    /// One part on an I2C bus of the device. A <see cref="SpanByte"/> is a ref struct and lives in no field, so a read
    /// makes one for the register and one for the buffer; the two arrays of a write are kept.
    /// </summary>
    public sealed class I2cRegisterBus : IRegisterBus
    {
        private readonly I2cDevice _device;
        private readonly byte[] _register = new byte[1];
        private readonly byte[] _registerAndValue = new byte[2];

        /// <summary>Over a device that the caller owns and disposes.</summary>
        public I2cRegisterBus(I2cDevice i2cDevice)
        {
            _device = i2cDevice;
        }

        /// <inheritdoc/>
        public BusResult Write(byte register, byte value)
        {
            _registerAndValue[0] = register;
            _registerAndValue[1] = value;
            try
            {
                return Outcome(_device.Write(_registerAndValue));
            }
            catch (Exception)
            {
                return BusResult.Stuck;
            }
        }

        /// <inheritdoc/>
        public BusResult Read(byte register, byte[] buffer, int count)
        {
            _register[0] = register;
            try
            {
                return Outcome(_device.WriteRead(_register, new SpanByte(buffer, 0, count)));
            }
            catch (Exception)
            {
                return BusResult.Stuck;
            }
        }

        /// <summary>False: freeing a held bus needs its pins, which belong to the board.</summary>
        public bool Recover()
        {
            return false;
        }

        private static BusResult Outcome(I2cTransferResult result)
        {
            switch (result.Status)
            {
                case I2cTransferStatus.FullTransfer:
                    return BusResult.Ok;
                case I2cTransferStatus.SlaveAddressNotAcknowledged:
                case I2cTransferStatus.PartialTransfer:
                    return BusResult.Nak;
                default:
                    return BusResult.Stuck;
            }
        }
    }
}

using System;
using System.Device.Gpio;
using System.Device.I2c;
using System.Threading;
using ElderBand.BandProtocol;
using nanoFramework.Hardware.Esp32;

namespace ElderBand.Wristband.Board
{
    /// <summary>
    /// The one I2C bus with its three parts, 400 kHz. A part that was reset in the middle of a byte holds the data line;
    /// nine clocks let it finish (NXP UM10204, 3.1.16), and that frees the bus for all parts.
    /// </summary>
    public sealed class I2cBus
    {
        /// <summary>7-bit address of the MAX30102.</summary>
        public const int PulseAddress = 0x57;

        /// <summary>7-bit address of the ADXL343 with its SDO line low.</summary>
        public const int AccelerometerAddress = 0x53;

        private const int BusId = 1;
        private const int MaxParts = 3;

        private readonly GpioController _gpio;
        private readonly Part[] _parts = new Part[MaxParts];
        private int _count;

        /// <summary>Takes the two lines for the bus.</summary>
        public I2cBus(GpioController gpio)
        {
            _gpio = gpio;
            TakeLines();
        }

        /// <summary>The part at a 7-bit address.</summary>
        public IRegisterBus Open(int address)
        {
            Part part = new Part(this, address);
            _parts[_count++] = part;
            return part;
        }

        private static void TakeLines()
        {
            Configuration.SetPinFunction(Pins.I2cData, DeviceFunction.I2C1_DATA);
            Configuration.SetPinFunction(Pins.I2cClock, DeviceFunction.I2C1_CLOCK);
        }

        private bool Recover()
        {
            for (int i = 0; i < _count; i++)
            {
                _parts[i].Close();
            }

            bool isFree;
            try
            {
                GpioPin clock = _gpio.OpenPin(Pins.I2cClock, PinMode.OutputOpenDrain);
                GpioPin data = _gpio.OpenPin(Pins.I2cData, PinMode.OutputOpenDrain);
                data.Write(PinValue.High);
                for (int i = 0; i < 9; i++)
                {
                    clock.Write(PinValue.Low);
                    clock.Write(PinValue.High);
                }

                // Stop condition: data rises while the clock is high.
                clock.Write(PinValue.Low);
                data.Write(PinValue.Low);
                clock.Write(PinValue.High);
                data.Write(PinValue.High);
                Thread.Sleep(1);
                data.SetPinMode(PinMode.Input);
                isFree = data.Read() == PinValue.High;
                _gpio.ClosePin(Pins.I2cClock);
                _gpio.ClosePin(Pins.I2cData);
            }
            catch (Exception)
            {
                isFree = false;
            }

            TakeLines();
            for (int i = 0; i < _count; i++)
            {
                _parts[i].Open();
            }

            return isFree;
        }

        private sealed class Part : IRegisterBus
        {
            private readonly I2cBus _bus;
            private readonly int _address;
            private readonly byte[] _register = new byte[1];
            private readonly byte[] _registerAndValue = new byte[2];
            private I2cDevice _device;

            public Part(I2cBus bus, int address)
            {
                _bus = bus;
                _address = address;
                Open();
            }

            public void Open()
            {
                try
                {
                    _device = I2cDevice.Create(new I2cConnectionSettings(BusId, _address, I2cBusSpeed.FastMode));
                }
                catch (Exception)
                {
                    _device = null; // the bus is still held: reads answer Stuck, and the next recovery tries again
                }
            }

            public void Close()
            {
                I2cDevice device = _device;
                _device = null;
                try
                {
                    device?.Dispose();
                }
                catch (Exception)
                {
                    // It was not open: closed is what was asked for.
                }
            }

            public BusResult Write(byte register, byte value)
            {
                _registerAndValue[0] = register;
                _registerAndValue[1] = value;
                if (_device == null)
                {
                    return BusResult.Stuck;
                }

                try
                {
                    return Outcome(_device.Write(_registerAndValue));
                }
                catch (Exception)
                {
                    return BusResult.Stuck;
                }
            }

            public BusResult Read(byte register, byte[] buffer, int count)
            {
                _register[0] = register;
                if (_device == null)
                {
                    return BusResult.Stuck;
                }

                try
                {
                    return Outcome(_device.WriteRead(_register, new SpanByte(buffer, 0, count)));
                }
                catch (Exception)
                {
                    return BusResult.Stuck;
                }
            }

            public bool Recover()
            {
                return _bus.Recover();
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
}

using System;
using System.Device.Gpio;
using System.Device.I2c;
using Iot.Device.RegisterBus;
using nanoFramework.Hardware.Esp32;

namespace ElderBand.Wristband.Board
{
    /// <summary>
    /// The one I2C bus with its three parts, 400 kHz. A part that was reset in the middle of a byte holds the data
    /// line; nine clocks let it finish (NXP UM10204, 3.1.16), and that frees the bus for all parts.
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

            bool isFree = false;
            try
            {
                isFree = ClockOut();
            }
            catch (Exception)
            {
                // A pin did not open: the bus counts as held.
            }
            finally
            {
                // A pin that stays open is reserved: neither the I2C driver nor the next recovery could take it.
                Release(Pins.I2cClock);
                Release(Pins.I2cData);
            }

            TakeLines();
            for (int i = 0; i < _count; i++)
            {
                _parts[i].Open();
            }

            return isFree;
        }

        private bool ClockOut()
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

            // A free line rises within 300 ns (UM10204, table 10); a call of the interpreter takes longer.
            data.SetPinMode(PinMode.Input);
            return data.Read() == PinValue.High;
        }

        private void Release(int pin)
        {
            try
            {
                _gpio.ClosePin(pin);
            }
            catch (Exception)
            {
                // The pin was not open: closed is what was asked for.
            }
        }

        private sealed class Part : IRegisterBus
        {
            private readonly I2cBus _bus;
            private readonly int _address;
            private I2cDevice _device;
            private I2cRegisterBus _registers;

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
                    _registers = new I2cRegisterBus(_device);
                }
                catch (Exception)
                {
                    _registers = null; // the bus is still held: reads answer Stuck, and the next recovery tries again
                }
            }

            public void Close()
            {
                I2cDevice device = _device;
                _device = null;
                _registers = null;
                try
                {
                    device?.Dispose();
                }
                catch (Exception)
                {
                    // The device was not open: closed is what was asked for.
                }
            }

            public BusResult Write(byte register, byte value)
            {
                return _registers == null ? BusResult.Stuck : _registers.Write(register, value);
            }

            public BusResult Read(byte register, byte[] buffer, int count)
            {
                return _registers == null ? BusResult.Stuck : _registers.Read(register, buffer, count);
            }

            public bool Recover()
            {
                return _bus.Recover();
            }
        }
    }
}

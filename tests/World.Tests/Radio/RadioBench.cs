using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.Simulation;
using ElderBand.Simulation.Bluetooth;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.Advertisement;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;
using Buffer = nanoFramework.Device.Bluetooth.Buffer;

namespace ElderBand.Tests.Worlds.Radio;

/// <summary>Bands and a hub whose Apps have no radio: the test uses the API of the stacks itself.</summary>
internal sealed class RadioBench : IDisposable
{
    public RadioBench(Figures? figures = null, int bands = 1)
    {
        World = new Simulation.World(5, figures ?? Figures.Fixed);
        var radio = new VirtualRadio(World);
        Hub = new HubDevice(
            World, "hub", radio, static _ => new NoLine())
        { MakeLink = static (_, _) => new NoHubLink() };
        Hub.SetExternal(true);
        for (var i = 0; i < bands; i++)
        {
            var identity = new BandIdentity { Secret = new byte[32] };
            var band = new BandDevice(World, $"band {i}", radio, FirstAddress + i, identity, new Wearer(1, 70))
            {
                MakeLink = static _ => new NoBandLink(),
            };
            Bands.Add(band);
            Paths.Add(radio.AddPath(band.Radio, Hub.Radio, -60));
            band.PowerOn();
        }

        Hub.PowerOn();
        World.RunUntil(5000);
    }

    public const long FirstAddress = 0xEB_0000_0000;

    public Simulation.World World { get; }

    public List<BandDevice> Bands { get; } = [];

    public List<RadioPath> Paths { get; } = [];

    public HubDevice Hub { get; }

    public BluetoothHost Server => Bands[0].Radio.Host!;

    public BluetoothHost Client => Hub.Radio.Host!;

    /// <summary>What the bands were written.</summary>
    public List<byte[]> Written { get; } = [];

    /// <summary>What the hub was notified of.</summary>
    public List<byte[]> Notified { get; } = [];

    public long Count(string what) => World.Counts.GetValueOrDefault(what);

    /// <summary>Runs code of the band at this moment.</summary>
    public void OnBand(Action action, int band = 0) => Bands[band].Radio.Host!.Run(action);

    /// <summary>Runs blocking code of the hub on a thread of its own, to its end; returns the ms it took.</summary>
    public long OnHub(Action action)
    {
        var fromMs = World.NowMs;
        var ended = false;
        Client.Run(() => new VirtualThread(() =>
        {
            action();
            ended = true;
        }).Start());
        World.RunUntil(() => ended, World.NowMs + 60_000).ShouldBeTrue("the hub's code did not come back");
        return World.NowMs - fromMs;
    }

    public void Pass(int ms) => World.RunUntil(World.NowMs + ms);

    /// <summary>A provider with the band's two characteristics.</summary>
    public (GattServiceProvider Provider, GattLocalCharacteristic FromBand) Provide()
    {
        var provider = GattServiceProvider.Create(RadioIds.Service).ServiceProvider;
        const GattCharacteristicProperties Writes =
            GattCharacteristicProperties.Write | GattCharacteristicProperties.WriteWithoutResponse;
        var fromBand = Make(RadioIds.FromBand, GattCharacteristicProperties.Notify);
        var toBand = Make(RadioIds.ToBand, Writes);
        toBand.WriteRequested += (_, e) =>
        {
            var request = e.GetRequest();
            var bytes = new byte[request.Value.Length];
            DataReader.FromBuffer(request.Value).ReadBytes(bytes);
            Written.Add(bytes);
            request.Respond();
        };
        return (provider, fromBand);

        GattLocalCharacteristic Make(Guid uuid, GattCharacteristicProperties properties)
        {
            var parameters = new GattLocalCharacteristicParameters { CharacteristicProperties = properties };
            return provider.Service.CreateCharacteristic(uuid, parameters).Characteristic;
        }
    }

    public static GattServiceProviderAdvertisingParameters Parameters()
    {
        var parameters = new GattServiceProviderAdvertisingParameters
        {
            IsConnectable = true,
            IsDiscoverable = true,
            CustomAdvertisement = true,
        };
        parameters.Advertisement.Flags = BluetoothLEAdvertisementFlags.GeneralDiscoverableMode;
        parameters.Advertisement.ManufacturerData.Add(new BluetoothLEManufacturerData(RadioIds.Company, AFrame()));
        return parameters;
    }

    public static Buffer AFrame() => new(new byte[Frame.Size]);

    /// <summary>Connects on a thread of the hub; what <see cref="Connect"/> returns, which must be there.</summary>
    public (BluetoothLEDevice Device, GattCharacteristic ToBand) ConnectOnHub(int band = 0)
    {
        BluetoothLEDevice? device = null;
        GattCharacteristic? toBand = null;
        OnHub(() => toBand = Connect(device = BluetoothLEDevice.FromBluetoothAddress(FirstAddress + (ulong)band)));
        return (device!, toBand.ShouldNotBeNull());
    }

    /// <summary>Connects, discovers and subscribes; the characteristic to write to, or null without services.</summary>
    public GattCharacteristic? Connect(BluetoothLEDevice device)
    {
        var services = device.GetGattServicesForUuid(RadioIds.Service).Services;
        if (services.Length == 0)
        {
            return null;
        }

        var fromBand = services[0].GetCharacteristicsForUuid(RadioIds.FromBand).Characteristics[0];
        fromBand.ValueChanged += (_, e) =>
        {
            var bytes = new byte[e.CharacteristicValue.Length];
            DataReader.FromBuffer(e.CharacteristicValue).ReadBytes(bytes);
            Notified.Add(bytes);
        };
        fromBand.WriteClientCharacteristicConfigurationDescriptorWithResult(
            GattClientCharacteristicConfigurationDescriptorValue.Notify,
            GattWriteOption.WriteWithResponse).Status.ShouldBe(GattCommunicationStatus.Success);
        return services[0].GetCharacteristicsForUuid(RadioIds.ToBand).Characteristics[0];
    }

    public void Dispose() => World.Dispose();

    private sealed class NoBandLink : IBandLink
    {
        public bool Advertise(byte[] frame) => true;

        public void Stop()
        {
            // The test owns the stack.
        }

        public SendResult Notify(byte[] frame) => SendResult.NotConnected;

        public void Restart()
        {
            // The test owns the stack.
        }
    }

    private sealed class NoHubLink : IHubLink
    {
        public void Scan()
        {
            // The test owns the stack.
        }

        public SendResult Connect(long address) => SendResult.Busy;

        public SendResult Write(long address, byte[] frame) => SendResult.NotConnected;

        public void Disconnect(long address)
        {
            // The test owns the stack.
        }

        public void Restart()
        {
            // The test owns the stack.
        }
    }

    private sealed class NoLine : IUplink
    {
        public void Connect()
        {
            // There is no line.
        }

        public int Publish(UplinkTopic topic, byte[] payload, int count) => 0;

        public void Disconnect()
        {
            // There is no line.
        }
    }
}

using ElderBand.Common.Board;
using ElderBand.Simulation;
using ElderBand.Simulation.Bluetooth;
using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

namespace ElderBand.Tests.Worlds.Radio;

/// <summary>What upstream's GATT client and scanner do, read from their sources (docs/simulator.md).</summary>
public class ClientModelTests
{
    private const ulong Band = RadioBench.FirstAddress;
    private const ulong Nobody = 0xEB_0000_00FF;

    [Fact]
    public void A_scan_reports_an_address_once_until_it_is_started_again()
    {
        using var bench = new RadioBench();
        Provide(bench);
        var (watcher, heard) = Watch(bench);
        bench.Pass(5000);
        heard.Count.ShouldBe(1);
        bench.OnHub(watcher.Start); // a second start over a running scan changes nothing
        bench.Pass(5000);
        heard.Count.ShouldBe(1);
        bench.OnHub(() =>
        {
            watcher.Stop();
            watcher.Start();
        });
        bench.Pass(5000);
        heard.Count.ShouldBe(2);
    }

    [Fact]
    public void A_watcher_that_stops_without_a_device_stops_the_stack_and_each_start_costs()
    {
        using var bench = new RadioBench();
        var (watcher, _) = Watch(bench);
        var before = bench.Client.Starts;
        bench.OnHub(() =>
        {
            watcher.Stop();
            watcher.Start();
        }).ShouldBeGreaterThanOrEqualTo(Figures.Fixed.StackStartMs.Min + Figures.Fixed.StackStopMs.Min);
        bench.Client.Starts.ShouldBe(before + 1);
    }

    [Fact]
    public void After_the_last_disconnect_the_watcher_says_Started_and_is_deaf()
    {
        using var bench = new RadioBench(bands: 2);
        Provide(bench);
        var (device, _) = bench.ConnectOnHub();
        var (watcher, heard) = Watch(bench);
        bench.OnHub(() => device.Close());
        bench.Pass(1000);
        heard.Clear();
        bench.Pass(10_000);
        watcher.Status.ShouldBe(BluetoothLEAdvertisementWatcherStatus.Started);
        heard.ShouldBeEmpty();
        bench.Count(Faults.DeafWatcher).ShouldBe(1);
    }

    [Fact]
    public void A_connect_while_scanning_is_refused_and_says_Success()
    {
        using var bench = new RadioBench();
        Provide(bench);
        Watch(bench);
        bench.OnHub(() =>
        {
            var result = BluetoothLEDevice.FromBluetoothAddress(Band).GetGattServicesForUuid(RadioIds.Service);
            result.Status.ShouldBe(GattCommunicationStatus.Success);
            result.Services.ShouldBeEmpty();
        });
        bench.Count(Faults.ConnectRefused).ShouldBe(1);
        bench.Count(Faults.ConnectionLeaked).ShouldBe(1);
    }

    [Fact]
    public void A_connect_to_nobody_takes_7_s_ends_in_a_null_reference_and_says_Connected()
    {
        using var bench = new RadioBench();
        var device = Device(bench, Nobody);
        bench.OnHub(() => Should.Throw<NullReferenceException>(() => device.GetGattServicesForUuid(RadioIds.Service)))
            .ShouldBeInRange(7000, 7500);
        device.ConnectionStatus.ShouldBe(BluetoothConnectionStatus.Connected);
        bench.Count(Faults.FailedConnectSaidSuccess).ShouldBe(1);
    }

    [Fact]
    public void A_scan_that_is_started_during_a_connect_hears_nothing()
    {
        using var bench = new RadioBench();
        Provide(bench);
        var device = Device(bench, Nobody);
        var heard = new List<ulong>();
        void Query() => Should.Throw<NullReferenceException>(() => device.GetGattServicesForUuid(RadioIds.Service));
        bench.Client.Run(() => new VirtualThread(Query).Start());
        bench.Pass(1000);
        bench.OnHub(() =>
        {
            var watcher = new BluetoothLEAdvertisementWatcher();
            watcher.Received += (_, e) => heard.Add(e.BluetoothAddress);
            watcher.Start();
        });
        bench.Pass(20_000);
        heard.ShouldBeEmpty();
        bench.Count(Faults.ScanRefused).ShouldBe(1);
    }

    [Fact]
    public void A_device_disposed_over_a_link_is_written_to_after_it_was_freed()
    {
        using var bench = new RadioBench(bands: 2);
        var fromBand = Provide(bench);
        Provide(bench, 1);
        var (device, _) = bench.ConnectOnHub();
        bench.ConnectOnHub(1);
        bench.OnBand(() => fromBand.NotifyValue(RadioBench.AFrame()));
        bench.OnHub(() => device.Dispose());
        bench.Pass(500);
        bench.Count(Faults.DisposedConnected).ShouldBe(1);
        bench.Count(Faults.WriteAfterFree).ShouldBe(1);
    }

    [Fact]
    public void A_device_closed_and_disposed_after_its_disconnect_harms_nothing()
    {
        using var bench = new RadioBench();
        Provide(bench);
        bench.OnHub(() =>
        {
            var device = BluetoothLEDevice.FromBluetoothAddress(Band);
            bench.Connect(device).ShouldNotBeNull();
            device.Close();
            VirtualThread.Sleep(200);
            device.ConnectionStatus.ShouldBe(BluetoothConnectionStatus.Disconnected);
            device.Dispose();
        });
        bench.Count(Faults.DisposedConnected).ShouldBe(0);
        bench.Hub.Radio.IsLinked.ShouldBeFalse();
    }

    [Fact]
    public void A_known_device_connects_again_without_a_new_discovery()
    {
        using var bench = new RadioBench();
        Provide(bench);
        var (device, _) = bench.ConnectOnHub();
        bench.OnHub(() => device.Close());
        bench.Pass(500);
        bench.OnHub(() => device.GetGattServicesForUuid(RadioIds.Service).Services.Length.ShouldBe(1))
            .ShouldBeLessThanOrEqualTo(Figures.Fixed.ConnectMs.Max + Figures.Fixed.StackStartMs.Max);
        bench.Hub.Radio.IsLinked.ShouldBeTrue();
    }

    [Fact]
    public void Three_links_and_no_more()
    {
        using var bench = new RadioBench(bands: 4);
        for (var i = 0; i < 4; i++)
        {
            Provide(bench, i);
        }

        bench.OnHub(() =>
        {
            for (ulong i = 0; i < 3; i++)
            {
                bench.Connect(BluetoothLEDevice.FromBluetoothAddress(Band + i)).ShouldNotBeNull();
            }

            bench.Connect(BluetoothLEDevice.FromBluetoothAddress(Band + 3)).ShouldBeNull();
        });
        bench.Count(Faults.ConnectRefused).ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_threads_of_a_board_end_with_its_power_and_with_its_world(bool withWorld)
    {
        var bench = new RadioBench();
        var ended = 0;
        bench.Client.Run(() =>
        {
            for (var i = 0; i < 5; i++)
            {
                new VirtualThread(() =>
                {
                    try
                    {
                        new VirtualAutoResetEvent(false).WaitOne();
                    }
                    finally
                    {
                        ended++;
                    }
                }).Start();
            }
        });
        bench.Pass(100);
        ended.ShouldBe(0);
        if (withWorld)
        {
            bench.World.Dispose();
        }
        else
        {
            bench.Hub.PowerOff();
        }

        ended.ShouldBe(5);
        bench.Dispose();
    }

    [Fact]
    public void What_a_thread_throws_reaches_the_world()
    {
        using var bench = new RadioBench();
        bench.Client.Run(() => new VirtualThread(() => throw new FormatException("as told")).Start());
        Should.Throw<FormatException>(() => bench.Pass(100));
    }

    private static GattLocalCharacteristic Provide(RadioBench bench, int band = 0)
    {
        GattLocalCharacteristic? fromBand = null;
        bench.OnBand(
            () =>
            {
                (var provider, fromBand) = bench.Provide();
                provider.StartAdvertising(RadioBench.Parameters());
            },
            band);
        bench.Pass(500);
        return fromBand!;
    }

    private static (BluetoothLEAdvertisementWatcher Watcher, List<ulong> Heard) Watch(RadioBench bench)
    {
        var heard = new List<ulong>();
        BluetoothLEAdvertisementWatcher? watcher = null;
        bench.OnHub(() =>
        {
            watcher = new BluetoothLEAdvertisementWatcher();
            watcher.Received += (_, e) => heard.Add(e.BluetoothAddress);
            watcher.Start();
        });
        return (watcher!, heard);
    }

    private static BluetoothLEDevice Device(RadioBench bench, ulong address)
    {
        BluetoothLEDevice? device = null;
        bench.Client.Run(() => device = BluetoothLEDevice.FromBluetoothAddress(address));
        return device!;
    }
}

using ElderBand.Simulation;
using ElderBand.Simulation.Bluetooth;
using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.Advertisement;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

namespace ElderBand.Tests.Worlds.Radio;

/// <summary>What upstream's GATT server does, read from its sources (docs/simulator.md).</summary>
public class ServerModelTests
{
    [Theory]
    [InlineData(63, true, true)]
    [InlineData(64, false, true)]
    [InlineData(65, false, false)]
    public void A_provider_per_start_loses_writes_from_start_64_and_subscriptions_from_65(
        int starts, bool isWritten, bool isSubscribed)
    {
        using var bench = new RadioBench();
        GattLocalCharacteristic? fromBand = null;
        for (var start = 1; start <= starts; start++)
        {
            bench.OnBand(() =>
            {
                if (start > 1)
                {
                    BluetoothLEServer.Instance.Dispose();
                }

                (var provider, fromBand) = bench.Provide();
                provider.StartAdvertising(RadioBench.Parameters());
            });
            bench.Pass(500);
        }

        var (_, toBand) = bench.ConnectOnHub();
        bench.OnHub(() => toBand.WriteValueWithResult(RadioBench.AFrame()));
        bench.Pass(500);
        bench.OnBand(() => fromBand!.NotifyValue(RadioBench.AFrame()).Length.ShouldBe(isSubscribed ? 1 : 0));
        bench.Pass(500);
        bench.Written.Count.ShouldBe(isWritten ? 1 : 0);
        bench.Notified.Count.ShouldBe(isSubscribed ? 1 : 0);
        bench.Count(Faults.WriteLost).ShouldBe(isWritten ? 0 : 1);
        bench.Count(Faults.HostBlocked).ShouldBe(isWritten ? 0 : 1);
        bench.Count(Faults.SubscriptionLost).ShouldBe(isSubscribed ? 0 : 1);
        bench.Server.LeakedBytes.ShouldBeGreaterThan(800 * (starts - 1));
    }

    [Fact]
    public void An_id_whose_low_8_bits_belong_to_an_older_characteristic_is_refused_at_once()
    {
        using var bench = new RadioBench();
        bench.OnBand(() =>
        {
            for (var i = 0; i < 130; i++)
            {
                bench.Provide(); // two ids each
            }

            bench.Provide().Provider.StartAdvertising(RadioBench.Parameters());
        });
        var (_, toBand) = bench.ConnectOnHub();
        bench.OnHub(() => toBand.WriteValueWithResult(RadioBench.AFrame(), GattWriteOption.WriteWithResponse)
            .Status.ShouldBe(GattCommunicationStatus.Unreachable)).ShouldBeLessThan(500);
        bench.Count(Faults.WriteLost).ShouldBe(1);
        bench.Count(Faults.HostBlocked).ShouldBe(0);
    }

    [Fact]
    public void A_write_that_no_characteristic_answers_costs_the_central_2_s()
    {
        using var bench = new RadioBench();
        Start(bench, 64);
        var (_, toBand) = bench.ConnectOnHub();
        bench.OnHub(() => toBand.WriteValueWithResult(RadioBench.AFrame(), GattWriteOption.WriteWithResponse)
            .Status.ShouldBe(GattCommunicationStatus.Unreachable)).ShouldBeInRange(2000, 2300);
        bench.Count(Faults.HostBlocked).ShouldBe(1);
    }

    [Fact]
    public void One_provider_stopped_and_started_1000_times_loses_nothing_but_the_name()
    {
        using var bench = new RadioBench();
        GattServiceProvider? provider = null;
        var parameters = RadioBench.Parameters();
        bench.OnBand(() => provider = bench.Provide().Provider);
        for (var i = 0; i < 1000; i++)
        {
            bench.OnBand(() => provider!.StartAdvertising(parameters));
            bench.Pass(300);
            bench.OnBand(() =>
            {
                provider!.AdvertisementStatus.ShouldBe(GattServiceProviderAdvertisementStatus.Started);
                provider.StopAdvertising();
            });
            bench.Pass(300);
        }

        bench.OnBand(() => provider!.StartAdvertising(parameters));
        var (_, toBand) = bench.ConnectOnHub();
        bench.OnHub(() => toBand.WriteValueWithResult(RadioBench.AFrame()));
        bench.Pass(500);
        bench.Written.Count.ShouldBe(1);
        bench.Count(Faults.ContextLeaked).ShouldBe(0);
        bench.Count(Faults.NameLeaked).ShouldBe(1001);
        bench.Server.LeakedBytes.ShouldBe(1001 * 14);
    }

    [Fact]
    public void Advertising_ends_with_a_connect_and_comes_back_after_it()
    {
        using var bench = new RadioBench();
        Start(bench, 1);
        bench.Pass(200);
        bench.Bands[0].Radio.IsAdvertising.ShouldBeTrue();
        var (device, _) = bench.ConnectOnHub();
        bench.Bands[0].Radio.IsAdvertising.ShouldBeFalse();
        bench.Count(Faults.EndedByConnect).ShouldBe(1);
        bench.OnHub(() => device.Close());
        bench.Pass(300);
        bench.Bands[0].Radio.IsAdvertising.ShouldBeTrue();
    }

    [Fact]
    public void A_publisher_changes_the_data_in_place_stays_waiting_and_leaks_what_was_there()
    {
        using var bench = new RadioBench();
        var parameters = Start(bench, 1);
        bench.Pass(200);
        bench.OnBand(() =>
        {
            var publisher = new BluetoothLEAdvertisementPublisher(parameters.Advertisement);
            publisher.Start();
            publisher.Status.ShouldBe(BluetoothLEAdvertisementPublisherStatus.Waiting);
        });
        bench.Count(Faults.AdvertisementLeaked).ShouldBe(1);
        bench.ConnectOnHub();
        bench.OnBand(() =>
        {
            var publisher = new BluetoothLEAdvertisementPublisher(parameters.Advertisement);
            publisher.Start();
            publisher.Status.ShouldBe(BluetoothLEAdvertisementPublisherStatus.Started, "a link had ended advertising");
        });
    }

    [Fact]
    public void A_refused_first_start_leaves_the_provider_at_Created()
    {
        using var bench = new RadioBench(Figures.Fixed with { StartRefusals = 1 });
        bench.OnBand(() =>
        {
            var provider = bench.Provide().Provider;
            provider.StartAdvertising(RadioBench.Parameters());
            provider.AdvertisementStatus.ShouldBe(GattServiceProviderAdvertisementStatus.Created);
        });
        bench.Pass(200);
        bench.Bands[0].Radio.IsAdvertising.ShouldBeFalse();
        bench.Count(Faults.StartRefused).ShouldBe(1);
    }

    [Fact]
    public void StopAdvertising_over_a_link_frees_what_the_host_still_uses()
    {
        using var bench = new RadioBench();
        GattServiceProvider? provider = null;
        bench.OnBand(() => (provider = bench.Provide().Provider).StartAdvertising(RadioBench.Parameters()));
        bench.ConnectOnHub();
        bench.OnBand(() => provider!.StopAdvertising());
        bench.Count(Faults.FreedUnderLink).ShouldBe(1);
    }

    [Fact]
    public void The_server_stopped_first_ends_the_link_and_StopAdvertising_is_then_harmless()
    {
        using var bench = new RadioBench();
        GattServiceProvider? provider = null;
        bench.OnBand(() => (provider = bench.Provide().Provider).StartAdvertising(RadioBench.Parameters()));
        bench.ConnectOnHub();
        bench.OnBand(() =>
        {
            BluetoothLEServer.Instance.Stop();
            provider!.StopAdvertising();
        });
        bench.Pass(200);
        bench.Hub.Radio.IsLinked.ShouldBeFalse();
        bench.Count(Faults.FreedUnderLink).ShouldBe(0);
        bench.Count(Faults.ContextLeaked).ShouldBe(0);
    }

    [Fact]
    public void A_stop_over_a_link_out_of_range_waits_2_s_for_its_end()
    {
        using var bench = new RadioBench();
        bench.OnBand(() => bench.Provide().Provider.StartAdvertising(RadioBench.Parameters()));
        bench.ConnectOnHub();
        bench.Paths[0].SetInRange(false);
        bench.OnBand(() => BluetoothLEServer.Instance.Stop());
        bench.Count(Faults.SlowStop).ShouldBe(1);
        bench.Hub.Radio.IsLinked.ShouldBeTrue("the other end has not noticed");
        bench.Pass(Figures.Fixed.SupervisionTimeoutMs);
        bench.Hub.Radio.IsLinked.ShouldBeFalse();
    }

    [Fact]
    public void A_second_start_without_a_stop_breaks_the_context()
    {
        using var bench = new RadioBench();
        GattServiceProvider? provider = null;
        bench.OnBand(() => (provider = bench.Provide().Provider).StartAdvertising(RadioBench.Parameters()));
        bench.Pass(200);
        bench.OnBand(() => provider!.StartAdvertising(RadioBench.Parameters()));
        bench.Count(Faults.SecondStart).ShouldBe(1);
        bench.Count(Faults.ContextLeaked).ShouldBe(1);
    }

    private static GattServiceProviderAdvertisingParameters Start(RadioBench bench, int starts)
    {
        var parameters = RadioBench.Parameters();
        for (var i = 0; i < starts; i++)
        {
            bench.OnBand(() =>
            {
                if (i > 0)
                {
                    BluetoothLEServer.Instance.Dispose();
                }

                bench.Provide().Provider.StartAdvertising(parameters);
            });
            bench.Pass(500);
        }

        return parameters;
    }
}

using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;
using ElderBand.Mqtt;
using Microsoft.Extensions.DependencyInjection;

namespace ElderBand.Tests.HubService;

/// <summary>While the database refuses writes, the waiting messages are bounded and no call is lost.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task P31_measurements_of_a_dead_connection_are_dropped_and_its_press_is_committed()
    {
        const int Connections = 20;
        const int Measurements = 30;
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();
        HubEndpoint endpoint = centre.App.Services.GetRequiredService<HubEndpoint>();
        Metrics metrics = centre.App.Services.GetRequiredService<Metrics>();
        long Arrived() => metrics["messages_total{topic=\"vitals\"}"];
        using (var locker = new Db(Path.Combine(centre.DataDir, "elderband.db")))
        using (var vitalsLocker = new Db(Path.Combine(centre.DataDir, "vitals.db")))
        {
            locker.Run("BEGIN IMMEDIATE");
            vitalsLocker.Run("BEGIN IMMEDIATE");
            for (int i = 0; i < Connections; i++)
            {
                long before = Arrived();
                var hub = await TestHub.ConnectAsync(centre, "hub-1", centre.MqttPort, subscribe: false);
                _ = hub.SendAsync(band, press);
                for (int sent = 0; sent < Measurements; sent++)
                {
                    _ = hub.SendAsync(band, band.Vitals(70), topic: "vitals");
                }
                await TestCentre.UntilAsync(() => Arrived() > before, "messages of this connection");
                await hub.DisposeAsync();
            }
            await TestCentre.UntilAsync(() => endpoint.Waiting < Measurements, $"{endpoint.Waiting} messages wait");
            (int alarms, int vitals) = centre.Store.Waiting;
            alarms.ShouldBeInRange(1, 10, "the press waits, once");
            vitals.ShouldBeLessThan(Measurements);
            vitalsLocker.Run("ROLLBACK");
            locker.Run("ROLLBACK");
        }
        await TestCentre.UntilAsync(() => centre.Alarms().Count == 1, "the press of the dead connection");
        await TestCentre.UntilAsync(() => endpoint.Waiting == 0, "nothing waits");
        centre.Alarms()[0].Presses.ShouldBe(1);
    }

    [Fact]
    public async Task P31_sixty_four_calls_of_one_hub_wait_for_their_commit_and_the_others_for_a_place()
    {
        const int Presses = 200;
        await using TestCentre centre = await TestCentre.StartAsync();
        HubEndpoint endpoint = centre.App.Services.GetRequiredService<HubEndpoint>();
        MqttSignIn<ElderBand.HubService.Devices.HubSession> signIn = await endpoint.AuthenticateAsync(
            new MqttCredentials(
                "hub-1", "hub-1",
                Convert.FromBase64String(centre.Enrolled.Hubs.Single(static h => h.Id == "hub-1").Password!), null),
            TestContext.Current.CancellationToken);
        TestBand band = centre.Band();
        Task<bool>[] storing;
        using (var locker = new Db(Path.Combine(centre.DataDir, "elderband.db")))
        {
            locker.Run("BEGIN IMMEDIATE");
            storing = [.. Enumerable.Range(1, Presses).Select(record => endpoint.PublishReceived(
                signIn.Session!, signIn.Session!.UpPrefix + "alarm", Envelope(band, record),
                MqttQos.AtLeastOnce).AsTask())];
            await TestCentre.UntilAsync(() => centre.Store.Waiting.Alarms >= 64, "64 calls wait for their commit");
            centre.Store.Waiting.Alarms.ShouldBeInRange(64, 70);
            endpoint.Waiting.ShouldBe(Presses);
            locker.Run("ROLLBACK");
        }
        (await Task.WhenAll(storing)).ShouldAllBe(static stored => stored);
        centre.Count("event", $"type={(int)FrameType.Sos}").ShouldBe(Presses);
    }

    [Fact]
    public async Task P31_a_record_that_is_sent_again_while_the_database_refuses_joins_the_message_that_waits()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        HubEndpoint endpoint = centre.App.Services.GetRequiredService<HubEndpoint>();
        var hub = new ElderBand.HubService.Devices.HubSession("hub-1", "c1");
        TestBand band = centre.Band();
        byte[][] presses = [.. Enumerable.Range(0, 3).Select(_ => band.Sos())];
        var storing = new List<Task<bool>>();
        using (var locker = new Db(Path.Combine(centre.DataDir, "elderband.db")))
        {
            locker.Run("BEGIN IMMEDIATE");
            for (uint resent = 0; resent < 100; resent++)
            {
                // One record, then two, then all three, in an envelope with another age each time.
                byte[] data = new byte[ElderBand.BandProtocol.Envelope.MaxSize];
                ElderBand.BandProtocol.Envelope.Begin(data, 1, 100 + resent, resent);
                int size = 0;
                for (int record = 0; record < 1 + (resent / 33) && record < presses.Length; record++)
                {
                    size = ElderBand.BandProtocol.Envelope.Add(
                        data, 1, record, band.Address, -60, ElderBand.BandProtocol.Envelope.LinkChecked,
                        AgeQuality.Measured, 5000 * resent, presses[record], 0);
                }
                storing.Add(endpoint.PublishReceived(
                    hub, hub.UpPrefix + "alarm", data.AsMemory(0, size), MqttQos.AtLeastOnce).AsTask());
            }
            await Task.Delay(500, TestContext.Current.CancellationToken);
            centre.Store.Waiting.Alarms.ShouldBeInRange(3, 5);
            locker.Run("ROLLBACK");
        }
        (await Task.WhenAll(storing)).ShouldAllBe(static stored => stored);
        centre.Count("event", $"type={(int)FrameType.Sos}").ShouldBe(3);
    }

    [Fact]
    public async Task P31_a_press_that_waited_for_the_database_keeps_the_time_at_which_it_was_made()
    {
        const int WaitMs = 3000;
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        long madeMs;
        Task<bool> sent;
        using (var locker = new Db(Path.Combine(centre.DataDir, "elderband.db")))
        {
            locker.Run("BEGIN IMMEDIATE");
            madeMs = centre.Clock.NowMs;
            sent = hub.SendAsync(band, band.Sos());
            await Task.Delay(WaitMs, TestContext.Current.CancellationToken);
            locker.Run("ROLLBACK");
        }
        (await sent).ShouldBeTrue();
        ElderBand.HubService.Alarms.AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        (alarm.EventAtMs - madeMs).ShouldBeInRange(-50, WaitMs / 2);
        (alarm.RaisedAtMs - alarm.EventAtMs).ShouldBeGreaterThan(WaitMs / 2);
    }

    private static byte[] Envelope(TestBand band, int record)
    {
        byte[] data = new byte[ElderBand.BandProtocol.Envelope.MaxSize];
        ElderBand.BandProtocol.Envelope.Begin(data, 1, 100, 0);
        int size = ElderBand.BandProtocol.Envelope.Add(
            data, 1, record, band.Address, -60, ElderBand.BandProtocol.Envelope.LinkChecked, AgeQuality.Measured, 0,
            band.Sos(), 0);
        return data[..size];
    }
}

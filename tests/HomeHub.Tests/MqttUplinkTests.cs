using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.HomeHub.Board;
using ElderBand.Simulation;
using nanoFramework.M2Mqtt;

namespace ElderBand.Tests.HomeHub;

/// <summary>The hub's MQTT code of the Board, over a client that behaves like upstream's.</summary>
public sealed class MqttUplinkTests
{
    private readonly EventRing _ring = new(8, HubMessage.MaxDownSize);
    private readonly RingEvent _event = new(HubMessage.MaxDownSize);

    [Theory]
    [InlineData(Fault.NoName)]
    [InlineData(Fault.NoHandshake)]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LostBeforeSubscribe)]
    public void An_attempt_that_fails_keeps_no_socket(Fault fault)
    {
        MqttUplink line = Line();
        MqttClient.Next = fault;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            line.Connect();
            Await(EventKind.UplinkDown);
        }

        MqttClient.OpenSockets.ShouldBe(0);
    }

    [Fact]
    public void A_line_that_is_ended_keeps_no_socket_and_its_client_is_not_heard_any_more()
    {
        MqttUplink line = Line();
        MqttClient.Next = Fault.None;
        line.Connect();
        Await(EventKind.UplinkUp);
        MqttClient.OpenSockets.ShouldBe(1);
        MqttClient old = MqttClient.Last;
        line.Disconnect();
        Await(EventKind.UplinkDown);
        MqttClient.OpenSockets.ShouldBe(0);

        line.Connect();
        Await(EventKind.UplinkUp);
        old.Receive("eb1/c/h/down/receipt");
        old.Acknowledge(7);
        MqttClient.Last.Acknowledge(8);
        Await(EventKind.Published);
        _event.Arg.ShouldBe(8);
        line.Disconnect();
        Await(EventKind.UplinkDown);
    }

    private MqttUplink Line() => new(
        new Inbox(_ring, new HostClock()),
        new HubProvision("wifi=w\nwifi_password=p\nhost=h\nport=8883\ncentre=c\nhub=h\npassword=p\n", "ca"));

    private void Await(EventKind kind)
    {
        SpinWait.SpinUntil(() => _ring.TryDequeue(_event), 10_000).ShouldBeTrue($"{kind} is awaited");
        _event.Kind.ShouldBe(kind);
    }

    private sealed class HostClock : IClock
    {
        public long NowMs() => 0;

        public long WallMs() => 0;

        public void SetWall(long unixMs)
        {
        }
    }
}

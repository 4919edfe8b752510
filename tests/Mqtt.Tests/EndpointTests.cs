using System.Text;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Mqtt;

/// <summary>Client and endpoint against each other on real sockets.</summary>
public class EndpointTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public async Task A_publish_over_TLS_is_stored_and_acknowledged()
    {
        await using var server = new Loopback(Certificates.Server());
        await using MqttClient client = await server.ConnectAsync();

        (
            await client.PublishAsync(
                "eb1/c/h1/up/alarm",
                Bytes("sos"),
                MqttQos.AtLeastOnce,
                TestContext.Current.CancellationToken
            )
        ).ShouldBeTrue();

        server.Endpoint.Received.ShouldHaveSingleItem().ShouldBe(("eb1/c/h1/up/alarm", "sos", MqttQos.AtLeastOnce));
    }

    [Fact]
    public async Task A_publish_to_a_subscribed_client_arrives_and_its_PUBACK_ends_the_call()
    {
        await using var server = new Loopback(Certificates.Server());
        var got = new TaskCompletionSource<(string, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MqttClient client = await server.ConnectAsync(
            Loopback.Options() with
            {
                MessageReceived = (topic, payload) => got.TrySetResult((topic, Encoding.UTF8.GetString(payload.Span))),
            }
        );
        (
            await client.SubscribeAsync("eb1/c/h1/down/#", MqttQos.AtLeastOnce, TestContext.Current.CancellationToken)
        ).ShouldBeTrue();

        MqttSent sent = await server
            .Endpoint.Connections["h1"]
            .PublishAsync(
                "eb1/c/h1/down/receipt",
                Bytes("stage 2"),
                MqttQos.AtLeastOnce,
                TestContext.Current.CancellationToken
            );

        sent.ShouldBe(MqttSent.Sent);
        (await got.Task.WaitAsync(Soon, TestContext.Current.CancellationToken)).ShouldBe(
            ("eb1/c/h1/down/receipt", "stage 2")
        );
    }

    [Fact]
    public async Task P24_the_PUBACK_is_held_until_the_store_says_so_and_later_packets_are_read_meanwhile()
    {
        await using var server = new Loopback();
        var commit = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Endpoint.Store = text => text == "held" ? new ValueTask<bool>(commit.Task) : ValueTask.FromResult(true);
        await using MqttClient client = await server.ConnectAsync();

        Task<bool> held = client.PublishAsync(
            "eb1/c/h1/up/a",
            Bytes("held"),
            MqttQos.AtLeastOnce,
            TestContext.Current.CancellationToken
        );
        (
            await client.PublishAsync(
                "eb1/c/h1/up/a",
                Bytes("next"),
                MqttQos.AtLeastOnce,
                TestContext.Current.CancellationToken
            )
        ).ShouldBeTrue();
        held.IsCompleted.ShouldBeFalse();

        commit.SetResult(true);
        (await held.WaitAsync(Soon, TestContext.Current.CancellationToken)).ShouldBeTrue();
        server.Endpoint.Received.Select(message => message.Text).ShouldBe(["held", "next"]);
    }

    [Fact]
    public async Task P29_a_publish_on_another_hubs_topic_closes_the_connection_and_is_reported()
    {
        await using var server = new Loopback();
        await using MqttClient client = await server.ConnectAsync();

        (
            await client.PublishAsync(
                "eb1/c/h2/up/alarm",
                Bytes("x"),
                MqttQos.AtLeastOnce,
                TestContext.Current.CancellationToken
            )
        ).ShouldBeFalse();

        (await client.Closed.WaitAsync(Soon, TestContext.Current.CancellationToken)).Reason.ShouldBe(
            MqttCloseReason.ConnectionLost
        );
        server.Endpoint.Refusals.ShouldHaveSingleItem().ShouldBe(("h1", MqttPacketType.Publish, "eb1/c/h2/up/alarm"));
        server.Endpoint.Received.ShouldBeEmpty();
        await Eventually.HoldsAsync(
            () => server.Ends.TryPeek(out MqttDisconnect? end) && end.Reason == MqttCloseReason.NotAuthorized,
            "closed as not authorised"
        );
    }

    [Fact]
    public async Task A_wrong_password_is_refused_with_its_code()
    {
        await using var server = new Loopback(Certificates.Server());
        var refused = await Should.ThrowAsync<MqttConnectException>(() =>
            server.ConnectAsync(Loopback.Options() with { Password = Bytes("wrong") })
        );
        refused.Failure.ShouldBe(MqttConnectFailure.SignInRefused);
        refused.Code.ShouldBe(MqttConnectCode.BadUserNameOrPassword);
        server.Endpoint.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_newer_connection_takes_over_and_the_older_one_is_gone_before_the_newer_is_announced()
    {
        await using var server = new Loopback();
        await using MqttClient older = await server.ConnectAsync();
        await using MqttClient newer = await server.ConnectAsync();

        await older.Closed.WaitAsync(Soon, TestContext.Current.CancellationToken);
        (
            await newer.PublishAsync(
                "eb1/c/h1/up/a",
                Bytes("still here"),
                MqttQos.AtLeastOnce,
                TestContext.Current.CancellationToken
            )
        ).ShouldBeTrue();
        server.Endpoint.Events.ShouldBe([("h1", "connected"), ("h1", "TakenOver"), ("h1", "connected")]);
    }
}

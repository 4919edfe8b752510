using ElderBand.BandProtocol;
using ElderBand.HubService;

namespace ElderBand.Tests.HubService;

/// <summary>Figures are measured alone: beside forty other tests on two cores they would measure those.</summary>
[CollectionDefinition("figures", DisableParallelization = true)]
public sealed class FigureCollection;

[Collection("figures")]
public class FigureTests
{
    [Fact]
    public async Task The_services_share_of_a_press_stays_under_100_ms_at_p99_beside_a_flood_of_vitals()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await using TestHub flood = await centre.HubAsync("hub-3");
        using Subscription feed = centre.Changes.Subscribe("c1");
        TestBand other = centre.Band(TestCentre.BandThree);
        using var end = new CancellationTokenSource();
        Task flooding = Task.Run(
            async () =>
            {
                while (!end.IsCancellationRequested)
                {
                    await flood.SendAsync(
                        other.Address, [.. Enumerable.Range(0, 16).Select(_ => other.Vitals(70))], topic: "vitals");
                }
            },
            TestContext.Current.CancellationToken);
        var shares = new List<long>();
        for (int i = 0; i < 220; i++)
        {
            // Another boot each time and a fall that is old: always an alarm of its own, with its own trace.
            TestBand band = centre.Band(boot: i + 1);
            (await hub.SendAsync(band, band.Event(FrameType.FallSuspected), ageMs: 60_000)).ShouldBeTrue();
            while (true)
            {
                Notice notice = await feed.Notices.ReadAsync(TestContext.Current.CancellationToken).AsTask()
                    .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
                if (notice.Alarm is { } alarm && alarm.Trace.PushedUs > 0 && alarm.Number == $"{i + 1}")
                {
                    shares.Add(alarm.Trace.PushedUs - alarm.Trace.ArrivedUs);
                    break;
                }
            }
        }
        await end.CancelAsync();
        await flooding;
        shares = [.. shares.Skip(20).Order()]; // the first ones measure the compiler
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"arrival to push of {shares.Count} alarms: p50 {shares[shares.Count / 2]} us, p99 "
                + $"{shares[shares.Count * 99 / 100]} us, beside {centre.Count("vitals")} vitals rows");
        shares[shares.Count * 99 / 100].ShouldBeLessThan(100_000);
    }
}

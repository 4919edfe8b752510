using System.Diagnostics;
using ElderBand.BandProtocol;

namespace ElderBand.Tests.HubService;

/// <summary>Guesses of the centre's tags, forwarded by a hub that is honest. Measured alone.</summary>
[Collection("figures")]
public sealed class GuessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P76_eight_spoofed_addresses_are_dropped_and_carded_and_the_hubs_other_bands_stay_fast()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand one = centre.Band();
        TestBand two = centre.Band(TestCentre.BandTwo);
        (await hub.SendAsync(one, one.Sos())).ShouldBeTrue(); // the first call also compiles the code
        using var over = new CancellationTokenSource();
        long[] spoofed = [TestCentre.BandTwo, TestCentre.BandThree, .. Enumerable.Range(1, 6).Select(i => 0x0B00L + i)];
        int sent = 0;
        Task[] flood = [.. spoofed.Select(address => Task.Run(async () =>
        {
            var random = new Random((int)address);
            while (!over.IsCancellationRequested)
            {
                (await hub.SendAsync(address, [.. Forged(random)], flags: 0)).ShouldBeTrue();
                Interlocked.Add(ref sent, Envelope.MaxRecords);
            }
        }, Token))];
        await TestCentre.UntilAsync(() => Volatile.Read(ref sent) > 2000, "the flood", 120_000);

        var pressesMs = new List<double>();
        for (int i = 0; i < 40; i++)
        {
            long from = Stopwatch.GetTimestamp();
            (await hub.SendAsync(one, one.Sos())).ShouldBeTrue();
            pressesMs.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            await Task.Delay(25, Token);
        }
        pressesMs.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{sent} forged, press median {pressesMs[20]:f0} ms, p95 {pressesMs[37]:f0} ms, max {pressesMs[39]:f0} ms");
        (await hub.SendAsync(two, two.Event(FrameType.Inactivity), flags: 0)).ShouldBeTrue();
        centre.Alarms().ShouldHaveSingleItem("the tag of a spoofed band that the hub has not checked is not looked at");
        (await hub.SendAsync(two, two.Event(FrameType.Inactivity))).ShouldBeTrue();
        centre.Alarms().Count.ShouldBe(2, "the hub has checked this one: it counts during the flood");
        (await hub.SendOwnAsync(FrameType.HubKey, 1)).ShouldBeTrue();
        centre.Alarms().Count.ShouldBe(3, "the hub's own key is no guess");
        await over.CancelAsync();
        await Task.WhenAll(flood);

        pressesMs[37].ShouldBeLessThan(100);
        hub.Closed.IsCompleted.ShouldBeFalse("a hub is not cut off for what it forwards");
        long minutes = 1 + ((centre.Clock.NowMs - centre.Alarms().Min(static a => a.RaisedAtMs)) / 60_000);
        // The two true bands have a count each, the six unknown addresses share one.
        centre.Count("quarantine").ShouldBeInRange(3 * 11, 3 * 11 * (minutes + 1));
        centre.Technicals().Count(static t => t.Kind == "tamper").ShouldBe(3);

        centre.Clock.Advance(61_000);
        byte[] true2 = two.Sos();
        (await hub.SendAsync(two, true2, flags: 0)).ShouldBeTrue();
        centre.Alarms().Count.ShouldBe(4, "a minute later an unchecked frame is looked at again");
    }

    [Fact]
    public async Task P76_a_hub_that_says_it_has_checked_has_600_guesses_a_minute()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub stolen = await centre.HubAsync();
        await using TestHub other = await centre.HubAsync("hub-2");
        var random = new Random(1);
        for (int i = 0; i < 39; i++)
        {
            (await stolen.SendAsync(TestCentre.BandTwo, [.. Forged(random)])).ShouldBeTrue();
        }
        TestBand two = centre.Band(TestCentre.BandTwo);
        (await stolen.SendAsync(two, two.Sos())).ShouldBeTrue();
        centre.Alarms().ShouldBeEmpty("this hub has used up its guesses at this band");
        (await other.SendAsync(two, two.Sos())).ShouldBeTrue();
        centre.Alarms().ShouldHaveSingleItem("the same band through another hub");
        stolen.Closed.IsCompleted.ShouldBeFalse();
    }

    private static IEnumerable<byte[]> Forged(Random random)
    {
        for (int i = 0; i < Envelope.MaxRecords; i++)
        {
            byte[] frame = new byte[Frame.Size];
            random.NextBytes(frame);
            Frame.Begin(frame, FrameType.Sos, Lane.Alarm, 1, random.Next(65536));
            yield return frame;
        }
    }
}

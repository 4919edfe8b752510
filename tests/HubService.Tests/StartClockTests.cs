using ElderBand.HubService;

namespace ElderBand.Tests.HubService;

/// <summary>A clock that is wrong at the start shows, because files or hubs say another time (docs/adr/0045).</summary>
public sealed class StartClockTests
{
    private const long HourMs = 3_600_000;

    [Fact]
    public async Task P64_hubs_whose_clocks_agree_on_another_time_after_a_start_raise_a_card()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        (string, long)[] hubs = [("hub-1", 3 * HourMs), ("hub-2", (3 * HourMs) + 20_000)];
        foreach ((string id, long aheadMs) in hubs)
        {
            await using TestHub hub = await centre.HubAsync(id);
            await hub.HelloAsync(wallMs: centre.Clock.NowMs + aheadMs);
            await hub.HelloAsync(wallMs: centre.Clock.NowMs); // has taken the centre's time since
        }
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "clockWrong" && t.Urgent), "the card", 15_000);
        centre.Technicals().Single(static t => t.Kind == "clockWrong").Detail.ShouldStartWith("2 of 2 hubs were +108");
    }

    [Theory]
    [InlineData(new long[] { 3 * HourMs }, null)] // one hub may be wrong
    [InlineData(new long[] { 3 * HourMs, 0, 0, 0 }, null)]
    [InlineData(new long[] { 3 * HourMs, 3 * HourMs, 0, 0, 0 }, null)]
    [InlineData(new long[] { 3 * HourMs, 7 * HourMs }, null)] // two that say different times
    [InlineData(new long[] { 60_000, 60_000 }, null)] // within the tolerance
    [InlineData(new long[] { -HourMs, -HourMs + 5000, -9 * HourMs }, -HourMs + 5000)]
    [InlineData(new long[] { HourMs, HourMs, 0 }, HourMs)]
    public void P64_hubs_are_believed_where_at_least_two_and_half_of_them_agree(long[] aheadMs, long? believedMs)
    {
        var check = new ClockCheck();
        for (int i = 0; i < aheadMs.Length; i++)
        {
            check.Heard($"hub-{i}", 1_000_000_000_000 + aheadMs[i], 1_000_000_000_000);
        }
        (check.Hubs()?.AheadMs).ShouldBe(believedMs);
    }

    [Fact]
    public async Task P64_a_file_from_the_future_raises_a_card_at_the_start()
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        File.SetLastWriteTimeUtc(Path.Combine(centre.DataDir, "ca.pem"), DateTime.UtcNow.AddDays(1));
        await centre.RunAsync();
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "clockWrong" && t.Urgent), "the card", 15_000);
        centre.Technicals().Single(static t => t.Kind == "clockWrong").Detail
            .ShouldStartWith("the times of files are +86");
    }

    [Fact]
    public void P64_a_file_system_with_another_clock_is_noticed_both_ways()
    {
        string folder = Directory.CreateTempSubdirectory("eb-clock-").FullName;
        long nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        ClockCheck.FileSystemAheadMs(folder, nowMs).ShouldBeNull();
        ClockCheck.FileSystemAheadMs(folder, nowMs - HourMs).ShouldNotBeNull()
            .ShouldBeInRange(HourMs - 1000, HourMs + 60_000);
        ClockCheck.FileSystemAheadMs(folder, nowMs + HourMs).ShouldNotBeNull()
            .ShouldBeInRange(-HourMs - 1000, -HourMs + 60_000);
        Directory.GetFiles(folder).ShouldBeEmpty();
        Directory.Delete(folder);
    }
}

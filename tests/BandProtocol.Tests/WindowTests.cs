using ElderBand.BandProtocol;

namespace ElderBand.Tests.BandProtocol;

public sealed class WindowTests
{
    /// <summary>
    /// Every sequence of six marks over two boots and the sequences around the window's edges, against a set.
    /// </summary>
    [Fact]
    public void P12_a_window_agrees_with_an_unbounded_memory_on_every_order_of_marks()
    {
        (int Boot, int Sequence)[] points = [(1, 0), (1, 1), (1, 63), (1, 64), (1, 65), (1, 200), (2, 0), (2, 64)];
        int checks = 0;
        for (int code = 0; code < 262_144; code++)
        {
            ReplayWindow window = new();
            HashSet<(int, int)> seen = [];
            int rest = code;
            for (int step = 0; step < 6; step++)
            {
                (int boot, int sequence) = points[rest % points.Length];
                rest /= points.Length;
                Expect(window, seen, boot, sequence);
                window.Mark(boot, sequence);
                seen.Add((boot, sequence));
                checks++;
            }

            foreach ((int boot, int sequence) in points)
            {
                Expect(window, seen, boot, sequence);
                checks++;
            }
        }

        checks.ShouldBe(262_144 * 14);
    }

    [Fact]
    public void P12_no_marked_number_is_ever_new_again_over_long_random_walks_with_reboots()
    {
        Random random = new(1);
        for (int walk = 0; walk < 200; walk++)
        {
            ReplayWindow window = new();
            HashSet<(int, int)> seen = [];
            int boot = random.Next(5);
            int sequence = 0;
            for (int i = 0; i < 500; i++)
            {
                if (random.Next(100) == 0)
                {
                    boot += 1 + random.Next(3);
                    sequence = 0;
                }

                sequence = Math.Clamp(sequence + random.Next(-80, 90), 0, Frame.MaxSequence);
                Expect(window, seen, boot, sequence);
                window.Mark(boot, sequence);
                seen.Add((boot, sequence));
                (int oldBoot, int oldSequence) = seen.ElementAt(random.Next(seen.Count));
                window.Judge(oldBoot, oldSequence).ShouldNotBe(Freshness.New);
            }
        }
    }

    [Fact]
    public void P12_marks_of_an_older_boot_change_nothing()
    {
        ReplayWindow window = new();
        window.Mark(5, 10);
        window.Mark(4, 60_000);
        window.Boot.ShouldBe(5);
        window.Highest.ShouldBe(10);
        window.Bits.ShouldBe(1UL);
        window.Judge(4, 60_000).ShouldBe(Freshness.OlderBoot);
    }

    [Fact]
    public void P13_ten_bad_tags_a_minute_pass_and_the_eleventh_is_reported_once()
    {
        TagLimiter limiter = new();
        for (int i = 0; i < 10; i++)
        {
            limiter.CountBad(100_000 + i).ShouldBeFalse();
            limiter.IsOver(100_000 + i).ShouldBeFalse();
        }

        limiter.CountBad(100_020).ShouldBeTrue();
        for (int i = 0; i < 1000; i++)
        {
            limiter.CountBad(100_030 + i).ShouldBeFalse();
            limiter.IsOver(100_030 + i).ShouldBeTrue();
        }

        limiter.IsOver(160_000).ShouldBeFalse();
        limiter.CountBad(160_000).ShouldBeFalse();
    }

    [Fact]
    public void P13_of_endless_forged_frames_only_ten_a_minute_are_checked()
    {
        TagLimiter limiter = new();
        int looked = 0;
        for (long ms = 0; ms < 3_600_000; ms += 50)
        {
            if (!limiter.IsOver(ms))
            {
                looked++;
                limiter.CountBad(ms);
            }
        }

        looked.ShouldBeLessThanOrEqualTo(60 * 11);
    }

    private static void Expect(ReplayWindow window, HashSet<(int Boot, int Sequence)> seen, int boot, int sequence)
    {
        Freshness judged = window.Judge(boot, sequence);
        int highestBoot = seen.Count == 0 ? -1 : seen.Max(pair => pair.Boot);
        int highest = boot == highestBoot ? seen.Where(pair => pair.Boot == boot).Max(pair => pair.Sequence) : -1;
        Freshness expected = boot < highestBoot ? Freshness.OlderBoot
            : boot > highestBoot ? Freshness.New
            : highest - sequence >= ReplayWindow.Width ? Freshness.Old
            : seen.Contains((boot, sequence)) ? Freshness.Seen
            : Freshness.New;
        if (judged != expected)
        {
            judged.ShouldBe(expected, $"boot {boot} sequence {sequence}");
        }
    }
}

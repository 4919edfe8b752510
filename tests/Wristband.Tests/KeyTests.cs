using ElderBand.BandProtocol;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>Must show 8: every (state, event) pair of the key, and every press length in every situation.</summary>
public sealed class KeyTests
{
    private static readonly (KeyState From, KeyEvent Event, KeyState To, KeyAction Action)[] Moves =
    [
        (KeyState.Up, KeyEvent.Press, KeyState.Contact, KeyAction.None),
        (KeyState.Up, KeyEvent.PressAgain, KeyState.ContactAgain, KeyAction.None),
        (KeyState.Up, KeyEvent.PressInCountdown, KeyState.CountdownContact, KeyAction.None),
        (KeyState.Up, KeyEvent.Wake, KeyState.Fired, KeyAction.SosFromSleep),
        (KeyState.Up, KeyEvent.FoundDown, KeyState.HeldAtBoot, KeyAction.None),
        (KeyState.Contact, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.Contact, KeyEvent.Held80Ms, KeyState.Fired, KeyAction.Sos),
        (KeyState.ContactAgain, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.ContactAgain, KeyEvent.Held80Ms, KeyState.FiredAgain, KeyAction.Sos),
        (KeyState.Fired, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.Fired, KeyEvent.Held10S, KeyState.Stuck, KeyAction.ReportStuck),
        (KeyState.FiredAgain, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.FiredAgain, KeyEvent.Held3S, KeyState.Fired, KeyAction.NotNeeded),
        (KeyState.FiredAgain, KeyEvent.Held10S, KeyState.Stuck, KeyAction.ReportStuck),
        (KeyState.CountdownContact, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.CountdownContact, KeyEvent.Held80Ms, KeyState.CountdownShort, KeyAction.None),
        (KeyState.CountdownShort, KeyEvent.Release, KeyState.Up, KeyAction.SosInCountdown),
        (KeyState.CountdownShort, KeyEvent.Held2S, KeyState.CountdownBetween, KeyAction.None),
        (KeyState.CountdownBetween, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.CountdownBetween, KeyEvent.Held3S, KeyState.CountdownFine, KeyAction.OfferFine),
        (KeyState.CountdownFine, KeyEvent.Release, KeyState.Up, KeyAction.Fine),
        (KeyState.CountdownFine, KeyEvent.Held10S, KeyState.Stuck, KeyAction.ReportStuck),
        (KeyState.Stuck, KeyEvent.Release, KeyState.Up, KeyAction.ReportFree),
        (KeyState.Stuck, KeyEvent.Held20S, KeyState.Spent, KeyAction.Reset),
        (KeyState.HeldAtBoot, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.HeldAtBoot, KeyEvent.Held10S, KeyState.Spent, KeyAction.ReportStuck),
        (KeyState.Spent, KeyEvent.Release, KeyState.Up, KeyAction.ReportFree),
    ];

    public static TheoryData<KeyState, KeyEvent> Pairs
    {
        get
        {
            var pairs = new TheoryData<KeyState, KeyEvent>();
            foreach (var state in Enum.GetValues<KeyState>())
            {
                foreach (var happened in Enum.GetValues<KeyEvent>())
                {
                    pairs.Add(state, happened);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Every_state_answers_every_event_as_the_table_says(KeyState state, KeyEvent happened)
    {
        var expected = Moves.Where(m => m.From == state && m.Event == happened)
            .DefaultIfEmpty((From: state, Event: happened, To: state, Action: KeyAction.None)).Single();
        SosKey.Next(state, happened, out var action).ShouldBe(expected.To);
        action.ShouldBe(expected.Action);
    }

    [Fact]
    public void Every_move_of_the_table_is_reachable_from_a_key_at_rest()
    {
        var reached = new HashSet<KeyState> { KeyState.Up };
        while (Moves.Where(m => reached.Contains(m.From)).Any(m => reached.Add(m.To)))
        {
        }

        reached.Count.ShouldBe(Enum.GetValues<KeyState>().Length);
    }

    /// <summary>Plays a press of a bare key, millisecond by millisecond, and collects the actions.</summary>
    private static List<KeyAction> Play(
        SosKey key, IReadOnlyCollection<(long At, bool Down)> edges, long fromMs, long untilMs, bool countdown)
    {
        var actions = new List<KeyAction>();
        for (var now = fromMs; now <= untilMs; now++)
        {
            Drain(key, now, actions);
            foreach (var edge in edges.Where(e => e.At == now))
            {
                key.Edge(edge.Down, now, countdown);
            }
        }

        return actions;
    }

    private static void Drain(SosKey key, long now, List<KeyAction> actions)
    {
        for (var action = key.Advance(now); action != KeyAction.None; action = key.Advance(now))
        {
            actions.Add(action);
        }
    }

    [Fact]
    public void P01_without_bounce_a_press_fires_from_80_ms_on_and_only_once_for_every_length()
    {
        for (var length = 1; length <= 2000; length++)
        {
            var actions = Play(new SosKey(), [(0, true), (length, false)], 0, length + 100, false);
            actions.ShouldBe(length >= SosKey.FireMs ? [KeyAction.Sos] : []);
        }
    }

    [Fact]
    public void P01_bounce_of_0_to_30_ms_at_both_ends_neither_loses_nor_doubles_a_press()
    {
        var random = new Random(1);
        var presses = 0;
        for (var bounce = 0; bounce <= SosKey.BounceMs; bounce++)
        {
            for (var round = 0; round < 40; round++)
            {
                foreach (var length in (int[])[80, 81, 95, 120, 300, 1000])
                {
                    var key = new SosKey();
                    var edges = new List<(long At, bool Down)> { (10, true) };
                    AddBounce(edges, random, 10, bounce, true);
                    edges.Add((10 + length, false));
                    AddBounce(edges, random, 10 + length, bounce, false);
                    Play(key, edges, 0, length + 300, false).ShouldBe([KeyAction.Sos]);
                    key.State.ShouldBe(KeyState.Up);
                    presses++;
                }
            }
        }

        presses.ShouldBe(31 * 40 * 6);
    }

    [Fact]
    public void P01_contact_under_30_ms_and_chatter_never_fire()
    {
        var random = new Random(2);
        for (var round = 0; round < 2000; round++)
        {
            // Chatter for up to a second: closed less than 30 ms in all, opened in between for any time.
            var edges = new List<(long At, bool Down)>();
            long at = 5;
            var budget = 29;
            while (budget > 0 && at < 1000)
            {
                var closed = random.Next(1, Math.Min(budget, 12) + 1);
                edges.Add((at, true));
                edges.Add((at + closed, false));
                budget -= closed;
                at += closed + random.Next(1, 60);
            }

            Play(new SosKey(), edges, 0, 1200, false).ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData(79, new KeyAction[0])]
    [InlineData(80, new[] { KeyAction.SosInCountdown })]
    [InlineData(1000, new[] { KeyAction.SosInCountdown })]
    [InlineData(1999, new[] { KeyAction.SosInCountdown })]
    [InlineData(2000, new KeyAction[0])]
    [InlineData(2999, new KeyAction[0])]
    [InlineData(3000, new[] { KeyAction.OfferFine, KeyAction.Fine })]
    [InlineData(9999, new[] { KeyAction.OfferFine, KeyAction.Fine })]
    [InlineData(10000, new[] { KeyAction.OfferFine, KeyAction.ReportStuck, KeyAction.ReportFree })]
    [InlineData(20000, new[] { KeyAction.OfferFine, KeyAction.ReportStuck, KeyAction.Reset, KeyAction.ReportFree })]
    public void In_a_countdown_the_key_is_judged_on_its_release(int lengthMs, KeyAction[] expected) =>
        Play(new SosKey(), [(0, true), (lengthMs, false)], 0, lengthMs + 100, true).ShouldBe(expected);

    [Theory]
    [InlineData(2999, 59_000, new[] { KeyAction.Sos })]
    [InlineData(3000, 59_000, new[] { KeyAction.Sos, KeyAction.NotNeeded })]
    [InlineData(3000, 61_000, new[] { KeyAction.Sos })]
    [InlineData(
        10000, 5_000, new[] { KeyAction.Sos, KeyAction.NotNeeded, KeyAction.ReportStuck, KeyAction.ReportFree })]
    public void A_3_s_hold_within_60_s_of_an_SOS_says_not_needed(int lengthMs, int afterMs, KeyAction[] expected)
    {
        var key = new SosKey();
        Play(key, [(0, true), (200, false)], 0, 1000, false).ShouldBe([KeyAction.Sos]);
        Play(key, [(afterMs, true), (afterMs + lengthMs, false)], 1001, afterMs + lengthMs + 100, false)
            .ShouldBe(expected);
    }

    [Fact]
    public void However_long_the_key_is_held_for_an_SOS_it_never_says_not_needed() =>
        Play(new SosKey(), [(0, true), (8000, false)], 0, 8100, false).ShouldBe([KeyAction.Sos]);

    [Fact]
    public void A_loop_that_was_busy_for_two_seconds_judges_by_the_times_of_the_edges()
    {
        var key = new SosKey();
        var actions = new List<KeyAction>();
        key.Edge(true, 1000, false);
        Drain(key, 1050, actions);
        key.Edge(false, 1050, false);
        Drain(key, 3000, actions);
        actions.ShouldBeEmpty("50 ms of contact are no press, however late the loop looks");

        key.Edge(true, 4000, true);
        Drain(key, 5500, actions);
        key.Edge(false, 5500, true);
        Drain(key, 9000, actions);
        actions.ShouldBe([KeyAction.SosInCountdown], "1.5 s, although the loop looked only after 5 s");
    }

    private static void AddBounce(
        List<(long At, bool Down)> edges, Random random, long from, int bounceMs, bool endsDown)
    {
        var level = endsDown;
        for (var at = from + 1; at < from + bounceMs; at++)
        {
            if (random.Next(3) == 0)
            {
                level = !level;
                edges.Add((at, level));
            }
        }

        if (level != endsDown)
        {
            edges.Add((from + bounceMs, endsDown));
        }
    }
}

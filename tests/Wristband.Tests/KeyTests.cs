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
        (KeyState.FiredAgain, KeyEvent.Held3S, KeyState.AskedAgain, KeyAction.AskToLetGo),
        (KeyState.AskedAgain, KeyEvent.Release, KeyState.Up, KeyAction.NotNeeded),
        (KeyState.AskedAgain, KeyEvent.HeldOn, KeyState.Fired, KeyAction.None),
        (KeyState.CountdownContact, KeyEvent.Release, KeyState.Up, KeyAction.None),
        (KeyState.CountdownContact, KeyEvent.Held80Ms, KeyState.CountdownHeld, KeyAction.None),
        (KeyState.CountdownContact, KeyEvent.CountdownOver, KeyState.Contact, KeyAction.None),
        (KeyState.CountdownHeld, KeyEvent.Release, KeyState.Up, KeyAction.SosInCountdown),
        (KeyState.CountdownHeld, KeyEvent.CountdownOver, KeyState.Fired, KeyAction.SosInCountdown),
        (KeyState.CountdownHeld, KeyEvent.Held3S, KeyState.CountdownAsked, KeyAction.AskToLetGo),
        (KeyState.CountdownAsked, KeyEvent.Release, KeyState.Up, KeyAction.Fine),
        (KeyState.CountdownAsked, KeyEvent.HeldOn, KeyState.Fired, KeyAction.SosInCountdown),
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
        KeyTable.Next(state, happened, out var action).ShouldBe(expected.To);
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

    // Length of the pattern by which the wrist asks the wearer to let go (WristSignal).
    private const int LetGoPatternMs = 1650;

    /// <summary>
    /// Plays a press of a bare key, millisecond by millisecond, with a wrist that asks to let go; collects the actions.
    /// </summary>
    private static List<KeyAction> Play(
        SosKey key, IReadOnlyCollection<(long At, bool Down)> edges, long fromMs, long untilMs, bool countdown)
    {
        var actions = new List<KeyAction>();
        var askedUntil = long.MaxValue;
        for (var now = fromMs; now <= untilMs; now++)
        {
            var before = actions.Count;
            Drain(key, now, actions);
            if (actions[before..].Contains(KeyAction.AskToLetGo))
            {
                askedUntil = now + LetGoPatternMs;
            }

            foreach (var edge in edges.Where(e => e.At == now))
            {
                key.Edge(edge.Down, now, countdown);
            }

            if (now == askedUntil)
            {
                key.OnLetGoEnd(now);
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

    /// <summary>
    /// A release after a hold of 3,000 ms to just under this time counts as an answer to the request to let go.
    /// </summary>
    private const int AskedUntilMs = 3000 + LetGoPatternMs + SosKey.LetGoMs;

    [Fact]
    public void P45_in_a_countdown_a_hold_of_every_length_is_an_SOS_or_answers_the_request_to_let_go()
    {
        for (var length = 0; length <= 15_000; length += 10)
        {
            List<KeyAction> expected = length < SosKey.FireMs ? []
                : length < 3000 ? [KeyAction.SosInCountdown]
                : length < AskedUntilMs ? [KeyAction.AskToLetGo, KeyAction.Fine]
                : length < 10_000 ? [KeyAction.AskToLetGo, KeyAction.SosInCountdown]
                : [KeyAction.AskToLetGo, KeyAction.SosInCountdown, KeyAction.ReportStuck, KeyAction.ReportFree];
            Play(new SosKey(), Hold(0, length), 0, length + 100, true).ShouldBe(expected, $"{length} ms");
        }
    }

    [Fact]
    public void P45_within_60_s_of_an_SOS_only_letting_go_when_asked_says_not_needed_at_every_length()
    {
        for (var length = 0; length <= 15_000; length += 10)
        {
            List<KeyAction> expected = length < SosKey.FireMs ? []
                : length < 3000 ? [KeyAction.Sos]
                : length < AskedUntilMs ? [KeyAction.Sos, KeyAction.AskToLetGo, KeyAction.NotNeeded]
                : length < 10_000 ? [KeyAction.Sos, KeyAction.AskToLetGo]
                : [KeyAction.Sos, KeyAction.AskToLetGo, KeyAction.ReportStuck, KeyAction.ReportFree];
            AfterAnSos(length, 5000).ShouldBe(expected, $"{length} ms");
        }
    }

    [Theory]
    [InlineData(2999, new[] { KeyAction.SosInCountdown })]
    [InlineData(3000, new[] { KeyAction.AskToLetGo, KeyAction.Fine })]
    [InlineData(AskedUntilMs - 1, new[] { KeyAction.AskToLetGo, KeyAction.Fine })]
    [InlineData(AskedUntilMs, new[] { KeyAction.AskToLetGo, KeyAction.SosInCountdown })]
    [InlineData(
        20_000,
        new[]
        {
            KeyAction.AskToLetGo, KeyAction.SosInCountdown, KeyAction.ReportStuck, KeyAction.Reset,
            KeyAction.ReportFree,
        })]
    public void P45_the_limits_of_a_hold_in_a_countdown_are_exact(int lengthMs, KeyAction[] expected) =>
        Play(new SosKey(), Hold(0, lengthMs), 0, lengthMs + 100, true).ShouldBe(expected);

    [Fact]
    public void P45_a_hold_whose_request_never_ended_is_an_SOS_after_10_s()
    {
        var key = new SosKey();
        var actions = new List<KeyAction>();
        key.Edge(true, 0, true);
        Drain(key, 9999, actions);
        actions.ShouldBe([KeyAction.AskToLetGo]);
        Drain(key, 10_000, actions);
        actions.ShouldBe([KeyAction.AskToLetGo, KeyAction.SosInCountdown, KeyAction.ReportStuck]);
    }

    [Fact]
    public void P45_a_press_that_the_end_of_the_countdown_overtakes_is_an_SOS_at_every_length()
    {
        for (var heldMs = 0; heldMs < 3000; heldMs += 10)
        {
            var key = new SosKey();
            var actions = Play(key, [(0, true)], 0, heldMs, true);
            var now = key.OnCountdownOver(heldMs);
            now.ShouldBe(heldMs < SosKey.FireMs ? KeyAction.None : KeyAction.SosInCountdown);
            actions.ShouldBeEmpty();
            Play(key, [(heldMs + 100, false)], heldMs + 1, heldMs + 200, false)
                .ShouldBe(heldMs < SosKey.FireMs ? [KeyAction.Sos] : [], $"{heldMs} ms");
        }
    }

    [Theory]
    [InlineData(3000, 60_000, true)]
    [InlineData(3000, 60_200, false)]
    public void A_hold_says_not_needed_only_within_60_s_of_an_SOS(int lengthMs, int afterMs, bool notNeeded) =>
        AfterAnSos(lengthMs, afterMs).Contains(KeyAction.NotNeeded).ShouldBe(notNeeded);

    private static (long At, bool Down)[] Hold(long fromMs, int lengthMs) =>
        lengthMs == 0 ? [] : [(fromMs, true), (fromMs + lengthMs, false)];

    // Actions of a hold of lengthMs that begins afterMs after the first contact of an SOS.
    private static List<KeyAction> AfterAnSos(int lengthMs, int afterMs)
    {
        var key = new SosKey();
        Play(key, Hold(0, 200), 0, 1000, false).ShouldBe([KeyAction.Sos]);
        return Play(key, Hold(afterMs, lengthMs), afterMs - 10, afterMs + lengthMs + 100, false);
    }

    [Fact]
    public void P45_clutching_the_key_in_fear_never_says_not_needed() =>
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

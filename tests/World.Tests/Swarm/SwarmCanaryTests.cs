using ElderBand.Simulator.Swarm;
using ElderBand.Tests.Worlds.Radio;

namespace ElderBand.Tests.Worlds.Swarm;

/// <summary>
/// Faults put back into the sources of today (docs/adr/0068). The swarm of a push alone must find each within its 500
/// worlds; <see cref="SwarmTests"/> shows that the same worlds are clean with the code as it is.
/// </summary>
public sealed class SwarmCanaryTests(ITestOutputHelper output)
{
    [Fact]
    public void Canary_a_latch_that_is_not_read_at_the_start_is_found() =>
        Found(
            [Violation.Lost, Violation.Doubled, Violation.Unfelt],
            ("            _latch.Load(nowMs);\n", ""));

    [Fact]
    public void Canary_a_frame_that_is_sent_and_never_stored_is_found() =>
        Found(
            [Violation.Lost, Violation.Unfelt],
            ("SaveLatch(nowMs);\n            _window.OpenForFrame(nowMs);", "_window.OpenForFrame(nowMs);"),
            ("_latch.IsDirty && nowMs >= _nextSaveMs && !wristIsBusy", "nowMs < 0"));

    [Fact]
    public void Canary_a_frame_that_the_band_forgets_once_a_hub_has_it_is_found() =>
        Found(
            [Violation.Lost, Violation.Unfelt, Violation.FalseStage],
            ("slot.Heard = true;", "slot.Heard = true; _latch.Delivered(slot);"));

    [Fact]
    public void Canary_numbers_that_begin_anew_with_each_boot_are_found() =>
        Found(
            [Violation.Lost],
            ("Frame.Begin(frame, type, Lane.Alarm, Boot, _alarmSequence++);",
                "Frame.Begin(frame, type, Lane.Alarm, 1, _alarmSequence++);"),
            ("_unproven = !stored || _boots.IsUnproven;", "_unproven = false;"));

    [Fact]
    public void Canary_a_hub_that_never_gives_a_dead_line_up_is_found() =>
        Found(
            [Violation.Lost],
            ("DeafLimitMs = 75000", "DeafLimitMs = 75000000"));

    [Fact]
    public void Canary_a_wrist_that_says_the_centre_has_what_a_hub_has_is_found() =>
        Found(
            [Violation.EarlyStage],
            ("Reach(slot, Stage.Home);", "Reach(slot, Stage.Centre);"));

    [Fact]
    public void Canary_a_press_that_fires_twice_is_found() =>
        Found(
            [Violation.Doubled],
            ("_lastSosSequence = slot.Sequence;",
                "_lastSosSequence = slot.Sequence; _reports.LatchEvent(FrameType.Sos, flags, (byte)source, nowMs);"));

    [Fact]
    public void Canary_a_hub_that_waits_ten_minutes_after_a_failed_attempt_is_found() =>
        Found(
            [Violation.Late, Violation.Unfelt],
            ("{ 1, 2, 5, 15, 30, 60 }", "{ 600 }"),
            ("!_thawing && urgentMs < _nextMs", "_endedMs < 0"));

    [Fact]
    public void Canary_V3_a_short_hold_in_a_countdown_that_does_nothing_is_found() =>
        Found(
            [Violation.Lost],
            ("action = KeyAction.SosInCountdown;\n                    return KeyState.Up;", "return KeyState.Up;"));

    // A fault has one or more effects; which of them is seen first depends on the world that meets the fault first.
    private void Found(Violation[] effects, params (string Now, string Then)[] words)
    {
        var (seed, found) = Mutant.Play(FirstFailure, words);
        output.WriteLine($"seed {seed}: {found}");
        effects.Select(static e => e.ToString()).Intersect(found.Split(", ")).ShouldNotBeEmpty(found);
    }

    private static (int Seed, string Found) FirstFailure() =>
        SwarmRun.FirstFailure(1, SwarmTests.Worlds, SwarmTests.Kinds) is { } outcome
            ? (outcome.Seed, string.Join(", ", outcome.Findings.Select(static f => f.What).Distinct()))
            : (0, "nothing");
}

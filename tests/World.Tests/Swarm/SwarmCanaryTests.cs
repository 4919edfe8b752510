using ElderBand.Simulator.Swarm;
using ElderBand.Tests.Worlds.Radio;

namespace ElderBand.Tests.Worlds.Swarm;

/// <summary>
/// Each test puts a fault back into the sources of today (docs/adr/0068). The swarm must find the fault within 500
/// worlds. Most tests draw the kinds of a push. <see cref="SwarmTests"/> shows that these worlds are clean with the
/// code as it is.
/// </summary>
public sealed class SwarmCanaryTests(ITestOutputHelper output)
{
    // No other kinds, so that the first effect seen is what the read fault does.
    private static readonly FaultKind[] ReadFaults =
        [FaultKind.Press, FaultKind.BandPowerCut, FaultKind.BandReadFails];

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
            ("_latch.IsDirty && nowMs >= _nextSaveMs && (!wristIsBusy || FlashState != FlashResult.Ok)", "nowMs < 0"));

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

    [Fact]
    public void Canary_V1_a_latch_that_gives_away_the_slot_of_the_press_that_opened_a_card_is_found() =>
        Found(
            [Violation.Unfelt, Violation.FalseStage],
            ("LatchSlot given = Oldest(slots, FrameType.Sos, false, 0);", "LatchSlot given = null;"),
            ("else if (slot.HasOwnStages)", "else"),
            ("over = slot.Open ? over : Older(over, slot);", "over = Older(over, slot);"),
            ("int boot = slot.Type == FrameType.Sos ? Payload.OpenerBoot(frame, 0) : -1;", "int boot = -1;"));

    [Fact]
    public void Canary_V2_a_press_in_a_boot_that_only_a_wake_by_the_key_remembers_is_found() =>
        Found(
            [Violation.Lost],
            ("""
                bool pressed = _pressLatch.IsSet()
                                || (cause == WakeCause.Key && (_latch.Memory & LatchMemory.PressLatchFails) != LatchMemory.None);
                """,
                "bool pressed = cause == WakeCause.Key;"),
            ("if (!_judged)\n            {\n                Press(SosSource.KeyFromSleep, nowMs);\n            }", ""));

    [Fact]
    public void Canary_V4_a_new_confirmation_for_each_stage_that_a_stranger_replays_is_found() =>
        Found(
            [Violation.Invented],
            ("    ConfirmAgain(slot, nowMs);", "    Confirm(slot, stage, nowMs);"));

    [Fact]
    public void Canary_V5_a_read_fault_that_is_taken_for_an_empty_file_is_found() =>
        Found(
            [Violation.Lost, Violation.Unfelt],
            WithReadFaults,
            ReadFaults,
            ("read = _flash.Read(name, 0, buffer, buffer.Length);",
                """
                read = _flash.Read(name, 0, buffer, buffer.Length);
                read = read == FlashFile.Fault ? FlashFile.None : read;
                """));

    [Fact]
    public void Canary_V6_a_tick_that_a_flash_write_stretches_to_the_length_of_a_stage_is_found() =>
        Found(
            [Violation.EarlyStage, Violation.FalseStage],
            WhereLengthsTell,
            [.. SwarmTests.Kinds],
            ("new[] { 200, 150, 200 },", "new[] { 200 },"));

    [Fact]
    public void Canary_V7_a_lost_boot_count_that_begins_anew_unnoticed_is_found() =>
        Found(
            [Violation.Lost, Violation.Unfelt],
            WithLostFlash,
            [.. SwarmTests.Kinds, FaultKind.BandFlashLost],
            ("_highestBoot = boot > _highestBoot ? boot : _highestBoot;", ""),
            ("_unproven = !stored || _boots.IsUnproven;", "_unproven = !stored;"));

    [Fact]
    public void Canary_V8_a_press_of_an_earlier_boot_that_arrives_as_new_after_a_hand_over_is_found() =>
        Found(
            [Violation.WrongPerson],
            ("AgeQuality quality = AgeQuality.AtLeast;", "AgeQuality quality = AgeQuality.About;"),
            ("uint ageMs = (uint)band.OlderBootMs(frame, 0, nowMs);", "uint ageMs = 0;"));

    private void Found(Violation[] effects, params (string Now, string Then)[] words) =>
        Found(effects, AsPushed, [.. SwarmTests.Kinds], words);

    // A fault may have several effects. The world that meets the fault first decides which effect is seen. The same
    // world must be clean with the code as it is, also where the test draws a kind that a push does not draw yet.
    private void Found(
        Violation[] effects, Func<(int Seed, string Found)> play, FaultKind[] kinds,
        params (string Now, string Then)[] words)
    {
        var (seed, found) = Mutant.Play(play, words);
        output.WriteLine($"seed {seed}: {found}");
        effects.Select(static e => e.ToString()).Intersect(found.Split(", ")).ShouldNotBeEmpty(found);
        SwarmRun.Play(seed, kinds.ToHashSet(), null).Findings.ShouldBeEmpty($"seed {seed} with the code as it is");
    }

    private static (int Seed, string Found) AsPushed() => First([.. SwarmTests.Kinds]);

    private static (int Seed, string Found) WithReadFaults() => First(ReadFaults);

    private static (int Seed, string Found) WithLostFlash() => First([.. SwarmTests.Kinds, FaultKind.BandFlashLost]);

    private static (int Seed, string Found) WhereLengthsTell() =>
        First(
            [.. SwarmTests.Kinds],
            static swarm => swarm.Bands.ForEach(static band => band.Wrist.TellsHomeByLength = true));

    private static (int Seed, string Found) First(FaultKind[] kinds, Action<SwarmWorld>? change = null) =>
        SwarmRun.FirstFailure(1, SwarmTests.Worlds, kinds.ToHashSet(), change) is { } outcome
            ? (outcome.Seed, string.Join(", ", outcome.Findings.Select(static f => f.What).Distinct()))
            : (0, "nothing");
}

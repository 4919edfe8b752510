using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;
using ElderBand.Tests.Worlds.Radio;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// Faults that the Apps and drivers once had. A world is clean with the code as it is and finds each fault that is put
/// back; docs/simulator.md lists them all.
/// </summary>
public sealed class FirmwareCanaryTests(ITestOutputHelper output)
{
    private const int Hour = 3_600_000;
    private const int TenMinutes = 600_000;
    private const int FramesOfAStep = 16;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F3_unaveraged_PPG_and_an_estimate_in_one_step_lose_the_rate(bool isBack)
    {
        var (all, withRate) = isBack
            ? Mutant.Play(
                SummariesInGuard,
                ("RateHz = ConversionsHz / 2", "RateHz = ConversionsHz"),
                ("FifoSettings = (1 << 5) | 0x0F", "FifoSettings = 0x0F"),
                ("GuardPpgMs = 640", "GuardPpgMs = 320"),
                ("return _heart.StepEstimate();", "while (!_heart.StepEstimate()) { } return true;"),
                ("_heart.Gap(_part.Lost - _lostBefore);", "_heart.Reset();"))
            : SummariesInGuard();
        output.WriteLine($"{withRate} of {all} summaries with a rate");
        all.ShouldBeGreaterThanOrEqualTo(11);
        (withRate < all - 2).ShouldBe(isBack);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Canary_F4_a_flash_that_reports_no_room_or_calls_every_fault_full_loses_vitals(
        bool reportsNoRoom, bool callsFaultsFull)
    {
        MemoryFlash flash = new();
        var rig = HubRig.Ready(4, new TalkingFlash(flash, reportsNoRoom, callsFaultsFull));
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        var sent = 0;
        for (var round = 0; round < 100; round++)
        {
            flash.ReadOnly = round is >= 80 and < 90;
            rig.Bands.ToList().ForEach(band => rig.Advertise(band, band.Vitals(tenMinutes: true)));
            sent += rig.Bands.Count;
            rig.Run(TenMinutes);
        }

        output.WriteLine($"{rig.Hub.WaitingVitals} of {sent} 10-minute frames are kept");
        (rig.Hub.WaitingVitals < sent).ShouldBe(reportsNoRoom || callsFaultsFull);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F10_a_key_that_is_not_polled_while_it_is_down_is_released_late(bool isBack)
    {
        var slowestMs = isBack
            ? Mutant.Play(
                SlowestReleaseMs, ("due = _key.IsDown ? Earlier(due, nowMs + KeyPollMs) : due;", string.Empty))
            : SlowestReleaseMs();
        output.WriteLine($"the slowest release is seen after {slowestMs} ms");
        (slowestMs > 20).ShouldBe(isBack);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F13_a_search_through_all_records_costs_the_hub_more_than_a_step_may(bool isBack)
    {
        // With one hash for all, the chain of each index is the list of all records.
        var most = isBack
            ? Mutant.Play(
                MostInstructionsOfAHubStep,
                ("return (uint)sequence + ((uint)boot * 40503u);", "return 0u;"),
                ("return sequence + (boot * 40503u) + ((uint)address * 2654435761u) + frame[offset];", "return 0u;"))
            : MostInstructionsOfAHubStep();
        output.WriteLine($"{most:N0} IL in a step");
        most.ShouldBeGreaterThan(0);
        (most > 300_000).ShouldBe(isBack);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F17_LEDs_that_stay_on_while_the_band_is_charged_on_the_wrist_are_found(bool isBack)
    {
        var secondsLit = isBack
            ? Mutant.Play(
                SecondsLitOnCharger,
                ("_measuring.SetOnlyProbes(_isOnWrist, nowMs);", "_measuring.SetOnlyProbes(false, nowMs);"))
            : SecondsLitOnCharger();
        output.WriteLine($"the LEDs are on in {secondsLit} of 120 seconds");
        (secondsLit > 10).ShouldBe(isBack);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F18_beats_of_6_s_and_a_link_at_every_beat_are_found_by_what_they_cost(bool isBack)
    {
        var (radioOnMs, links) = isBack
            ? Mutant.Play(
                RadioOnMsAndLinksIn2Hours,
                ("BeatWindowMs = 1500", "BeatWindowMs = 6000"),
                ("band.WantsLink = AsksForLink(heard);", "band.WantsLink = AsksForLink(heard) || true;"))
            : RadioOnMsAndLinksIn2Hours();
        var share = radioOnMs / (2.0 * Hour);
        output.WriteLine($"radio on {share:P2} of 2 hours, {links} links");
        (share > 0.013).ShouldBe(isBack);
        (links > 4).ShouldBe(isBack, "once an hour the band asks for a link");
    }

    private static (int All, int WithRate) SummariesInGuard()
    {
        // The bound of a step would find the fault before the rate is lost.
        using var scenario = new GuardScenario(seed: 1, nsPerIl: 1500, failsOnLongSteps: false);
        scenario.World.RunUntil(scenario.StartMs + 120_000);
        return scenario.SummariesSoFar();
    }

    private static long SlowestReleaseMs()
    {
        var slowestMs = 0L;
        for (var seed = 1; seed <= 2; seed++)
        {
            using var town = InDaily(seed);
            var band = town.Residents[0].Band;
            town.World.RunUntil(() => band.IsInLightSleep, town.World.NowMs + 60_000).ShouldBeTrue();
            band.Key.Set(true);

            // By then the latch is written and the radio is on.
            town.World.RunUntil(town.World.NowMs + 1101 + (seed * 40));
            band.Key.Set(false);
            town.World.Counts.ShouldContainKey("key edges without an event");
            var steps = band.Processor.Steps;
            var releasedMs = town.World.NowMs;
            town.World.RunUntil(() => band.Processor.Steps > steps, releasedMs + 5000).ShouldBeTrue();
            slowestMs = Math.Max(slowestMs, town.World.NowMs - releasedMs);
        }

        return slowestMs;
    }

    private static long MostInstructionsOfAHubStep()
    {
        var rig = HubRig.Ready(8);
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Run(1000);
        for (var i = 0; rig.Hub.WaitingAlarms < Outbox.AlarmCapacity - FramesOfAStep; i++)
        {
            i.ShouldBeLessThan(2 * Outbox.AlarmCapacity);
            var band = rig.Bands[i % 8];
            rig.Advertise(band, i % 2 == 0 && i < 1000 ? band.Event(FrameType.WearChange) : band.Sos());
            rig.Run(50);
        }

        rig.Run(3000);
        for (var i = 0; i < FramesOfAStep; i++)
        {
            rig.Advertise(rig.Bands[i % 8], rig.Bands[i % 8].Sos());
        }

        var before = IlCounter.Executed();
        rig.Hub.Step(rig.Clock.Now);
        return IlCounter.Executed() - before;
    }

    private static int SecondsLitOnCharger()
    {
        using var town = new VirtualNeighbourhood(1, Figures.Fixed);
        town.PowerOn().ShouldBeTrue();
        var band = town.Residents[0].Band;
        band.Wearer.Walk(town.World.NowMs);
        town.World.RunUntil(town.World.NowMs + 120_000);
        var lit = 0;
        for (var second = 0; second < 120; second++)
        {
            town.World.RunUntil(town.World.NowMs + 1000);
            lit += band.Ppg.IsRunning ? 1 : 0;
        }

        return lit;
    }

    private static (long RadioOnMs, long Links) RadioOnMsAndLinksIn2Hours()
    {
        using var town = InDaily(seed: 1);
        var band = town.Residents[0].Band;
        var radioMs = band.Power.MsIn(ChipState.RadioOn);
        var links = town.World.Counts["links made"];
        town.World.RunUntil(town.World.NowMs + (2 * Hour));
        return (band.Power.MsIn(ChipState.RadioOn) - radioMs, town.World.Counts["links made"] - links);
    }

    private static VirtualNeighbourhood InDaily(int seed)
    {
        var town = new VirtualNeighbourhood(seed, Figures.Fixed);
        town.PowerOn().ShouldBeTrue();
        foreach (var other in town.Residents.Skip(1))
        {
            other.Band.PowerOff();
        }

        var band = town.Residents[0].Band;
        band.SetExternal(false);
        town.World.RunUntil(() => band.Mode == BandMode.Daily, town.World.NowMs + Hour).ShouldBeTrue();
        return town;
    }

    // What the Board's files once said: the driver knows no size, and nobody asked why a write had failed.
    private sealed class TalkingFlash(MemoryFlash flash, bool reportsNoRoom, bool callsFaultsFull) : IFlash
    {
        public int Length(string name) => flash.Length(name);

        public int Read(string name, int offset, byte[] buffer, int count) => flash.Read(name, offset, buffer, count);

        public FlashResult Write(string name, byte[] data, int count) => Said(flash.Write(name, data, count));

        public FlashResult Append(string name, byte[] data, int count) => Said(flash.Append(name, data, count));

        public FlashResult Delete(string name) => flash.Delete(name);

        public int FreeBytes() => reportsNoRoom ? 0 : flash.FreeBytes();

        private FlashResult Said(FlashResult result) =>
            callsFaultsFull && result == FlashResult.Failed ? FlashResult.Full : result;
    }
}

using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>
/// IL instructions that the hub executes (F13): an ESP32 needs 0.5-2 us for each, and nothing else happens meanwhile.
/// </summary>
public sealed class CostTests(ITestOutputHelper output)
{
    private const long StepBound = 300_000;
    private const long RecoveryBound = 3_000_000;
    private const long IdleBound = 8_000;
    private const int Frames = 16;

    [Fact]
    public void A_step_with_16_frames_while_1024_records_wait_costs_under_300_000_instructions()
    {
        HubRig rig = WaitingHub(Outbox.AlarmCapacity - Frames);
        Show("16 new calls, written to flash", Step(rig, band => band.Sos()));
        rig.Hub.WaitingAlarms.ShouldBe(Outbox.AlarmCapacity);
        rig.Hub.Outbox.Alarms.PendingCount.ShouldBe(0);
        byte[] again = rig.Band.Sos();
        Show("16 calls that are refused", Step(rig, _ => again));
        Show("16 vitals", Step(rig, band => band.Vitals(tenMinutes: true)));
        Show("16 statuses", Step(rig, band => band.Status(BandMode.Daily)));
        Show("16 statuses again", Step(rig, band => band.Status(BandMode.Daily)));
        Show("16 frames with a wrong tag", Step(rig, band => Spoiled(band.Vitals(tenMinutes: false))));
    }

    [Fact]
    public void Every_step_while_1024_records_go_out_and_16_frames_come_in_costs_under_300_000_instructions()
    {
        HubRig rig = WaitingHub(Outbox.AlarmCapacity - Frames);
        for (int i = 0; i < 40; i++)
        {
            rig.Bands.ToList().ForEach(band => rig.Advertise(band, band.Vitals(tenMinutes: true)));
            rig.Run(60_000);
        }

        long worst = 0;
        rig.StepCost = executed => worst = Math.Max(worst, executed);
        rig.Centre.Reachable = true;
        for (int i = 0; rig.Hub.WaitingAlarms + rig.Hub.WaitingVitals > 0 || !rig.Hub.Online; i++)
        {
            i.ShouldBeLessThan(2000);
            Say(rig, band => i < 300 ? band.Vitals(tenMinutes: false) : null);
            rig.Run(20);
        }

        Show("the worst step", worst);
        rig.Centre.Rows.Count.ShouldBeGreaterThanOrEqualTo(Outbox.AlarmCapacity - Frames);
    }

    [Fact]
    public void Statuses_that_tell_the_age_of_1024_waiting_records_cost_no_more_and_the_centre_hears_the_ages()
    {
        HubRig rig = WaitingHub(Outbox.AlarmCapacity);
        rig.Reboot();
        rig.Run(1000);
        Show("the first statuses of 8 bands", Step(rig, band => band.Status(BandMode.Daily)));
        long worst = 0;
        rig.StepCost = executed => worst = Math.Max(worst, executed);
        rig.Centre.Reachable = true;
        rig.Run(60_000);
        Show("the worst step", worst);
        List<Arrived> calls = [.. rig.Centre.Rows.Values.Where(row => row.Address != 0)];
        calls.Count.ShouldBeGreaterThan(1000);
        calls.ShouldAllBe(row => row.Quality == AgeQuality.About);
    }

    [Fact]
    public void P17_recovery_of_1024_alarms_and_a_day_of_vitals_costs_under_3_million_instructions()
    {
        HubRig rig = WaitingHub(Outbox.AlarmCapacity);
        for (int i = 0; i < 144; i++)
        {
            rig.Bands.ToList().ForEach(band => rig.Advertise(band, band.Vitals(tenMinutes: true)));
            rig.Run(600_000);
        }

        long before = IlCounter.Executed();
        rig.Reboot();
        long executed = IlCounter.Executed() - before;
        rig.Hub.WaitingAlarms.ShouldBe(Outbox.AlarmCapacity);
        rig.Hub.WaitingVitals.ShouldBe(144 * 8);
        output.WriteLine($"recovery: {executed:N0} IL");
        executed.ShouldBeInRange(1, RecoveryBound);
    }

    [Fact]
    public void An_idle_offline_step_costs_under_8_000_instructions_whatever_waits()
    {
        HubRig rig = WaitingHub(Outbox.AlarmCapacity);
        for (int i = 0; i < 144; i++)
        {
            rig.Bands.ToList().ForEach(band => rig.Advertise(band, band.Vitals(tenMinutes: true)));
            rig.Run(600_000);
        }

        // Attempts to connect and reports of silent bands are no idle steps; both write to flash.
        List<long> steps = [];
        for (int i = 0; i < 3000; i++)
        {
            int operations = rig.Flash.Operations;
            long before = IlCounter.Executed();
            rig.Hub.Step(rig.Clock.Now);
            long executed = IlCounter.Executed() - before;
            if (rig.Flash.Operations == operations)
            {
                steps.Add(executed);
            }

            rig.Clock.Now += 100;
        }

        output.WriteLine($"{steps.Count} idle steps: {steps.Average():N0} IL, at most {steps.Max():N0}");
        steps.Count.ShouldBeGreaterThan(2500);
        steps.Min().ShouldBeGreaterThan(0);
        steps.Max().ShouldBeLessThan(IdleBound);
    }

    private static byte[] Spoiled(byte[] frame)
    {
        frame[^1] ^= 1;
        return frame;
    }

    private static void Say(HubRig rig, Func<ScriptedBand, byte[]?> say)
    {
        for (int i = 0; i < Frames; i++)
        {
            ScriptedBand band = rig.Bands[i % rig.Bands.Count];
            if (say(band) is { } frame)
            {
                rig.Advertise(band, frame);
            }
        }
    }

    private static long Step(HubRig rig, Func<ScriptedBand, byte[]?> say)
    {
        Say(rig, say);
        long before = IlCounter.Executed();
        rig.Hub.Step(rig.Clock.Now);
        long executed = IlCounter.Executed() - before;
        rig.Clock.Now += 100;
        return executed;
    }

    /// <summary>A hub of 8 bands without a line, with so many records of the alarm lane on flash.</summary>
    private static HubRig WaitingHub(int records)
    {
        IlCounter.IsThere.ShouldBeTrue("nothing is counted in this build");
        HubRig rig = HubRig.Ready(8);
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Run(1000);
        for (int i = 0; rig.Hub.WaitingAlarms < records; i++)
        {
            i.ShouldBeLessThan(2 * Outbox.AlarmCapacity);
            ScriptedBand band = rig.Bands[i % 8];
            rig.Advertise(band, i % 2 == 0 && i < 1000 ? band.Event(FrameType.WearChange) : band.Sos());
            rig.Run(50);
        }

        rig.Run(3000);
        return rig;
    }

    private void Show(string what, long executed)
    {
        output.WriteLine($"{what}: {executed:N0} IL");
        executed.ShouldBeInRange(1, StepBound, what);
    }
}

using ElderBand.Eval;
using ElderBand.Simulation;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>
/// What the filters may cost the band: the budgets of docs/adr/0082, and the counter that watches them.
/// </summary>
public sealed class CostTests
{
    [Fact]
    public void The_filters_stay_within_their_budgets_and_allocate_nothing()
    {
        var (lines, _) = Cost.Measure(null);
        lines.Where(static l => l.Budget > 0).Select(static l => l.Budget).Distinct()
            .ShouldBe([130, 180, 250, 2_500, Cost.SliceBudget, Cost.StepBudget, 250_000, Cost.StateBudget],
                ignoreOrder: true);
        lines.Where(static l => l.Budget > 0).ShouldAllBe(static l => l.Mean > 0);
        lines.Where(static l => l.IsOver)
            .Select(static l => $"{l.What}: mean {l.Mean:0}, worst {l.Worst}, budget {l.Budget}").ShouldBeEmpty();
    }

    [Fact]
    public void The_counter_counts_what_a_person_counts()
    {
        IntegerMath.Clamp(5, 0, 9).ShouldBe(5);
        var before = IlCounter.Snapshot();
        var executed = IlCounter.Executed();
        IntegerMath.Clamp(5, 0, 9);
        executed = IlCounter.Executed() - executed;
        var after = IlCounter.Snapshot();

        // ldarg, ldarg, blt, ldarg, ldarg, bgt, ldarg, then a branch over the other value (or none), ret.
        executed.ShouldBeInRange(8, 9);
        var clamp = IlCounter.Methods.ToList().IndexOf("IntegerMath.Clamp");
        (after[clamp] - before[clamp]).ShouldBe(executed);
        (after[IlCounter.MostMethods + clamp] - before[IlCounter.MostMethods + clamp]).ShouldBe(0);
    }

    [Fact]
    public void Memory_is_counted_in_the_device_s_blocks()
    {
        DeviceMemory.Of(new WearDetector()).ShouldBe(12 + (7 * 12));
        DeviceMemory.Of(new short[140]).ShouldBe(300); // 20 + 280 is whole blocks of 12
        DeviceMemory.Of(new int[10]).ShouldBe(60);
    }
}

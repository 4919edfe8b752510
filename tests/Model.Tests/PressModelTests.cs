namespace ElderBand.Tests.Model;

/// <summary>
/// Spin visits every state of press.pml: no press is lost or doubled, no stage is felt before its cause, and after the
/// faults the latch is empty and the wrist at rest. A mutant breaks one rule and must be caught (docs/model.md).
/// </summary>
public sealed class PressModelTests
{
    [Theory]
    [InlineData("-DSLOTS=2")]
    [InlineData("-DSLOTS=1")] // the second press finds the latch full
    public void Every_order_of_steps_and_faults_keeps_both_presses(params string[] bounds)
    {
        var run = Spin.Check(bounds, liveness: false);
        run.Errors.ShouldBe(0, run.Text);
        run.States.ShouldBeGreaterThan(10_000, "the search must have seen the faults");
    }

    [Fact]
    public void Once_the_faults_end_no_endless_loop_keeps_the_latch_full_or_the_wrist_ticking()
    {
        var run = Spin.Check(["-DSLOTS=1"], liveness: true);
        run.Errors.ShouldBe(0, run.Text);
        run.States.ShouldBeGreaterThan(10_000, "the search must have seen the faults");
    }

    [Theory]
    [InlineData("SPEAK_BEFORE_WRITE", Lost)]
    [InlineData("HEARD_BEFORE_WRITE", HeardTooEarly)]
    [InlineData("RECEIPT_BEFORE_COMMIT", CentreTooEarly)]
    [InlineData("DROP_AT_HEARD", Lost)]
    [InlineData("NEVER_TAKE_AGAIN", Lost)]
    [InlineData("NO_UNIQUE_KEY", Doubled)]
    [InlineData("BOOT_NOT_STORED", Lost)]
    [InlineData("SEQUENCE_WRAPS", Lost, "-DSEQUENCES=1")]
    [InlineData("EVICT_OPENER", WristNotAtRest, "-DSLOTS=1")]
    [InlineData("FORGET_WHO_WAITS", WristNotAtRest)]
    public void A_broken_rule_is_caught(string mutant, string violated, params string[] bounds)
    {
        var run = Spin.Check(["-D" + mutant, .. bounds], liveness: false);
        run.Errors.ShouldBe(1, run.Text);
        run.Violated.ShouldContain(violated, Case.Sensitive, run.Text);
    }

    // A part of the text of each assertion in press.pml; the part shows which assertion was violated.
    private const string Lost = "spoken";
    private const string HeardTooEarly = "(stored>>";
    private const string CentreTooEarly = "((rows|refused)>>";
    private const string Doubled = "!(((rows";
    private const string WristNotAtRest = "open==0";
}

using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>Every state of the hub's key against everything that can happen to it.</summary>
public sealed class HubKeyTests
{
    public enum Before
    {
        Up,
        Down,
        Fired,
        Stuck,
    }

    public enum Then
    {
        PressEdge,
        ReleaseEdgeBefore80Ms,
        ReleaseEdgeAfter80Ms,
        HeldFor79Ms,
        HeldFor80Ms,
        HeldFor10S,
        LostReleaseEdge,
        LostPressEdge,
    }

    private const long PressedMs = 1000;

    [Theory]
    [InlineData(Before.Up, Then.PressEdge, KeySignal.None)]
    [InlineData(Before.Up, Then.ReleaseEdgeBefore80Ms, KeySignal.None)]
    [InlineData(Before.Up, Then.ReleaseEdgeAfter80Ms, KeySignal.None)]
    [InlineData(Before.Up, Then.HeldFor79Ms, KeySignal.None)]
    [InlineData(Before.Up, Then.HeldFor80Ms, KeySignal.None)]
    [InlineData(Before.Up, Then.HeldFor10S, KeySignal.None)]
    [InlineData(Before.Up, Then.LostReleaseEdge, KeySignal.None)]
    [InlineData(Before.Up, Then.LostPressEdge, KeySignal.None)]
    [InlineData(Before.Down, Then.PressEdge, KeySignal.None)]
    [InlineData(Before.Down, Then.ReleaseEdgeBefore80Ms, KeySignal.None)]
    [InlineData(Before.Down, Then.ReleaseEdgeAfter80Ms, KeySignal.Press)]
    [InlineData(Before.Down, Then.HeldFor79Ms, KeySignal.None)]
    [InlineData(Before.Down, Then.HeldFor80Ms, KeySignal.Press)]
    [InlineData(Before.Down, Then.HeldFor10S, KeySignal.Press)]
    [InlineData(Before.Down, Then.LostReleaseEdge, KeySignal.Press)]
    [InlineData(Before.Down, Then.LostPressEdge, KeySignal.None)]
    [InlineData(Before.Fired, Then.PressEdge, KeySignal.None)]
    [InlineData(Before.Fired, Then.ReleaseEdgeBefore80Ms, KeySignal.None)]
    [InlineData(Before.Fired, Then.ReleaseEdgeAfter80Ms, KeySignal.None)]
    [InlineData(Before.Fired, Then.HeldFor79Ms, KeySignal.None)]
    [InlineData(Before.Fired, Then.HeldFor80Ms, KeySignal.None)]
    [InlineData(Before.Fired, Then.HeldFor10S, KeySignal.Stuck)]
    [InlineData(Before.Fired, Then.LostReleaseEdge, KeySignal.None)]
    [InlineData(Before.Fired, Then.LostPressEdge, KeySignal.None)]
    [InlineData(Before.Stuck, Then.PressEdge, KeySignal.None)]
    [InlineData(Before.Stuck, Then.ReleaseEdgeBefore80Ms, KeySignal.Freed)]
    [InlineData(Before.Stuck, Then.ReleaseEdgeAfter80Ms, KeySignal.Freed)]
    [InlineData(Before.Stuck, Then.HeldFor79Ms, KeySignal.None)]
    [InlineData(Before.Stuck, Then.HeldFor80Ms, KeySignal.None)]
    [InlineData(Before.Stuck, Then.HeldFor10S, KeySignal.None)]
    [InlineData(Before.Stuck, Then.LostReleaseEdge, KeySignal.Freed)]
    [InlineData(Before.Stuck, Then.LostPressEdge, KeySignal.None)]
    public void Every_pair_of_state_and_event_has_its_answer(Before before, Then then, KeySignal expected)
    {
        HubKey key = new();
        bool down = before != Before.Up;
        if (down)
        {
            key.OnEdge(true, PressedMs).ShouldBe(KeySignal.None);
        }

        if (before >= Before.Fired)
        {
            key.Step(true, PressedMs + 80).ShouldBe(KeySignal.Press);
        }

        if (before == Before.Stuck)
        {
            key.Step(true, PressedMs + 10_000).ShouldBe(KeySignal.Stuck);
        }

        KeySignal signal = then switch
        {
            Then.PressEdge => key.OnEdge(true, PressedMs + 20),
            Then.ReleaseEdgeBefore80Ms => key.OnEdge(false, PressedMs + 79),
            Then.ReleaseEdgeAfter80Ms => key.OnEdge(false, PressedMs + 80),
            Then.HeldFor79Ms => key.Step(down, PressedMs + 79),
            Then.HeldFor80Ms => key.Step(down, PressedMs + 80),
            Then.HeldFor10S => key.Step(down, PressedMs + 10_000),
            Then.LostReleaseEdge => key.Step(false, PressedMs + 500),
            _ => key.Step(true, PressedMs + 50),
        };

        signal.ShouldBe(expected);
    }

    [Fact]
    public void The_table_holds_every_pair() =>
        typeof(HubKeyTests).GetMethod(nameof(Every_pair_of_state_and_event_has_its_answer))!
            .GetCustomAttributesData().Count(data => data.AttributeType == typeof(InlineDataAttribute))
            .ShouldBe(Enum.GetValues<Before>().Length * Enum.GetValues<Then>().Length);
}

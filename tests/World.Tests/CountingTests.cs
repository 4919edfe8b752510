using System.Reflection;
using System.Runtime.CompilerServices;
using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;
using ElderBand.VitalsFilter;
using ElderBand.Wristband;

namespace ElderBand.Tests.Worlds;

/// <summary>The device assemblies beside this test count the IL instructions that they execute.</summary>
public class CountingTests
{
    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Assembly[] Counted =
    [
        typeof(Frame).Assembly, typeof(FallDetector).Assembly, typeof(Band).Assembly, typeof(Hub).Assembly,
        typeof(Iot.Device.Adxl343.Adxl343).Assembly, typeof(Iot.Device.Max30102.Max30102).Assembly,
    ];

    [Fact]
    public void Every_method_of_the_device_is_counted_and_compiles()
    {
        var bodies = Counted
            .SelectMany(static a => a.GetTypes())
            .SelectMany(static t => t.GetMembers(Declared))
            .OfType<MethodBase>()
            .Where(static m => m.GetMethodBody() is not null && m.Name != ".cctor")
            .ToList();
        bodies.Count.ShouldBeGreaterThan(500);
        foreach (var body in bodies)
        {
            RuntimeHelpers.PrepareMethod(body.MethodHandle);
            IlCounter.Methods.Contains($"{body.DeclaringType!.Name}.{body.Name}", StringComparer.Ordinal)
                .ShouldBeTrue(body.Name);
        }
    }

    [Fact]
    public void A_method_with_a_finally_is_counted_on_every_way_out()
    {
        var ring = new EventRing(4, 8);
        var into = new RingEvent(8);
        var empty = Executed(() => ring.TryDequeue(into));
        empty.ShouldBeInRange(20, 30);
        Executed(() => ring.TryDequeue(into)).ShouldBe(empty);
        var kept = Executed(() => ring.Enqueue(EventKind.KeyEdge, 1, 2, 3, [], 0));
        kept.ShouldBeInRange(70, 110);
        Executed(() => ring.TryDequeue(into)).ShouldBeGreaterThan(empty + 40);
        Executed(() => ring.TryDequeue(into)).ShouldBe(empty);
    }

    [Fact]
    public void What_a_callee_throws_away_is_counted_before_it_throws()
    {
        var before = IlCounter.Executed();
        Should.Throw<ArgumentNullException>(() => new EventRing(4, 8).Enqueue(EventKind.LinkUp, 1, 2, 3, null!, 1));
        (IlCounter.Executed() - before).ShouldBeGreaterThan(0);
    }

    private static long Executed(Action action)
    {
        var before = IlCounter.Executed();
        action();
        return IlCounter.Executed() - before;
    }
}

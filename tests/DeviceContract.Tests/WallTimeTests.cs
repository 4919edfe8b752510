using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// P02: the device code that may read or set wall time. All other device code uses only the monotonic clock (R8).
/// </summary>
public class WallTimeTests
{
    private const string Port = "ElderBand.BandProtocol.IClock";

    // The port of the clock, the class that keeps the wall time, and the messages that carry the wall time to the
    // centre. MqttUplink.EndOf turns the end of the pinned authority into ms and reads no clock.
    private static readonly string[] Labels =
    [
        "EspClock.SetWall: DateTime",
        "EspClock.SetWall: Rtc",
        "EspClock.WallMs: DateTime",
        "MqttUplink.EndOf: DateTime",
        "Sender.Begin: WallMs",
        "Sender.PublishHello: WallMs",
        "TimeKeeper.BeginAttempt: SetWall",
        "TimeKeeper.Start: SetWall",
        "TimeKeeper.Take: SetWall",
        "TimeKeeper.Take: WallMs",
    ];

    [Fact]
    public void P02_wall_time_is_read_for_labels_only_and_never_on_the_band()
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in ProjectTests.DeviceProjects.Select(row => row.Data)
            .Where(path => !path.StartsWith("tests/", StringComparison.Ordinal)))
        {
            var built = DeviceCompiler.Build(DeviceProject.Load(Path.Combine(Repository.Root, path)));
            built.Errors.ShouldBeEmpty();
            found.UnionWith(Uses(built.Image));
        }

        found.ShouldBe(Labels.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_decision_by_wall_time_is_found()
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/r/A.cs"] = "namespace N { class A { bool Due() { return System.DateTime.UtcNow.Hour > 3; } } }",
        };
        var built = DeviceCompiler.Compile("N", sources, [ReferenceAssemblies.Shared.Image("mscorlib")!]);
        built.Errors.ShouldBeEmpty();
        Uses(built.Image).Distinct().ShouldBe(["A.Due: DateTime"]);
    }

    /// <returns>"Type.Method: what it uses" for every use of wall time in an assembly.</returns>
    private static IEnumerable<string> Uses(byte[] image)
    {
        using var module = ModuleDefinition.ReadModule(new MemoryStream(image));
        foreach (var method in module.GetAllTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            foreach (var called in method.Body.Instructions.Select(i => i.Operand).OfType<MethodReference>())
            {
                var what = called.DeclaringType.Name switch
                {
                    "DateTime" or "Rtc" => called.DeclaringType.Name,
                    _ when called.DeclaringType.FullName == Port && called.Name != "NowMs" => called.Name,
                    _ => null,
                };
                if (what is not null)
                    yield return $"{method.DeclaringType.Name}.{method.Name}: {what}";
            }
        }
    }
}

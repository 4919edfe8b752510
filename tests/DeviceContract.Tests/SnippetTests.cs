namespace ElderBand.Tests.DeviceContract;

/// <summary>Snippets that a device refuses, each with its reason, and snippets that it runs.</summary>
public class SnippetTests
{
    [Theory]
    [InlineData("System.Collections.Generic.List<int> list;", "CS0234")]
    [InlineData("int M(int[] a) { return System.Linq.Enumerable.Sum(a); }", "CS0234")]
    [InlineData("async System.Threading.Tasks.Task M() { await M(); }", "CS0234")]
    [InlineData("string M(string s) { return s.Replace(\"a\", \"b\"); }",
        "'string' does not contain a definition for 'Replace'")]
    [InlineData(
        "string M(string[] s) { return string.Join(\",\", s); }", "'string' does not contain a definition for 'Join'")]
    [InlineData("void M(int[] a) { System.Array.Sort(a); }", "'Array' does not contain a definition for 'Sort'")]
    [InlineData("bool M(char c) { return char.IsDigit(c); }", "'char' does not contain a definition for 'IsDigit'")]
    [InlineData("int? value;", "CS0518")]
    [InlineData("System.Span<byte> M() { return default; }", "CS0234")]
    [InlineData("(int, int) M() { return (1, 2); }", "CS8179")]
    [InlineData("record Point(int X, int Y);", "CS0518")]
    [InlineData("decimal price;", "CS0518")]
    [InlineData("volatile int flag;", "CS0518")]
    [InlineData("System.Collections.IEnumerable M() { yield return 1; }", "CS0518")]
    [InlineData("int M(int[] a) { return a[^1]; }", "CS0518")]
    [InlineData("unsafe int M(int* p) { return *p; }", "CS0227")]
    [InlineData("void M() { var f = (int x) => x; }", "CS8773")]
    [InlineData("void M() { try { } catch (System.DivideByZeroException) { } }", "CS0234")]
    [InlineData("record struct Point(int X);", "CS8773")]
    [InlineData("async void M() { }", "CS0518")]
    [InlineData("byte M() { System.SpanByte p = stackalloc byte[8]; return p[0]; }", "CS8346")]
    public void A_snippet_that_a_device_lacks_does_not_compile(string member, string error) =>
        Compile(member).Errors.ShouldContain(
            line => line.Contains(error, StringComparison.Ordinal), Listed(Compile(member).Errors));

    [Theory]
    [InlineData("System.Action<int> callback;", "uses the generic type System.Action`1")]
    [InlineData("int M(System.Func<int> f) { return f(); }", "uses the generic type System.Func`1")]
    [InlineData("event System.EventHandler<object> Changed;", "uses the generic type System.EventHandler`1")]
    [InlineData("void M() { System.Action<int> f = x => { }; f(1); }", "uses the generic type System.Action`1")]
    [InlineData("class Box<T> { }", "declares a generic type")]
    [InlineData("delegate T Make<T>();", "declares a generic type")]
    [InlineData("T Same<T>(T value) { return value; }", "declares a generic method")]
    [InlineData("T Same<T>(T value) { return value; } int M() { return Same(1); }", "calls the generic method Same")]
    [InlineData("int[,] grid = new int[2, 2];", "uses a multi-dimensional array")]
    [InlineData("int M() { var grid = new int[2, 2]; return grid[0, 1]; }", "uses a multi-dimensional array")]
    [InlineData("interface IAnswer { int Answer() { return 42; } }", "is a default interface method")]
    [InlineData("int M(int a, int b) { return checked(a + b); }", "uses checked arithmetic (add.ovf)")]
    [InlineData("byte M(int a) { return checked((byte)a); }", "uses checked arithmetic (conv.ovf.u1)")]
    [InlineData("static int count;", "is a mutable static")]
    [InlineData("static int Count { get; set; }", "is a mutable static")]
    [InlineData("static readonly object Lock = new object();", "is a static object")]
    [InlineData("static readonly Sample Instance = new Sample();", "is a static object")]
    [InlineData("enum Kind { Sos } string M(Kind k) { return k.ToString(); }", "on a device that is its number")]
    [InlineData("string M(System.DayOfWeek day) { return $\"on {day}\"; }", "on a device that is its number")]
    [InlineData(
        "System.DateTime M() { return System.DateTime.UtcNow; }", "reads the wall clock outside Board and TimeKeeper")]
    [InlineData("void M() { System.Threading.Thread.Sleep(1); }", "uses Thread outside Board and Program")]
    [InlineData("System.Threading.Timer timer = new System.Threading.Timer(null, null, 1, 1);",
        "uses Timer outside Board and Program")]
    [InlineData("long M() { return System.Environment.TickCount64; }", "reads Environment.TickCount64")]
    [InlineData("System.Device.Gpio.GpioController pins;",
        "uses System.Device.Gpio (System.Device.Gpio.GpioController) outside Board and Program")]
    [InlineData(
        "void M() { nanoFramework.Hardware.Esp32.Sleep.StartDeepSleep(); }", "uses nanoFramework.Hardware.Esp32")]
    public void A_snippet_that_only_a_PC_can_run_is_found_in_the_binary(string member, string reason)
    {
        var built = Compile(member);
        built.Errors.ShouldBeEmpty();
        var problems = DeviceInspector.Inspect(built.Image);
        problems.ShouldContain(problem => problem.Contains(reason, StringComparison.Ordinal), Listed(problems));
    }

    [Theory]
    [InlineData("unsafe int M(int n) { byte* p = stackalloc byte[n]; return p[0]; }", "uses localloc")]
    [InlineData("unsafe int M(byte* p) { return p[0]; }", "uses a pointer")]
    [InlineData("unsafe int M(delegate*<int> f) { return f(); }", "uses calli")]
    [InlineData("unsafe delegate*<int> field;", "uses a pointer to a function")]
    [InlineData("void M(__arglist) { System.RuntimeArgumentHandle h = __arglist; }", "uses arglist")]
    public void What_unsafe_code_would_bring_is_found_too(string member, string reason)
    {
        // The device build does not allow unsafe code at all; the look into the binary is a second net.
        var source = new Dictionary<string,
            string>(StringComparer.Ordinal)
        { ["Snippet.cs"] = $"class Sample {{ {member} }}" };
        if (member.Contains("unsafe", StringComparison.Ordinal))
            DeviceCompiler.Compile("Snippet", source, References())
                .Errors.ShouldContain(line => line.Contains("CS0227"));
        var built = DeviceCompiler.Compile("Snippet", source, References(), allowUnsafe: true);
        built.Errors.ShouldBeEmpty();
        DeviceInspector.Inspect(built.Image)
            .ShouldContain(problem => problem.Contains(reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("float M(int x) { return x; }", "uses Single")]
    [InlineData("int M(int x) { return (int)(x * 0.7); }", "uses floating point (ldc.r8)")]
    [InlineData("int M(int x) { return (int)((float)x / 3); }", "uses floating point (conv.r4)")]
    [InlineData("double weight;", "uses Double")]
    [InlineData("void M(double[] weights) { }", "uses Double")]
    [InlineData("bool M(int x) { double y; return double.TryParse(x.ToString(), out y); }", "uses Double")]
    public void A_float_in_VitalsFilter_is_refused_and_elsewhere_it_is_not(string member, string reason)
    {
        var built = Compile(member);
        built.Errors.ShouldBeEmpty();
        var problems = DeviceInspector.Inspect(built.Image, integersOnly: true);
        problems.ShouldContain(problem => problem.Contains(reason, StringComparison.Ordinal), Listed(problems));
        DeviceInspector.Inspect(built.Image).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("delegate int Step(int x); int M(int a) { Step step = x => x + a; return step(1); }")]
    [InlineData("delegate int Step(int x); int M() { Step step = x => x + 1; return step(1); }")]
    [InlineData("int M(int x) { return x switch { 1 => 10, > 5 and < 9 => 20, _ => 0 }; }")]
    [InlineData("bool M(object o) { return o is int n && n > 3; }")]
    [InlineData("string M(int bpm) { return $\"{bpm} a minute\"; }")]
    [InlineData("int M(int a) { return Twice(a) + 1; static int Twice(int x) { return 2 * x; } }")]
    [InlineData("static readonly byte[] Table = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };")]
    [InlineData("const int BeatMs = 60_000; static readonly string Name = \"band\";")]
    [InlineData("byte M(byte[] b, int i) { unchecked { return (byte)(b[i] + 1); } }")]
    [InlineData("int M() { try { return 1; } catch (System.Exception e) when (e.Message.Length > 3) { return 2; } }")]
    [InlineData("void M(System.IDisposable d) { using var e = d; }")]
    [InlineData("ref int M(int[] a) { return ref a[0]; }")]
    [InlineData(
        "readonly struct Pair { public readonly int X; public Pair(int x) { X = x; } } int M(in Pair p) { return p.X; "
            + "}")]
    [InlineData("object gate = new object(); void M() { lock (gate) { } }")]
    [InlineData("int n; int M() { return System.Threading.Interlocked.Increment(ref n); }")]
    [InlineData("int[][] rows = new int[4][];")]
    [InlineData("enum Kind { Sos = 1 } int M(Kind k) { return (int)k; }")]
    [InlineData("event System.EventHandler Changed; void M() { Changed?.Invoke(this, null); }")]
    [InlineData(
        "int M(string s) { switch (s) { case \"a\": return 1; case \"b\": return 2; case \"c\": return 3; case \"d\": "
            + "return 4; case \"e\": return 5; case \"f\": return 6; case \"g\": return 7; default: return 0; } }")]
    public void A_snippet_that_a_device_runs_passes(string member)
    {
        var built = Compile(member);
        built.Errors.ShouldBeEmpty();
        DeviceInspector.Inspect(built.Image, integersOnly: true).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("namespace Sample.Board { class Wall { System.DateTime M() { return System.DateTime.UtcNow; } } }")]
    [InlineData("namespace Sample.App { class TimeKeeper { System.DateTime M() { return System.DateTime.UtcNow; } } }")]
    [InlineData("namespace Sample.Board { class Pins { System.Device.Gpio.GpioController c; } }")]
    [InlineData("namespace Sample { class Program { void M() { System.Threading.Thread.Sleep(1); } } }")]
    public void Clocks_threads_and_pins_are_welcome_where_they_belong(string source)
    {
        var built = CompileSource(source);
        built.Errors.ShouldBeEmpty();
        DeviceInspector.Inspect(built.Image).ShouldBeEmpty();
    }

    private static DeviceAssembly Compile(string member) => CompileSource($"class Sample {{ {member} }}");

    private static DeviceAssembly CompileSource(string source) =>
        DeviceCompiler.Compile(
            "Snippet",
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Snippet.cs"] = source },
            References());

    private static IEnumerable<byte[]> References() =>
        ReferenceAssemblies.Shared.Listings.Select(listing => ReferenceAssemblies.Shared.Image(listing.Assembly)!);

    private static string Listed(IEnumerable<string> lines) => string.Join('\n', lines);
}

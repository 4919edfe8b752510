using ElderBand.Eval;
using ElderBand.Simulator.Signals;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>The evaluation program on invented folders: what it writes, and what it says about damaged ones.</summary>
public sealed class EvalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eval-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("25")]
    [InlineData("50")]
    public void Falls_writes_one_row_a_suspicion_and_names_and_counts_what_it_skips(string rate)
    {
        Motion("fall.csv", SyntheticMotion.FallSequence(100, 1, 5000), 12);
        Motion("walk.csv", SyntheticMotion.Walking(100, 1), 12);
        File.WriteAllText(At("damaged.csv"), "t_ms,ax_mg,ay_mg,az_mg\n0,1,2,3\n10,1,zwei,3\n");
        File.WriteAllText(At("manifest.csv"), "file,dataset,description\nfall.csv,x,\"one, two\"\nwalk.csv,x,a\ndamaged.csv,x,a\nmissing.csv,x,a\n");

        var (code, error) = Run("falls", "--data", _folder, "--out", At("out.csv"), "--rate", rate);

        code.ShouldBe(0);
        error.ShouldContain("skipped damaged.csv: line 3: 'zwei' is not a whole number");
        error.ShouldContain("skipped missing.csv: the file is missing");
        error.ShouldContain("2 recordings evaluated, 2 skipped");
        var rows = File.ReadAllLines(At("out.csv"));
        rows[0].ShouldBe("file,t_ms,kind,score");
        var cells = rows[1..].ShouldHaveSingleItem().Split(',');
        cells[0].ShouldBe("fall.csv");
        int.Parse(cells[1]).ShouldBeInRange(5700, 9700);
        cells[2].ShouldBe("suspected");
        int.Parse(cells[3]).ShouldBeInRange(50, 100);
    }

    [Fact]
    public void Hr_writes_an_estimate_every_two_seconds_also_of_files_with_segments()
    {
        var ppg = new SyntheticPpg(100, 1) { Bpm = 66 };
        File.WriteAllLines(At("a.csv"), ["t_ms,red,ir", .. Enumerable.Range(0, 3000).Select(i => { var (red, ir, _) = ppg.Next(); return $"{i * 10},{red},{ir}"; })]);
        File.WriteAllLines(At("b.csv"), ["t_ms,seg,ppg", .. Enumerable.Range(0, 2000).Select(i => $"{i % 1000 * 10},{i / 1000},{ppg.Next().Ir}")]);
        File.WriteAllText(At("manifest.csv"), "file,dataset,channels,rate_hz\na.csv,x,red ir,100.0\nb.csv,y,seg ppg,100.0\n");

        var (code, error) = Run("hr", "--data", _folder, "--out", At("out.csv"));

        code.ShouldBe(0);
        error.ShouldContain("x: red+ir at 100 Hz, level judged");
        error.ShouldContain("y: ppg at 100 Hz, level not judged");
        var rows = File.ReadAllLines(At("out.csv")).Skip(1).Select(static r => r.Split(',')).ToList();
        rows.Count(static r => r[0] == "a.csv").ShouldBe(15);
        rows.Count(static r => r[0] == "b.csv").ShouldBe(10);
        rows.Where(static r => r[0] == "a.csv" && r[4] == "1").ShouldAllBe(static r => Math.Abs(int.Parse(r[2]) - 660) < 40);
    }

    [Theory]
    [InlineData("falls --data {0}", 2, "--out is missing")]
    [InlineData("falls --data {0} --out x --rate 30", 2, "--rate 30: one of 25, 50")]
    [InlineData("guess", 2, "unknown evaluation 'guess'")]
    [InlineData("falls --data {0} --out x", 1, "no manifest.csv")]
    public void Wrong_use_ends_in_one_line_that_says_what_to_do(string line, int code, string words)
    {
        var (actual, error) = Run(string.Format(line, _folder).Split(' '));
        actual.ShouldBe(code);
        error.ShouldContain(words);
        error.ShouldNotContain("   at ");
    }

    private string At(string name) => Path.Combine(_folder, name);

    private void Motion(string name, SyntheticMotion motion, int seconds) => File.WriteAllLines(
        At(name),
        ["t_ms,ax_mg,ay_mg,az_mg", .. Enumerable.Range(0, seconds * 100).Select(i => { var (x, y, z) = motion.Next(); return $"{i * 10},{x},{y},{z}"; })]);

    private static (int Code, string Error) Run(params string[] args)
    {
        var error = new StringWriter();
        var code = Program.Run(args, TextWriter.Synchronized(error));
        return (code, error.ToString());
    }
}

using ElderBand.Eval;
using ElderBand.Simulation.Signals;

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
        File.WriteAllText(At("manifest.csv"),
            "file,dataset,description\nfall.csv,x,\"one, two\"\nwalk.csv,x,a\ndamaged.csv,x,a\nmissing.csv,x,a\n");

        var (code, error) = Run("falls", "--data", _folder, "--out", At("out.csv"), "--rate", rate);

        code.ShouldBe(0);
        error.ShouldContain("skipped damaged.csv: line 3: 'zwei' is not a whole number");
        error.ShouldContain("skipped missing.csv: the file is missing");
        error.ShouldContain("2 recordings evaluated, 2 skipped");
        var rows = File.ReadAllLines(At("out.csv"));
        rows[0].ShouldBe("file,t_ms,kind,score");
        rows.Length.ShouldBe(3);
        var cells = rows[1].Split(',');
        cells[0].ShouldBe("fall.csv");
        int.Parse(cells[1]).ShouldBeInRange(5700, 9700);
        cells[2].ShouldBe("suspected");
        int.Parse(cells[3]).ShouldBeInRange(50, 100);
        rows[2].ShouldBe(
            $"fall.csv,{int.Parse(cells[1]) + 30_000},confirmed,{cells[3]}", "lying still when the countdown ended");
        error.ShouldContain(
            "suspected 1 (by lying still 0), confirmed 1 (lying still when the countdown ended), near falls for the "
                + "log 0");
    }

    [Fact]
    public void A_variation_of_a_trial_is_the_same_movement_by_another_recorder_and_the_same_again()
    {
        Motion("fall.csv", SyntheticMotion.FallSequence(100, 1, 5000), 12);
        File.WriteAllText(At("manifest.csv"),
            "file,dataset,subject,age_group,activity_code,is_fall,onset_ms,impact_ms\nfall.csv,x,a,b,c,1,5000,5700\n");
        string Features(string variation)
        {
            Run("features", "--data", _folder, "--out", At("out.csv"), "--variation", variation).Code.ShouldBe(0);
            var rows = File.ReadAllLines(At("out.csv")).Skip(1).ToArray();
            rows.ShouldContain(static row =>
                Math.Abs(int.Parse(row.Split(',')[11]) - 5700) < 500, "peak_ms, on the recording's own axis");
            return string.Join('\n', rows);
        }

        var first = Features("1");
        Features("1").ShouldBe(first);
        Features("2").ShouldNotBe(first);
        Features("0").ShouldNotBe(first);
    }

    [Theory]
    [InlineData("25")]
    [InlineData("50")]
    public void Falls_through_the_fifo_in_batches_of_25_gives_the_verdicts_of_sample_by_sample_when_the_batch_is_read(
        string rate)
    {
        for (var i = 0; i < 6; i++)
        {
            Motion($"fall{i}.csv", SyntheticMotion.FallSequence(100, i, 5000 + (170 * i)), 12);
            Motion($"day{i}.csv", SyntheticMotion.Daily(100, i), 60);
        }

        File.WriteAllLines(At("manifest.csv"),
            ["file", .. Enumerable.Range(0, 6).SelectMany(static i => new[] { $"fall{i}.csv", $"day{i}.csv" })]);
        var (code, error) = Run("falls", "--data", _folder, "--out", At("out.csv"), "--rate", rate, "--batch");
        code.ShouldBe(0, error);
        error.ShouldContain("in batches of 25: 12 of 12 trials the same verdicts, moments and scores");
        Run("falls", "--data", _folder, "--out", At("single.csv"), "--rate", rate).Code.ShouldBe(0);
        var late = Suspected(At("out.csv")).Zip(Suspected(At("single.csv")), static (batch, single) => batch - single)
            .ToList();
        late.Count.ShouldBe(6);
        late.ShouldAllBe(ms => ms >= 0 && ms < 25 * 1000 / int.Parse(rate));
        late.ShouldContain(static ms => ms > 0);
    }

    [Fact]
    public void The_chips_steps_are_those_that_the_driver_hands_on()
    {
        Falls.Rounded(0).ShouldBe(0);
        Falls.Rounded(1000).ShouldBe(1000);
        Falls.Rounded(-1000).ShouldBe(-1000);
        Falls.Rounded(1002).ShouldBe(1003, "257 counts are 1003.9 mg");
        Falls.Rounded(-3).ShouldBe(-4);
        Falls.Rounded(20_000).ShouldBe(15_996);
    }

    [Fact]
    public void Longlie_shows_for_each_course_after_a_fall_how_it_ends()
    {
        Motion("fall.csv", SyntheticMotion.FallSequence(100, 1, 5000), 12);
        Motion("walk.csv", SyntheticMotion.Walking(100, 1), 12);
        File.WriteAllText(At("manifest.csv"), "file,is_fall\nfall.csv,1\nwalk.csv,0\n");
        var (code, error) = Run("longlie", "--data", _folder, "--out", At("out.csv"));
        code.ShouldBe(0);
        foreach (var (name, still) in new[] { ("lying still", 1), ("crawling", 0), ("getting up and walking", 0) })
        {
            var row = error.Split('\n').Single(line => line.TrimStart().StartsWith(name, StringComparison.Ordinal));
            row.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^3..].ShouldBe([$"{still}", "of", "1"]);
        }

        File.ReadAllLines(At("out.csv")).Skip(1).Select(static r => r.Split(',')[3])
            .ShouldBe(Enumerable.Repeat("suspected at once", 5));
    }

    [Fact]
    public void Hr_writes_an_estimate_every_two_seconds_also_of_files_with_segments()
    {
        var ppg = new SyntheticPpg(100, 1) { Bpm = 66 };
        File.WriteAllLines(At("a.csv"), ["t_ms,red,ir", .. Enumerable.Range(0, 3000)
            .Select(i => { var (red, ir, _) = ppg.Next(); return $"{i * 10},{red},{ir}"; })]);
        File.WriteAllLines(At("b.csv"),
            ["t_ms,seg,ppg", .. Enumerable.Range(0, 2000).Select(i => $"{i % 1000 * 10},{i / 1000},{ppg.Next().Ir}")]);
        File.WriteAllText(
            At("manifest.csv"), "file,dataset,channels,rate_hz\na.csv,x,red ir,100.0\nb.csv,y,seg ppg,100.0\n");

        var (code, error) = Run("hr", "--data", _folder, "--out", At("out.csv"));

        code.ShouldBe(0);
        error.ShouldContain(
            "x: red+ir, level judged from 5000 counts (counts of the chip), no accelerometer; 100 Hz, 1 files");
        error.ShouldContain("y: ppg, level not judged");
        var rows = File.ReadAllLines(At("out.csv")).Skip(1).Select(static r => r.Split(',')).ToList();
        rows.Count(static r => r[0] == "a.csv").ShouldBe(15);
        rows.Count(static r => r[0] == "b.csv").ShouldBe(10);
        rows.Where(static r => r[0] == "a.csv" && r[4] == "1")
            .ShouldAllBe(static r => Math.Abs(int.Parse(r[2]) - 660) < 40);
    }

    public static TheoryData<string, string, string, double, string> Mappings() => new()
    {
        { "green,ir,red", "", "MAX30101", 1, "red+ir+green, level judged from 1000 counts" },
        { "red,ir", "", "", 0.002,
            "red+ir, level not judged: contact and perfusion not applicable "
                + "(counts far too low for the chip's scale)" },
        { "red,ir", "", "MAX86161", 16, "red+ir / 8, level judged from 625 counts" },
        { "ppg1,ppg2,ax_mg,ay_mg,az_mg", "", "wrist", 1,
            "ppg1+ppg2, level not judged: contact and perfusion not applicable (counts of a sensor that is not known), "
                + "accelerometer ax_mg" },
        { "ppg1,ppg2", "bandpassed_at_source", "wrist", 1,
            "ppg1+ppg2, level not judged: contact and perfusion not applicable (the manifest says "
                + "bandpassed_at_source)" },
        { "g_x1000,r_x1000,b_x1000", "", "phone camera", 1,
            "r_x1000+b_x1000+g_x1000, contact not applicable, perfusion judged, SpO2 a trend of the red level by "
                + "36500,61000,0 (a camera)" },
        { "bvp,ax_raw,ay_raw,az_raw,gx,temp", "", "", -1,
            "bvp, level not judged: contact and perfusion not applicable (its values swing around 0: filtered at the "
                + "source), accelerometer ax_raw, scaled to 1 g" },
        { "one,two,three,four", "", "", 1, "one+two+three, level not judged" },
        { "wrist_ppg,wrist_ax,wrist_ay,wrist_az", "", "", 1,
            "wrist_ppg, level not judged: contact and perfusion not applicable (counts of a sensor that is not known), "
                + "accelerometer wrist_ax, scaled to 1 g" },
    };

    [Theory]
    [MemberData(nameof(Mappings))]
    public void Hr_maps_any_channels_and_says_how(
        string columns, string flags, string sensor, double scale, string words)
    {
        // Scale -1: only the wave, around 0, as a source that filters gives it.
        var ppg = new SyntheticPpg(125, 2) { Bpm = 66, Perfusion = 0.02 };
        var names = columns.Split(',');
        File.WriteAllLines(At("a.csv"), [$"t_ms,{columns}", .. Enumerable.Range(0, 125 * 30).Select(i =>
        {
            var (red, ir, green) = ppg.Next();
            var cells = names.Select(
                n => n.Split('_') is var parts
                    && parts.FirstOrDefault(static p => p is ['a', 'x' or 'y' or 'z']) is { } axis
                        ? (axis == "az" ? 4096 : 10 + (i % 3)) : n[0] == 't'
                            ? 36 : scale < 0 ? ir - 104_000 : (n[0] == 'g' ? green : n[0] == 'r' ? red : ir) * scale);
            return $"{i * 8},{string.Join(',', cells.Select(static c => (int)c))}";
        })]);
        File.WriteAllText(At("manifest.csv"), $"file,dataset,sensor,flags,rate_hz\na.csv,x,{sensor},{flags},125\n");

        var (code, error) = Run("hr", "--data", _folder, "--out", At("out.csv"));

        code.ShouldBe(0);
        error.ShouldContain($"x: {words}");
        var rows = File.ReadAllLines(At("out.csv")).Skip(1).Select(static r => r.Split(',')).ToList();
        rows.Count.ShouldBe(15);
        rows.Count(static r => r[4] == "1" && Math.Abs(int.Parse(r[2]) - 660) < 40)
            .ShouldBeGreaterThan(9, string.Join('\n', rows.Select(static r => string.Join(',', r))));
        rows.ShouldAllBe(r => r[8] == (words.Contains("not judged") ? "not-applicable" : "judged"));
    }

    [Fact]
    public void Hr_gives_a_cameras_oxygen_by_its_curve_and_a_filtered_sources_never()
    {
        var ppg = new SyntheticPpg(30, 4) { Bpm = 66, Perfusion = 0.02 };
        File.WriteAllLines(At("a.csv"), ["t_ms,r_x1000,g_x1000,b_x1000", .. Enumerable.Range(0, 30 * 120).Select(i =>
        {
            var (red, ir, green) = ppg.Next();
            return $"{i * 1000 / 30},{red},{green},{ir}";
        })]);
        File.WriteAllText(At("manifest.csv"), "file,dataset,sensor,flags\na.csv,x,phone camera,\n");
        List<int> Given(params string[] more)
        {
            Run(["hr", "--data", _folder, "--out", At("out.csv"), .. more]).Code.ShouldBe(0);
            return File.ReadAllLines(At("out.csv")).Skip(1).Select(static r => r.Split(','))
                .Where(static r => r[6] == "1").Select(static r => int.Parse(r[5])).ToList();
        }

        // An even red level is the wearer's best: the curve at 1.
        var given = Given();
        given.Count.ShouldBeGreaterThan(30);
        given.ShouldAllBe(static s => s >= 960 && s <= 980);
        var shifted = Given("--oxygen-curve", "33500,61000,0");
        shifted.Count.ShouldBeGreaterThan(30);
        shifted.ShouldAllBe(static s => s >= 930 && s <= 950);

        File.WriteAllText(
            At("manifest.csv"), "file,dataset,sensor,flags\na.csv,x,phone camera,normalised_per_segment\n");
        Given().ShouldBeEmpty();
    }

    [Fact]
    public void Hr_takes_the_channel_asked_for_and_does_not_draw_a_pulse_through_a_hole()
    {
        var ppg = new SyntheticPpg(50, 3) { Bpm = 66 };
        var samples = Enumerable.Range(0, 50 * 60).Select(i => (Ms: i * 20, Ppg: ppg.Next())).ToList();
        samples.RemoveAll(static s => s.Ms is > 20_000 and < 20_380 or > 40_000 and < 42_500);
        File.WriteAllLines(
            At("a.csv"), ["t_ms,one,two", .. samples.Select(static s => $"{s.Ms},{s.Ms % 7},{s.Ppg.Ir}")]);
        File.WriteAllText(At("manifest.csv"), "file,dataset\na.csv,x\n");

        var (code, error) = Run("hr", "--data", _folder, "--out", At("out.csv"), "--channel", "two");

        code.ShouldBe(0);
        error.ShouldContain("x: two, level not judged");
        var rows = File.ReadAllLines(At("out.csv")).Skip(1).Select(static r => r.Split(','))
            .ToDictionary(static r => int.Parse(r[1]), static r => r[4] == "1");
        rows.Count.ShouldBe(30);
        rows[19_980].ShouldBeTrue();
        rows[25_980].ShouldBeTrue("a third of a second of eight is missing: the rest is enough");
        foreach (var (ms, reported) in rows.Where(static r => r.Key is > 40_000 and < 50_000))
        {
            reported.ShouldBeFalse($"{ms} ms: it begins anew after a hole of 2.5 s");
        }

        rows[55_980].ShouldBeTrue();
        Run("hr", "--data", _folder, "--out", At("out.csv"), "--channel", "three")
            .Error.ShouldContain("no channel 'three'");
    }

    [Fact]
    public void Steps_are_those_of_the_recording_and_not_of_what_is_held_before_it()
    {
        Motion("walk.csv", SyntheticMotion.Walking(100, 1), 60);
        Motion("rest.csv", SyntheticMotion.Resting(100, 1), 60);
        File.WriteAllText(At("manifest.csv"),
            "file,dataset,age_group,description\nwalk.csv,x,elder,walking\nrest.csv,x,elder,resting\n");
        var (code, error) = Run("steps", "--data", _folder, "--out", At("out.csv"));
        code.ShouldBe(0, error);
        error.ShouldContain("x elder: walking");
        var rows = File.ReadAllLines(At("out.csv"));
        rows[0].ShouldBe("file,steps,duration_ms,steps_a_minute");
        int.Parse(rows[1].Split(',')[1]).ShouldBeInRange(96, 106);
        rows[2].ShouldStartWith("rest.csv,0,");
    }

    [Theory]
    [InlineData("fall.svg")]
    [InlineData("fall.html")]
    public void Plot_of_a_fall_shows_the_acceleration_the_states_and_the_verdict_and_stands_alone(string name)
    {
        Motion("fall.csv", SyntheticMotion.FallSequence(100, 1, 5000), 12);
        File.WriteAllText(At("manifest.csv"), "file,description,is_fall,impact_ms\nfall.csv,\"back, & down\",1,5700\n");
        var (code, error) = Run("plot", "--data", _folder, "--file", "fall.csv", "--out", At(name));
        code.ShouldBe(0, error);
        var text = File.ReadAllText(At(name));
        text.ShouldStartWith(name.EndsWith("svg", StringComparison.Ordinal) ? "<svg " : "<!doctype html>");
        foreach (var words in new[] { "back, &amp; down", "acceleration, g", "time in the recording, s",
            "score, 0-100", "1.5 g wakes the detector", "impact", "suspected, score", "(lying still 30 s later)" })
        {
            text.ShouldContain(words);
        }

        foreach (var state in new[] { "#e8590c", "#f2c94c" })
        {
            text.ShouldContain($"height=\"22\" fill=\"{state}\"", Case.Sensitive, "a state that it went through");
        }

        text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("http");
        text.ShouldNotContain("NaN");
        if (name.EndsWith("svg", StringComparison.Ordinal))
        {
            System.Xml.Linq.XDocument.Parse(text).Root!.Name.LocalName.ShouldBe("svg");
        }
    }

    [Fact]
    public void Plot_of_a_pulse_shows_wave_reference_reported_and_refused_with_the_reason()
    {
        var ppg = new SyntheticPpg(50, 1) { Bpm = 66 };
        var motion = SyntheticMotion.Resting(50, 1);
        File.WriteAllLines(At("a.csv"), ["t_ms,red,ir,ax_mg,ay_mg,az_mg", .. Enumerable.Range(0, 3000).Select(i =>
        {
            ppg.Worn = i < 2000;
            var (red, ir, _) = ppg.Next();
            var (x, y, z) = motion.Next();
            return $"{i * 20},{red},{ir},{x},{y},{z}";
        })]);
        File.WriteAllLines(At("a_ref.csv"), ["t_start_ms,t_end_ms,hr_bpm_x10,suspect",
            .. Enumerable.Range(0, 20).Select(static i => $"{i * 2000},{(i * 2000) + 8000},660,0")]);
        File.WriteAllText(
            At("manifest.csv"),
            "file,ref,channels,rate_hz,sensor,ref_kind\na.csv,a_ref.csv,red ir ax_mg ay_mg "
                + "az_mg,50,MAX30102,ECG\nb.csv,b_ref.csv,red ir,50,,\n");
        var (code, error) = Run("plot", "--data", _folder, "--file", "a.csv", "--out", At("a.svg"));
        code.ShouldBe(0, error);
        var svg = System.Xml.Linq.XDocument.Parse(File.ReadAllText(At("a.svg")));
        var texts = svg.Descendants().Where(static e => e.Name.LocalName == "text").Select(static e => e.Value)
            .ToList();
        texts.ShouldContain("heart rate, a minute");
        texts.ShouldContain("motion, mg");
        texts.ShouldContain("red");
        texts.ShouldContain("ir");
        texts.ShouldContain("reference");
        texts.ShouldContain(static t => t.StartsWith("refused: ", StringComparison.Ordinal)
            && !t.Contains("warming", StringComparison.Ordinal), "20 s without a wrist");
        texts.ShouldContain(static t => t.StartsWith("reported (1", StringComparison.Ordinal));
        texts.ShouldContain(static t => t.Contains("a minute off on average", StringComparison.Ordinal));

        File.Copy(At("a.csv"), At("b.csv"));
        Run("plot", "--data", _folder, "--file", "b.csv", "--out", At("b.svg")).ShouldSatisfyAllConditions(
            static r => r.Code.ShouldBe(1), static r =>
                r.Error.ShouldContain("b.csv: its reference b_ref.csv is missing"));
    }

    [Theory]
    [InlineData("--file a --out x.png", 2, "--out x.png: a name that ends in .svg or .html")]
    [InlineData("--file no.csv --out x.svg", 1, "--file no.csv: the manifest has no such recording")]
    [InlineData("--file .csv --out x.svg", 1,
        "--file .csv: 4 recordings have that in their name, gone.csv, damaged.csv, column.csv, ...")]
    [InlineData("--file gone --out x.svg", 1, "gone.csv: the file is missing")]
    [InlineData("--file damaged --out x.svg", 1, "damaged.csv: line 2: 'two' is not a whole number")]
    [InlineData("--file column --out x.svg", 1, "column.csv: no column 'az_mg'")]
    [InlineData("--file neither --out x.svg", 1, "neither.csv: the manifest has neither is_fall nor channels for it")]
    [InlineData("--file column --out x.svg --from 5 --to 2", 2, "--from 5 --to 2: the end lies before the beginning")]
    public void Plot_says_what_is_wrong_with_a_file_or_the_command(string line, int code, string words)
    {
        File.WriteAllText(At("damaged.csv"), "t_ms,ax_mg,ay_mg,az_mg\n0,two,3,4\n");
        File.WriteAllText(At("column.csv"), "t_ms,ax_mg,ay_mg\n0,1,2\n20,1,2\n");
        File.WriteAllText(At("neither.csv"), "t_ms,x\n0,1\n20,1\n");
        File.WriteAllText(At("manifest.csv"), "file,is_fall\ngone.csv,1\ndamaged.csv,0\ncolumn.csv,0\nneither.csv,\n");
        var (actual, error) = Run(["plot", "--data", _folder,
            .. line.Replace("--out ", $"--out {_folder}/", StringComparison.Ordinal).Split(' ')]);
        error.Replace($"{_folder}/", "", StringComparison.Ordinal).ShouldContain(words);
        actual.ShouldBe(code);
        error.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData(0, 100, 10, 0.0, 100.0, 11)]
    [InlineData(-2.0, 15.3, 12, -2.0, 14.0, 9)]
    [InlineData(0.13, 0.87, 4, 0.2, 0.8, 4)]
    public void Ticks_are_round_numbers_within_the_axis(
        double from, double to, int about, double first, double last, int count)
    {
        var ticks = Panel.Ticks(from, to, about).ToList();
        ticks.Count.ShouldBe(count);
        ticks[0].ShouldBe(first, 1e-9);
        ticks[^1].ShouldBe(last, 1e-9);
    }

    [Theory]
    [InlineData("falls --data {0}", 2, "--out is missing")]
    [InlineData("falls --data {0} --out x --rate 30", 2, "--rate 30: one of 25, 50")]
    [InlineData("falls --data {0} --out x --sensitivity 3", 2, "--sensitivity 3: one of 0, 1, 2")]
    [InlineData("falls --data {0} --out", 2, "--out needs a value")]
    [InlineData("longlie --data {0} --out x --batch", 2, "unknown option '--batch'")]
    [InlineData("guess", 2, "unknown evaluation 'guess'")]
    [InlineData("falls --data {0} --out x", 1, "no manifest.csv")]
    [InlineData("cost --data {0}", 1, "no manifest.csv")]
    public void Wrong_use_ends_in_one_line_that_says_what_to_do(string line, int code, string words)
    {
        var (actual, error) = Run(string.Format(line, _folder).Split(' '));
        actual.ShouldBe(code);
        error.ShouldContain(words);
        error.ShouldNotContain("   at ");
    }

    private static List<int> Suspected(string file) =>
        [.. File.ReadAllLines(file).Select(static r => r.Split(',')).Where(static c => c[2] == "suspected")
            .Select(static c => int.Parse(c[1]))];

    [Theory]
    [InlineData("t_ms,ax_mg,ay_mg,az_mg\n0,1,2,3\n10,1,2", "line 3 has 3 cells, not 4")]
    [InlineData("x,y\n1,2\n", "the first column is not t_ms")]
    [InlineData("t_ms,ax_mg,ay_mg,az_mg\n0,1,2,3\n10,1,2.5,3\n", "line 3: '2.5' is not a whole number")]
    [InlineData("", "fewer than two samples")]
    [InlineData("t_ms,ax_mg,ay_mg,az_mg\n10,1,2,3\n0,1,2,3\n", "line 3: time runs backwards")]
    [InlineData("t_ms,ax_mg,ay_mg,az_mg\n1700000000000,1,2,3\n",
        "line 2: t_ms 1700000000000 does not fit into 32 bits: let its time begin near 0")]
    [InlineData("t_ms,ax_mg,ay_mg,az_mg\n-2000000000,1,2,3\n2000000000,1,2,3\n",
        "line 3: more than 24 hours after its beginning, is t_ms in milliseconds?")]
    public void A_damaged_recording_is_named_with_the_reason_and_counted_by_both_evaluations(string text, string reason)
    {
        File.WriteAllText(At("bad.csv"), text);
        File.WriteAllText(At("manifest.csv"), "file,dataset,channels,rate_hz\nbad.csv,x,ppg,50\n");
        foreach (var evaluation in new[] { "falls", "hr" })
        {
            var (code, error) = Run(evaluation, "--data", _folder, "--out", At("out.csv"));
            code.ShouldBe(1, "nothing could be evaluated");
            error.ShouldContain($"skipped bad.csv: {reason}");
            error.ShouldContain("0 recordings evaluated, 1 skipped");
        }
    }

    [Theory]
    [InlineData("day.csv,x", "day.csv: line 3 of the manifest names it again")]
    [InlineData(",x", ": line 3 of the manifest names no file")]
    [InlineData("other.csv", "other.csv: line 3 of the manifest has 1 cells, not 2")]
    [InlineData("\"day,2.csv\",x",
        "day,2.csv: a name with a comma or a quote does not fit into the answer's rows: rename the file")]
    [InlineData("folder,x", "folder: it is a folder")]
    public void A_row_of_the_manifest_that_cannot_be_used_is_named_and_counted(string row, string words)
    {
        Motion("day.csv", SyntheticMotion.Daily(100, 1), 12);
        Directory.CreateDirectory(At("folder"));
        File.WriteAllText(At("manifest.csv"), $"file,dataset\nday.csv,x\n{row}\n");
        var (code, error) = Run("falls", "--data", _folder, "--out", At("out.csv"));
        code.ShouldBe(0, error);
        error.ShouldContain($"skipped {words}");
        error.ShouldContain("1 recordings evaluated, 1 skipped");
    }

    [Fact]
    public void Windows_line_ends_a_byte_order_mark_blanks_other_column_orders_and_backslashes_give_the_same_answer()
    {
        Motion("plain.csv", SyntheticMotion.FallSequence(100, 1, 5000), 12);
        var lines = File.ReadAllLines(At("plain.csv")).Select(static line => line.Split(',')).ToArray();
        Directory.CreateDirectory(At("sub"));
        File.WriteAllText(At("sub/windows.csv"),
            $"\uFEFF{string.Join("\r\n", lines.Select(static c => $"{c[0]}, {c[3]}, {c[1]}, {c[2]}"))}\r\n\r\n");
        File.WriteAllText(At("manifest.csv"), "\uFEFFdataset, file\r\nx,plain.csv\r\nx,sub\\windows.csv\r\n\r\n");
        var (code, error) = Run("falls", "--data", _folder, "--out", At("new/out.csv"));
        code.ShouldBe(0, error);
        error.ShouldContain("2 recordings evaluated, 0 skipped");
        var moments = File.ReadAllLines(At("new/out.csv")).Skip(1).Select(static row => row.Split(','))
            .ToLookup(static c => c[0], static c => int.Parse(c[1]));
        moments["plain.csv"].ShouldNotBeEmpty();
        moments[@"sub\windows.csv"]
            .ShouldBe(moments["plain.csv"], "the noise of the hold is the name's, the moment is not");
    }

    [Fact]
    public void A_folder_as_output_is_refused_before_the_work()
    {
        File.WriteAllText(At("manifest.csv"), "file\nmissing.csv\n");
        var (code, error) = Run("falls", "--data", _folder, "--out", _folder);
        code.ShouldBe(1);
        error.ShouldBe($"eval: --out {_folder} is a folder: a file is wanted{Environment.NewLine}");
    }

    [Fact]
    public void Help_is_the_usage_and_no_mistake()
    {
        foreach (var word in new[] { "help", "--help", "-h" })
        {
            var (code, error) = Run(word);
            code.ShouldBe(0);
            error.ShouldStartWith("usage:");
        }
    }

    [Fact]
    public void An_empty_manifest_evaluates_nothing()
    {
        File.WriteAllText(At("manifest.csv"), "file,dataset,channels,rate_hz\n");
        var (code, error) = Run("falls", "--data", _folder, "--out", At("out.csv"));
        code.ShouldBe(1);
        error.ShouldContain("0 recordings evaluated, 0 skipped");
    }

    private string At(string name) => Path.Combine(_folder, name);

    private void Motion(string name, SyntheticMotion motion, int seconds) => File.WriteAllLines(
        At(name),
        ["t_ms,ax_mg,ay_mg,az_mg", .. Enumerable.Range(0, seconds * 100)
            .Select(i => { var (x, y, z) = motion.Next(); return $"{i * 10},{x},{y},{z}"; })]);

    private static (int Code, string Error) Run(params string[] args)
    {
        var error = new StringWriter();
        var code = Program.Run(args, TextWriter.Synchronized(error));
        return (code, error.ToString());
    }
}

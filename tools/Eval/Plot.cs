namespace ElderBand.Eval;

/// <summary>Draws one recording with what the band makes of it.</summary>
public static class Plot
{
    public static int Draw(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var html = outFile.EndsWith(".html", StringComparison.OrdinalIgnoreCase);
        if (!html && !outFile.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--out {outFile}: a name that ends in .svg or .html");
        }

        var entry = Find(Entry.ReadManifest(folder, report), options.Required("file"));
        try
        {
            var span = Span(options);
            var svg = entry["is_fall"].Length > 0
                ? FallPlot.Draw(folder, entry, options.Number("rate", 50, 25, 50), FallProfile.From(options), span)
                : entry["channels"].Length > 0 ? HeartPlot.Draw(folder, entry, options.Optional("channel"), span)
                : throw new DamagedException(
                    "the manifest has neither is_fall nor channels for it: a fall trial or a pulse recording is "
                        + "wanted");
            var path = Path.GetFullPath(outFile);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, html ? Page(entry["file"], svg) : svg);
            report.WriteLine($"{entry["file"]} -> {outFile}");
            return 0;
        }
        catch (DamagedException e)
        {
            report.WriteLine($"eval: {entry["file"]}: {e.Message}");
            return 1;
        }
    }

    private static Entry Find(List<Entry> entries, string file)
    {
        if (entries.Find(e => e["file"] == file) is { } exact)
        {
            return exact;
        }

        var like = entries.FindAll(e => e["file"].Contains(file, StringComparison.OrdinalIgnoreCase));
        return like.Count == 1 ? like[0]
            : throw new FileNotFoundException(
                $"--file {file}: " + (like.Count == 0 ? "the manifest has no such recording"
                : $"{like.Count} recordings have that in their name, "
                    + string.Join(", ", like.Take(3).Select(static e => e["file"]))
                    + (like.Count > 3 ? ", ..." : "")));
    }

    private static (double FromS, double ToS) Span(Options options)
    {
        var from = options.Number("from", int.MinValue);
        var to = options.Number("to", int.MaxValue);
        return from < to
            ? (from == int.MinValue ? double.NegativeInfinity : from, to == int.MaxValue ? double.PositiveInfinity : to)
            : throw new UsageException($"--from {from} --to {to}: the end lies before the beginning");
    }

    private static string Page(string title, string svg) =>
        $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{Svg.Escape(title)}</title>\n"
        + "<style>body{margin:0;background:#fff}svg{display:block;max-width:100%;height:auto;margin:0 "
            + "auto}</style>\n</head>\n<body>\n"
        + $"{svg}</body>\n</html>\n";
}

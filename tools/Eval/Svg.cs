using System.Globalization;
using System.Text;

namespace ElderBand.Eval;

/// <summary>A picture that stands alone: no script, no font and no style from elsewhere.</summary>
public sealed class Svg(int width, int height)
{
    public const string Ink = "#1f2933";
    public const string Faint = "#616e7c";
    public const string Grid = "#e4e7eb";

    private readonly StringBuilder _body = new();

    public int Width => width;

    public int Height => height;

    public static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    public void Rectangle(
        double x, double y, double w, double h, string fill, double opacity = 1, string hover = "") => _body.Append(
        CultureInfo.InvariantCulture,
        $"<rect x=\"{Number(x)}\" y=\"{Number(y)}\" width=\"{Number(Math.Max(w, 0))}\" "
            + $"height=\"{Number(Math.Max(h, 0))}\" fill=\"{fill}\" "
                + $"fill-opacity=\"{Number(opacity)}\">{Hover(hover)}</rect>\n");

    public void Line(double x1, double y1, double x2, double y2, string stroke, double strokeWidth = 1,
        string dash = "") => _body.Append(
        CultureInfo.InvariantCulture,
        $"<line x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\" stroke=\"{stroke}\" "
            + $"stroke-width=\"{Number(strokeWidth)}\"{(dash.Length > 0 ? $" stroke-dasharray=\"{dash}\"" : "")}/>\n");

    public void Path(IEnumerable<(double X, double Y)> points, string stroke, double strokeWidth = 1.2)
    {
        var d = string.Join(' ', points.Select(static p => $"{Number(p.X)},{Number(p.Y)}"));
        if (d.Length > 0)
        {
            _body.Append(
                $"<polyline points=\"{d}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{Number(strokeWidth)}\" "
                    + "stroke-linejoin=\"round\"/>\n");
        }
    }

    public void Dot(double x, double y, double radius, string fill, string stroke = "none", string hover = "") =>
        _body.Append(
        $"<circle cx=\"{Number(x)}\" cy=\"{Number(y)}\" r=\"{Number(radius)}\" fill=\"{fill}\" stroke=\"{stroke}\" "
            + $"stroke-width=\"1.3\">{Hover(hover)}</circle>\n");

    /// <summary>Words with a white rim, so that they can be read on a dense trace.</summary>
    public void Text(double x, double y, string text, int size = 13, string fill = Ink, string anchor = "start",
        bool bold = false, double turned = 0) => _body.Append(
        $"<text x=\"{Number(x)}\" y=\"{Number(y)}\" font-size=\"{size}\" fill=\"{fill}\" text-anchor=\"{anchor}\" "
            + $"stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\"{(bold ? " font-weight=\"600\"" : "")}"
        + (turned != 0 ? $" transform=\"rotate({Number(turned)} {Number(x)} {Number(y)})\"" : "")
        + $">{Escape(text)}</text>\n");

    public string Close(string title) =>
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} "
            + $"{height}\" role=\"img\" "
        + "font-family=\"system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif\">\n"
        + $"<title>{Escape(title)}</title>\n<rect width=\"{width}\" height=\"{height}\" "
            + $"fill=\"#ffffff\"/>\n{_body}</svg>\n";

    public static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);

    private static string Hover(string text) => text.Length == 0 ? "" : $"<title>{Escape(text)}</title>";
}

/// <summary>One pair of axes in a picture: time in seconds to the right, something with a unit upwards.</summary>
public sealed class Panel(
    Svg svg, double left, double top, double width, double height, double fromS, double toS, double low, double high)
{
    public double Left => left;

    public double Right => left + width;

    public double Top => top;

    public double Bottom => top + height;

    public double X(double seconds) => left + (Math.Clamp((seconds - fromS) / (toS - fromS), 0, 1) * width);

    public double Y(double value) => top + height - (Math.Clamp((value - low) / (high - low), 0, 1) * height);

    public bool Shows(double seconds) => seconds >= fromS && seconds <= toS;

    public void Axes(string quantity, bool values = true, bool time = false)
    {
        foreach (var tick in Ticks(fromS, toS, 12))
        {
            svg.Line(X(tick), top, X(tick), top + height, Svg.Grid);
            if (time)
            {
                svg.Text(X(tick), top + height + 18, Svg.Number(tick), 12, Svg.Faint, "middle");
            }
        }

        foreach (var tick in values ? Ticks(low, high, Math.Max(2, (int)(height / 34))) : [])
        {
            svg.Line(left, Y(tick), left + width, Y(tick), Svg.Grid);
            svg.Text(left - 8, Y(tick) + 4, Svg.Number(tick), 12, Svg.Faint, "end");
        }

        svg.Line(left, top + height, left + width, top + height, Svg.Faint);
        svg.Line(left, top, left, top + height, Svg.Faint);
        svg.Text(18, top + (height / 2), quantity, 13, Svg.Ink, "middle", turned: -90);
        if (time)
        {
            svg.Text(left + (width / 2), top + height + 38, "time in the recording, s", 13, Svg.Ink, "middle");
        }
    }

    /// <summary>
    /// A signal of many samples: where several fall on one dot of the picture, their lowest and highest are drawn.
    /// </summary>
    public void Trace(IEnumerable<(double S, double Value)> samples, string stroke, double strokeWidth = 1.2)
    {
        var points = new List<(double, double)>();
        foreach (var column in samples.Where(s => Shows(s.S)).GroupBy(s => (int)(X(s.S) * 2)))
        {
            var first = column.MinBy(static s => s.Value);
            var last = column.MaxBy(static s => s.Value);
            (first, last) = first.S <= last.S ? (first, last) : (last, first);
            points.Add((X(first.S), Y(first.Value)));
            if (first != last)
            {
                points.Add((X(last.S), Y(last.Value)));
            }
        }

        svg.Path(points, stroke, strokeWidth);
    }

    /// <summary>Round numbers within two borders, about so many of them.</summary>
    public static IEnumerable<double> Ticks(double from, double to, int about)
    {
        var rough = (to - from) / about;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        for (var tick = Math.Ceiling((from / step) - 1e-9) * step; tick <= to + (step * 1e-9); tick += step)
        {
            yield return Math.Abs(tick) < step * 1e-9 ? 0 : tick;
        }
    }
}

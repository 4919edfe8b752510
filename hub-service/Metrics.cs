using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace ElderBand.HubService;

/// <summary>
/// Counters and gauges in Prometheus' text form. Names are fixed in the code, labels come from small sets.
/// </summary>
public sealed class Metrics
{
    private readonly ConcurrentDictionary<string, StrongBox> _counters = new(StringComparer.Ordinal);

    private sealed class StrongBox
    {
        public long Value;
    }

    /// <summary>
    /// Counts one (or more) up; <paramref name="name"/> may carry labels: <c>frames_total{verdict="stored"}</c>.
    /// </summary>
    public void Count(string name, long by = 1) =>
        Interlocked.Add(ref _counters.GetOrAdd(name, static _ => new StrongBox()).Value, by);

    /// <summary>A counter's value.</summary>
    public long this[string name] =>
        _counters.TryGetValue(name, out StrongBox? box) ? Interlocked.Read(ref box.Value) : 0;

    /// <summary>All counters and the given gauges as text.</summary>
    public string Write(IEnumerable<(string Name, double Value)> gauges)
    {
        var text = new StringBuilder();
        foreach (string name in _counters.Keys.Order(StringComparer.Ordinal))
        {
            text.Append("elderband_").Append(name).Append(' ').Append(this[name].ToString(CultureInfo.InvariantCulture))
                .Append('\n');
        }
        foreach ((string name, double value) in gauges)
        {
            text.Append("elderband_").Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture))
                .Append('\n');
        }
        return text.ToString();
    }
}

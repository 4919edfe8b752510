using System.Text.Json;
using ElderBand.HubService.Alarms;

namespace ElderBand.HubService.Staff;

/// <summary>
/// What one event stream has sent of each alarm. An alarm goes out whole once; then only what differs from what was
/// sent: the properties that changed, and of the timeline the lines that are new or changed (docs/adr/0101).
/// </summary>
internal sealed class AlarmFeed
{
    /// <summary>Alarms whose last state is kept; beyond them each goes out whole once more.</summary>
    private const int MostKept = 512;

    private readonly Dictionary<long, JsonElement> _sent = [];

    /// <summary>The stream has sent these alarms, and no others count any more.</summary>
    public void Sent(IReadOnlyList<AlarmView> alarms)
    {
        _sent.Clear();
        foreach (AlarmView alarm in alarms)
        {
            _sent[alarm.Id] = ToJson(alarm);
        }
    }

    /// <summary>Name and data of the event that brings a receiver of this stream to this state of the alarm.</summary>
    public (string Name, object Data) Next(AlarmView alarm)
    {
        JsonElement now = ToJson(alarm);
        bool isKnown = _sent.TryGetValue(alarm.Id, out JsonElement before);
        if (_sent.Count > MostKept)
        {
            _sent.Clear();
        }
        _sent[alarm.Id] = now;
        return isKnown ? ("alarmChanged", Difference(before, now)) : ("alarm", now);
    }

    private static Dictionary<string, object> Difference(JsonElement before, JsonElement now)
    {
        var changed = new Dictionary<string, object> { ["id"] = now.GetProperty("id") };
        foreach (JsonProperty property in now.EnumerateObject())
        {
            JsonElement old = before.GetProperty(property.Name);
            if (!JsonElement.DeepEquals(property.Value, old))
            {
                changed[property.Name] = property.NameEquals("timeline")
                    ? Lines(old, property.Value) : property.Value;
            }
        }
        return changed;
    }

    private static List<JsonElement> Lines(JsonElement before, JsonElement now)
    {
        Dictionary<long, JsonElement> known = before.EnumerateArray().ToDictionary(Id);
        return [.. now.EnumerateArray().Where(
            line => !known.TryGetValue(Id(line), out JsonElement old) || !JsonElement.DeepEquals(old, line))];
    }

    private static long Id(JsonElement line) => line.GetProperty("id").GetInt64();

    private static JsonElement ToJson(AlarmView alarm) =>
        JsonSerializer.SerializeToElement(alarm, EventStream.Json);
}

using ElderBand.BandProtocol;

namespace ElderBand.Simulator;

/// <summary>Last segments of the MQTT topics of a hub (docs/service-api.md).</summary>
public static class TopicNames
{
    /// <summary>The last segment of a topic that a hub publishes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A hub does not publish this.</exception>
    public static string Of(UplinkTopic topic) => topic switch
    {
        UplinkTopic.Hello => "hello",
        UplinkTopic.Alarm => "alarm",
        UplinkTopic.Vitals => "vitals",
        UplinkTopic.Beat => "beat",
        UplinkTopic.Trace => "trace",
        _ => throw new ArgumentOutOfRangeException(nameof(topic), topic, "a hub does not publish this"),
    };

    /// <summary>What the service has published on a whole topic; null where a hub does not know it.</summary>
    public static UplinkTopic? Down(string topic) => topic[(topic.LastIndexOf('/') + 1)..] switch
    {
        "hello" => UplinkTopic.Hello,
        "receipt" => UplinkTopic.Receipt,
        "band" => UplinkTopic.Band,
        "bands" => UplinkTopic.Bands,
        "trace" => UplinkTopic.Trace,
        "centre" => UplinkTopic.Centre,
        _ => null,
    };
}

using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Family;

/// <summary>
/// The words of a text. Always with the alarm's number, so that a text that comes twice is seen to be the same, and
/// with the time of the event, so that a late one is seen to be late. Nothing about health, no address.
/// </summary>
public static class MessageText
{
    private const long LateMs = 5 * 60_000;

    /// <summary>Writes it.</summary>
    /// <param name="m">What to say.</param>
    /// <param name="link">The personal page, null where it has been revoked.</param>
    /// <param name="nowMs">UTC ms.</param>
    /// <param name="zone">Where the families live.</param>
    public static string Write(DueMessage m, string? link, long nowMs, TimeZoneInfo zone)
    {
        string name = m.ResidentName.Length > 0 ? m.ResidentName : "您的家人";
        string time = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(m.EventAtMs), zone)
            .ToString("HH:mm");
        string what = m.Kind switch
        {
            "sos" => "按下了求助键",
            "fall" => "可能跌倒了",
            _ => "长时间没有活动",
        };
        // A text that has waited says what is so now: nobody is sent running for what somebody has in hand.
        string body = (m.Reason, m.State) switch
        {
            ("again", "taken" or "coming") =>
                $"{name} {time} {what}，之后又按了求助键，{m.Owner} 还没有回应，请您马上打电话联系。",
            ("again", "ringing") =>
                $"{name} {time} {what}，之后又按了求助键，服务中心还没有人接手，请您马上打电话联系。",
            ("raised" or "unanswered", "taken" or "coming") => $"{name} {time} {what}，{m.Owner} 正在处理。",
            ("raised" or "unanswered" or "again", "closed") => $"{name} {time} {what}，已处理完毕。",
            ("raised", _) => $"{name} {time} {what}，服务中心已收到，正在呼叫值班人员。",
            ("unanswered", _) => $"{name} {time} {what}，服务中心还没有人接手，请您马上打电话联系。",
            _ => $"{name} {time} 的求助已处理完毕。{m.ClosingWords}",
        };
        string late = nowMs - m.CreatedAtMs > LateMs ? "（本短信因故延迟）" : "";
        string page = link is null ? "" : $" 最新进展：{link}";
        string phone = m.CentrePhone.Length > 0 ? $" 服务中心电话 {m.CentrePhone}" : "";
        return $"【ElderBand】{m.AlarmNumber} 号求助：{body}{late}{page}{phone}";
    }
}

using ElderBand.BandProtocol;

namespace ElderBand.BrowserTests;

/// <summary>Three invented homes with one band each.</summary>
internal static class Neighbourhood
{
    public static readonly string[] Names = ["陈桂英", "周福生", "吴秀兰"];

    /// <summary>The enrolment file of docs/service-api.md.</summary>
    public static object Homes(string? firstName = null) => new
    {
        centre = new { id = "c1", name = "梧桐社区服务中心", phone = "02100000001" },
        staff = new[]
        {
            new { name = "li", displayName = "李静", role = "admin", password = "a long enough one" },
            new { name = "wang", displayName = "王强", role = "officer", password = "a long enough one" },
        },
        homes = Names.Select((name, i) => new
        {
            code = $"h{i}",
            address = "梧桐路 12 弄",
            building = $"{3 + i}",
            floor = $"{5 - i}",
            door = $"{5 - i}02",
            grid = "g1",
            hubs = new[] { new { id = $"hub-{i}" } },
            residents = new[]
            {
                new
                {
                    code = $"r{i}",
                    name = i == 0 && firstName is not null ? firstName : name,
                    nameEn = "",
                    birthYear = 1941 + i,
                    phone = $"0215432100{i}",
                    keys = "物业值班室 3 号柜，编号 0502",
                    hearing = "左耳听力差，请大声、放慢",
                    dialect = "上海话",
                    medical = "高血压，2024 年右髋置换；家中无人同住",
                    firstQuestion = "您现在坐着还是躺着？能自己站起来吗？",
                    contacts = new[]
                    {
                        new { order = 1, name = "陈明", relation = "儿子", phone = $"138000000{i + 1}0", consentBy = name,
                            consentAtMs = 1_760_000_000_000, consentHow = "书面同意" },
                        new { order = 2, name = "陈芳", relation = "女儿", phone = $"138000000{i + 1}1", consentBy = name,
                            consentAtMs = 1_760_000_000_000, consentHow = "书面同意" },
                    },
                    band = new { address = 0xC0FFEE000000 + i, label = $"手环 {i + 1}", guardAlways = true },
                },
            },
        }),
    };

    /// <summary>Homes of one person and one band each, in three buildings; their names are their numbers.</summary>
    public static object Crowd(int homes) => new
    {
        centre = new { id = "c1", name = "梧桐社区服务中心", phone = "02100000001" },
        staff = new[] { new { name = "li", displayName = "李静", role = "admin", password = "a long enough one" } },
        homes = Enumerable.Range(0, homes).Select(static i => new
        {
            code = $"h{i}",
            address = "梧桐路 12 弄",
            building = $"{(i % 3) + 1}",
            floor = $"{(i / 3) + 1}",
            door = $"{(i / 3) + 1}0{(i % 3) + 1}",
            grid = "g1",
            hubs = new[] { new { id = $"hub-{i}" } },
            residents = new[]
            {
                new
                {
                    code = $"r{i}", name = $"住户{i}", nameEn = "", birthYear = 1940, phone = "02154320000", keys = "",
                        hearing = "",
                    dialect = "", medical = "", firstQuestion = "", contacts = Array.Empty<object>(),
                    band = new { address = 0xC0FFEE000000 + i, label = $"手环 {i}", guardAlways = true },
                },
            },
        }),
    };

    /// <summary>A heart rate that is sure of itself.</summary>
    public static void RestingPulse(byte[] frame) =>
        Payload.PutVitals(frame, 72, 88, 97, 0, 0, Wear.On, 1, tenMinutes: false, 3);
}

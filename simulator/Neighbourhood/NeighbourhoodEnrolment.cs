using System.Text.Encodings.Web;
using System.Text.Json;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>The people of a neighbourhood as a centre enrols them.</summary>
internal static class NeighbourhoodEnrolment
{
    /// <summary>The centre's id.</summary>
    public const string CentreId = "c1";

    /// <summary>The member of staff whose stream the run reads.</summary>
    public const string Clerk = "clerk";

    /// <summary>The member of staff who signs in with a browser.</summary>
    public const string Duty = "duty";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>The file of docs/service-api.md, "Enrolment by file".</summary>
    /// <param name="homes">Who lives where.</param>
    /// <param name="isDaily">All bands run in Daily; otherwise the last one alone does.</param>
    public static string Write(IReadOnlyList<Home> homes, bool isDaily) =>
        JsonSerializer.Serialize(Content(homes, isDaily), Json);

    /// <summary>The file in which the service answers.</summary>
    public static Enrolled Read(string text) => JsonSerializer.Deserialize<Enrolled>(text, Json)!;

    private static object Content(IReadOnlyList<Home> homes, bool isDaily)
    {
        var nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var people = homes.Sum(static h => h.People.Length);
        var nth = 0;
        return new
        {
            centre = new { id = CentreId, name = "梧桐里居家养老中心", phone = "021 0000 0000" },
            staff = new[]
            {
                new { name = Duty, displayName = "值班员 林晓", role = "officer", password = Guid.NewGuid().ToString("N") },
                new { name = Clerk, displayName = "演示值班员", role = "officer", password = Guid.NewGuid().ToString("N") },
            },
            homes = homes.Select((home, h) => new
            {
                code = HomeCode(h),
                address = home.Address,
                building = home.Building,
                floor = home.Floor,
                door = home.Door,
                grid = "第 2 网格",
                hubs = new[] { new { id = $"hub-{h + 1}" } },
                residents = home.People.Select((person, p) => new
                {
                    code = ResidentCode(h, p),
                    name = person.Name,
                    nameEn = person.NameEn,
                    birthYear = person.BirthYear,
                    phone = person.Phone,
                    keys = person.Keys,
                    hearing = person.Hearing,
                    dialect = person.Dialect,
                    medical = person.Medical,
                    firstQuestion = person.FirstQuestion,
                    contacts = person.Relatives.Select((relative, order) => new
                    {
                        order = order + 1,
                        name = relative.Name,
                        relation = relative.Relation,
                        phone = relative.Phone,
                        consentBy = person.Name,
                        consentAtMs = nowMs - 86_400_000L,
                        consentHow = "当面签字（演示）",
                    }).ToArray(),
                    band = new
                    {
                        address = 0xEB_0000_0100L + nth,
                        label = $"B-{nth + 1:000}",
                        guardAlways = ++nth < people && !isDaily
                    },
                }).ToArray(),
            }).ToArray(),
        };
    }

    /// <summary>The code of a home, counted from 0.</summary>
    public static string HomeCode(int home) => $"h{home + 1}";

    /// <summary>The code of a person of a home, both counted from 0.</summary>
    public static string ResidentCode(int home, int person) => $"h{home + 1}-r{person + 1}";
}

/// <summary>What the service answers to the enrolment.</summary>
internal sealed record Enrolled(string Centre, string CaPem, EnrolledHub[] Hubs, EnrolledBand[] Bands);

/// <summary>A hub as the service has enrolled it.</summary>
internal sealed record EnrolledHub(string Id, string Home, string Password);

/// <summary>A band as the service has enrolled it; Secret is base64.</summary>
internal sealed record EnrolledBand(
    long Address, string Resident, long ResidentId, string Secret, uint Group, int Epoch);

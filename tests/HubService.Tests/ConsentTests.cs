using System.Text.Json;
using ElderBand.HubService;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>Consent that is recorded later counts for the known contact, and the audit says who agreed.</summary>
public sealed class ConsentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("consent").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Consent_in_a_later_enrolment_file_counts_for_the_contact_that_is_known()
    {
        await EnrolAsync(order: 1, consentBy: null);
        Contact().ConsentAtMs.ShouldBeNull();

        await EnrolAsync(order: 2, consentBy: "Chen Guiying");
        ContactRow contact = Contact();
        contact.ConsentBy.ShouldBe("Chen Guiying");
        contact.ConsentAtMs.ShouldNotBeNull();
        contact.Order.ShouldBe(2);
        Audited("contact.consented").ShouldHaveSingleItem().ShouldBe("enrol: contact:1 by Chen Guiying signed");

        // An older file does not withdraw a consent by leaving it out, and the same file again changes nothing.
        await EnrolAsync(order: 2, consentBy: null);
        await EnrolAsync(order: 2, consentBy: "Chen Guiying");
        Contact().ShouldBe(contact);
        Audited("contact.consented").Count.ShouldBe(1);
    }

    [Fact]
    public async Task Consent_by_command_counts_for_the_contact_that_is_known()
    {
        await EnrolAsync(order: 1, consentBy: null);
        (await Commands.RunAsync(
            "enrol-contact",
            [
                "--data", Data, "--resident", "r1", "--name", "Daughter", "--relation", "daughter", "--phone", "139",
                "--consent-by", "Chen Guiying", "--consent-how", "by telephone",
            ],
            TextWriter.Null)).ShouldBe(0);
        Contact().ConsentHow.ShouldBe("by telephone");
        Audited("contact.consented").ShouldHaveSingleItem()
            .ShouldBe("command: contact:1 by Chen Guiying by telephone");
    }

    private string Data => Path.Combine(_folder, "data");

    private ContactRow Contact() => Read(db => ResidentRows.Contacts(db, 1)).ShouldHaveSingleItem();

    private List<string> Audited(string action) => Read(db => AuditRows.All(db)
        .FindAll(row => row.Entry.Action == action).ConvertAll(static row => $"{row.Entry.Who}: {row.Entry.Detail}"));

    private T Read<T>(Func<Db, T> query)
    {
        using Store store = Store.Open(Data, new Clock());
        return store.Read(query);
    }

    private async Task EnrolAsync(int order, string? consentBy)
    {
        var file = new
        {
            centre = new { id = "c1", name = "Centre", phone = "021" },
            homes = new[]
            {
                new
                {
                    code = "h1", address = "Road 1", building = "3", floor = "5", door = "502",
                    hubs = Array.Empty<object>(),
                    residents = new[]
                    {
                        new
                        {
                            code = "r1", name = "r1", phone = "1",
                            contacts = new[]
                            {
                                new
                                {
                                    order, name = "Daughter", relation = "daughter", phone = "139", consentBy,
                                    consentHow = consentBy is null ? null : "signed",
                                },
                            },
                        },
                    },
                },
            },
        };
        string path = Path.Combine(_folder, "in.json");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(file), Token);
        (await Commands.RunAsync(
            "enrol", ["--data", Data, "--file", path, "--out", Path.Combine(_folder, "out.json")], TextWriter.Null))
            .ShouldBe(0);
    }
}

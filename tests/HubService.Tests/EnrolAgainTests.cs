using System.Text.Json;
using ElderBand.HubService;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>
/// Enrolling a neighbourhood again never overwrites a file of secrets, because they are shown only once.
/// </summary>
public sealed class EnrolAgainTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("enrol").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Enrolling_again_writes_over_no_secret_and_gives_only_what_is_new()
    {
        string secrets = At("secrets.json");
        await EnrolAsync(bands: 1, "secrets.json");
        string first = await File.ReadAllTextAsync(secrets, Token);
        Bands(first).ShouldHaveSingleItem().GetProperty("secret").GetString().ShouldNotBeNull();

        StartException refused = await Should.ThrowAsync<StartException>(() => EnrolAsync(bands: 2, "secrets.json"));
        refused.Message.ShouldContain("secrets.json");
        (await File.ReadAllTextAsync(secrets, Token)).ShouldBe(first);

        // The refused file stored nothing, so the second band is still new to the next enrolment.
        await EnrolAsync(bands: 2, "second.json");
        string second = await File.ReadAllTextAsync(At("second.json"), Token);
        JsonElement band = Bands(second).ShouldHaveSingleItem();
        band.GetProperty("address").GetInt64().ShouldBe(0x0B0000000002);
        band.GetProperty("secret").GetString().ShouldNotBeNull();
        JsonDocument.Parse(second).RootElement.GetProperty("hubs").GetArrayLength().ShouldBe(0);

        (await EnrolAsync(bands: 2, "third.json")).ShouldContain("Nothing new");
        File.Exists(At("third.json")).ShouldBeFalse();
        Directory.GetFiles(_folder, "*.part").ShouldBeEmpty();
    }

    [Fact]
    public async Task An_enrolment_that_was_cut_off_after_its_commit_leaves_its_secrets_in_a_file_that_stays()
    {
        await File.WriteAllTextAsync(At("secrets.json.part"), "secrets of an enrolment that was cut off", Token);
        (await Should.ThrowAsync<StartException>(() => EnrolAsync(bands: 1, "secrets.json")))
            .Message.ShouldContain("secrets.json.part");
        (await File.ReadAllTextAsync(At("secrets.json.part"), Token)).ShouldStartWith("secrets of");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static List<JsonElement> Bands(string json) =>
        [.. JsonDocument.Parse(json).RootElement.GetProperty("bands").EnumerateArray()];

    private string At(string name) => Path.Combine(_folder, name);

    private async Task<string> EnrolAsync(int bands, string secrets)
    {
        var file = new
        {
            centre = new { id = "c1", name = "Centre", phone = "021" },
            homes = new[]
            {
                new
                {
                    code = "h1", address = "Road 1", building = "3", floor = "5", door = "502",
                    hubs = new[] { new { id = "hub-1" } },
                    residents = Enumerable.Range(1, bands).Select(static i => new
                    {
                        code = $"r{i}", name = $"r{i}", phone = "1",
                        band = new { address = 0x0B0000000000 + i, guardAlways = false },
                    }),
                },
            },
        };
        await File.WriteAllTextAsync(At("in.json"), JsonSerializer.Serialize(file), Token);
        var output = new StringWriter();
        (await Commands.RunAsync(
            "enrol", ["--data", At("data"), "--file", At("in.json"), "--out", At(secrets)], output)).ShouldBe(0);
        return output.ToString();
    }
}

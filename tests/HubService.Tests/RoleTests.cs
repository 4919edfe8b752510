using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ElderBand.Tests.HubService;

/// <summary>Who may call what, cell by cell. An endpoint without a row fails the test.</summary>
public sealed class RoleTests
{
    /// <summary>
    /// A stranger, a wall screen without a person, an officer, an administrator: "+" is let in, "-" has to sign in
    /// (401), "x" has the wrong role (403).
    /// </summary>
    private const string Matrix = """
        GET / ++++
        GET /signin ++++
        GET /api/session -+++
        POST /api/session ++++
        GET /api/state -+++
        GET /api/events -+++
        POST /api/events/{page}/alive -+++
        GET /f/{token} ++++
        GET /api/family/{token} ++++
        GET /api/family/{token}/events ++++
        POST /hooks/messages ++++
        POST /api/alarms/{id:long}/take --++
        POST /api/alarms/{id:long}/coming --++
        POST /api/alarms/{id:long}/still-on --++
        POST /api/alarms/{id:long}/handback --++
        POST /api/alarms/{id:long}/close --++
        POST /api/alarms/{id:long}/call --++
        POST /api/alarms/{id:long}/revoke-link --++
        POST /api/technical/{id:long}/close --++
        GET /api/alarms/{id:long}/timeline -+++
        GET /api/sessions --++
        DELETE /api/sessions/{id:long} --++
        PUT /api/session/password --++
        GET /api/residents --++
        GET /api/residents/{id:long} --++
        GET /api/hubs --++
        GET /api/bands --++
        GET /api/hubs/{id}/trace --++
        GET /api/bands/{id:long}/trace --++
        GET /api/screens --x+
        POST /api/screens --x+
        PUT /api/screens/{id:long} --x+
        DELETE /api/screens/{id:long} --x+
        GET /api/staff --x+
        POST /api/staff --x+
        PUT /api/staff/{id:long}/password --x+
        DELETE /api/staff/{id:long} --x+
        POST /api/residents --x+
        PUT /api/residents/{id:long} --x+
        DELETE /api/residents/{id:long} --x+
        POST /api/residents/{id:long}/contacts --x+
        DELETE /api/contacts/{id:long}/consent --x+
        POST /api/hubs --x+
        DELETE /api/hubs/{id} --x+
        POST /api/hubs/{id}/trace --x+
        POST /api/bands --x+
        DELETE /api/bands/{id:long} --x+
        GET /api/bands/{id:long}/qr.svg --x+
        PUT /api/bands/{id:long}/configuration --x+
        POST /api/bands/{id:long}/trace --x+
        DELETE /api/session ++++
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P82_every_endpoint_lets_in_whom_the_matrix_says_and_none_is_without_a_row()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient wall = await desk.SignedInAsync("li");
        (await wall.PostAsJsonAsync("api/screens", new { name = "wall" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wall.DeleteAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        HttpClient[] callers =
            [desk.Stranger(), wall, await desk.SignedInAsync("wang"), await desk.SignedInAsync("li")];

        var rows = Matrix.Split('\n').Select(static row => row.Split(' ')).ToList();
        List<string> mapped = [.. desk.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>().SelectMany(static e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                .Select(method => $"{method} /{e.RoutePattern.RawText!.Trim('/')}"))];
        mapped.Except(rows.Select(static r => $"{r[0]} {r[1]}")).ShouldBeEmpty("endpoints without a row");
        rows.Select(static r => $"{r[0]} {r[1]}").Except(mapped).ShouldBeEmpty("rows without an endpoint");

        var wrong = new List<string>();
        foreach (string[] row in rows)
        {
            string path = string.Join('/', row[1].Split('/').Select(static part =>
                part.StartsWith('{') ? part.EndsWith(":long}", StringComparison.Ordinal) ? "999999" : "none" : part));
            for (int i = 0; i < callers.Length; i++)
            {
                using var request = new HttpRequestMessage(new HttpMethod(row[0]), path);
                if (row[0] is "POST" or "PUT")
                {
                    request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
                }
                using HttpResponseMessage answer = await callers[i].SendAsync(
                    request, HttpCompletionOption.ResponseHeadersRead, Token);
                char cell = answer.StatusCode switch
                {
                    HttpStatusCode.Unauthorized => '-',
                    HttpStatusCode.Forbidden => 'x',
                    _ => '+',
                };
                if (cell != row[2][i])
                {
                    wrong.Add($"{row[0]} {row[1]} caller {i}: {(int)answer.StatusCode}");
                }
            }
        }
        wrong.ShouldBeEmpty();
    }
}

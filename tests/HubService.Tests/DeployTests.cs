using System.Text.RegularExpressions;
using ElderBand.HubService;

namespace ElderBand.Tests.HubService;

/// <summary>The samples for operators name only options and files that the program has.</summary>
public sealed partial class DeployTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../.."));

    [Theory]
    [InlineData("hub-service/deploy/elderband.service")]
    [InlineData("hub-service/deploy/Containerfile")]
    [InlineData("hub-service/deploy/nginx.conf")]
    [InlineData("hub-service/deploy/Caddyfile")]
    [InlineData("docs/operations.md")]
    public void An_operators_sample_names_only_options_of_the_program(string file)
    {
        string text = File.ReadAllText(Path.Combine(Root, file));
        string[] words = [.. Calls().Matches(text).SelectMany(static call => Option().Matches(call.Value))
            .Select(static option => option.Value).Distinct(StringComparer.Ordinal)];
        words.ShouldNotBeEmpty();
        words.ShouldAllBe(word => Commands.Help.Contains(word, StringComparison.Ordinal));
    }

    [Fact]
    public void Both_proxies_pass_each_door_to_its_own_port_without_a_buffer()
    {
        string nginx = File.ReadAllText(Path.Combine(Root, "hub-service/deploy/nginx.conf"));
        string caddy = File.ReadAllText(Path.Combine(Root, "hub-service/deploy/Caddyfile"));
        foreach (string port in new[] { "127.0.0.1:8080", "127.0.0.1:8081" })
        {
            nginx.Split("server {").Count(door => door.Contains(port, StringComparison.Ordinal)
                && door.Contains("proxy_buffering off", StringComparison.Ordinal)
                && door.Contains("X-Forwarded-For $proxy_add_x_forwarded_for", StringComparison.Ordinal)).ShouldBe(1);
            caddy.Split("reverse_proxy").Count(door => door.Contains(port, StringComparison.Ordinal)
                && door.Contains("flush_interval -1", StringComparison.Ordinal)).ShouldBe(1);
        }
    }

    // A call of the program, or a sentence of a sample that says how to run it, with its options on one line or more.
    [GeneratedRegex(
        @"(hub-service (run|enrol|staff|backup|restore|audit)|the centre with|OPTIONS=|CMD \[)[^`]*?(?=\n\S|\n\n|`|$)")]
    private static partial Regex Calls();

    [GeneratedRegex(@"--[a-z][a-z-]+")]
    private static partial Regex Option();
}

using System.Text.RegularExpressions;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Family;

namespace ElderBand.Tests.HubService;

/// <summary>The service's enums, docs/service-api.md and the words of both languages have the same codes.</summary>
public sealed partial class CodesTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../.."));
    private static readonly string Api = File.ReadAllText(Path.Combine(Root, "docs", "service-api.md"));

    [Theory]
    [InlineData("Kinds of the timeline:", typeof(TimelineKind))]
    [InlineData("Kinds of timers:", typeof(TimerKind))]
    [InlineData("Reasons of\nmessages:", typeof(MessageReason))]
    [InlineData("Outcomes:", typeof(Outcome))]
    [InlineData("kind is a code:", typeof(CardKind))]
    public void The_interface_names_every_code_and_no_other(string label, Type type)
    {
        string text = Api[Api.IndexOf(label, StringComparison.Ordinal)..];
        text[(text.IndexOf('`') + 1)..].Split('`')[0].Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(CodesOf(type), ignoreOrder: true);
    }

    [Theory]
    [InlineData("en")]
    [InlineData("zh")]
    public void The_console_words_every_code_and_no_other_in_both_languages(string language)
    {
        string words = Console($"locales/{language}.ts");
        Keys(words, "timeline").Except(["still", "because", "times", "earlier"])
            .ShouldBe(CodesOf(typeof(TimelineKind)), ignoreOrder: true);
        Keys(words, "technical").Except(["urgent", "close", "words", "since", "reason", "place", "band", "hub", "next"])
            .ShouldBe(CodesOf(typeof(CardKind)), ignoreOrder: true);
        Keys(words, "outcome").Except(["title", "words", "needed"]).ShouldBe(CodesOf(typeof(Outcome)), true);
        Keys(words, "state").ShouldBe(CodesOf(typeof(AlarmState)), ignoreOrder: true);
        Keys(words, "message").ShouldBeSubsetOf(
            CodesOf(typeof(MessageReason))
                .Concat(["none", "waiting", "sent", "delivered", "opened", "failed", "gaveUp"]));
        CodesOf(typeof(MessageReason)).ShouldBeSubsetOf(Keys(words, "message"));
    }

    [Fact]
    public void The_console_knows_every_kind_of_timer_and_the_family_page_words_what_families_are_told()
    {
        string model = Console("model.ts");
        Quoted().Matches(model[model.IndexOf("type TimerKind =", StringComparison.Ordinal)..].Split('\n')[0])
            .Select(static m => m.Groups[1].Value).ShouldBe(CodesOf(typeof(TimerKind)), ignoreOrder: true);
        string family = Console("family/words.ts");
        int second = family.IndexOf("export const en", StringComparison.Ordinal);
        Keys(family[..second], "entry").ShouldBe(FamilyEndpoints.Told, ignoreOrder: true);
        Keys(family[second..], "entry").ShouldBe(FamilyEndpoints.Told, ignoreOrder: true);
    }

    private static string[] CodesOf(Type type) =>
        [.. Enum.GetNames(type).Select(static name => char.ToLowerInvariant(name[0]) + name[1..])];

    private static string Console(string file) =>
        File.ReadAllText(Path.Combine(Root, "hub-service", "console", "src", file));

    /// <summary>The keys of the object with that name, without the keys of nested objects.</summary>
    private static List<string> Keys(string source, string name)
    {
        string text = Words().Replace(source[(source.IndexOf($"  {name}: {{", StringComparison.Ordinal) + 2)..], "''");
        var keys = new List<string>();
        int depth = 0;
        foreach (Match token in Token().Matches(text))
        {
            if (token.Value == "{")
            {
                depth++;
            }
            else if (token.Value == "}" && --depth == 0)
            {
                break;
            }
            else if (depth == 1 && token.Groups[1].Success)
            {
                keys.Add(token.Groups[1].Value);
            }
        }
        return keys;
    }

    [GeneratedRegex(@"'(?:\\.|[^'\\])*'")]
    private static partial Regex Words();

    [GeneratedRegex(@"\{|\}|(\w+):")]
    private static partial Regex Token();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}

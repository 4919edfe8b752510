using System.Text.RegularExpressions;

namespace ElderBand.Tests.Architecture;

/// <summary>
/// What the documents say about each other and about the code. One line per breach: "path: what is wrong".
/// </summary>
public static partial class Papers
{
    private const string Decisions = "docs/adr/";
    private const string Index = "docs/adr/README.md";
    private const string HouseRules = "docs/rules.md";
    private const string Promises = "docs/promises.md";

    /// <summary>
    /// docs/adr/README.md lists every decision with its number, title, status and date, and nothing else.
    /// </summary>
    public static IEnumerable<string> EveryDecisionIsInTheIndex(Tree tree)
    {
        var rows = DecisionRow().Matches(tree.Files.GetValueOrDefault(Index, ""));
        var files = tree.Files
            .Where(file => file.Key.StartsWith(Decisions, StringComparison.Ordinal) && file.Key != Index)
            .Select(file => (Name: file.Key[Decisions.Length..], Text: file.Value))
            .OrderBy(file => file.Name, StringComparer.Ordinal);
        foreach (var (name, text) in files)
        {
            var heading = DecisionHeading().Match(text);
            if (!heading.Success
                || !name.StartsWith(heading.Groups["number"].Value.PadLeft(4, '0') + "-", StringComparison.Ordinal))
            {
                yield return $"{Decisions}{name}: does not begin with \"# number. title\", the number of its file";
                continue;
            }

            var expected = $"| {heading.Groups["number"].Value} | [{heading.Groups["title"].Value.Trim()}]({name}) |";
            if (rows.Count(row => row.Value.StartsWith(expected, StringComparison.Ordinal)) != 1)
                yield return $"{Index}: needs this row once, with status and date: {expected} accepted | 2026-11-28 |";
        }

        foreach (Match row in rows)
        {
            if (!tree.Files.ContainsKey(Decisions + row.Groups["file"].Value))
                yield return $"{Index}: lists {row.Groups["file"].Value}, which is not there";
            if (!DecisionState().IsMatch(row.Groups["state"].Value))
                yield return $"{Index}: {row.Groups["file"].Value} needs a status (accepted, amended, replaced by N) "
                    + "and a date (yyyy-mm-dd)";
        }
    }

    /// <summary>
    /// Whatever cites a rule (R4) or a promise (P12) cites one that docs/rules.md or docs/promises.md has.
    /// </summary>
    public static IEnumerable<string> CitedRulesAndPromisesExist(Tree tree)
    {
        var known = RuleRow().Matches(tree.Files.GetValueOrDefault(HouseRules, ""))
            .Concat(PromiseNumber().Matches(tree.Files.GetValueOrDefault(Promises, "")))
            .Select(match => match.Groups["number"].Value)
            .ToHashSet(StringComparer.Ordinal);
        return tree.Files
            .Where(file => IsProse(file.Key))
            .SelectMany(
                file => Citation().Matches(file.Value).Select(match => match.Value).Distinct(StringComparer.Ordinal)
                .Where(cited => !known.Contains(cited))
                .Select(cited => $"{file.Key}: cites {cited}, which neither {HouseRules} nor {Promises} has"));
    }

    /// <summary>Every rule names at least one file that obeys it; the file is there and cites the rule.</summary>
    public static IEnumerable<string> RulesNameFilesThatCiteThem(Tree tree)
    {
        foreach (Match row in RuleRow().Matches(tree.Files.GetValueOrDefault(HouseRules, "")))
        {
            var rule = row.Groups["number"].Value;
            var files = NamedFile().Matches(row.Value);
            if (files.Count == 0)
                yield return $"{HouseRules}: {rule} names no file that obeys it";
            foreach (var file in files.Select(match => match.Groups["file"].Value))
            {
                if (!tree.Files.TryGetValue(file, out var text))
                    yield return $"{HouseRules}: {rule} names {file}, which is not there";
                else if (!Citation().Matches(text).Any(match => match.Value == rule))
                    yield return $"{HouseRules}: {rule} names {file}, which does not cite {rule}";
            }
        }
    }

    // Resistors are called R1, R2 too: hardware/ and the tests that read its parts cite no rule. The examples of these
    // tests cite what does not exist.
    private static bool IsProse(string path) =>
        (path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".md", StringComparison.Ordinal)
            || path.EndsWith(".ts", StringComparison.Ordinal) || path.EndsWith(".vue", StringComparison.Ordinal))
        && !path.StartsWith("hardware/", StringComparison.Ordinal)
        && !path.StartsWith("tests/DeviceContract.Tests/", StringComparison.Ordinal)
        && !path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal);

    [GeneratedRegex(@"^# (?<number>\d+)\. (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex DecisionHeading();

    [GeneratedRegex(@"^\| \d+ \| \[.*\]\((?<file>[\w.-]+)\) \|(?<state>.*)\|[ ]*$", RegexOptions.Multiline)]
    private static partial Regex DecisionRow();

    [GeneratedRegex(@"^ (?:accepted|amended|replaced by \d+) \| \d{4}-\d{2}-\d{2} $")]
    private static partial Regex DecisionState();

    [GeneratedRegex(@"^\| (?<number>R\d+) \|.*$", RegexOptions.Multiline)]
    private static partial Regex RuleRow();

    [GeneratedRegex(@"^\| (?<number>P\d\d) \|", RegexOptions.Multiline)]
    private static partial Regex PromiseNumber();

    [GeneratedRegex(@"\b(?:R\d{1,2}|P\d\d)(?![\w.])|\bP\d\d(?=_)")]
    private static partial Regex Citation();

    [GeneratedRegex(@"`(?<file>[\w./-]+\.cs)`")]
    private static partial Regex NamedFile();
}

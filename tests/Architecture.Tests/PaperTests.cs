namespace ElderBand.Tests.Architecture;

/// <summary>The documents agree with each other and with the code, and each check bites.</summary>
public class PaperTests
{
    private const string Rule = "| R1 | Once. | Because. | `hub-service/A.cs` |\n";
    private static readonly Lazy<Tree> Repository = new(Tree.OfRepository);

    [Fact]
    public void Every_decision_is_in_the_index() => Papers.EveryDecisionIsInTheIndex(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Every_rule_and_promise_that_is_cited_exists() =>
        Papers.CitedRulesAndPromisesExist(Repository.Value).ShouldBeEmpty();

    [Fact]
    public void Every_rule_names_files_that_cite_it()
    {
        Enumerable.Range(1, 10).ShouldAllBe(number =>
            Repository.Value.Files["docs/rules.md"].Contains($"\n| R{number} | ", StringComparison.Ordinal));
        Papers.RulesNameFilesThatCiteThem(Repository.Value).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "needs this row once")]
    [InlineData("| 7 | [Another title](0007-a.md) | accepted | 2026-11-28 |\n", "needs this row once")]
    [InlineData(
        "| 7 | [A thing](0007-a.md) | accepted | 2026-11-28 |\n| 7 | [A thing](0007-a.md) | accepted | 2026-11-28 |\n",
        "needs this row once")]
    [InlineData("| 7 | [A thing](0007-a.md) | accepted | yesterday |\n", "needs a status")]
    [InlineData("| 7 | [A thing](0007-a.md) | good | 2026-11-28 |\n", "needs a status")]
    [InlineData(
        "| 7 | [A thing](0007-a.md) | amended | 2026-11-28 |\n| 8 | [B](0008-b.md) | accepted | 2026-11-28 |\n",
        "0008-b.md, which is not there")]
    public void An_index_that_says_other_than_the_folder_is_refused(string index, string complaint) =>
        Papers.EveryDecisionIsInTheIndex(
            Tree.Of(("docs/adr/README.md", index), ("docs/adr/0007-a.md", "# 7. A thing\n")))
            .ShouldHaveSingleItem().ShouldContain(complaint);

    [Fact]
    public void A_decision_under_another_number_than_its_file_is_refused() =>
        Papers.EveryDecisionIsInTheIndex(Tree.Of(("docs/adr/0007-a.md", "# 8. A thing\n")))
            .ShouldHaveSingleItem().ShouldContain("the number of its file");

    [Theory]
    [InlineData("hub-service/B.cs", "/// stored first (R11)", "cites R11")]
    [InlineData("docs/b.md", "as P99 says", "cites P99")]
    [InlineData("tests/B.Tests/B.cs", "void P98_x() { }", "cites P98")]
    public void A_rule_or_promise_that_does_not_exist_is_refused(string path, string text, string complaint) =>
        Papers.CitedRulesAndPromisesExist(Tree.Of(("docs/rules.md", Rule), (path, text))).ShouldHaveSingleItem()
            .ShouldContain(complaint);

    [Theory]
    [InlineData("/// stored first (R2)", "does not cite R1")]
    [InlineData(null, "is not there")]
    public void A_rule_that_names_a_file_which_does_not_obey_is_refused(string? text, string complaint)
    {
        var tree = text is null
            ? Tree.Of(("docs/rules.md", Rule)) : Tree.Of(("docs/rules.md", Rule), ("hub-service/A.cs", text));
        Papers.RulesNameFilesThatCiteThem(tree).ShouldHaveSingleItem().ShouldContain(complaint);
    }

    [Fact]
    public void A_rule_without_a_file_is_refused() =>
        Papers.RulesNameFilesThatCiteThem(Tree.Of(("docs/rules.md", "| R1 | Once. | Because. | everywhere |\n")))
            .ShouldHaveSingleItem().ShouldContain("names no file");
}

using System.Text.RegularExpressions;
using ElderBand.Dev;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// Device projects are listed in the solution, so that Visual Studio shows them, but built only in the "Device"
/// configuration: <c>dotnet build</c> has no targets for them and fails (MSB4057).
/// </summary>
public partial class SolutionTests
{
    private const string DeviceProjectType = "11A8DD76-328B-46DF-9F39-F559912D0360";

    [Fact]
    public void Device_projects_are_listed_and_built_only_in_the_Device_configuration()
    {
        var expected = NfprojFiles.Projects(Repository.Root).Select(path => Path.GetRelativePath(Repository.Root, path))
            .ToArray();
        expected.ShouldNotBeEmpty();
        Problems(File.ReadAllText(Path.Combine(Repository.Root, "ElderBand.sln")), expected).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "is not listed")]
    [InlineData(
        "Project(\"{11A8DD76-328B-46DF-9F39-F559912D0360}\") = \"A\", \"libs\\A\\A.nfproj\", \"{AA}\"\n{AA}.Debug|Any "
            + "CPU.Build.0 = Debug|Any CPU\n{AA}.Device|Any CPU.Build.0 = Release|Any CPU", "is built in Debug")]
    [InlineData(
        "Project(\"{11A8DD76-328B-46DF-9F39-F559912D0360}\") = \"A\", \"libs\\A\\A.nfproj\", \"{AA}\"\n{AA}.Debug|Any "
            + "CPU.ActiveCfg = Debug|Any CPU", "is not built in Device")]
    [InlineData(
        "Project(\"{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}\") = \"A\", \"libs\\A\\A.nfproj\", \"{AA}\"\n{AA}.Device|Any "
            + "CPU.Build.0 = Release|Any CPU", "is not listed")]
    public void A_solution_that_would_break_a_build_is_refused(string solution, string complaint) =>
        Problems(solution, [Path.Combine("libs", "A", "A.nfproj")]).ShouldHaveSingleItem().ShouldContain(complaint);

    private static List<string> Problems(string solution, IEnumerable<string> projects)
    {
        var problems = new List<string>();
        var idByPath = ListedProject().Matches(solution)
            .Where(match =>
                string.Equals(match.Groups["type"].Value, DeviceProjectType, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(match => match.Groups["path"].Value.Replace('\\', Path.DirectorySeparatorChar), match =>
                match.Groups["id"].Value, StringComparer.Ordinal);
        foreach (var project in projects)
        {
            if (!idByPath.TryGetValue(project, out var id))
            {
                problems.Add($"{project} is not listed as a nanoFramework project");
                continue;
            }

            var builtIn = BuiltProject().Matches(solution)
                .Where(match => match.Groups["id"].Value == id)
                .Select(match => match.Groups["configuration"].Value)
                .ToArray();
            problems.AddRange(builtIn.Where(configuration => configuration != "Device")
                .Select(configuration => $"{project} is built in {configuration}"));
            if (!builtIn.Contains("Device", StringComparer.Ordinal))
                problems.Add($"{project} is not built in Device");
        }

        return problems;
    }

    [GeneratedRegex(
        """^Project\("\{(?<type>[^}]+)\}"\) = "[^"]+", "(?<path>[^"]+)", "\{(?<id>[^}]+)\}""", RegexOptions.Multiline)]
    private static partial Regex ListedProject();

    [GeneratedRegex(@"\{(?<id>[^}]+)\}\.(?<configuration>[^|]+)\|[^.]+\.Build\.0")]
    private static partial Regex BuiltProject();
}

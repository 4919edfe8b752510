using System.Text.RegularExpressions;
using System.Xml.Linq;
using ElderBand.Dev;

namespace ElderBand.Tests.DeviceContract;

/// <summary>A <c>.nfproj</c> with the <c>packages.config</c> beside it, as a device build reads them.</summary>
public sealed partial class DeviceProject
{
    private const string NanoFrameworkProjectType = "{11A8DD76-328B-46DF-9F39-F559912D0360}";
    private const string TestFramework = "nanoFramework.TestFramework";
    private const string RunSettings = "nano.runsettings";
    private readonly XDocument _project;

    private DeviceProject(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        Folder = System.IO.Path.GetDirectoryName(Path)!;
        _project = XDocument.Load(Path);
        AssemblyName = Property("AssemblyName");
        SourceFiles = Items("Compile").Select(Resolve).ToArray();
        ProjectReferences = Items("ProjectReference").Select(Resolve).ToArray();
        References = Elements("Reference")
            .Select(reference =>
                ((string)reference.Attribute("Include")!, reference.Elements().FirstOrDefault()?.Value ?? ""))
            .ToArray();

        var packages = System.IO.Path.Combine(Folder, "packages.config");
        Packages = File.Exists(packages)
            ? XDocument.Load(packages).Root!.Elements("package").ToDictionary(
                package => (string)package.Attribute("id")!,
                package => (string)package.Attribute("version")!,
                StringComparer.Ordinal)
            : [];
    }

    public string Path { get; }

    public string Folder { get; }

    public string AssemblyName { get; }

    public bool IsExecutable => Property("OutputType") == "Exe";

    public IReadOnlyList<string> SourceFiles { get; }

    public IReadOnlyList<string> ProjectReferences { get; }

    /// <summary>Assembly name and hint path of each reference.</summary>
    public IReadOnlyList<(string Assembly, string HintPath)> References { get; }

    public IReadOnlyDictionary<string, string> Packages { get; }

    public static DeviceProject Load(string path) => new(path);

    /// <returns>One line for each thing that would stop a device build, or build something else than the host
    /// does.</returns>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>(NfprojFiles.Check(Folder));
        var device = ReferenceAssemblies.Shared;
        if (SourceFiles.Count == 0)
            problems.Add("names no source file");
        if (!Property("ProjectTypeGuids").Contains(NanoFrameworkProjectType, StringComparison.OrdinalIgnoreCase))
            problems.Add("is not a nanoFramework project (ProjectTypeGuids)");
        if (Property("TargetFrameworkVersion") != "v1.0")
            problems.Add("does not target nanoFramework 1.x (TargetFrameworkVersion v1.0)");
        if (Property("LangVersion") != "9.0")
            problems.Add("does not keep to C# 9.0 (LangVersion)");

        // packages/ lies beside the solution: two folders up, three from the samples of a binding.
        var toRoot = System.IO.Path.GetFileName(Folder) == "samples" ? @"..\..\..\" : @"..\..\";
        var expectedReferences = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (package, version) in Packages)
        {
            if (!device.PackageVersions.TryGetValue(package, out var expected)
                || device.ListingOfPackage(package) is not { } listing)
            {
                problems.Add($"packages.config names {package}, which has no listing or no place in the version set");
                continue;
            }

            if (version != expected)
                problems.Add($"packages.config has {package} {version}, the version set {expected}");
            expectedReferences[listing.Assembly] = $@"{toRoot}packages\{package}.{version}\lib\{listing.Assembly}.dll";
            foreach (var assembly in device.Closure(listing))
            {
                var needed = device.Listings.First(other => other.Assembly == assembly).Package;
                if (!Packages.ContainsKey(needed))
                    problems.Add($"packages.config names {package} but not {needed}, which it needs");
            }
        }

        foreach (var (assembly, hintPath) in References)
        {
            // The program that runs the tests comes in the test framework's package and is never compiled against.
            if (assembly == "nanoFramework.UnitTestLauncher" && Packages.ContainsKey(TestFramework))
                continue;
            if (!expectedReferences.Remove(assembly, out var expected))
                problems.Add($"references {assembly}, which no package of packages.config brings");
            else if (!string.Equals(hintPath, expected, StringComparison.Ordinal))
                problems.Add($"looks for {assembly} at {hintPath}, packages.config puts it at {expected}");
        }

        problems.AddRange(expectedReferences.Keys.Select(
            assembly => $"packages.config brings {assembly}, which the project does not reference"));
        if (Packages.ContainsKey(TestFramework))
            problems.AddRange(TestProblems());
        foreach (var source in SourceFiles.Where(File.Exists))
            problems.AddRange(SourceProblems(System.IO.Path.GetRelativePath(Folder, source), File.ReadAllText(source)));
        return problems;
    }

    /// <summary>
    /// What the test runner of nanoFramework asks of a project. A project that lacks one of these builds, and the
    /// runner then runs no test and reports no error.
    /// </summary>
    private IEnumerable<string> TestProblems()
    {
        if (AssemblyName != "NFUnitTest")
            yield return $"holds tests in an assembly called {AssemblyName}: the test runner loads NFUnitTest and "
                + "nothing else";
        if (!Elements("ProjectCapability").Any(item =>
            item.Parent!.Name.LocalName == "ItemGroup" && (string?)item.Attribute("Include") == "TestContainer"))
            yield return "holds tests but no <ProjectCapability Include=\"TestContainer\" /> in an ItemGroup";
        if (Property("IsTestProject") != "true" || Property("TestProjectType") != "UnitTest")
            yield return "holds tests but is no test project (IsTestProject, TestProjectType)";
        if (Property("RunSettingsFilePath") != $@"$(MSBuildProjectDirectory)\{RunSettings}")
            yield return $"holds tests but does not name {RunSettings} (RunSettingsFilePath)";
        var settings = System.IO.Path.Combine(Folder, RunSettings);
        if (!File.Exists(settings))
            yield return $"holds tests but {RunSettings} does not lie beside it";
        else if (XDocument.Load(settings).Root!.Element("nanoFrameworkAdapter")?.Element("IsRealHardware") is null)
            yield return $"{RunSettings} does not say where the tests run (nanoFrameworkAdapter, IsRealHardware)";
    }

    /// <summary>
    /// What only the text shows: conditional code, and a Board that leaks into other rooms or the other way round.
    /// </summary>
    internal static IEnumerable<string> SourceProblems(string relativePath, string text)
    {
        if (Conditional().IsMatch(text))
            yield return $"{relativePath} is conditional (#if): the host would test something else than the device "
                + "runs";
        var isBoardFile = relativePath.Replace('\\', '/').StartsWith("Board/", StringComparison.Ordinal);
        foreach (Match match in NamespaceName().Matches(text))
        {
            if (match.Groups["name"].Value.EndsWith(".Board", StringComparison.Ordinal) != isBoardFile)
                yield return $"{relativePath} declares {match.Groups["name"].Value}: "
                    + "what is in Board/, and nothing else, is in the namespace Board";
        }

        // A binding (libs/Iot.Device.*) keeps what needs the device's own bus in I2c/, which the host leaves out.
        var isBusFile = relativePath.Replace('\\', '/').StartsWith("I2c/", StringComparison.Ordinal);
        if (!isBoardFile && !isBusFile && relativePath != "Program.cs")
        {
            foreach (Match match in DeviceUsing().Matches(text))
                yield return $"{relativePath} uses {match.Groups["name"].Value}: device packages belong in Board/ and "
                    + "Program.cs";
        }
    }

    private string Property(string name) => Elements(name).FirstOrDefault()?.Value ?? "";

    private IEnumerable<string> Items(string name) => Elements(name).Select(item => (string)item.Attribute("Include")!);

    private IEnumerable<XElement> Elements(string name) =>
        _project.Descendants().Where(element => element.Name.LocalName == name);

    private string Resolve(string relative) =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(Folder, relative.Replace('\\', '/')));

    [GeneratedRegex(@"^[ \t]*#[ \t]*(if|elif|define)\b", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Conditional();

    [GeneratedRegex(@"^[ \t]*namespace[ \t]+(?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceName();

    [GeneratedRegex(
        @"^[ \t]*using[ \t]+(static[ \t]+)?(\w+[ \t]*=[ \t]*)?(?<name>(nanoFramework(?!\.TestFramework)|System\.Device"
            + @"|Iot(?!\.Device\.(RegisterBus|Max30102|Adxl343)\b))\.[\w.]+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex DeviceUsing();
}

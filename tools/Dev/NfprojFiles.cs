using System.Text.RegularExpressions;

namespace ElderBand.Dev;

/// <summary>
/// Keeps the file list of every device project equal to its folder. An SDK-style project takes what the folder holds;
/// a <c>.nfproj</c> must name each file, and a forgotten one is only noticed on the desk with the board.
/// </summary>
internal static partial class NfprojFiles
{
    /// <summary>Rewrites the <c>Compile</c> list of every <c>.nfproj</c> below <paramref name="root"/>.</summary>
    /// <returns>The project files that changed.</returns>
    /// <exception cref="FormatException">A project has no single run of <c>Compile</c> items to replace.</exception>
    public static IReadOnlyList<string> Update(string root)
    {
        var changed = new List<string>();
        foreach (var project in Projects(root))
        {
            var text = File.ReadAllText(project);
            var updated = WithSources(project, text);
            if (string.Equals(text, updated, StringComparison.Ordinal))
                continue;
            File.WriteAllText(project, updated);
            changed.Add(project);
        }

        return changed;
    }

    /// <returns>One line per project below <paramref name="root"/> whose list differs from its folder; empty when all
    /// agree.</returns>
    public static IReadOnlyList<string> Check(string root)
    {
        var problems = new List<string>();
        foreach (var project in Projects(root))
        {
            var named = CompileItem().Matches(File.ReadAllText(project)).Select(match => match.Groups["file"].Value)
                .ToArray();
            var present = Sources(project);
            foreach (var file in present.Except(named, StringComparer.Ordinal))
                problems.Add($"{Path.GetFileName(project)} does not name {file}: run ./dev format");
            foreach (var file in named.Except(present, StringComparer.Ordinal))
                problems.Add($"{Path.GetFileName(project)} names {file}, which does not exist: run ./dev format");
            if (named.Distinct(StringComparer.Ordinal).Count() != named.Length)
                problems.Add($"{Path.GetFileName(project)} names a file twice: run ./dev format");
        }

        return problems;
    }

    /// <summary>Every device project below a folder, in order.</summary>
    public static IReadOnlyList<string> Projects(string root) =>
        Directory.GetFiles(root, "*.nfproj", SearchOption.AllDirectories)
            .Where(file => !IsOutput(Path.GetRelativePath(root, file)))
            .Order(StringComparer.Ordinal)
            .ToArray();

    /// <summary>The sources that a project's folder holds, as the project file writes them.</summary>
    private static string[] Sources(string project)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(project))!;

        // A folder with a project of its own (the samples of a binding) belongs to that project.
        var others = Directory.GetDirectories(folder, "*", SearchOption.AllDirectories)
            .Where(below => Directory.GetFiles(below, "*.nfproj").Length > 0)
            .Select(below => Path.GetRelativePath(folder, below) + Path.DirectorySeparatorChar)
            .ToArray();
        return Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .Where(file => !IsOutput(file) && !others.Any(other => file.StartsWith(other, StringComparison.Ordinal)))
            .Select(file => file.Replace('/', '\\'))
            .Order(StringComparer.Ordinal)
            .ToArray();
    }

    private static string WithSources(string project, string text)
    {
        var runs = CompileRun().Matches(text);
        if (runs.Count != 1)
            throw new FormatException(
                $"{project}: expected one run of <Compile Include=\"...\" /> lines, found {runs.Count}.");
        var items = string.Concat(Sources(project).Select(file => $"    <Compile Include=\"{file}\" />\n"));
        return string.Concat(text.AsSpan(0, runs[0].Index), items, text.AsSpan(runs[0].Index + runs[0].Length));
    }

    private static bool IsOutput(string relativePath) =>
        relativePath.Split('/', '\\').Any(part => part is "bin" or "obj" or "node_modules" or "packages");

    [GeneratedRegex("<Compile Include=\"(?<file>[^\"]+)\" />", RegexOptions.ExplicitCapture)]
    private static partial Regex CompileItem();

    [GeneratedRegex("(?:[ ]*<Compile Include=\"[^\"]+\" />\\r?\\n)+")]
    private static partial Regex CompileRun();
}

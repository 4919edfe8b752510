using System.Text.RegularExpressions;

namespace ElderBand.Tests.Architecture;

/// <summary>The repository's text files, or invented ones: path from the root with forward slashes, and text.</summary>
public sealed partial class Tree(IReadOnlyDictionary<string, string> files)
{
    private static readonly HashSet<string> SkippedFolders =
        ["bin", "obj", ".git", "node_modules", "dist", "artifacts", "TestResults", "packages", ".vs", ".idea",
            ".vscode"];

    private static readonly HashSet<string> BinaryExtensions =
        [".png", ".jpg", ".ico", ".gif", ".webp", ".woff", ".woff2", ".ttf", ".otf", ".db", ".zip", ".gz", ".mp3",
            ".wav", ".ogg", ".pdf"];

    public IReadOnlyDictionary<string, string> Files { get; } = files;

    public static Tree Of(params (string Path, string Text)[] files) =>
        new(files.ToDictionary(file => file.Path, file => file.Text, StringComparer.Ordinal));

    public static Tree OfRepository()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "ElderBand.sln")))
            root = Path.GetDirectoryName(root)
                ?? throw new DirectoryNotFoundException("ElderBand.sln is not above the test binaries.");

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(root);
        return new Tree(files);

        void Add(string folder)
        {
            foreach (var file in Directory.GetFiles(folder))
                if (!BinaryExtensions.Contains(Path.GetExtension(file)) && Path.GetFileName(file) != ".git")
                    files[Path.GetRelativePath(root, file).Replace('\\', '/')] = File.ReadAllText(file);
            foreach (var child in Directory.GetDirectories(folder))
                if (!SkippedFolders.Contains(Path.GetFileName(child)))
                    Add(child);
        }
    }

    /// <summary>C# sources below a folder, without their comments.</summary>
    public IEnumerable<(string Path, string Code)> Code(string folder) =>
        Files.Where(file =>
            file.Key.StartsWith(folder, StringComparison.Ordinal) && file.Key.EndsWith(".cs", StringComparison.Ordinal))
            .Select(file => (file.Key, Comment().Replace(file.Value, "${text}")));

    // A string is kept (it may hold what looks like a comment), a comment goes.
    [GeneratedRegex("(?<text>\"\"\".*?\"\"\"|@\"(?:[^\"]|\"\")*\"|\"(?:\\\\.|[^\"\\\\\n])*\")|//[^\n]*|/\\*.*?\\*/",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Comment();
}

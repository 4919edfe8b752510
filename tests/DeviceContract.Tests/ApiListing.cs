using System.Text;
using System.Text.RegularExpressions;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// One package's public API as declarations (api/README.md), and the stub source that compiles to the same API.
/// </summary>
public sealed partial class ApiListing
{
    private readonly string[] _lines;

    private ApiListing(string name, string[] lines)
    {
        var header = HeaderLine().Match(lines[0]);
        if (!header.Success || !lines[1].StartsWith("# references:", StringComparison.Ordinal))
            throw new FormatException(
                $"{name}: the first two lines must name the assembly, the package and the references.");
        Assembly = header.Groups["assembly"].Value;
        AssemblyVersion = header.Groups["version"].Value;
        Package = header.Groups["package"].Value;
        References = lines[1]["# references:".Length..]
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(reference => reference.Split(' ')[0])
            .ToArray();
        _lines = lines[2..];
    }

    public string Assembly { get; }

    /// <summary>Empty where the listing was read from sources without a version.</summary>
    public string AssemblyVersion { get; }

    public string Package { get; }

    /// <summary>Names of the assemblies that this one refers to.</summary>
    public IReadOnlyList<string> References { get; }

    public static ApiListing Parse(string name, string text) =>
        new(name, text.ReplaceLineEndings("\n").Split('\n'));

    /// <summary>
    /// C# whose public surface is the listing: every body throws, every name of another namespace starts at
    /// <c>global::</c>.
    /// </summary>
    public string ToSource()
    {
        var source = new StringBuilder();
        if (AssemblyVersion.Length > 0)
            source.Append($"[assembly: global::System.Reflection.AssemblyVersion(\"{AssemblyVersion}\")]\n");

        // Open blocks, innermost last: the indentation they started at and what kind of members they hold.
        var open = new Stack<(int Indent, string Kind)>();
        foreach (var line in _lines)
        {
            if (line.Length == 0)
                continue;
            var declaration = line.TrimStart(' ');
            var indent = line.Length - declaration.Length;
            while (open.Count > 0 && open.Peek().Indent >= indent)
            {
                open.Pop();
                source.Append("}\n");
            }

            var block = BlockLine().Match(declaration);
            if (block.Success)
            {
                var isNamespace = block.Groups["kind"].Value == "namespace";
                source.Append(isNamespace ? declaration : FromRoot(declaration)).Append("\n{\n");
                open.Push((indent, block.Groups["kind"].Value));
            }
            else
            {
                source.Append(Member(FromRoot(declaration), open.Peek().Kind)).Append('\n');
            }
        }

        while (open.TryPop(out _))
            source.Append("}\n");
        return source.ToString();
    }

    private static string Member(string declaration, string owner)
    {
        var isStub = owner is "class" or "struct"
            && !DelegateOrEvent().IsMatch(declaration)
            && !declaration.Contains(" abstract ", StringComparison.Ordinal);
        if (!isStub)
            return declaration;
        if (declaration.EndsWith('}'))
            return declaration
                .Replace(" get;", " get => throw null;", StringComparison.Ordinal)
                .Replace(" set;", " set => throw null;", StringComparison.Ordinal);
        if (!declaration.EndsWith(");", StringComparison.Ordinal)
            || declaration.Contains(" const ", StringComparison.Ordinal))
            return declaration; // a field
        var constructor = BaseConstructor().Match(declaration);
        if (constructor.Success)
        {
            var arguments = constructor.Groups["types"].Value.Split(',').Select(type => $"default({type.Trim()})");
            declaration = declaration[..constructor.Index] + $" : base({string.Join(", ", arguments)});";
        }

        return declaration[..^1] + " => throw null;";
    }

    /// <summary>
    /// Inside <c>nanoFramework.System.IO</c> a plain <c>System.IO</c> would mean the wrong namespace.
    /// </summary>
    private static string FromRoot(string declaration) => RootNamespace().Replace(declaration, "global::$0");

    [GeneratedRegex(@"^# assembly (?<assembly>\S+?)(?: (?<version>[0-9.]+))?, package (?<package>[^\s,]+)")]
    private static partial Regex HeaderLine();

    [GeneratedRegex(
        @"^(?:\[.*?\] )?(?:(?:public|protected|internal|private|static|sealed|abstract|readonly|ref) )*"
            + @"(?<kind>namespace|class|struct|interface|enum) ")]
    private static partial Regex BlockLine();

    [GeneratedRegex(
        @"^(?:\[.*?\] )?(?:(?:public|protected|internal|static|virtual|override|sealed|abstract|new) )*"
            + @"(?:delegate|event) ")]
    private static partial Regex DelegateOrEvent();

    [GeneratedRegex(@" : base\((?<types>[^)]*)\);$")]
    private static partial Regex BaseConstructor();

    [GeneratedRegex(@"(?<![\w.:])(?:System|nanoFramework|Iot|UnitsNet|Microsoft)\.(?=\w)")]
    private static partial Regex RootNamespace();
}

using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// Which folder of a program uses which: the compiler says what every name means, so constants and enums count too. A
/// file that lies in no subfolder is a node by itself.
/// </summary>
public static class FolderGraph
{
    /// <param name="root">The folder whose subfolders are the nodes.</param>
    /// <param name="sources">Path and text of every file of the program.</param>
    /// <param name="references">Images that the program is compiled against.</param>
    /// <returns>Every edge "from, to", with one file that makes it.</returns>
    public static IReadOnlyDictionary<(string From, string To), string> Edges(
        string root, IReadOnlyDictionary<string, string> sources, IEnumerable<byte[]> references)
    {
        var options = new CSharpParseOptions(LanguageVersion.CSharp9);
        var compilation = CSharpCompilation.Create(
            "Folders",
            sources.Select(source =>
                CSharpSyntaxTree.ParseText(SourceText.From(source.Value, Encoding.UTF8), options, source.Key)),
            references.Select(image => MetadataReference.CreateFromImage(image)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var edges = new SortedDictionary<(string, string), string>();
        foreach (var tree in compilation.SyntaxTrees)
        {
            var from = Node(root, tree.FilePath);
            var model = compilation.GetSemanticModel(tree);
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                var type = model.GetSymbolInfo(name).Symbol switch
                {
                    INamedTypeSymbol named => named,
                    { ContainingType: { } owner } => owner,
                    _ => null,
                };
                foreach (var place in type?.DeclaringSyntaxReferences ?? [])
                {
                    var to = Node(root, place.SyntaxTree.FilePath);
                    if (to != from)
                        edges.TryAdd((from, to),
                            Path.GetRelativePath(root, tree.FilePath).Replace('\\', '/') + " uses " + type!.Name);
                }
            }
        }

        return edges;
    }

    /// <returns>One line for each edge that lies on a cycle.</returns>
    public static IReadOnlyList<string> Cycles(IReadOnlyDictionary<(string From, string To), string> edges) =>
        [.. edges.Where(edge => Reaches(edges, edge.Key.To, edge.Key.From))
            .Select(edge => $"{edge.Key.From} -> {edge.Key.To}: {edge.Value}")];

    private static bool Reaches(IReadOnlyDictionary<(string From, string To), string> edges, string from, string to)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var toVisit = new Stack<string>([from]);
        while (toVisit.TryPop(out var node))
        {
            if (node == to)
                return true;
            if (seen.Add(node))
                foreach (var next in edges.Keys.Where(edge => edge.From == node))
                    toVisit.Push(next.To);
        }

        return false;
    }

    private static string Node(string root, string path)
    {
        var relative = Path.GetRelativePath(root, path).Replace('\\', '/');
        return relative.Contains('/', StringComparison.Ordinal)
            ? relative[..relative.IndexOf('/', StringComparison.Ordinal)] + "/" : relative;
    }
}

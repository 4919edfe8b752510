using Mono.Cecil;
using Mono.Cecil.Cil;

namespace ElderBand.CountIl;

/// <summary>
/// Copies compiled device assemblies into a folder so that the copies count the IL instructions that they execute, and
/// writes the names of the counted methods into methods.txt there; a method's line is its number. Run by the build.
/// </summary>
public static class Program
{
    private const string Usage = "usage: count-il OUTPUT-FOLDER ASSEMBLY.dll ...";

    /// <summary>0 done, 1 an assembly cannot be read or written, 2 wrong use.</summary>
    public static int Main(string[] args)
    {
        if (args.Length < 2)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        try
        {
            Directory.CreateDirectory(args[0]);
            var methods = new List<string>();
            foreach (var file in args.Skip(1).Order(StringComparer.Ordinal))
            {
                Copy(file, Path.Combine(args[0], Path.GetFileName(file)), methods);
            }

            if (methods.Count > MethodCounter.MostMethods)
            {
                throw new IOException($"{methods.Count} methods; IlCounter has room for {MethodCounter.MostMethods}");
            }

            File.WriteAllLines(Path.Combine(args[0], "methods.txt"), methods);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            Console.Error.WriteLine($"count-il: error : {e.Message}");
            return 1;
        }
    }

    private static void Copy(string from, string to, List<string> methods)
    {
        var hasSymbols = File.Exists(Path.ChangeExtension(from, ".pdb"));
        using var module = ModuleDefinition.ReadModule(from, new ReaderParameters { ReadSymbols = hasSymbols });
        var counter = new CounterReference(module);
        foreach (var method in module.GetTypes().SelectMany(static t => t.Methods).Where(IsCounted).ToList())
        {
            MethodCounter.Count(method, counter, methods.Count);
            methods.Add($"{method.DeclaringType.Name}.{method.Name}");
        }

        module.Write(to, new WriterParameters { WriteSymbols = hasSymbols });
    }

    // Class constructors run before Main on the device, but on the host whenever a class is first used: they would
    // count for whichever device happens to come first in the process.
    private static bool IsCounted(MethodDefinition method) =>
        method.HasBody && !(method.IsConstructor && method.IsStatic);
}

using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace ElderBand.Eval;

/// <summary>
/// A copy of a compiled assembly that counts what it executes: at the head of each basic block it adds the block's number of
/// IL instructions, and of calls, to an array it is given. Nothing else is changed, so it computes what the original does.
/// </summary>
public sealed class Instrument
{
    /// <summary>Where all executed instructions are counted.</summary>
    public const int InstructionsAt = 0;

    /// <summary>Where all executed calls are counted; they are among the instructions too.</summary>
    public const int CallsAt = 1;

    /// <summary>Where the executions of the first block are counted.</summary>
    public const int FirstBlock = 2;

    private const string CounterType = "Executed";
    private const string CounterField = "Counts";

    private readonly List<Block> _blocks = [];
    private readonly byte[] _image;

    /// <param name="assemblyFile">An optimised build: a debug build has instructions that the device never sees.</param>
    public Instrument(string assemblyFile)
    {
        using var module = ModuleDefinition.ReadModule(assemblyFile);
        Allocations = [.. Allocating(module)];
        var counter = new TypeDefinition(
            "", CounterType, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed, module.TypeSystem.Object);
        var counts = new FieldDefinition(
            CounterField, FieldAttributes.Public | FieldAttributes.Static, new ArrayType(module.TypeSystem.Int64));
        counter.Fields.Add(counts);
        foreach (var method in module.GetTypes().SelectMany(static t => t.Methods).Where(static m => m.HasBody).ToList())
        {
            Count(method, counts, module.TypeSystem.Int64);
        }

        module.Types.Add(counter);
        using var image = new MemoryStream();
        module.Write(image);
        _image = image.ToArray();
    }

    /// <summary>Methods, other than constructors, that could allocate; found by reading the IL, executed or not.</summary>
    public IReadOnlyList<string> Allocations { get; }

    /// <summary>Length of the array of counts.</summary>
    public int Length => FirstBlock + _blocks.Count;

    /// <summary>Loads the copy.</summary>
    public System.Reflection.Assembly Load(System.Runtime.Loader.AssemblyLoadContext context, long[] counts)
    {
        var assembly = context.LoadFromStream(new MemoryStream(_image));
        assembly.GetType(CounterType)!.GetField(CounterField)!.SetValue(null, counts);
        return assembly;
    }

    /// <summary>Instructions and calls of each method, from counts.</summary>
    public IEnumerable<(string Method, long Instructions, long Calls)> Methods(ReadOnlyMemory<long> counts) =>
        _blocks.Select((block, i) => (block.Method, Times: counts.Span[FirstBlock + i], block.Instructions, block.Calls))
            .GroupBy(static b => b.Method, StringComparer.Ordinal)
            .Select(static g => (g.Key, g.Sum(static b => b.Times * b.Instructions), g.Sum(static b => b.Times * b.Calls)))
            .Where(static m => m.Item2 > 0);

    private static IEnumerable<string> Allocating(ModuleDefinition module) =>
        from type in module.GetTypes()
        from method in type.Methods
        where method.HasBody && !method.IsConstructor
        where method.Body.Instructions.Any(static i => i.OpCode.Code is Code.Newobj or Code.Newarr or Code.Box)
        select $"{type.Name}.{method.Name}";

    private static bool EndsBlock(Instruction instruction) =>
        instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch or FlowControl.Return or FlowControl.Throw;

    private void Count(MethodDefinition method, FieldReference counts, TypeReference int64)
    {
        var body = method.Body;
        if (body.HasExceptionHandlers)
        {
            throw new NotSupportedException($"{method.FullName} handles exceptions; hot code on the device must not");
        }

        body.SimplifyMacros();
        var originals = body.Instructions.ToList();
        var heads = new HashSet<Instruction> { originals[0] };
        foreach (var instruction in originals)
        {
            heads.UnionWith(Targets(instruction));
            if (EndsBlock(instruction) && instruction.Next is not null)
            {
                heads.Add(instruction.Next);
            }
        }

        var starts = new Dictionary<Instruction, Instruction>();
        var il = body.GetILProcessor();
        for (var at = 0; at < originals.Count;)
        {
            var head = originals[at];
            var block = originals.Skip(at).TakeWhile((instruction, i) => i == 0 || !heads.Contains(instruction)).ToList();
            at += block.Count;
            var calls = block.Count(static i => i.OpCode.FlowControl == FlowControl.Call);
            starts[head] = InsertCounter(il, head, counts, int64, FirstBlock + _blocks.Count, 1);
            InsertCounter(il, head, counts, int64, InstructionsAt, block.Count);
            if (calls > 0)
            {
                InsertCounter(il, head, counts, int64, CallsAt, calls);
            }

            _blocks.Add(new Block($"{method.DeclaringType.Name}.{method.Name}", block.Count, calls));
        }

        foreach (var instruction in originals)
        {
            instruction.Operand = instruction.Operand switch
            {
                Instruction target => starts[target],
                Instruction[] targets => targets.Select(t => starts[t]).ToArray(),
                var other => other,
            };
        }

        body.OptimizeMacros();
    }

    private static IEnumerable<Instruction> Targets(Instruction instruction) => instruction.Operand switch
    {
        Instruction target => [target],
        Instruction[] targets => targets,
        _ => [],
    };

    private static Instruction InsertCounter(
        ILProcessor il, Instruction before, FieldReference counts, TypeReference int64, int index, int amount)
    {
        Instruction[] added =
        [
            il.Create(OpCodes.Ldsfld, counts),
            il.Create(OpCodes.Ldc_I4, index),
            il.Create(OpCodes.Ldelema, int64),
            il.Create(OpCodes.Dup),
            il.Create(OpCodes.Ldind_I8),
            il.Create(OpCodes.Ldc_I4, amount),
            il.Create(OpCodes.Conv_I8),
            il.Create(OpCodes.Add),
            il.Create(OpCodes.Stind_I8),
        ];
        foreach (var instruction in added)
        {
            il.InsertBefore(before, instruction);
        }

        return added[0];
    }

    private sealed record Block(string Method, int Instructions, int Calls);
}

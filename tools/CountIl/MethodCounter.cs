using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace ElderBand.CountIl;

/// <summary>How a counted assembly names simulation/Boards/IlCounter.cs.</summary>
internal sealed class CounterReference
{
    /// <summary>References the counter from this module.</summary>
    public CounterReference(ModuleDefinition module)
    {
        var assembly = new AssemblyNameReference("ElderBand.Simulation", new Version(0, 0));
        module.AssemblyReferences.Add(assembly);
        var type = new TypeReference("ElderBand.Simulation", "IlCounter", module, assembly);
        Int64 = module.TypeSystem.Int64;
        Cell = new ByReferenceType(Int64);
        CellOf = new MethodReference("CellOf", Cell, type);
        CellOf.Parameters.Add(new ParameterDefinition(module.TypeSystem.Int32));
    }

    /// <summary>Type of a count.</summary>
    public TypeReference Int64 { get; }

    /// <summary>Type of a reference to a count.</summary>
    public TypeReference Cell { get; }

    /// <summary>Returns the reference to a method's count of instructions.</summary>
    public MethodReference CellOf { get; }
}

/// <summary>
/// Makes one method count: at its begin it takes the reference to its counts, and at the head of each basic block it
/// adds the block's number of instructions and of calls. Nothing else is changed, so it computes what the original
/// does.
/// </summary>
internal static class MethodCounter
{
    /// <summary>A method's calls are counted so many places behind its instructions (IlCounter.MostMethods).</summary>
    public const int MostMethods = 2048;

    /// <summary>Adds the counting code to the method.</summary>
    /// <param name="number">The method's number among all counted methods, from 0.</param>
    public static void Count(MethodDefinition method, CounterReference counter, int number)
    {
        var body = method.Body;
        body.SimplifyMacros();
        var originals = body.Instructions.ToList();
        var heads = Heads(body, originals);
        var cell = new VariableDefinition(counter.Cell);
        body.Variables.Add(cell);
        var il = body.GetILProcessor();
        var starts = new Dictionary<Instruction, Instruction>();
        for (var at = 0; at < originals.Count;)
        {
            var end = at + 1;
            while (end < originals.Count && !heads.Contains(originals[end]))
            {
                end++;
            }

            var calls = originals.GetRange(at, end - at).Count(static i => i.OpCode.FlowControl == FlowControl.Call);
            starts[originals[at]] = InsertAdd(il, originals[at], cell, end - at, calls);
            at = end;
        }

        Redirect(body, originals, starts);
        var first = body.Instructions[0];
        il.InsertBefore(first, il.Create(OpCodes.Ldc_I4, number));
        il.InsertBefore(first, il.Create(OpCodes.Call, counter.CellOf));
        il.InsertBefore(first, il.Create(OpCodes.Stloc, cell));
        body.OptimizeMacros();
    }

    private static HashSet<Instruction> Heads(MethodBody body, List<Instruction> originals)
    {
        var heads = new HashSet<Instruction> { originals[0] };
        foreach (var instruction in originals)
        {
            if (instruction.Operand is Instruction target)
            {
                heads.Add(target);
            }

            if (instruction.Operand is Instruction[] targets)
            {
                heads.UnionWith(targets);
            }

            if (instruction.Next is { } next && instruction.OpCode.FlowControl
                is FlowControl.Branch or FlowControl.Cond_Branch or FlowControl.Return or FlowControl.Throw)
            {
                heads.Add(next);
            }
        }

        foreach (var handler in body.ExceptionHandlers)
        {
            heads.UnionWith(new[]
            {
                handler.TryStart, handler.TryEnd, handler.FilterStart, handler.HandlerStart, handler.HandlerEnd,
            }.OfType<Instruction>());
        }

        return heads;
    }

    // Branches, switches and the borders of try and catch now lead to the counting code before the instruction.
    private static void Redirect(
        MethodBody body, List<Instruction> originals, Dictionary<Instruction, Instruction> starts)
    {
        foreach (var instruction in originals)
        {
            instruction.Operand = instruction.Operand switch
            {
                Instruction target => starts[target],
                Instruction[] targets => targets.Select(t => starts[t]).ToArray(),
                var other => other,
            };
        }

        foreach (var handler in body.ExceptionHandlers)
        {
            handler.TryStart = Moved(handler.TryStart);
            handler.TryEnd = Moved(handler.TryEnd);
            handler.FilterStart = Moved(handler.FilterStart);
            handler.HandlerStart = Moved(handler.HandlerStart);
            handler.HandlerEnd = Moved(handler.HandlerEnd);
        }

        Instruction? Moved(Instruction? border) => border is null ? null : starts[border];
    }

    private static Instruction InsertAdd(
        ILProcessor il, Instruction before, VariableDefinition cell, int instructions, int calls)
    {
        var first = il.Create(OpCodes.Ldloc, cell);
        il.InsertBefore(before, first);
        InsertAddTo(instructions);
        if (calls > 0)
        {
            il.InsertBefore(before, il.Create(OpCodes.Ldloc, cell));
            il.InsertBefore(before, il.Create(OpCodes.Ldc_I4, MostMethods * sizeof(long)));
            il.InsertBefore(before, il.Create(OpCodes.Add));
            InsertAddTo(calls);
        }

        return first;

        void InsertAddTo(int amount)
        {
            il.InsertBefore(before, il.Create(OpCodes.Dup));
            il.InsertBefore(before, il.Create(OpCodes.Ldind_I8));
            il.InsertBefore(before, il.Create(OpCodes.Ldc_I4, amount));
            il.InsertBefore(before, il.Create(OpCodes.Conv_I8));
            il.InsertBefore(before, il.Create(OpCodes.Add));
            il.InsertBefore(before, il.Create(OpCodes.Stind_I8));
        }
    }
}

using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// Reads a compiled device assembly for what the compiler accepts and a nanoFramework 1.x device cannot load or does
/// differently, and for the few rules of the house that only the binary shows for certain.
/// </summary>
public sealed class DeviceInspector
{
    private static readonly HashSet<Code> Unsupported = [Code.Localloc, Code.Calli, Code.Arglist];

    private static readonly HashSet<Code> FloatingPoint =
    [
        Code.Ldc_R4, Code.Ldc_R8, Code.Conv_R4, Code.Conv_R8, Code.Conv_R_Un, Code.Ldind_R4, Code.Ldind_R8,
        Code.Stind_R4, Code.Stind_R8, Code.Ldelem_R4, Code.Ldelem_R8, Code.Stelem_R4, Code.Stelem_R8,
    ];

    private readonly bool _integersOnly;
    private readonly List<string> _problems = [];
    private TypeDefinition _type = null!;
    private string _where = "";

    private DeviceInspector(bool integersOnly) => _integersOnly = integersOnly;

    /// <param name="image">The compiled assembly.</param>
    /// <param name="integersOnly">Also refuse floating point and decimal (VitalsFilter).</param>
    /// <returns>One line per finding, "member: reason"; empty when a device can load and run it.</returns>
    public static IReadOnlyList<string> Inspect(byte[] image, bool integersOnly = false)
    {
        using var module = ModuleDefinition.ReadModule(
            new MemoryStream(image), new ReaderParameters { AssemblyResolver = new ReferenceResolver() });
        var inspector = new DeviceInspector(integersOnly);
        foreach (var type in module.GetAllTypes())
            inspector.InspectType(type);
        return inspector._problems.Distinct(StringComparer.Ordinal).ToArray();
    }

    private void InspectType(TypeDefinition type)
    {
        _type = type;
        _where = type.FullName;
        if (type.HasGenericParameters)
            Refuse("declares a generic type");
        if (type.BaseType is not null)
            InspectReference(type.BaseType);
        foreach (var implemented in type.Interfaces)
            InspectReference(implemented.InterfaceType);

        // The compiler keeps its cached delegates and the bytes of array initialisers in classes of its own.
        var isCompilers = type.Name is "<>c" or "<PrivateImplementationDetails>"
            || type.DeclaringType?.Name == "<PrivateImplementationDetails>";
        foreach (var field in type.Fields)
        {
            _where = $"{type.FullName}.{field.Name}";
            InspectReference(field.FieldType);
            if (!field.IsStatic || field.IsLiteral || isCompilers)
                continue;
            if (!field.IsInitOnly)
                Refuse("is a mutable static: one process holds many bands");
            else if (!field.FieldType.IsValueType && !field.FieldType.IsArray
                && field.FieldType.MetadataType != MetadataType.String)
                Refuse("is a static object: only constants, strings and arrays are shared");
        }

        foreach (var method in type.Methods)
            InspectMethod(method);
    }

    private void InspectMethod(MethodDefinition method)
    {
        _where = $"{method.DeclaringType.FullName}.{method.Name}";
        if (method.HasGenericParameters)
            Refuse("declares a generic method");
        if (method.DeclaringType.IsInterface && !method.IsAbstract)
            Refuse("is a default interface method");
        InspectReference(method.ReturnType);
        foreach (var parameter in method.Parameters)
            InspectReference(parameter.ParameterType);
        if (!method.HasBody)
            return;
        foreach (var variable in method.Body.Variables)
            InspectReference(variable.VariableType);
        foreach (var handler in method.Body.ExceptionHandlers)
            if (handler.CatchType is not null)
                InspectReference(handler.CatchType);
        foreach (var instruction in method.Body.Instructions)
            InspectInstruction(instruction);
    }

    private void InspectInstruction(Instruction instruction)
    {
        var code = instruction.OpCode.Code;
        if (Unsupported.Contains(code))
            Refuse($"uses {instruction.OpCode.Name}");
        if (instruction.OpCode.Name.Contains(".ovf", StringComparison.Ordinal))
            Refuse($"uses checked arithmetic ({instruction.OpCode.Name}), which does not trap on a device");
        if (_integersOnly && FloatingPoint.Contains(code))
            Refuse($"uses floating point ({instruction.OpCode.Name})");
        if (code is Code.Box or Code.Constrained && instruction.Operand is TypeReference operand && IsEnum(operand))
            Refuse($"turns {operand.Name} into an object or a text: on a device that is its number");

        switch (instruction.Operand)
        {
            case TypeReference type:
                InspectReference(type);
                break;
            case FieldReference field:
                InspectReference(field.DeclaringType);
                InspectReference(field.FieldType);
                break;
            case MethodReference method:
                if (method is GenericInstanceMethod)
                    Refuse($"calls the generic method {method.Name}");
                InspectReference(method.DeclaringType);
                InspectReference(method.ReturnType);
                foreach (var parameter in method.Parameters)
                    InspectReference(parameter.ParameterType);
                InspectCall(method);
                break;
        }
    }

    /// <summary>Clocks and threads: time comes in as a parameter or through a port, and one thread decides.</summary>
    private void InspectCall(MethodReference method)
    {
        var room = Room(_type);
        var declaring = method.DeclaringType.FullName;
        if (declaring == "System.DateTime" && method.Name is "get_UtcNow" or "get_Now" or "get_Today"
            && room is not (Rooms.Board or Rooms.TimeKeeper))
            Refuse("reads the wall clock outside Board and TimeKeeper");
        if (declaring is "System.Environment" && method.Name == "get_TickCount64")
            Refuse("reads Environment.TickCount64, which stands still in light sleep");
        if (declaring is "System.Threading.Thread" or "System.Threading.Timer"
            && room is not (Rooms.Board or Rooms.Program))
            Refuse($"uses {method.DeclaringType.Name} outside Board and Program: one thread decides");
    }

    private void InspectReference(TypeReference type)
    {
        switch (type)
        {
            case GenericInstanceType generic:
                Refuse($"uses the generic type {generic.ElementType.FullName}");
                foreach (var argument in generic.GenericArguments)
                    InspectReference(argument);
                return;
            case ArrayType { Rank: > 1 }:
                Refuse("uses a multi-dimensional array");
                break;
            case FunctionPointerType:
                Refuse("uses a pointer to a function");
                return;
            case PointerType:
                Refuse("uses a pointer");
                break;
        }

        if (type is TypeSpecification specification)
        {
            InspectReference(specification.ElementType);
            return;
        }

        if (_integersOnly
            && (type.MetadataType is MetadataType.Single or MetadataType.Double || type.FullName == "System.Decimal"))
            Refuse($"uses {type.Name}: VitalsFilter is integers only");
        if (type.Scope is AssemblyNameReference { Name: var assembly }
            && assembly is not ("mscorlib" or "nanoFramework.TestFramework")
            && !assembly.StartsWith("ElderBand.", StringComparison.Ordinal)
            && assembly is not ("Iot.Device.RegisterBus" or "Iot.Device.Max30102")
            && !(assembly == "System.Device.I2c" && _type.Namespace.StartsWith("Iot.Device.", StringComparison.Ordinal))
            && Room(_type) is not (Rooms.Board or Rooms.Program))
            Refuse($"uses {assembly} ({type.FullName}) outside Board and Program");
    }

    private static bool IsEnum(TypeReference type)
    {
        try
        {
            return type.Resolve()?.IsEnum ?? false;
        }
        catch (AssemblyResolutionException)
        {
            return false;
        }
    }

    private static Rooms Room(TypeDefinition type)
    {
        while (type.DeclaringType is not null)
            type = type.DeclaringType;
        if (type.Namespace.EndsWith(".Board", StringComparison.Ordinal))
            return Rooms.Board;
        return type.Name switch
        {
            "Program" => Rooms.Program,
            "TimeKeeper" => Rooms.TimeKeeper,
            _ => Rooms.Other,
        };
    }

    private void Refuse(string reason) => _problems.Add($"{_where}: {reason}");

    private enum Rooms
    {
        Other,
        Board,
        Program,
        TimeKeeper,
    }

    /// <summary>Finds the device's assemblies and the project's own libraries in memory.</summary>
    private sealed class ReferenceResolver : IAssemblyResolver
    {
        private readonly List<AssemblyDefinition> _opened = [];

        public AssemblyDefinition Resolve(AssemblyNameReference name)
        {
            var image = ReferenceAssemblies.Shared.Image(name.Name) ?? DeviceCompiler.ImageOf(name.Name)
                ?? throw new AssemblyResolutionException(name);
            var assembly = AssemblyDefinition.ReadAssembly(
                new MemoryStream(image), new ReaderParameters { AssemblyResolver = this });
            _opened.Add(assembly);
            return assembly;
        }

        public AssemblyDefinition Resolve(AssemblyNameReference name, ReaderParameters parameters) => Resolve(name);

        public void Dispose()
        {
            foreach (var assembly in _opened)
                assembly.Dispose();
        }
    }
}

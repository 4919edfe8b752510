using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace ElderBand.Eval;

/// <summary>
/// Bytes that objects take in the device's heap. The interpreter hands out blocks of 12 bytes: one heads an object,
/// each field takes one more whatever its type; an array has a head of 20 bytes and its elements (numbers packed, one
/// block a reference), rounded up to whole blocks; each static field takes a block. Initialised static arrays are
/// copied from flash into such arrays when the assembly's static constructor runs (nf-interpreter: Execution.cpp
/// NewObject and ExtractHeapBlocksForArray, nanoCLR_Runtime__HeapBlock.h, TypeSystemLookup.cpp, TypeSystem.cpp
/// CLR_RT_AppDomainAssembly, RuntimeHelpers.InitializeArray).
/// </summary>
public sealed class DeviceMemory
{
    private const int Block = 12;
    private const int ArrayHead = 20;
    private const int StringHead = 16;
    private const int Delegate = 36;

    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Func<Type, bool> _isOnTheDevice;

    /// <summary>Counts objects of the classes that run on the device, and what they refer to.</summary>
    /// <param name="isOnTheDevice">False for a class that only the host has: neither counted nor followed.</param>
    public DeviceMemory(Func<Type, bool> isOnTheDevice)
    {
        _isOnTheDevice = isOnTheDevice;
    }

    /// <summary>Bytes by class; an array or a string belongs to the object that refers to it first.</summary>
    public Dictionary<string, long> ByClass { get; } = new(StringComparer.Ordinal);

    /// <summary>Classes that were met and left out, because only the host has them.</summary>
    public SortedSet<string> HostOnly { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes of all that was counted.</summary>
    public long Bytes => ByClass.Values.Sum();

    /// <summary>Bytes of one object and all that it refers to.</summary>
    public static long Of(object root)
    {
        var memory = new DeviceMemory(static _ => true);
        memory.Add(root, root.GetType());
        return memory.Bytes;
    }

    /// <summary>Bytes of the constant tables of a class.</summary>
    public static long OfStatics(Type type)
    {
        var memory = new DeviceMemory(static _ => true);
        foreach (var field in Statics(type).Where(static f => f.GetValue(null) is Array))
        {
            memory.Count(type, Block);
            memory.Add(field.GetValue(null), type);
        }

        return memory.Bytes;
    }

    /// <summary>Counts an object and all that it refers to; what was counted before is not counted again.</summary>
    public void Add(object root) => Add(root, root.GetType());

    /// <summary>Counts a block for each static field of a class, and what the fields refer to.</summary>
    public void AddStatics(Type type)
    {
        foreach (var field in Statics(type))
        {
            Count(type, Block);
            Add(field.GetValue(null), type);
        }
    }

    private static IEnumerable<FieldInfo> Statics(Type type) =>
        type.GetFields(BindingFlags.Static | Own).Where(static f => !f.IsLiteral);

    private void Add(object? value, Type owner)
    {
        if (value is null || value.GetType().IsPrimitive || value.GetType().IsEnum || !_seen.Add(value))
        {
            return;
        }

        switch (value)
        {
            case string text:
                Count(owner, Whole(StringHead + Encoding.UTF8.GetByteCount(text) + 1));
                break;
            case System.Delegate:
                Count(owner, Delegate); // its target is reached by another way
                break;
            case Array array:
                AddArray(array, owner);
                break;
            default:
                AddObject(value);
                break;
        }
    }

    private void AddArray(Array array, Type owner)
    {
        var element = array.GetType().GetElementType()!;
        var size = element.IsPrimitive ? element == typeof(bool) ? 1 : Marshal.SizeOf(element) : Block;
        Count(owner, Whole(ArrayHead + ((long)size * array.Length)));
        if (!element.IsPrimitive)
        {
            foreach (var item in array)
            {
                Add(item, owner);
            }
        }
    }

    private void AddObject(object value)
    {
        var type = value.GetType();
        if (!_isOnTheDevice(type))
        {
            HostOnly.Add(type.Name);
            return;
        }

        Count(type, Block);
        for (var of = type; of is not null && of != typeof(object); of = of.BaseType)
        {
            foreach (var field in of.GetFields(BindingFlags.Instance | Own))
            {
                Count(type, Block);
                Add(field.GetValue(value), type);
            }
        }
    }

    private void Count(Type type, long bytes) =>
        ByClass[type.Name] = ByClass.GetValueOrDefault(type.Name) + bytes;

    private static long Whole(long bytes) => (bytes + Block - 1) / Block * Block;
}

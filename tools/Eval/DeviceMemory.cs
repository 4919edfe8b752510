using System.Reflection;

namespace ElderBand.Eval;

/// <summary>
/// Bytes that objects take in the device's heap. The interpreter hands out blocks of 12 bytes: one heads an object,
/// each field takes one more whatever its type; an array has a head of 20 bytes and its elements, rounded up to whole
/// blocks; each static field takes a block. Initialised static arrays are copied from flash into such arrays when the
/// assembly's static constructor runs (nf-interpreter: nanoCLR_Runtime__HeapBlock.h, Execution.cpp NewObject,
/// RuntimeHelpers.InitializeArray).
/// </summary>
public static class DeviceMemory
{
    private const int Block = 12;
    private const int ArrayHead = 20;

    public static long Of(object root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        return Of(root, seen);
    }

    public static long OfStatics(Type type) =>
        type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(static f => !f.IsLiteral && !f.FieldType.IsValueType)
            .Select(static f => f.GetValue(null))
            .OfType<Array>()
            .Sum(static a => Block + OfArray(a));

    private static long Of(object? value, HashSet<object> seen)
    {
        if (value is null || value.GetType().IsPrimitive || value.GetType().IsEnum || !seen.Add(value))
        {
            return 0;
        }

        if (value is Array array)
        {
            return OfArray(array);
        }

        var fields = value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        return Block + (Block * fields.Length) + fields.Sum(f => Of(f.GetValue(value), seen));
    }

    private static long OfArray(Array array)
    {
        var element = array.GetType().GetElementType()!;
        var size = element.IsPrimitive ? System.Runtime.InteropServices.Marshal.SizeOf(element) : Block;
        var bytes = ArrayHead + ((long)size * array.Length);
        return (bytes + Block - 1) / Block * Block;
    }
}

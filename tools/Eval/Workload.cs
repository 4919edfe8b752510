using System.Reflection;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>
/// Calls the filters as the band does, on signals of daily life and on the worst ones the chips can give, and notes after
/// every call what it cost.
/// </summary>
internal sealed class Workload
{
    /// <summary>Row names; a signal's name follows them after a bar.</summary>
    public const string AccelerometerSample = "accelerometer sample";
    public const string HeartMotionSample = "accelerometer sample of the heart rate";
    public const string PulseSample = "PPG sample";
    public const string FallEvent = "fall event";
    public const string RestUpdate = "heart-rate update at rest";
    public const string MotionUpdate = "heart-rate update in motion";
    public const string MeasuringSecond = "second of measuring";
    public const string Hostile = "no arm: ";
    public const string State = "state";
    public const string Tables = "tables";

    // As firmware/Wristband runs its chips (Adxl343.RateHz, Max30102.RateHz).
    private const int AccelHz = 25;
    private const int PulseHz = 50;
    private const int Seconds = 240;

    // Measuring.EstimateEveryMs of the band; the evaluation asks more often, to be scored at every window.
    private const int BandEstimateS = 10;
    private const int EstimateEveryS = 2;

    private readonly long[] _before = IlCounter.Snapshot();
    private readonly long[] _after = IlCounter.Snapshot();
    private long _bytesBefore;
    private readonly Dictionary<string, long[]> _tallies = new(StringComparer.Ordinal);

    /// <summary>Counts by row and signal: times, instructions of the costliest, bytes allocated, all instructions and calls,
    /// then those of each method as in <see cref="IlCounter.Snapshot"/>.</summary>
    public const int TimesAt = 0;
    public const int WorstAt = 1;
    public const int BytesAt = 2;
    public const int InstructionsAt = 3;
    public const int CallsAt = 4;
    public const int CountsAt = 5;

    /// <summary>Measures everything; the key is row|signal.</summary>
    public static Dictionary<string, long[]> Run(string? data, int samples)
    {
        if (!IlCounter.IsThere)
        {
            throw new InvalidOperationException("the filters beside this program are not counted: build it with RunsWorlds");
        }

        // The tables come to life with the first use of their class: once, at the start, not per sample.
        foreach (var type in typeof(FallDetector).Assembly.GetTypes())
        {
            System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }

        var workload = new Workload();
        foreach (var rateHz in new[] { AccelHz, 2 * AccelHz })
        {
            foreach (var (name, next) in Motions(rateHz))
            {
                workload.Accelerations($"{rateHz} Hz, {name}", rateHz, Seconds * rateHz, next);
            }
        }

        for (var channels = 1; channels <= 3; channels++)
        {
            foreach (var (name, next) in Pulses())
            {
                workload.Pulse($"{channels} ch, {name}", channels, next, MotionOf(SyntheticMotion.Resting(AccelHz, 1)), RestUpdate);
            }

            workload.Pulse($"{channels} ch, walking", channels, Shaken(68), MotionOf(SyntheticMotion.Walking(AccelHz, 2)), MotionUpdate);
            workload.Pulse($"{channels} ch, running", channels, Shaken(150), Running(), MotionUpdate);
        }

        foreach (var everyS in new[] { BandEstimateS, EstimateEveryS })
        {
            workload.Together($"asked every {everyS} s, 3 ch, walking", everyS, Shaken(110), MotionOf(SyntheticMotion.Walking(AccelHz, 2)));
            workload.Together($"asked every {everyS} s, 3 ch, running", everyS, Shaken(150), Running());
        }

        if (data is not null)
        {
            workload.Recorded(data);
        }

        workload.Allocations(samples);
        workload.Memory();
        return workload._tallies;
    }

    private static IEnumerable<(string Name, Func<(int X, int Y, int Z)> Next)> Motions(int rateHz)
    {
        var random = new Random(4);
        var i = 0;
        yield return ("resting", MotionOf(SyntheticMotion.Resting(rateHz, 1)));
        yield return ("walking", MotionOf(SyntheticMotion.Walking(rateHz, 2)));
        yield return ("a day", MotionOf(SyntheticMotion.Daily(rateHz, 3)));
        yield return ("falls", Falls(rateHz));
        if (rateHz == AccelHz)
        {
            yield return ("running", Running());
        }

        yield return (Hostile + "square wave of 16 g", () => i++ / 7 % 2 == 0 ? (16000, 16000, 16000) : (-16000, -16000, -16000));
        yield return (Hostile + "random to 16 g", () => (random.Next(-16000, 16001), random.Next(-16000, 16001), random.Next(-16000, 16001)));
    }

    private static Func<(int X, int Y, int Z)> MotionOf(SyntheticMotion motion) => motion.Next;

    private static Func<(int X, int Y, int Z)> Falls(int rateHz)
    {
        var fall = SyntheticMotion.FallSequence(rateHz, 1, 5000);
        var i = 0;
        return () =>
        {
            if (++i % (30 * rateHz) == 0)
            {
                fall = SyntheticMotion.FallSequence(rateHz, i, 5000);
            }

            return fall.Next();
        };
    }

    // An arm at 2.8 strides a second, peaks above 2 g: the fall detector's trigger is busy all the time.
    private static Func<(int X, int Y, int Z)> Running()
    {
        var i = 0;
        return () =>
        {
            var stride = Math.Tau * 1.4 * i++ / AccelHz;
            return ((int)(-700 + (900 * Math.Sin(stride)) + (700 * Math.Sin(2 * stride))), (int)(300 * Math.Sin(stride + 1)), (int)(500 * Math.Cos(2 * stride)));
        };
    }

    private static IEnumerable<(string Name, Func<(int Red, int Ir, int Green)> Next)> Pulses()
    {
        foreach (var bpm in new[] { 45, 70, 120, 180 })
        {
            yield return ($"{bpm} bpm", PulseOf(new SyntheticPpg(PulseHz, 5) { Bpm = bpm }));
        }

        var random = new Random(6);
        var i = 0;
        yield return ("noise", () => (random.Next(90_000, 91_000), random.Next(100_000, 101_000), random.Next(40_000, 41_000)));
        yield return (Hostile + "full-scale square wave", () => i++ / 20 % 2 == 0 ? (0, 0, 0) : (SyntheticPpg.FullScale, SyntheticPpg.FullScale, SyntheticPpg.FullScale));
    }

    private static Func<(int Red, int Ir, int Green)> PulseOf(SyntheticPpg ppg) => ppg.Next;

    // A pulse under an artefact several times its height that repeats with the strides.
    private static Func<(int Red, int Ir, int Green)> Shaken(double bpm)
    {
        var ppg = new SyntheticPpg(PulseHz, 7) { Bpm = bpm };
        var i = 0;
        return () =>
        {
            var stride = Math.Tau * 1.4 * i++ / PulseHz;
            var artefact = 1 + (0.02 * Math.Sin(stride)) + (0.03 * Math.Sin(2 * stride));
            var (red, ir, green) = ppg.Next();
            return ((int)(red * artefact), (int)(ir * artefact), (int)(green * artefact));
        };
    }

    private void Accelerations(string signal, int rateHz, int count, Func<(int X, int Y, int Z)> next)
    {
        var fall = new FallDetector(rateHz);
        var activity = new Activity(rateHz);
        var wear = new WearDetector();
        for (var i = 0; i < count; i++)
        {
            var (x, y, z) = next();
            var events = fall.EventCount;
            Begin();
            fall.Push(x, y, z);
            activity.Push(fall.Square);
            if (i % rateHz == 0)
            {
                Worn(fall, wear);
            }

            var bytes = End();
            Note(fall.EventCount > events ? FallEvent : AccelerometerSample, signal, bytes);
        }
    }

    private void Pulse(string signal, int channels, Func<(int Red, int Ir, int Green)> next, Func<(int X, int Y, int Z)> motion, string update)
    {
        var heart = new HeartRate(PulseHz, channels);
        var wear = new WearDetector();
        for (var i = 0; i < Seconds * PulseHz; i++)
        {
            if (i % 2 == 0)
            {
                var (x, y, z) = motion();
                Begin();
                heart.PushMotion(x, y, z);
                Note(HeartMotionSample, signal, End());
            }

            var (red, ir, green) = next();
            Begin();
            heart.Push(red, ir, green);
            wear.PushIr(ir);
            Note(PulseSample, signal, End());
            if ((i + 1) % (EstimateEveryS * PulseHz) == 0)
            {
                Begin();
                heart.TryEstimate();
                var bytes = End();
                if (heart.Refusal != HeartRefusal.Warmup)
                {
                    Note(update, signal, bytes);
                }
            }
        }
    }

    // Once a second, as the band does.
    private static bool Worn(FallDetector fall, WearDetector wear)
    {
        if (fall.TakeMoved())
        {
            wear.LifeSeen();
        }

        return wear.Step(1000) == WearState.On;
    }

    private void Together(string signal, int everyS, Func<(int Red, int Ir, int Green)> pulse, Func<(int X, int Y, int Z)> motion)
    {
        var fall = new FallDetector(AccelHz);
        var activity = new Activity(AccelHz);
        var wear = new WearDetector();
        var heart = new HeartRate(PulseHz, 3);
        for (var second = 0; second < Seconds; second++)
        {
            var motions = Enumerable.Range(0, AccelHz).Select(_ => motion()).ToArray();
            var pulses = Enumerable.Range(0, PulseHz).Select(_ => pulse()).ToArray();
            Begin();
            for (var i = 0; i < PulseHz; i++)
            {
                if (i % 2 == 0)
                {
                    var (x, y, z) = motions[i / 2];
                    fall.Push(x, y, z);
                    activity.Push(fall.Square);
                    heart.PushMotion(x, y, z);
                }

                heart.Push(pulses[i].Red, pulses[i].Ir, pulses[i].Green);
                wear.PushIr(pulses[i].Ir);
            }

            fall.SetWorn(Worn(fall, wear));
            if ((second + 1) % everyS == 0)
            {
                heart.TryEstimate();
            }

            var bytes = End();
            if (second >= 10)
            {
                Note(MeasuringSecond, signal, bytes);
            }
        }
    }

    // At most 200 recordings, spread over the manifest: what a sample costs does not change with the thousandth.
    private void Recorded(string folder)
    {
        var entries = Entry.ReadManifest(folder, TextWriter.Null);
        for (var i = 0; i < entries.Count; i += 1 + (entries.Count / 200))
        {
            try
            {
                var pieces = Recording.ReadPieces(Path.Combine(folder, entries[i]["file"]));
                if (entries[i]["channels"].Length == 0)
                {
                    pieces.ForEach(RecordedMotion);
                    continue;
                }

                var map = PulseMapping.For(entries[i], pieces, null);
                pieces.ForEach(piece => RecordedPulse(piece, map));
            }
            catch (DamagedException)
            {
                // Named by the evaluations, which this is not.
            }
        }
    }

    private void RecordedMotion(Recording recording)
    {
        string[] names = ["ax_mg", "ay_mg", "az_mg"];
        var axes = names.Select(name => recording.Resample(name, AccelHz)).ToArray();
        var at = 0;
        Accelerations($"{AccelHz} Hz, recorded", AccelHz, axes[0].Length, () => (axes[0][at], axes[1][at], axes[2][at++]));
    }

    private void RecordedPulse(Recording recording, PulseMapping map)
    {
        var channels = map.Channels.Select(c => map.Scaled(recording.Resample(c, map.RateHz))).ToArray();
        var axes = map.Motion.Select(c => recording.Resample(c, AccelHz)).ToArray();
        var signal = $"{channels.Length} ch, recorded";
        var heart = new HeartRate(map.RateHz, channels.Length);
        heart.ConfigureOptics(map.ContactMin, map.HasLevel);
        var moved = 0;
        for (var i = 0; i < channels[0].Length; i++)
        {
            for (; axes.Length == 3 && moved < axes[0].Length && moved * map.RateHz <= i * AccelHz; moved++)
            {
                Begin();
                heart.PushMotion(
                    (int)(axes[0][moved] * map.MilliGFactor), (int)(axes[1][moved] * map.MilliGFactor), (int)(axes[2][moved] * map.MilliGFactor));
                Note(HeartMotionSample, signal, End());
            }

            Begin();
            heart.Push(channels[0][i], channels.Length > 1 ? channels[1][i] : 0, channels.Length > 2 ? channels[2][i] : 0);
            Note(PulseSample, signal, End());
            if ((i + 1) % (EstimateEveryS * map.RateHz) == 0)
            {
                Begin();
                heart.TryEstimate();
                Note(axes.Length == 3 ? MotionUpdate : RestUpdate, signal, End());
            }
        }
    }

    // Long runs without a look between the calls: one byte in a million samples would show.
    private void Allocations(int samples)
    {
        var fall = new FallDetector(AccelHz);
        var activity = new Activity(AccelHz);
        var wear = new WearDetector();
        var heart = new HeartRate(PulseHz, 3);
        var motion = Falls(AccelHz);
        var motions = Enumerable.Range(0, 60 * AccelHz).Select(_ => motion()).ToArray();
        var pulse = Shaken(90);
        var pulses = Enumerable.Range(0, 60 * PulseHz).Select(_ => pulse()).ToArray();
        Begin();
        for (var i = 0; i < samples; i++)
        {
            if (i % 2 == 0)
            {
                var (x, y, z) = motions[i / 2 % motions.Length];
                fall.Push(x, y, z);
                activity.Push(fall.Square);
                heart.PushMotion(x, y, z);
            }

            var (red, ir, green) = pulses[i % pulses.Length];
            heart.Push(red, ir, green);
            wear.PushIr(ir);
            if (i % (EstimateEveryS * PulseHz) == 0)
            {
                Worn(fall, wear);
                heart.TryEstimate();
                activity.TakeSteps();
            }
        }

        var bytes = End();
        Note("allocation", $"{samples} samples", bytes);
    }

    private void Memory()
    {
        object[] state = [new FallDetector(AccelHz), new Activity(AccelHz), new WearDetector(), new HeartRate(PulseHz, 3)];
        foreach (var root in state)
        {
            _tallies[$"{State}|{root.GetType().Name}"] = [DeviceMemory.Of(root)];
        }

        _tallies[$"{State}|FallDetector, 50 Hz"] = [DeviceMemory.Of(new FallDetector(2 * AccelHz))];
        foreach (var type in typeof(FallDetector).Assembly.GetTypes())
        {
            var bytes = DeviceMemory.OfStatics(type);
            if (bytes > 0)
            {
                _tallies[$"{Tables}|{type.Name}"] = [bytes];
            }
        }
    }

    private void Begin()
    {
        IlCounter.Copy(_before);
        _bytesBefore = GC.GetAllocatedBytesForCurrentThread();
    }

    private long End()
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread() - _bytesBefore;
        IlCounter.Copy(_after);
        return bytes;
    }

    private void Note(string row, string signal, long bytes)
    {
        var key = $"{row}|{signal}";
        if (!_tallies.TryGetValue(key, out var tally))
        {
            _tallies[key] = tally = new long[CountsAt + _after.Length];
        }

        long instructions = 0;
        long calls = 0;
        for (var i = 0; i < _after.Length; i += 2)
        {
            instructions += _after[i] - _before[i];
            calls += _after[i + 1] - _before[i + 1];
            tally[CountsAt + i] += _after[i] - _before[i];
            tally[CountsAt + i + 1] += _after[i + 1] - _before[i + 1];
        }

        tally[TimesAt]++;
        tally[WorstAt] = Math.Max(tally[WorstAt], instructions);
        tally[BytesAt] += bytes;
        tally[InstructionsAt] += instructions;
        tally[CallsAt] += calls;
    }
}

/// <summary>
/// Bytes that objects take in the device's heap. The interpreter hands out blocks of 12 bytes: one heads an object, each field
/// takes one more whatever its type; an array has a head of 20 bytes and its elements, rounded up to whole blocks; each static
/// field takes a block. Initialised static arrays are copied from flash into such arrays when the assembly's static
/// constructor runs (nf-interpreter: nanoCLR_Runtime__HeapBlock.h, Execution.cpp NewObject, RuntimeHelpers.InitializeArray).
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

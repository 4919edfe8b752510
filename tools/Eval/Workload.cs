using System.Reflection;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>
/// Calls the filters as the band does, on signals of daily life and on the worst ones the chips can give, and notes
/// after every call what it cost.
/// </summary>
internal sealed partial class Workload
{
    /// <summary>Row names; a signal's name follows them after a bar.</summary>
    public const string AccelerometerSample = "accelerometer sample";
    public const string HeartMotionSample = "accelerometer sample of the heart rate";
    public const string PulseSample = "PPG sample";
    public const string BatchSample = "accelerometer sample of a FIFO batch";
    public const string SettlingSample = "accelerometer sample of an event's last second";
    public const string FallEvent = "fall event";
    public const string RestUpdate = "heart-rate update at rest";
    public const string MotionUpdate = "heart-rate update in motion";
    public const string Begin = "begin of a ";
    public const string Slice = "slice of a ";
    public const string Slices = "slices of a ";
    public const string FeedingStep = "step that feeds 8 samples of each sensor";
    public const string MeasuringSecond = "second of measuring";
    public const string Hostile = "no arm: ";
    public const string State = "state";
    public const string Tables = "tables";

    // As firmware/Wristband runs its chips (Adxl343.RateHz, Max30102.RateHz).
    private const int AccelHz = 25;
    private const int PulseHz = 25;
    private const int BatchSamples = 20; // of 800 ms
    private const int StepSamples = 8; // what a step feeds while an event is under way
    private const int Seconds = 240;

    // Measuring.EstimateEveryMs of the band; the evaluation asks more often, to be scored at every window.
    private const int BandEstimateS = 10;
    private const int EstimateEveryS = 2;

    private readonly long[] _before = IlCounter.Snapshot();
    private readonly long[] _after = IlCounter.Snapshot();
    private long _bytesBefore;
    private readonly Dictionary<string, long[]> _tallies = new(StringComparer.Ordinal);

    /// <summary>Counts by row and signal: times, instructions of the costliest, bytes allocated, all instructions and
    /// calls, then those of each method as in <see cref="IlCounter.Snapshot"/>.</summary>
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
            throw new InvalidOperationException(
                "the filters beside this program are not counted: build it with RunsWorlds");
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

        foreach (var (name, next) in Motions(AccelHz))
        {
            workload.Batches($"{AccelHz} Hz, {name}", next);
        }

        for (var channels = 1; channels <= 3; channels++)
        {
            foreach (var (name, next) in Pulses())
            {
                workload.Pulse($"{channels} ch, {name}", channels, next, MotionOf(SyntheticMotion.Resting(AccelHz, 1)),
                    RestUpdate);
            }

            workload.Pulse($"{channels} ch, walking", channels, Shaken(68),
                MotionOf(SyntheticMotion.Walking(AccelHz, 2)), MotionUpdate);
            workload.Pulse($"{channels} ch, running", channels, Shaken(150), Running(), MotionUpdate);
        }

        foreach (var everyS in new[] { BandEstimateS, EstimateEveryS })
        {
            workload.Together($"asked every {everyS} s, 3 ch, walking", everyS, Shaken(110),
                MotionOf(SyntheticMotion.Walking(AccelHz, 2)));
            workload.Together($"asked every {everyS} s, 3 ch, running", everyS, Shaken(150), Running());
        }

        foreach (var (name, next) in Motions(AccelHz))
        {
            workload.Feeding($"3 ch, {name}", Shaken(110), next);
        }

        if (data is not null)
        {
            workload.Recorded(data);
        }

        workload.Allocations(samples);
        workload.Memory();
        return workload._tallies;
    }

    private void Accelerations(string signal, int rateHz, int count, Func<(int X, int Y, int Z)> next)
    {
        var fall = new FallDetector(rateHz);
        var activity = new Activity(rateHz);
        var wear = new WearDetector();
        for (var i = 0; i < count; i++)
        {
            var (x, y, z) = next();
            var (events, summing) = (fall.EventCount, fall.IsSumming);
            Start();
            fall.Push(x, y, z);
            activity.Push(fall.Square);
            if (i % rateHz == 0)
            {
                Worn(fall, wear);
            }

            var bytes = End();
            Note(fall.EventCount > events
                ? FallEvent : summing || fall.IsSumming ? SettlingSample : AccelerometerSample, signal, bytes);
        }
    }

    private void Batches(string signal, Func<(int X, int Y, int Z)> next)
    {
        var fall = new FallDetector(AccelHz);
        var activity = new Activity(AccelHz);
        var (x, y, z) = (new short[BatchSamples], new short[BatchSamples], new short[BatchSamples]);
        var squares = new int[BatchSamples];
        for (var batch = 0; batch < Seconds * AccelHz / StepSamples; batch++)
        {
            var count = fall.Phase == FallPhase.Idle ? BatchSamples : StepSamples;
            for (var i = 0; i < count; i++)
            {
                var sample = next();
                (x[i], y[i], z[i]) = ((short)sample.X, (short)sample.Y, (short)sample.Z);
            }

            var (events, summing) = (fall.EventCount, fall.IsSumming);
            Start();
            for (var i = 0; i < count;)
            {
                var end = fall.PushBatch(x, y, z, i, count, squares);
                activity.PushBatch(squares, i, end);
                i = end;
            }

            var bytes = End();
            if (fall.EventCount == events && !summing && !fall.IsSumming)
            {
                Note(BatchSample, signal, bytes, count);
            }
        }
    }

    private void Pulse(string signal, int channels, Func<(int Red, int Ir, int Green)> next,
        Func<(int X, int Y, int Z)> motion, string update)
    {
        var heart = new HeartRate(PulseHz, channels);
        var wear = new WearDetector();
        for (var i = 0; i < Seconds * PulseHz; i++)
        {
            var (x, y, z) = motion();
            Start();
            heart.PushMotion(x, y, z);
            Note(HeartMotionSample, signal, End());

            var (red, ir, green) = next();
            Start();
            heart.Push(red, ir, green);
            wear.PushIr(ir);
            Note(PulseSample, signal, End());
            if ((i + 1) % (EstimateEveryS * PulseHz) == 0)
            {
                Estimate(heart, update, signal);
            }
        }
    }

    // The whole update, and each of its slices.
    private void Estimate(HeartRate heart, string update, string signal)
    {
        Start();
        heart.BeginEstimate();
        var beginBytes = End();
        Note(Begin + update, signal, beginBytes);
        var total = _after.Zip(_before, static (after, before) => after - before).ToArray();
        var (bytes, slices, done) = (0L, 0, false);
        while (!done)
        {
            Start();
            done = heart.StepEstimate();
            var sliceBytes = End();
            Note(Slice + update, signal, sliceBytes);
            bytes += sliceBytes;
            slices++;
            for (var i = 0; i < total.Length; i++)
            {
                total[i] += _after[i] - _before[i];
            }
        }

        if (heart.Refusal == HeartRefusal.Warmup)
        {
            return;
        }

        _before.AsSpan().Clear();
        total.CopyTo(_after, 0);
        Note(update, signal, bytes);
        total.AsSpan().Clear();
        total[0] = slices;
        total.CopyTo(_after, 0);
        Note(Slices + update, signal, 0);
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

    private void Together(
        string signal, int everyS, Func<(int Red, int Ir, int Green)> pulse, Func<(int X, int Y, int Z)> motion)
    {
        var fall = new FallDetector(AccelHz);
        var activity = new Activity(AccelHz);
        var wear = new WearDetector();
        var heart = new HeartRate(PulseHz, 3);
        for (var second = 0; second < Seconds; second++)
        {
            var motions = Enumerable.Range(0, AccelHz).Select(_ => motion()).ToArray();
            var pulses = Enumerable.Range(0, PulseHz).Select(_ => pulse()).ToArray();
            Start();
            for (var i = 0; i < PulseHz; i++)
            {
                var (x, y, z) = motions[i];
                fall.Push(x, y, z);
                activity.Push(fall.Square);
                heart.PushMotion(x, y, z);
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

    // What a step of the band feeds at most: both sensors' samples, wear, and whatever an event costs.
    private void Feeding(string signal, Func<(int Red, int Ir, int Green)> pulse, Func<(int X, int Y, int Z)> motion)
    {
        var fall = new FallDetector(AccelHz);
        var activity = new Activity(AccelHz);
        var wear = new WearDetector();
        var heart = new HeartRate(PulseHz, 3);
        var (x, y, z) = (new short[StepSamples], new short[StepSamples], new short[StepSamples]);
        var squares = new int[StepSamples];
        for (var step = 0; step < Seconds * AccelHz / StepSamples; step++)
        {
            var pulses = Enumerable.Range(0, StepSamples).Select(_ => pulse()).ToArray();
            for (var i = 0; i < StepSamples; i++)
            {
                var sample = motion();
                (x[i], y[i], z[i]) = ((short)sample.X, (short)sample.Y, (short)sample.Z);
            }

            Start();
            for (var i = 0; i < StepSamples;)
            {
                var end = fall.PushBatch(x, y, z, i, StepSamples, squares);
                activity.PushBatch(squares, i, end);
                i = end;
            }

            for (var i = 0; i < StepSamples; i++)
            {
                heart.PushMotion(x[i], y[i], z[i]);
                heart.Push(pulses[i].Red, pulses[i].Ir, pulses[i].Green);
                wear.PushIr(pulses[i].Ir);
            }

            fall.SetWorn(Worn(fall, wear));
            Note(FeedingStep, signal, End());
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
        Accelerations(
            $"{AccelHz} Hz, recorded", AccelHz, axes[0].Length, () => (axes[0][at], axes[1][at], axes[2][at++]));
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
                Start();
                heart.PushMotion(
                    (int)(axes[0][moved] * map.MilliGFactor), (int)(axes[1][moved] * map.MilliGFactor),
                    (int)(axes[2][moved] * map.MilliGFactor));
                Note(HeartMotionSample, signal, End());
            }

            Start();
            heart.Push(
                channels[0][i], channels.Length > 1 ? channels[1][i] : 0, channels.Length > 2 ? channels[2][i] : 0);
            Note(PulseSample, signal, End());
            if ((i + 1) % (EstimateEveryS * map.RateHz) == 0)
            {
                Estimate(heart, axes.Length == 3 ? MotionUpdate : RestUpdate, signal);
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
        Start();
        for (var i = 0; i < samples; i++)
        {
            var (x, y, z) = motions[i % motions.Length];
            fall.Push(x, y, z);
            activity.Push(fall.Square);
            heart.PushMotion(x, y, z);
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
        object[] state = [
            new FallDetector(AccelHz), new Activity(AccelHz), new WearDetector(), new HeartRate(PulseHz, 3)];
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

    private void Start()
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

    private void Note(string row, string signal, long bytes, int samples = 1)
    {
        var key = $"{row}|{signal}";
        if (!_tallies.TryGetValue(key, out var tally))
        {
            _tallies[key] = tally = new long[CountsAt + _after.Length];
        }

        long instructions = 0;
        long calls = 0;
        for (var i = 0; i < IlCounter.Methods.Count; i++)
        {
            var c = IlCounter.MostMethods + i;
            instructions += _after[i] - _before[i];
            calls += _after[c] - _before[c];
            tally[CountsAt + i] += _after[i] - _before[i];
            tally[CountsAt + c] += _after[c] - _before[c];
        }

        tally[TimesAt] += samples;
        tally[WorstAt] = Math.Max(tally[WorstAt], instructions / samples);
        tally[BytesAt] += bytes;
        tally[InstructionsAt] += instructions;
        tally[CallsAt] += calls;
    }
}

using ElderBand.Simulation.Signals;

namespace ElderBand.Eval;

/// <summary>The signals: daily life, and the worst that the chips can give.</summary>
internal sealed partial class Workload
{
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

        yield return (
            Hostile + "square wave of 16 g", () => i++ / 7 % 2 == 0 ? (16000, 16000, 16000) : (-16000, -16000, -16000));
        yield return (Hostile + "random to 16 g", () =>
            (random.Next(-16000, 16001), random.Next(-16000, 16001), random.Next(-16000, 16001)));
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
            return ((int)(-700 + (900 * Math.Sin(stride)) + (700 * Math.Sin(2 * stride))),
                (int)(300 * Math.Sin(stride + 1)), (int)(500 * Math.Cos(2 * stride)));
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
        yield return (
            "noise", () => (random.Next(90_000, 91_000), random.Next(100_000, 101_000), random.Next(40_000, 41_000)));
        yield return (Hostile + "full-scale square wave", () =>
            i++ / 20 % 2 == 0 ? (0, 0, 0) : (SyntheticPpg.FullScale, SyntheticPpg.FullScale, SyntheticPpg.FullScale));
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
}

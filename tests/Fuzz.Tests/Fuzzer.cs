using System.Diagnostics;
using System.Globalization;

namespace ElderBand.Tests.Fuzz;

/// <summary>
/// Changes inputs of a corpus at random until the time is up. A round's changes follow from its seed, so a failure is
/// played again with <c>ELDERBAND_FUZZ_SEED</c>. <c>./dev fuzz NAME --minutes N</c> sets the time.
/// </summary>
internal static class Fuzzer
{
    private static readonly double PushSeconds = 12;

    /// <summary>Checks inputs for the time that was asked for; writes how many a second.</summary>
    /// <param name="check">Gets a random source; must throw where the invariant fails.</param>
    /// <param name="roundInputs">Number of inputs from one seed. The time is checked after each such round.</param>
    public static void Run(Action<Random> check, int roundInputs = 1000)
    {
        var asked = Environment.GetEnvironmentVariable("ELDERBAND_FUZZ_SEED");
        var seconds = double.TryParse(
            Environment.GetEnvironmentVariable("ELDERBAND_FUZZ_MINUTES"), CultureInfo.InvariantCulture, out var minutes)
            ? minutes * 60 : PushSeconds;
        var seed = asked is null
            ? (int)(DateTime.UtcNow.Ticks & int.MaxValue) : int.Parse(asked, CultureInfo.InvariantCulture);
        var watch = Stopwatch.StartNew();
        long inputs = 0;
        for (; watch.Elapsed.TotalSeconds < seconds && (asked is null || inputs == 0); seed++)
        {
            var random = new Random(seed);
            for (var i = 0; i < roundInputs; i++, inputs++)
            {
                try
                {
                    check(random);
                }
                catch (Exception e)
                {
                    Assert.Fail($"ELDERBAND_FUZZ_SEED={seed}, input {i} of the round: {e}");
                }
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{inputs} inputs, {inputs / watch.Elapsed.TotalSeconds:0} a second");
        inputs.ShouldBeGreaterThan(0);
    }

    /// <summary>The inputs of corpus/NAME.txt, one a line in hexadecimal.</summary>
    public static byte[][] Corpus(string name) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "corpus", name + ".txt"))
            .Select(static line => line.Split('#')[0].Trim())
            .Where(static line => line.Length > 0)
            .Select(Convert.FromHexString),
    ];

    /// <summary>A copy of a seed with one to four changes; now and then none.</summary>
    public static byte[] Mutated(Random random, byte[][] seeds)
    {
        var bytes = new List<byte>(seeds[random.Next(seeds.Length)]);
        for (var changes = random.Next(5); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(2) == 0 ? (byte)0 : (byte)255;
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(1, 40)).ToArray());
                    break;
                case 5:
                    var other = seeds[random.Next(seeds.Length)];
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.AddRange(other.Skip(at));
                    break;
                default:
                    bytes[at]++;
                    break;
            }
        }

        return [.. bytes];
    }
}

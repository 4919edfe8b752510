using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Fuzz;

/// <summary>Flash images of settings and latch records (AbRecord), changed at random.</summary>
public sealed class FlashFuzzTests
{
    private const int MaxBytes = 200;

    [Fact]
    public void Flash_a_damaged_record_gives_one_of_its_last_two_contents_and_the_newest_while_that_is_whole()
    {
        Fuzzer.Run(static random =>
        {
            var flash = new MemoryFlash();
            var record = new AbRecord(flash, "x", MaxBytes);
            record.Load(new byte[MaxBytes]);
            var saved = new List<byte[]>();
            for (var saves = random.Next(1, 5); saves > 0; saves--)
            {
                var content = new byte[random.Next(1, MaxBytes + 1)];
                random.NextBytes(content);
                record.Save(content, content.Length).ShouldBe(FlashResult.Ok);
                saved.Add(content);
            }

            var newestIsA = saved.Count % 2 == (FirstIsA ? 1 : 0);
            var damaged = random.Next(3);
            if (damaged != 1)
            {
                Damage(random, flash, newestIsA ? "x.b" : "x.a"); // the older copy
            }

            if (damaged != 0)
            {
                Damage(random, flash, newestIsA ? "x.a" : "x.b");
            }

            var loaded = new byte[MaxBytes];
            var length = new AbRecord(flash, "x", MaxBytes).Load(loaded);
            if (damaged == 0)
            {
                loaded[..length].ShouldBe(saved[^1], "the newest copy was not touched");
            }
            else if (length < 0)
            {
                (damaged == 1 && saved.Count > 1).ShouldBeFalse("the older copy was not touched and is not given");
            }
            else
            {
                saved.TakeLast(2).Any(content => content.AsSpan().SequenceEqual(loaded.AsSpan(0, length)))
                    .ShouldBeTrue("neither of the last two contents");
            }
        });
    }

    // True: the first save of a record writes copy A. False: it writes copy B.
    private static readonly bool FirstIsA = FirstCopyIsA();

    private static bool FirstCopyIsA()
    {
        var flash = new MemoryFlash();
        var record = new AbRecord(flash, "x", MaxBytes);
        record.Load(new byte[MaxBytes]);
        record.Save([1], 1);
        return flash.Read("x.a", 0, new byte[MaxBytes], MaxBytes) > 0;
    }

    private static void Damage(Random random, MemoryFlash flash, string name)
    {
        var bytes = new byte[MaxBytes + 10];
        var read = flash.Read(name, 0, bytes, bytes.Length);
        if (read > 0)
        {
            var changed = Fuzzer.Mutated(random, [bytes[..read]]);
            flash.Write(name, changed, changed.Length);
        }
    }
}

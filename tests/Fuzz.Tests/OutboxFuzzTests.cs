using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.Fuzz;

/// <summary>Flash images of a hub's outbox, one file of them changed at random.</summary>
public sealed class OutboxFuzzTests
{
    private const long Address = 0xEB_0000_0001;
    private const int RoomyBytes = 5000;

    [Fact]
    public void Outbox_a_damaged_file_invents_nothing_and_spares_the_other_files_and_one_byte_costs_one_record()
    {
        Fuzzer.Run(static random =>
        {
            var flash = new MemoryFlash();
            var made = new HashSet<string>(StringComparer.Ordinal);
            var boots = random.Next(1, 4);
            var outbox = Boot(flash);
            for (var boot = 1; boot <= boots; boot++)
            {
                outbox = boot == 1 ? outbox : Boot(flash);
                Work(random, outbox, made);
            }

            var waiting = Waiting(outbox);
            var name = flash.Files.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(flash.Files.Count));
            var before = flash.Files[name];
            var isOneByte = random.Next(2) == 0;
            flash.Files[name] = isOneByte ? OneByte(random, before) : Fuzzer.Mutated(random, [before]);
            var holds = waiting.Where(frame => !Holds(before, frame)).ToList();
            var because = $"{name} was {Convert.ToHexString(before)[..Math.Min(before.Length * 2, RoomyBytes)]}";

            var loaded = Boot(flash);
            loaded.Boot.ShouldBeGreaterThan(outbox.Boot, because);
            var found = Waiting(loaded);
            found.Except(made).ShouldBeEmpty(because);
            holds.Except(found).ShouldBeEmpty(because);
            if (isOneByte)
            {
                waiting.Except(found).Count().ShouldBeLessThanOrEqualTo(1, because);
            }

            StillWorks(flash, loaded, found);
        });
    }

    private static Outbox Boot(MemoryFlash flash)
    {
        var outbox = new Outbox(flash, new NoWindows());
        outbox.Load();
        return outbox;
    }

    private static void Work(Random random, Outbox outbox, HashSet<string> made)
    {
        for (var turns = random.Next(1, 5); turns > 0; turns--)
        {
            for (var adds = random.Next(1, 40); adds > 0; adds--)
            {
                made.Add(Add(random, outbox));
            }

            outbox.Flush(0).ShouldBe(FlashResult.Ok);
            var slots = Slots(outbox);
            for (var receipts = random.Next(slots.Count + 1); receipts > 0; receipts--)
            {
                var slot = slots[random.Next(slots.Count)];
                outbox.Receipt(outbox.Alarms.Boot(slot), outbox.Alarms.Sequence(slot));
                slots.Remove(slot);
            }

            outbox.Flush(0).ShouldBe(FlashResult.Ok);
        }
    }

    private static string Add(Random random, Outbox outbox)
    {
        var frame = new byte[Frame.Size];
        random.NextBytes(frame);
        Frame.Begin(frame, FrameType.Sos, Lane.Alarm, random.Next(1, 100), random.Next(65_000));
        outbox.AddAlarm(Address, -60, Envelope.LinkChecked, AgeQuality.Measured, 0, 0, frame, 0).ShouldBeTrue();
        return Convert.ToHexString(frame);
    }

    private static byte[] OneByte(Random random, byte[] file)
    {
        var changed = (byte[])file.Clone();
        changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
        return changed;
    }

    private static bool Holds(byte[] file, string frame) =>
        file.AsSpan().IndexOf(Convert.FromHexString(frame)) >= 0;

    // The outbox takes one more record, writes it, and finds it and all others after one more start.
    private static void StillWorks(MemoryFlash flash, Outbox outbox, HashSet<string> found)
    {
        var frame = Add(new Random(1), outbox);
        outbox.Flush(0).ShouldBe(FlashResult.Ok);
        var again = Waiting(Boot(flash));
        again.ShouldContain(frame);
        found.Except(again).ShouldBeEmpty();
    }

    private static HashSet<string> Waiting(Outbox outbox) =>
    [
        .. Slots(outbox).Select(slot => Convert.ToHexString(
            outbox.Alarms.Data.AsSpan(outbox.Alarms.FrameAt(slot), Frame.Size))),
    ];

    private static List<int> Slots(Outbox outbox)
    {
        var slots = new List<int>();
        foreach (var state in new[] { RecordState.Pending, RecordState.Fresh, RecordState.Stored })
        {
            for (var slot = outbox.Alarms.First(state); slot >= 0; slot = outbox.Alarms.NextOfState(slot))
            {
                slots.Add(slot);
            }
        }

        return slots;
    }

    private sealed class NoWindows : ICheckpoint
    {
        public void Save(byte[] data, int offset)
        {
        }

        public void Load(byte[] data, int offset)
        {
        }

        public void Found(long address, bool isLinkChecked, byte[] data, int frameOffset)
        {
        }
    }
}

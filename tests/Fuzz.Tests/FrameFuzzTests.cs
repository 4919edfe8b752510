using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Fuzz;

/// <summary>Frames and envelopes from a corpus of true ones, changed at random.</summary>
public sealed class FrameFuzzTests
{
    [Fact]
    public void Frames_a_changed_frame_never_passes_and_a_valid_envelope_reads_and_writes_the_bytes_this_program_knows()
    {
        var envelopes = Fuzzer.Corpus("envelopes");
        var tagger = new Tagger(new HostMac());
        var keys = new BandKeys();
        keys.Derive(new HostMac(), new byte[32], 7, 1);
        Fuzzer.Run(random =>
        {
            FrameIsRefused(random, tagger, keys);
            var envelope = Fuzzer.Mutated(random, envelopes);
            if (Envelope.IsValid(envelope, envelope.Length))
            {
                WrittenAgain(envelope).ShouldBe(Known(envelope));
            }
        });
    }

    /// <summary>
    /// The link tag covers all bytes before it, the centre tag those before the centre tag: each refuses every change
    /// of its bytes and of itself.
    /// </summary>
    private static void FrameIsRefused(Random random, Tagger tagger, BandKeys keys)
    {
        var frame = new byte[Frame.Size];
        random.NextBytes(frame);
        tagger.SignCentre(keys.CentreUp, frame);
        tagger.SignLink(keys.LinkUp, frame);
        tagger.CentreTagIsRight(keys.CentreUp, frame, 0).ShouldBeTrue();
        tagger.LinkTagIsRight(keys.LinkUp, frame, 0).ShouldBeTrue();
        var changed = Fuzzer.Mutated(random, [frame]);
        if (changed.Length != Frame.Size || changed.AsSpan().SequenceEqual(frame))
        {
            return;
        }

        var because = Convert.ToHexString(changed);
        tagger.LinkTagIsRight(keys.LinkUp, changed, 0).ShouldBeFalse(because);
        if (!changed.AsSpan(0, Frame.LinkTagOffset).SequenceEqual(frame.AsSpan(0, Frame.LinkTagOffset)))
        {
            tagger.CentreTagIsRight(keys.CentreUp, changed, 0).ShouldBeFalse(because);
        }
    }

    /// <summary>The envelope without the bytes that a later program may have added to records and after them.</summary>
    private static byte[] Known(byte[] envelope)
    {
        List<byte> known = [.. envelope[..(Envelope.HeaderSize - 1)], Envelope.RecordSize];
        for (var i = 0; i < Envelope.Count(envelope); i++)
        {
            known.AddRange(envelope.AsSpan(Envelope.RecordAt(envelope, i), Envelope.RecordSize));
        }

        return [.. known];
    }

    private static byte[] WrittenAgain(byte[] envelope)
    {
        var data = new byte[Envelope.MaxSize];
        Envelope.Begin(data, Envelope.HubBoot(envelope), Envelope.HubUptimeS(envelope), Envelope.HubWallMs(envelope));
        var size = Envelope.HeaderSize;
        for (var i = 0; i < Envelope.Count(envelope); i++)
        {
            var at = Envelope.RecordAt(envelope, i);
            const int ageBits = 3 << 2;
            size = Envelope.Add(
                data, Envelope.RecordBoot(envelope, at), Envelope.RecordSequence(envelope, at),
                Envelope.BandAddress(envelope, at), Envelope.RssiDbm(envelope, at),
                (byte)(envelope[at + 12] & ~ageBits), Envelope.Quality(envelope, at), Envelope.AgeMs(envelope, at),
                envelope, Envelope.FrameAt(at));
        }

        return data[..size];
    }
}

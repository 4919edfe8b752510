using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.BandProtocol;

/// <summary>
/// Type and payload are sealed on the air with a keystream. Two different plaintexts under one keystream would show
/// their difference, so these tests search for such a pair among all frames that can carry the same numbers
/// (docs/adr/0095).
/// </summary>
public sealed class SealTests
{
    private const int Boot = 7;
    private const int Sequence = 5;
    private const int Revisions = 40_000;

    private readonly Tagger _tagger = new(new HostMac());
    private readonly BandKeys _keys = new();

    public SealTests() =>
        _keys.Derive(new HostMac(), [.. Enumerable.Range(1, BandKeys.Size).Select(static i => (byte)i)], 7, 3);

    [Fact]
    public void P59_no_two_plaintexts_from_a_band_share_a_keystream_not_even_where_the_band_has_lost_its_count() =>
        Pairs(FromBand(), up: true, static _ => { }).ShouldBe(0);

    [Fact]
    public void P59_no_two_plaintexts_to_a_band_share_a_keystream_whatever_the_kind_revision_and_minute() =>
        Pairs(ToBand(), up: false, static _ => { }).ShouldBe(0);

    [Fact]
    public void The_search_finds_pairs_where_the_tags_are_not_in_the_nonce()
    {
        Pairs(FromBand().Take(5000), up: true, ClearFrom(Frame.CentreTagOffset)).ShouldBeGreaterThan(1000);
        Pairs(ToBand().Take(5000), up: false, ClearFrom(Frame.CentreTagOffset)).ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void The_search_finds_pairs_where_a_frame_of_the_centre_has_only_the_four_bytes_of_its_tag() =>
        Pairs(ToBand(), up: false, ClearFrom(Frame.LinkTagOffset)).ShouldBeGreaterThan(0);

    [Fact]
    public void The_two_directions_have_different_keystreams()
    {
        byte[] up = Signed(FrameType.Sos, Lane.Alarm, static _ => { }, band: true);
        byte[] down = (byte[])up.Clone();
        _tagger.Seal(_keys.Air, true, up);
        _tagger.Seal(_keys.Air, false, down);
        up[Frame.PayloadOffset..Frame.CentreTagOffset].ShouldNotBe(down[Frame.PayloadOffset..Frame.CentreTagOffset]);
    }

    [Fact]
    public void A_seal_hides_type_and_payload_and_nothing_else()
    {
        byte[] plain = Signed(FrameType.Sos, Lane.Alarm, static f => Payload.PutEvent(f, 99, 2, 80, 0), band: true);
        byte[] air = (byte[])plain.Clone();
        _tagger.Seal(_keys.Air, true, air);
        air[1..6].ShouldBe(plain[1..6]);
        air[12..].ShouldBe(plain[12..]);
        (air[0] & 0xE0).ShouldBe(plain[0] & 0xE0);
        air[Frame.PayloadOffset..Frame.CentreTagOffset].ShouldNotBe(plain[Frame.PayloadOffset..Frame.CentreTagOffset]);
    }

    private static Action<byte[]> ClearFrom(int offset) => frame => Array.Clear(frame, offset, Frame.Size - offset);

    /// <summary>
    /// Counts frames that have the keystream of an earlier frame with another plaintext. <paramref name="spoil"/>
    /// takes away a part of the nonce before a frame is sealed.
    /// </summary>
    private int Pairs(IEnumerable<byte[]> frames, bool up, Action<byte[]> spoil)
    {
        var plaintexts = new Dictionary<ulong, ulong>();
        var pairs = 0;
        foreach (byte[] plain in frames)
        {
            spoil(plain);
            byte[] air = (byte[])plain.Clone();
            _tagger.Seal(_keys.Air, up, air);
            var (before, after) = (Sealed(plain), Sealed(air));
            if (!plaintexts.TryAdd(before ^ after, before) && plaintexts[before ^ after] != before)
            {
                pairs++;
            }
        }

        plaintexts.Count.ShouldBeGreaterThan(0);
        return pairs;
    }

    private static ulong Sealed(byte[] frame) =>
        (frame[0] & 0x1FUL) | ((ulong)Bytes.GetU48(frame, Frame.PayloadOffset) << 8);

    // Frames of every type that a band sends, with the same number in each lane. A band that has lost its boot count
    // uses a number twice.
    private IEnumerable<byte[]> FromBand()
    {
        foreach (var type in Enum.GetValues<FrameType>().Where(Frame.IsFromBand))
        {
            foreach (var lane in Enum.GetValues<Lane>())
            {
                for (var value = 0; value < 4000; value++)
                {
                    yield return Signed(type, lane, f => Bytes.PutU48(f, Frame.PayloadOffset, value), band: true);
                }
            }
        }
    }

    // All frames that may answer one press: from each hub, from each boot of a hub, and the states of a link whose
    // nonce equals the number of the press.
    private IEnumerable<byte[]> ToBand()
    {
        foreach (var type in (FrameType[])[FrameType.HubHeard, FrameType.HubState])
        {
            for (var minute = 0; minute <= 1440; minute++)
            {
                var said = minute < 1440 ? minute : 0xFFFF;
                yield return Signed(type, Lane.Alarm, f => Payload.PutHubState(f, true, said), hub: true);
                yield return Signed(type, Lane.Alarm, f => Payload.PutHubState(f, false, said), hub: true);
            }
        }

        for (var nonce = 0; nonce < 4000; nonce++)
        {
            yield return Signed(
                FrameType.LinkHello, Lane.Alarm, f => Bytes.PutU48(f, Frame.PayloadOffset, nonce), hub: true);
        }

        for (byte refusal = 0; refusal < 4; refusal++)
        {
            for (var boot = 0; boot < 1000; boot++)
            {
                yield return Signed(FrameType.Receipt, Lane.Alarm, f =>
                {
                    Payload.PutReceipt(f, refusal);
                    Payload.TellHighestBoot(f, boot);
                });
            }
        }

        foreach (var stage in Enum.GetValues<Stage>())
        {
            for (var revision = 0; revision < Revisions; revision++)
            {
                yield return Signed(FrameType.Stage, Lane.Alarm, f => Payload.PutStage(f, stage, revision));
            }
        }

        for (byte quarter = 0; quarter <= Payload.LastQuarter; quarter++)
        {
            for (byte sensitivity = 0; sensitivity <= Payload.HighestSensitivity; sensitivity++)
            {
                yield return Signed(FrameType.Configuration, Lane.Alarm, f =>
                    Payload.PutConfiguration(f, false, sensitivity, false, quarter, 28, 9));
            }
        }

        for (uint home = 0; home < 1000; home++)
        {
            yield return Signed(FrameType.Rekey, Lane.Alarm, f => Bytes.PutU48(f, Frame.PayloadOffset, home));
            yield return Signed(FrameType.LinkGroup, Lane.Alarm, f => Payload.PutLinkGroup(f, home, Boot));
        }
    }

    private byte[] Signed(FrameType type, Lane lane, Action<byte[]> payload, bool band = false, bool hub = false)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, lane, Boot, Sequence);
        payload(frame);
        if (hub)
        {
            _tagger.SignHub(_keys.LinkDown, frame);
            return frame;
        }

        _tagger.SignCentre(band ? _keys.CentreUp : _keys.CentreDown, frame);
        if (band)
        {
            _tagger.SignLink(_keys.LinkUp, frame);
        }

        return frame;
    }
}

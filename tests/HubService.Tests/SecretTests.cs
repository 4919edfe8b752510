using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>P68: the service offers a band its next secret, and accepts both until the band has changed.</summary>
public sealed class SecretTests
{
    private const long Band = TestCentre.BandThree;

    [Fact]
    public async Task P68_the_labels_secret_is_replaced_when_its_code_can_be_shown_no_more()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync("hub-3");
        await hub.HelloAsync();
        byte[] label = Convert.FromBase64String(centre.Enrolled.Bands.Single(b => b.Address == Band).Secret!);
        var before = new TestBand(Band, label, boot: 1);
        byte[] waiting = before.Sos();
        await hub.SendAsync(before, before.Status(), topic: "vitals");
        centre.Count("band", "key_offered>0").ShouldBe(0, "the label's code may still be shown");

        centre.Clock.Advance(11 * 60_000);
        await hub.HelloAsync("beat");
        await hub.SendAsync(before, before.Status(), topic: "vitals");
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Rekey, Band).Count >= 3, "the offer");
        List<byte[]> parts = hub.Of(FrameType.Rekey, Band)[..3];
        parts.ShouldAllBe(frame => before.IsFromCentre(frame) && Frame.BootOf(frame, 0) == 1);
        parts.Select(frame => Frame.SequenceOf(frame, 0)).ShouldBe([0, 1, 2]);
        byte[] nonce = [.. parts.SelectMany(static frame => frame[Frame.PayloadOffset..Frame.CentreTagOffset])];
        byte[] secret = new byte[BandKeys.Size];
        Rekey.NextSecret(new HmacSha256(), label, 1, nonce, secret);
        byte[] table = hub.Tables.Last();
        table[HubMessage.CountAt].ShouldBe((byte)2, "the hub has the keys of now and the next ones");
        await hub.SendAsync(before, before.Status(), topic: "vitals");
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Rekey, Band).Count >= 6, "the offer again");
        hub.Of(FrameType.Rekey, Band)[3..6].ShouldBe(parts, "an offer is always the same bytes");
        centre.Count("band", "key_epoch=1").ShouldBe(0);

        // The band has changed its secret. Its latch still holds a press under the old secret.
        var after = new TestBand(Band, secret, boot: 2);
        await hub.SendAsync(after, after.Status(), topic: "vitals");
        centre.Count("band", "key_epoch=1").ShouldBe(1);
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Configuration, Band).Exists(after.IsFromCentre), "a frame under the new secret");
        await TestCentre.UntilAsync(() => hub.Tables.Last()[HubMessage.CountAt] == 1, "a table with the new keys only");
        await hub.SendAsync(after, waiting);
        await hub.SendAsync(after, after.Sos());
        centre.Count("event", "type=1").ShouldBe(2);
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt, Band).Count >= 2, "both receipts");
        hub.Of(FrameType.Receipt, Band).ShouldAllBe(frame => after.IsFromCentre(frame));
        await hub.SendAsync(after, waiting);
        centre.Count("event", "type=1").ShouldBe(2, "the same bytes are a repeat, whatever the secret");

        // 24 hours later the latch is empty, so the service no longer accepts the label's secret.
        await hub.SendAsync(after, after.Status(), topic: "vitals");
        centre.Count("band", "old_secret IS NOT NULL").ShouldBe(1, "a hub may still bring older frames");
        centre.Clock.Advance(24 * 3_600_000);
        await hub.HelloAsync("beat");
        await hub.SendAsync(after, after.Status(), topic: "vitals");
        centre.Count("band", "old_secret IS NOT NULL").ShouldBe(0);
        await hub.SendAsync(before, before.Sos());
        centre.Count("event", "type=1").ShouldBe(2);
        centre.Count("quarantine", "reason='wrongTag'").ShouldBe(1);
        centre.Count("audit", "action IN ('band.secretChanged', 'band.oldSecretForgotten')").ShouldBe(2);
    }

    [Fact]
    public async Task P68_a_call_that_the_band_signs_again_under_its_stored_secret_counts_once()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync("hub-3");
        byte[] label = Convert.FromBase64String(centre.Enrolled.Bands.Single(b => b.Address == Band).Secret!);
        byte[] secret = [.. Enumerable.Range(0, BandKeys.Size).Select(static i => (byte)i)];
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => BandKeyRows.Changed(tx.Db, 3, secret, 1, tx.NowMs),
            TestContext.Current.CancellationToken);

        // A band that cannot read its secret signs under that of the label, which the centre takes for 24 hours.
        var band = new TestBand(Band, label, boot: 1);
        byte[] press = band.Sos();
        await hub.SendAsync(band, press);
        var read = new TestBand(Band, secret, boot: 1);
        await hub.SendAsync(read, read.Sign([.. press]));
        centre.Count("event", "type=1").ShouldBe(1);
        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(1);
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt, Band).Count >= 2, "both are answered");
        centre.Count("alarm").ShouldBe(1);
        byte[][] later = [read.Sos(), read.Sos()];
        await hub.SendAsync(read, later[1]);
        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(2, "another press has another number");
    }

    [Fact]
    public async Task P68_a_hub_that_is_replaced_takes_the_secrets_of_its_home_with_it()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        centre.Count("band", "key_wanted=1").ShouldBe(3);
        await centre.Store.WriteAsync(Lane.Alarm, tx =>
        {
            BandKeyRows.Changed(tx.Db, 3, new byte[BandKeys.Size], 1, tx.NowMs);
            long home = ResidentRows.HomeByCode(tx.Db, "c1", "h2")!.Id;
            return ElderBand.HubService.Enrolment.AddHub(tx, "c1", "hub-4", home, "hub-3", "staff");
        }, TestContext.Current.CancellationToken);
        centre.Count("band", "key_wanted=2").ShouldBe(1);
    }

    [Fact]
    public async Task P68_a_frame_under_no_secret_of_the_band_changes_nothing()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync("hub-3");
        var stranger = new TestBand(Band, new byte[BandKeys.Size], boot: 1);
        await hub.SendAsync(stranger, stranger.Sos());
        centre.Count("event").ShouldBe(0);
        centre.Count("quarantine", "reason='wrongTag'").ShouldBe(1);
        centre.Count("band", "key_epoch=0").ShouldBe(3);
    }
}

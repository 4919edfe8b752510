using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;
using ElderBand.Mqtt;
using Microsoft.Data.Sqlite;

namespace ElderBand.Tests.HubService;

/// <summary>One row or one reader that fails must not keep the calls of others from the centre.</summary>
public sealed class UnreadableTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P33_a_band_whose_secret_cannot_be_read_has_cards_and_all_other_calls_ring()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand one = centre.Band();
        TestBand two = centre.Band(TestCentre.BandTwo);
        await using (TestHub hub = await centre.HubAsync())
        {
            (await hub.SendAsync(one, one.Sos())).ShouldBeTrue();
            await centre.Store.WriteAsync(
                Lane.Alarm,
                static tx => tx.Db.Run("UPDATE band SET secret=zeroblob(60) WHERE address=$1", TestCentre.BandOne),
                Token);
            Task<bool> both = hub.PublishAsync("eb1/c1/hub-1/up/alarm", Envelope(one, one.Sos(), two, two.Sos()));
            (await both.WaitAsync(TimeSpan.FromSeconds(10), Token)).ShouldBeTrue();
        }
        centre.Alarms().Count.ShouldBe(2, "the earlier call of the one, and the call of the other");
        centre.Technicals().ShouldContain(
            static t => t.Kind == "unknownFrame" && t.Urgent && t.ResidentName == "Resident r1");

        await centre.StopAsync();
        await centre.RunAsync();
        await TestCentre.UntilAsync(
            () => centre.Technicals().Exists(
                static t => t.Kind == "databaseDamaged" && t.Detail.Contains("band 0a0000000001")),
            "the card that names the band");
        await using TestHub again = await centre.HubAsync();
        await again.HelloAsync();
        await TestCentre.UntilAsync(() => !again.Tables.IsEmpty, "the table of the bands");
        again.Tables.Last()[HubMessage.CountAt].ShouldBe((byte)1, "the other band of the home");
        (await again.SendAsync(two, two.Sos())).ShouldBeTrue();
        centre.Alarms().Count.ShouldBe(2);
        centre.Alarms().ShouldContain(static a => a.Presses == 2);
    }

    [Theory]
    [InlineData("alarm")]
    [InlineData("vitals")]
    public async Task P31_a_message_waits_for_the_writer_when_a_reader_cannot_open_the_file(string topic)
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        TestBand stranger = new(0x0B0000000009, new byte[BandKeys.Size], boot: 1);
        for (int i = 0; i < 12; i++)
        {
            await hub.SendAsync(stranger, stranger.Sos()); // from now on a frame's band is looked up before it counts
        }
        string file = Path.Combine(centre.DataDir, "elderband.db");
        File.Move(file, $"{file}.away");
        EndReaders(centre.Store);
        Task<bool> sent = hub.SendAsync(band, topic == "alarm" ? band.Sos() : band.Vitals(70), topic: topic);
        await TestCentre.UntilAsync(
            () => hub.Closed.IsCompleted || centre.Store.Waiting is { Alarms: > 0 } or { Vitals: > 0 }, "the message");
        await Task.Delay(300, Token);
        hub.Closed.IsCompleted.ShouldBeFalse("the connection is not closed for it");
        File.Move($"{file}.away", file);
        (await sent.WaitAsync(TimeSpan.FromSeconds(30), Token)).ShouldBeTrue();
        centre.Alarms().Count.ShouldBe(topic == "alarm" ? 1 : 0);
        centre.Count("vitals").ShouldBe(topic == "alarm" ? 0 : 1);
    }

    /// <summary>Closes the readers that are open: a query that fails closes its own.</summary>
    private static void EndReaders(Store store)
    {
        for (int i = 0; i < 100; i++)
        {
            try
            {
                store.Read<int>(static _ => throw new InvalidOperationException());
            }
            catch (InvalidOperationException)
            {
                // One less.
            }
            catch (SqliteException)
            {
                return;
            }
        }
        throw new InvalidOperationException("readers still open the file");
    }

    private static byte[] Envelope(TestBand one, byte[] first, TestBand two, byte[] second)
    {
        byte[] data = new byte[BandProtocol.Envelope.MaxSize];
        BandProtocol.Envelope.Begin(data, 7, 1000, 0);
        BandProtocol.Envelope.Add(
            data, 7, 900, one.Address, -60, BandProtocol.Envelope.LinkChecked, AgeQuality.Measured, 0, first, 0);
        return data[..BandProtocol.Envelope.Add(
            data, 7, 901, two.Address, -60, BandProtocol.Envelope.LinkChecked, AgeQuality.Measured, 0, second, 0)];
    }
}

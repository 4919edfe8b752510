using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace ElderBand.Tests.HubService;

/// <summary>What was heard in the last second is stored as far as the database takes it.</summary>
public sealed class HeardTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P64_one_device_that_cannot_be_stored_takes_no_other_with_it()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HeardDevices heard = Heard(centre);
        BandRow one = Band(centre, TestCentre.BandOne);
        BandRow two = Band(centre, TestCentre.BandTwo);
        heard.Note(one, "hub-1", -60, 1, 1, Wear.On, 1000);
        heard.Note(one with { Id = 99 }, "hub-1", -60, 1, 1, Wear.On, 1000); // no such row: the job throws
        heard.Note(two, "hub-1", -60, 1, 1, Wear.On, 1000);
        try
        {
            await heard.FlushAsync(Token);
        }
        catch (Exception e)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(e.Message);
        }
        Band(centre, TestCentre.BandOne).LastHeardAtMs.ShouldBe(1000);
        Band(centre, TestCentre.BandTwo).LastHeardAtMs.ShouldBe(1000);
    }

    [Fact]
    public async Task P64_a_database_that_refuses_holds_the_stop_up_for_two_seconds_at_most()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HeardDevices heard = Heard(centre);
        heard.Note(new HubSession("hub-1", "c1"), 1000);
        using var locker = new Db(Path.Combine(centre.DataDir, "elderband.db"));
        locker.Run("BEGIN IMMEDIATE");
        try
        {
            await heard.StopAsync(Token).WaitAsync(TimeSpan.FromSeconds(8), Token);
        }
        finally
        {
            locker.Run("ROLLBACK");
        }
    }

    private static HeardDevices Heard(TestCentre centre) =>
        new(centre.Store, (Metrics)centre.App.Services.GetService(typeof(Metrics))!, NullLogger<HeardDevices>.Instance);

    private static BandRow Band(TestCentre centre, long address) =>
        centre.Store.Read(db => DeviceRows.BandByAddress(db, address))!;
}

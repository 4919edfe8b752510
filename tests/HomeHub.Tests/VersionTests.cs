using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>A hub of today and a centre that runs a later program.</summary>
public sealed class VersionTests
{
    [Fact]
    public void P60_a_hub_works_with_a_centre_that_adds_bytes_to_every_message_and_every_entry()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Rewrites = static (topic, data) => topic switch
        {
            UplinkTopic.Band => LaterProgram.Write(data, HubMessage.BandCountAt),
            UplinkTopic.Receipt or UplinkTopic.Bands => LaterProgram.Write(data, HubMessage.CountAt),
            _ => LaterProgram.Write(data),
        };
        rig.Centre.SendHello();
        rig.SendTable();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(3000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
        rig.Hub.WaitingAlarms.ShouldBe(0, "the longer receipt counts");
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, sos, Stage.Taken, 1));
        rig.Run(3000);
        rig.Band.Count(FrameType.Stage).ShouldBeGreaterThan(0);
        rig.Technical(TechnicalCode.VersionUnknown).ShouldBe(0);
    }

    [Fact]
    public void P60_a_centre_that_answers_in_a_version_unknown_to_the_hub_is_reported_and_no_call_is_lost()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Rewrites = static (_, data) => LaterProgram.NextVersion(data);
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(120_000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
        rig.Hub.WaitingAlarms.ShouldBeGreaterThan(0, "no receipt can be read");
        rig.Technical(TechnicalCode.VersionUnknown).ShouldBe(1, "once an hour, not once a message");

        rig.Centre.Rewrites = static (_, data) => data;
        rig.Run(20_000);
        rig.Hub.WaitingAlarms.ShouldBe(0, "the call waited and the record went out again");
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(1, 2, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(2, 2, 1)]
    [InlineData(0, 0, 1)]
    public void P60_a_centre_that_knows_no_version_of_the_hub_is_reported(byte lowest, byte highest, int reports)
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Send(UplinkTopic.Hello, [highest, lowest, highest]);
        rig.Run(3000);
        rig.Technical(TechnicalCode.VersionUnknown).ShouldBe(reports);
    }
}

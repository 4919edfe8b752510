using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

public sealed class LostBootTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P50_a_call_under_a_used_number_with_other_bytes_goes_to_the_centre_and_a_repeat_does_not(bool waits)
    {
        HubRig rig = HubRig.Ready();
        ScriptedBand band = rig.Band;
        rig.Centre.Commits = !waits;
        byte[] first = band.Sos(uptimeS: 100);
        rig.Advertise(band, first);
        rig.Run(3000);
        band.HasHeard(first).ShouldBeTrue();
        band.Heard.Clear();

        byte[] second = [.. first];
        second[6]++;
        band.Sign(second);
        rig.Advertise(band, second);
        rig.Run(3000);
        band.HasHeard(second).ShouldBeTrue("the new call is acknowledged once it is stored");
        rig.Centre.Commits = true;
        rig.Run(10_000);
        Calls(rig).ShouldBe([Convert.ToHexString(first), Convert.ToHexString(second)], ignoreOrder: true);

        int arrivals = rig.Centre.Arrivals.Count;
        int writes = rig.Flash.Operations;
        for (int i = 0; i < 20; i++)
        {
            rig.Advertise(band, i % 2 == 0 ? first : second);
            rig.Run(1000);
        }

        rig.Centre.Arrivals.Count(arrived => Frame.TypeOf(arrived.Frame, 0) == FrameType.Sos)
            .ShouldBeLessThanOrEqualTo(arrivals + 10, "readmitted where the centre's answer is missing");
        Calls(rig).Count.ShouldBe(2);
        (rig.Flash.Operations - writes).ShouldBeLessThan(40);
    }

    private static List<string> Calls(HubRig rig) =>
    [
        .. rig.Centre.Arrivals.Where(row => Frame.TypeOf(row.Frame, 0) == FrameType.Sos)
            .Select(row => Convert.ToHexString(row.Frame)).Distinct(),
    ];
}

using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>What the hub allocates after its start.</summary>
public sealed class AllocationTests
{
    [Fact]
    public void A_day_of_ordinary_life_allocates_nothing_in_the_hub()
    {
        HubRig rig = HubRig.Ready();
        byte[][] frames = new byte[8640 + 600][];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = rig.Band.Sealed(i % 30 == 29 ? rig.Band.Sos() : rig.Band.Vitals(tenMinutes: false));
        }

        QuietPorts quiet = new();
        Hub hub = quiet.Start(rig);
        long now = quiet.Clock.Now;
        Feed(0, 600);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed(600, frames.Length);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        quiet.Published.ShouldBeGreaterThan(100);

        void Feed(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                quiet.Events.Enqueue(EventKind.Advertisement, now, rig.Band.Address, -60, frames[i], Frame.Size);
                for (int step = 0; step < 10; step++)
                {
                    now += 1000;
                    quiet.Clock.Now = now;
                    hub.Step(now);
                    quiet.Answer(now);
                }
            }
        }
    }
}

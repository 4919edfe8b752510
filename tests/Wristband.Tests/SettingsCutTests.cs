using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>P17: the band's settings when the power is cut in each of their flash writes.</summary>
public sealed class SettingsCutTests(ITestOutputHelper output)
{
    private const int FirstEpoch = 3;
    private const int Moves = 4;

    private static readonly BandIdentity Identity = new()
    {
        Secret = new byte[32],
        LinkGroup = 7,
        LinkEpoch = FirstEpoch,
    };

    /// <summary>The settings alone: configurations and link groups in turn, every content known.</summary>
    /// <param name="earlier">Changes of an earlier boot: which of the two copies is the newer one afterwards.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void P17_settings_cut_at_every_write_hold_the_old_or_the_new_configuration_and_link_group_whole(int earlier)
    {
        var points = 0;
        foreach (var how in Enum.GetValues<Cut>())
        {
            for (var cut = 0; cut < 2 * Moves; cut++)
            {
                var flash = new MemoryFlash();
                var before = new BandSettings(flash);
                before.Load(Identity);
                for (var i = 1; i <= earlier; i++)
                {
                    before.Apply(Configuration(i)).ShouldBeTrue();
                    before.Save().ShouldBe(FlashResult.Ok);
                }

                flash.CutAt = flash.Operations + cut;
                flash.CutMode = how;
                var because = $"write {cut} {how}";
                var (stored, spoken) = Change(flash);
                flash.CutAt = -1;
                var after = new BandSettings(flash);
                after.Load(Identity);
                var found = (after.Version, after.LinkEpoch);
                (found == stored || found == spoken).ShouldBeTrue($"{because}: {found}, not {stored} or {spoken}");
                after.LinkGroup.ShouldBe(GroupOf(after.LinkEpoch), because);
                after.InactivityTenMinutes.ShouldBe(after.Version == 0 ? 0 : after.Version + 10, because);

                // After the cut the next change can be applied and stored.
                after.Apply(Configuration(after.Version + 1)).ShouldBeTrue(because);
                after.Save().ShouldBe(FlashResult.Ok, because);
                var again = new BandSettings(flash);
                again.Load(Identity);
                again.Version.ShouldBe(found.Version + 1, because);
                again.LinkEpoch.ShouldBe(found.LinkEpoch, because);
                points++;
            }
        }

        output.WriteLine($"{points} power-cut points in the band's settings");
        points.ShouldBe(2 * Moves * Enum.GetValues<Cut>().Length);
    }

    /// <summary>A whole band: settings that it has reported to the centre are in force after the cut (R2).</summary>
    [Fact]
    public void P17_a_version_that_the_band_has_told_is_in_force_after_a_power_cut_at_any_flash_operation()
    {
        var whole = new BandRig();
        var first = whole.Flash.Operations;
        Live(whole).ShouldBeTrue();
        TellsOf(whole).Max().ShouldBe(6, "the band tells each version that it applies");
        var points = 0;
        foreach (var how in Enum.GetValues<Cut>())
        {
            for (var cut = first; cut < whole.Flash.Operations; cut++)
            {
                var world = new BandRig();
                world.Flash.CutAt = cut;
                world.Flash.CutMode = how;
                Live(world).ShouldBeFalse();
                var told = TellsOf(world).DefaultIfEmpty(0).Max();
                world.Flash.CutAt = -1;
                world.Heard.Clear();
                world.Boot();
                world.RunFor(4000);
                var because = $"operation {cut} {how}";
                TellsOf(world).ShouldNotBeEmpty(because);
                TellsOf(world).Min().ShouldBeGreaterThanOrEqualTo(told, because);
                points++;
            }
        }

        output.WriteLine($"{points} power-cut points in the life of a band with two configurations");
    }

    private static List<int> TellsOf(BandRig world) =>
    [
        .. world.Heard.Where(h => Frame.TypeOf(h.Frame, 0) == FrameType.Status)
            .Select(h => (int)Payload.StatusConfigVersion(h.Frame, 0)),
    ];

    private static bool Live(BandRig world)
    {
        try
        {
            world.Boot();
            world.RunFor(3000);
            foreach (var version in (int[])[5, 6])
            {
                world.Configure(version, guard: true, inactivity: 3);
                world.RunFor(3000);
            }

            return true;
        }
        catch (PowerCutException)
        {
            return false;
        }
    }

    /// <summary>Changes the settings until the cut; returns what was stored and what was being stored.</summary>
    private static ((int Version, int Epoch) Stored, (int Version, int Epoch) Spoken) Change(MemoryFlash flash)
    {
        var settings = new BandSettings(flash);
        settings.Load(Identity);
        var stored = (settings.Version, settings.LinkEpoch);
        try
        {
            for (var i = 1; i <= Moves; i++)
            {
                settings.Apply(Configuration(settings.Version + 1)).ShouldBeTrue();
                settings.Save();
                stored = (settings.Version, settings.LinkEpoch);
                settings.Move(LinkGroup(FirstEpoch + i)).ShouldBeTrue();
                settings.Save();
                stored = (settings.Version, settings.LinkEpoch);
            }
        }
        catch (PowerCutException)
        {
            return (stored, (settings.Version, settings.LinkEpoch));
        }

        throw new InvalidOperationException("no write was cut");
    }

    private static uint GroupOf(int epoch) => epoch == FirstEpoch ? Identity.LinkGroup : (uint)(900 + epoch);

    private static byte[] Configuration(int version)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Configuration, Lane.Alarm, version, 0);
        Payload.PutConfiguration(frame, true, 1, false, 88, 28, (byte)(version + 10));
        return frame;
    }

    private static byte[] LinkGroup(int epoch)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.LinkGroup, Lane.Alarm, 0, 0);
        Payload.PutLinkGroup(frame, GroupOf(epoch), epoch);
        return frame;
    }
}

using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

public sealed class PathTests
{
    [Fact]
    public void An_advertised_press_is_stored_then_answered_then_committed_then_gone()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(1);
        rig.Flash.Files.Keys.ShouldContain(
            name => name.StartsWith("alarm", StringComparison.Ordinal), "stored before connecting");
        rig.Band.HasHeard(sos).ShouldBeFalse("no link yet");

        rig.Run(1500);

        rig.Band.HasHeard(sos).ShouldBeTrue();
        Arrived row = rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos);
        row.LinkChecked.ShouldBeTrue();
        row.Frame.ShouldBe(sos);
        rig.Hub.WaitingAlarms.ShouldBe(0);
    }

    [Fact]
    public void The_frame_is_on_flash_before_the_hub_says_heard()
    {
        HubRig rig = HubRig.Ready();
        rig.Raise(EventKind.LinkUp, rig.Band.Address);
        rig.Radio.Up.Add(rig.Band.Address);
        rig.Run(10);
        rig.Flash.ReadOnly = true;
        byte[] sos = rig.Band.Sos();
        rig.Notify(rig.Band, sos);
        rig.Run(30);
        rig.Band.HasHeard(sos).ShouldBeFalse();

        rig.Run(1000);

        rig.Centre.Rows.Values.ShouldContain(row => row.Type == FrameType.Sos, "a hub that cannot write still calls");
    }

    [Fact]
    public void Frames_of_the_centre_reach_the_band_and_stop_when_shown()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(1500);
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, sos, Stage.Centre, 1));
        rig.Run(100);
        rig.Band.Received.ShouldContain(frame => Frame.TypeOf(frame, 0) == FrameType.Stage);
        rig.Notify(rig.Band, rig.Band.Shown(sos, Stage.Centre));
        rig.Run(100);
        int before = rig.Band.Count(FrameType.Stage);

        rig.Run(30000);

        rig.Band.Count(FrameType.Stage).ShouldBe(before);
        rig.Centre.Rows.Values.ShouldContain(row => row.Type == FrameType.StageShown);
    }

    [Fact]
    public void A_stage_is_repeated_until_shown_but_not_for_ever()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(1500);
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, sos, Stage.Centre, 1));

        rig.Run(60000);

        rig.Band.Count(FrameType.Stage).ShouldBe(5);
    }

    [Fact]
    public void Only_the_newest_stage_of_an_alarm_waits_for_the_band()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, sos, Stage.Coming, 3));
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, sos, Stage.Taken, 2));
        rig.Run(100);
        rig.Advertise(rig.Band, []);
        rig.Run(2000);

        byte[][] stages = [.. rig.Band.Received.Where(frame => Frame.TypeOf(frame, 0) == FrameType.Stage)];
        stages.ShouldNotBeEmpty();
        stages.ShouldAllBe(frame => Payload.StageOf(frame, 0) == Stage.Coming);
    }

    [Fact]
    public void A_challenge_is_answered_with_its_nonce_and_then_the_state_follows()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, []);
        rig.Run(700);
        byte[] challenge = rig.Band.Challenge();
        rig.Notify(rig.Band, challenge);
        rig.Run(10);

        byte[] hello = rig.Band.Received.Single(frame => Frame.TypeOf(frame, 0) == FrameType.LinkHello);
        hello[1..12].ShouldBe(challenge[1..12]);
        new Tagger(rig.Mac).LinkTagIsRight(rig.Band.Keys.LinkDown, hello, 0).ShouldBeTrue();
        byte[] state = rig.Band.Received.Last();
        Frame.TypeOf(state, 0).ShouldBe(FrameType.HubState);
        state[1..6].ShouldBe(challenge[6..11], "the state belongs to this link and no other");
        Payload.HubOnline(state, 0).ShouldBeTrue();
        Payload.MinuteOfDay(state, 0).ShouldBe((int)(((rig.CentreTimeMs / 60000) + 480) % 1440));
    }

    [Fact]
    public void P12_the_hub_sends_no_state_on_a_link_before_that_links_own_challenge()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, []);
        rig.Run(700);
        rig.Notify(rig.Band, rig.Band.Challenge());
        rig.Run(20000);
        rig.Radio.Lose(rig.Band.Address);
        rig.Run(100);
        rig.Band.Received.Clear();
        rig.Advertise(rig.Band, []);
        rig.Run(20000);
        rig.Radio.Up.ShouldContain(rig.Band.Address);
        rig.Band.Received.ShouldBeEmpty();
        byte[] challenge = rig.Band.Challenge();
        challenge[6] ^= 0x5A;
        rig.Notify(rig.Band, rig.Band.Sign(challenge));
        rig.Run(10);
        rig.Band.Received.Last()[1..6].ShouldBe(challenge[6..11]);
    }

    [Fact]
    public void Linked_bands_get_the_hubs_state_at_once_when_the_centre_is_gone_and_at_least_every_ten_seconds()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, []);
        rig.Run(700);
        rig.Notify(rig.Band, rig.Band.Challenge());
        rig.Run(100);
        int before = rig.Band.Count(FrameType.HubState);
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Run(50);
        rig.Band.Count(FrameType.HubState).ShouldBe(before + 1);
        Payload.HubOnline(rig.Band.Received.Last(), 0).ShouldBeFalse();

        rig.Run(60000);
        rig.Band.Count(FrameType.HubState).ShouldBeInRange(before + 6, before + 8);
    }

    [Fact]
    public void The_hubs_own_key_is_an_alarm_of_its_own_and_beeps_once_stored_and_twice_committed()
    {
        HubRig rig = HubRig.Ready();
        rig.Key.Level = true;
        rig.Raise(EventKind.KeyEdge, 0, 1);
        rig.Run(3000);
        rig.Key.Level = false;
        rig.Raise(EventKind.KeyEdge, 0, 0);
        rig.Run(2000);

        Arrived row = rig.Centre.Rows.Values.Single(row => row.Type == FrameType.HubKey);
        row.Address.ShouldBe(0);
        row.Quality.ShouldBe(AgeQuality.Measured);
        rig.Buzzer.Rises.ShouldBe(3);
        rig.Hub.WaitingAlarms.ShouldBe(0);
    }

    [Theory]
    [InlineData(29, 0)]
    [InlineData(79, 0)]
    [InlineData(80, 1)]
    [InlineData(5000, 1)]
    public void The_hubs_key_fires_once_after_80_ms_of_contact(int pressMs, int alarms)
    {
        HubRig rig = HubRig.Ready();
        rig.Key.Level = true;
        rig.Raise(EventKind.KeyEdge, 0, 1);
        rig.Run(pressMs);
        rig.Key.Level = false;
        rig.Raise(EventKind.KeyEdge, 0, 0);
        rig.Run(3000);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.HubKey).ShouldBe(alarms);
    }

    [Fact]
    public void A_stuck_hub_key_is_reported_and_so_is_its_release()
    {
        HubRig rig = HubRig.Ready();
        rig.Key.Level = true;
        rig.Raise(EventKind.KeyEdge, 0, 1);
        rig.Run(3_600_000);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.HubKey).ShouldBe(1);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.HubTechnical && row.Code == TechnicalCode.KeyStuck)
            .ShouldBe(1);
        rig.Key.Level = false;
        rig.Run(3000);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.HubTechnical && row.Code == TechnicalCode.Recovered)
            .ShouldBe(1);
    }

    [Fact]
    public void P03_an_old_press_arrives_with_its_age()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(1000);
        byte[] sos = rig.Band.Sos();
        long pressedMs = rig.World.NowMs;
        rig.Run(48 * 3_600_000L);
        long backMs = rig.World.NowMs;
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);

        Arrived row = rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos);
        (row.AtMs - backMs).ShouldBeLessThan(6000);
        row.Quality.ShouldBe(AgeQuality.About);
        ((long)row.AgeMs).ShouldBeInRange(backMs - pressedMs - 2000, backMs - pressedMs + 3000);
    }

    [Fact]
    public void A_status_that_comes_later_still_gives_a_waiting_record_its_age()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Run(100);
        rig.Band.BootedMs = rig.World.NowMs - 500_000;
        rig.Advertise(rig.Band, rig.Band.Sos(uptimeS: 200));
        rig.Run(2000);
        rig.Notify(rig.Band, rig.Band.Status(BandMode.Guard));
        rig.Run(1000);
        rig.Centre.Reachable = true;
        rig.Run(120_000);

        Arrived row = rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos);
        row.Quality.ShouldBe(AgeQuality.About);
        ((long)row.AgeMs)
            .ShouldBeInRange(row.AtMs - rig.Band.BootedMs - 202_000, row.AtMs - rig.Band.BootedMs - 198_000);
    }

    [Fact]
    public void P38_a_silent_band_is_reported_after_three_beats_and_again_when_it_is_back()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(899_000);
        rig.Centre.Rows.Values.ShouldNotContain(row => row.Code == TechnicalCode.BandSilent);
        rig.Run(10_000);
        Arrived silent = rig.Centre.Rows.Values.Single(row => row.Code == TechnicalCode.BandSilent);
        silent.Address.ShouldBe(rig.Band.Address);
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(5000);
        rig.Centre.Rows.Values.Single(row => row.Code == TechnicalCode.BandBack).Address.ShouldBe(rig.Band.Address);
    }

    [Fact]
    public void Mains_lost_and_back_are_reported_once_each()
    {
        HubRig rig = HubRig.Ready();
        rig.Power.IsExternal = false;
        rig.Run(500);
        rig.Power.IsExternal = true;
        rig.Run(5000);
        rig.Centre.Rows.Values.ShouldNotContain(row => row.Code == TechnicalCode.MainsLost, "a blink is no loss");
        rig.Power.IsExternal = false;
        rig.Run(60_000);
        rig.Power.IsExternal = true;
        rig.Run(60_000);
        rig.Centre.Rows.Values.Count(row => row.Code == TechnicalCode.MainsLost).ShouldBe(1);
        rig.Centre.Rows.Values.Count(row => row.Code == TechnicalCode.MainsBack).ShouldBe(1);
    }

    [Fact]
    public void A_hub_without_a_table_says_that_its_store_is_empty_until_it_has_one()
    {
        HubRig rig = new();
        rig.Hub.Start(0);
        rig.Run(1000);
        ((int)rig.Centre.LastHello![20] & HubMessage.StoreEmpty).ShouldBe(HubMessage.StoreEmpty);
        rig.SendTable();
        rig.Run(1000);
        rig.Reboot();
        rig.Run(1000);
        (rig.Centre.LastHello![20] & HubMessage.StoreEmpty).ShouldBe(0);
    }
}

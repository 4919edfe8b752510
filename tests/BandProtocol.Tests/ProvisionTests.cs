using System.Text.RegularExpressions;
using ElderBand.BandProtocol;

namespace ElderBand.Tests.BandProtocol;

/// <summary>A provision that is wrong in one way, the number of flashes that says so, and the place.</summary>
public sealed class ProvisionTests
{
    private const string Secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string Pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

    private const string Band = $"""
        # written by the enrolment
        secret={Secret}
        group=4294967295
        epoch=7
        """;

    private const string Hub = """
        wifi=Home 2
        wifi_password=a=b c
        host=alarm.example
        centre=c1
        hub=hub-1
        password=cGFzc3dvcmQ=
        made=1795305600
        """;

    [Fact]
    public void A_correct_band_is_read()
    {
        var band = new BandProvision(Band + "\n green = 1 \r\n");
        band.File.Fault.ShouldBe(ProvisionFault.None, band.File.Where);
        band.Secret.ShouldBe(Enumerable.Range(0, 32).Select(i => (byte)i));
        (band.LinkGroup, band.LinkEpoch, band.PpgHasGreen).ShouldBe((uint.MaxValue, 7, true));
        new BandProvision(Band).PpgHasGreen.ShouldBeFalse();
    }

    [Fact]
    public void A_correct_hub_is_read_and_a_value_may_hold_an_equals_sign()
    {
        var hub = new HubProvision(Hub, Pem);
        hub.File.Fault.ShouldBe(ProvisionFault.None, hub.File.Where);
        (hub.Ssid, hub.WifiPassword, hub.Host, hub.Port).ShouldBe(("Home 2", "a=b c", "alarm.example", 8883));
        (hub.Centre, hub.Hub, hub.Password, hub.MadeS).ShouldBe(("c1", "hub-1", "cGFzc3dvcmQ=", 1795305600L));
        new HubProvision(Hub + "\nport=8884", Pem).Port.ShouldBe(8884);
    }

    [Fact]
    public void An_open_network_has_an_empty_password() =>
        new HubProvision(Hub.Replace("a=b c", "", StringComparison.Ordinal), Pem)
            .File.Fault.ShouldBe(ProvisionFault.None);

    [Fact]
    public void What_an_editor_on_Windows_writes_is_read()
    {
        var band = new BandProvision("\uFEFF" + Band.ReplaceLineEndings("\r\n") + "\r\n\r\n");
        band.File.Fault.ShouldBe(ProvisionFault.None, band.File.Where);
    }

    [Theory]
    [InlineData("epoch=7", "epoch 7", ProvisionFault.BadLine, "line 4")]
    [InlineData("epoch=7", "epoch=7\nepok=8", ProvisionFault.BadLine, "line 5")]
    [InlineData("epoch=7", "epoch=7\n=8", ProvisionFault.BadLine, "line 5")]
    [InlineData("epoch=7", "epoch=7\nwifi=x", ProvisionFault.BadLine, "line 5")]
    [InlineData("epoch=7", "epoch=7\nepoch=7", ProvisionFault.DoubledLine, "line 5")]
    [InlineData("epoch=7", "", ProvisionFault.MissingLine, "epoch")]
    [InlineData("secret=" + Secret, "", ProvisionFault.MissingLine, "secret")]
    [InlineData("epoch=7", "epoch=", ProvisionFault.BadValue, "epoch")]
    [InlineData("epoch=7", "epoch=65536", ProvisionFault.BadValue, "epoch")]
    [InlineData("epoch=7", "epoch=-1", ProvisionFault.BadValue, "epoch")]
    [InlineData("epoch=7", "epoch=99999999999999999999", ProvisionFault.BadValue, "epoch")]
    [InlineData("group=4294967295", "group=4294967296", ProvisionFault.BadValue, "group")]
    [InlineData("epoch=7", "epoch=7\ngreen=yes", ProvisionFault.BadValue, "green")]
    [InlineData("epoch=7", "epoch=7\ngreen=2", ProvisionFault.BadValue, "green")]
    [InlineData(Secret, "AAEC", ProvisionFault.BadValue, "secret")]
    [InlineData(Secret, "no base64!", ProvisionFault.BadValue, "secret")]
    public void A_wrong_line_of_a_band_is_named(string text, string replacement, ProvisionFault fault, string where)
    {
        var band = new BandProvision(Band.Replace(text, replacement, StringComparison.Ordinal));
        (band.File.Fault, band.File.Where).ShouldBe((fault, where));
    }

    [Theory]
    [InlineData("hub=hub-1", "", ProvisionFault.MissingLine, "hub")]
    [InlineData("host=alarm.example", "", ProvisionFault.MissingLine, "host")]
    [InlineData("wifi_password=a=b c", "", ProvisionFault.MissingLine, "wifi_password")]
    [InlineData("host=alarm.example", "host=", ProvisionFault.BadValue, "host")]
    [InlineData("made=1795305600", "made=1795305600000", ProvisionFault.BadValue, "made")]
    [InlineData("made=1795305600", "port=0", ProvisionFault.BadValue, "port")]
    [InlineData("made=1795305600", "secret=x", ProvisionFault.BadLine, "line 7")]
    public void A_wrong_line_of_a_hub_is_named(string text, string replacement, ProvisionFault fault, string where)
    {
        var hub = new HubProvision(Hub.Replace(text, replacement, StringComparison.Ordinal), Pem);
        (hub.File.Fault, hub.File.Where).ShouldBe((fault, where));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n")]
    public void A_hub_without_the_centres_authority_says_so(string? pem) =>
        new HubProvision(Hub, pem!).File.Fault.ShouldBe(ProvisionFault.NoAuthority);

    [Fact]
    public void A_formatted_drive_has_no_file()
    {
        new BandProvision(null!).File.Fault.ShouldBe(ProvisionFault.NoFile);
        new HubProvision(null!, null!).File.Fault.ShouldBe(ProvisionFault.NoFile);
    }

    [Fact]
    public void The_first_fault_is_the_one_that_is_shown()
    {
        var band = new BandProvision("rubbish\ngroup=x\n");
        (band.File.Fault, band.File.Where).ShouldBe((ProvisionFault.BadLine, "line 1"));
    }

    [Fact]
    public void No_bytes_make_the_reader_throw()
    {
        var random = new Random(1);
        var alphabet = "secretgroupepoch=\n\r #0129+/AZ\uFEFF\0";
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(
                Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            new BandProvision(text).File.Fault.ShouldNotBe(ProvisionFault.None);
            new HubProvision(text, Pem).File.Fault.ShouldNotBe(ProvisionFault.None);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void The_light_flashes_the_number_and_pauses(int flashes)
    {
        var shown = string.Concat(
            Enumerable.Range(0, 30_000 / 50).Select(i => FlashCode.IsLit(flashes, i * 50L) ? '#' : '.'));
        var groups = Regex.Split(shown, @"\.{20,}", RegexOptions.None, TimeSpan.FromSeconds(1)).SkipLast(1).ToArray();
        groups.Length.ShouldBeGreaterThan(4);
        groups.ShouldAllBe(group => Regex.Count(group, "#{4}") == flashes && group.Count(c => c == '#') == 4 * flashes);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(500)]
    [InlineData(20_000)]
    public void P51_a_press_of_a_device_without_identity_is_answered_by_one_long_pulse(int heldMs)
    {
        for (int atMs = 0; atMs < 50; atMs++)
        {
            var dead = new DeadKey();
            List<long> on = [];
            for (long ms = 0; ms < 30_000; ms += 50)
            {
                if (dead.Answers(ms >= 1000 + atMs && ms < 1000 + atMs + heldMs, ms))
                {
                    on.Add(ms);
                }
            }

            on.Count.ShouldBe(DeadKey.PulseMs / 50);
            (on[^1] - on[0]).ShouldBe(DeadKey.PulseMs - 50, "one pulse, also while the key is held on");
            on[0].ShouldBeInRange(1000, 1050);
        }
    }
}

using System.Text;
using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.BandProtocol;

/// <summary>P51: the two copies of a device's provision under every fault of the flash.</summary>
public sealed class ProvisionStoreTests(ITestOutputHelper output)
{
    private const string First = "secret=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\ngroup=7\nepoch=3\n";
    private const string Second = "secret=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\ngroup=8\nepoch=4\n";
    private const string Pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

    private const string Hub =
        "wifi=家 2\nwifi_password=a=b c\nhost=alarm.example\ncentre=c1\nhub=hub-1\npassword=cGFzc3dvcmQ=\n";

    private static readonly string[] Copies = ["provision.a", "provision.b"];

    [Fact]
    public void P51_a_copied_provision_is_kept_twice_and_the_file_is_deleted()
    {
        var flash = Provisioned();
        flash.Files.Keys.Order().ShouldBe(Copies);
        for (var boot = 0; boot < 3; boot++)
        {
            var operations = flash.Operations;
            Boot(flash).ShouldBe((3, false));
            flash.Operations.ShouldBe(operations, "a sound provision is not written again");
        }

        Copy(flash, ProvisionFile.Name, Second);
        Boot(flash).ShouldBe((4, false));
        flash.Files.Keys.Order().ShouldBe(Copies);
        Boot(flash).ShouldBe((4, false));
    }

    [Theory]
    [InlineData("provision.a")]
    [InlineData("provision.b")]
    public void P51_every_rotten_bit_of_one_copy_is_found_told_and_mended(string copy)
    {
        var whole = Provisioned();
        for (var bit = 0; bit < whole.Files[copy].Length * 8; bit++)
        {
            var flash = whole.Copy();
            flash.Files[copy][bit / 8] ^= (byte)(1 << (bit % 8));
            Boot(flash).ShouldBe((3, true), $"bit {bit}");
            Boot(flash).ShouldBe((3, false), $"bit {bit}");
        }
    }

    [Theory]
    [InlineData("provision.a")]
    [InlineData("provision.b")]
    public void P51_a_missing_or_short_copy_is_told_and_written_again(string copy)
    {
        var whole = Provisioned();
        for (var length = -1; length < whole.Files[copy].Length; length++)
        {
            var flash = whole.Copy();
            flash.Files.Remove(copy);
            if (length >= 0)
            {
                Copy(flash, copy, whole.Files[copy][..length]);
            }

            Boot(flash).ShouldBe((3, true), $"{length} bytes left");
            Boot(flash).ShouldBe((3, false), $"{length} bytes left");
        }
    }

    [Theory]
    [InlineData("provision.a")]
    [InlineData("provision.b")]
    public void P48_P51_an_unreadable_copy_is_told_and_not_written_over(string copy)
    {
        var flash = Provisioned();
        var before = flash.Files[copy];
        flash.ReadFails = (name, _) => name == copy;
        Boot(flash).ShouldBe((3, true));
        Boot(flash).ShouldBe((3, true));
        flash.Files[copy].ShouldBe(before);
        flash.Operations.ShouldBe(3, "two copies and the deletion of the file, all at the first boot");
        flash.ReadFails = null;
        Boot(flash).ShouldBe((3, false));
    }

    [Fact]
    public void P48_a_read_fault_that_passes_is_no_fault()
    {
        var reads = Reads(Provisioned());
        for (var at = 0; at < reads; at++)
        {
            foreach (var length in new[] { 1, 2 })
            {
                var flash = Provisioned();
                var first = flash.Reads + at;
                flash.ReadFails = (_, read) => read >= first && read < first + length;
                Boot(flash).ShouldBe((3, false), $"{length} reads from read {at}");
                flash.ReadFaults.ShouldBe(length);
            }
        }
    }

    [Fact]
    public void P48_P51_where_nothing_can_be_read_the_device_stops_writes_nothing_and_waits()
    {
        var flash = Provisioned();
        var operations = flash.Operations;
        flash.ReadFails = (_, _) => true;
        var store = BandProvision.StoreOn(flash);
        BandProvision.Load(store).File.Fault.ShouldBe(ProvisionFault.NoFile);
        (store.IsUnread, store.CanBeRead(), flash.Operations).ShouldBe((true, false, operations));
        flash.ReadFails = null;
        store.CanBeRead().ShouldBeTrue();
        Boot(flash).ShouldBe((3, false));
    }

    [Fact]
    public void P51_without_a_whole_copy_and_without_a_file_there_is_no_identity()
    {
        var flash = Provisioned();
        foreach (var copy in Copies)
        {
            flash.Files[copy][20] ^= 1;
        }

        var store = BandProvision.StoreOn(flash);
        BandProvision.Load(store).File.Fault.ShouldBe(ProvisionFault.NoFile);
        store.IsUnread.ShouldBeFalse();
    }

    [Fact]
    public void P17_P51_a_power_cut_at_every_flash_operation_leaves_one_whole_provision()
    {
        var points = 0;
        foreach (var prepare in new Action<MemoryFlash>[]
        {
            flash => flash.Files.Clear(),
            _ => { },
            flash => flash.Files["provision.a"][20] ^= 1,
            flash => flash.Files["provision.b"][20] ^= 1,
            flash => flash.Files.Remove("provision.a"),
            flash => flash.Files.Remove("provision.b"),
        })
        {
            foreach (var copied in new[] { First, Second, null })
            {
                foreach (var how in Enum.GetValues<Cut>())
                {
                    points += CutEverywhere(prepare, copied, how);
                }
            }
        }

        output.WriteLine($"{points} power cuts while a provision was written");
        points.ShouldBeGreaterThan(150);
    }

    [Fact]
    public void P51_a_copied_file_that_is_wrong_does_not_take_the_identity_away()
    {
        foreach (var wrong in new[] { "rubbish", First + "group=9\n", new string('#', 5000) })
        {
            var flash = Provisioned();
            Copy(flash, ProvisionFile.Name, wrong);
            Boot(flash).ShouldBe((3, true));
            flash.Files.ShouldContainKey(ProvisionFile.Name, "what a person has written is not deleted unread");
            Copy(flash, ProvisionFile.Name, Second);
            Boot(flash).ShouldBe((4, false));
        }
    }

    [Fact]
    public void A_file_that_is_too_long_to_keep_is_named()
    {
        var flash = new MemoryFlash();
        Copy(flash, ProvisionFile.Name, First + new string('#', 1100));
        var band = BandProvision.Load(BandProvision.StoreOn(flash));
        (band.File.Fault, band.File.Where).ShouldBe((ProvisionFault.TooLong, ProvisionFile.Name));
    }

    [Fact]
    public void P51_a_flash_that_refuses_writes_still_gives_the_copied_provision_and_tells()
    {
        var flash = new MemoryFlash { ReadOnly = true };
        Copy(flash, ProvisionFile.Name, First);
        Boot(flash).ShouldBe((3, true));
        flash.Files.Keys.ShouldBe([ProvisionFile.Name]);
        flash.ReadOnly = false;
        Boot(flash).ShouldBe((3, false));
        flash.Files.Keys.Order().ShouldBe(Copies);
    }

    [Fact]
    public void P51_a_hub_keeps_lines_and_authority_and_either_may_be_copied_alone()
    {
        var flash = new MemoryFlash();
        Copy(flash, ProvisionFile.Name, Hub);
        Copy(flash, "ca.pem", Pem);
        BootHub(flash).ShouldBe(("家 2", Pem, false));
        flash.Files.Keys.Order().ShouldBe(Copies);
        Copy(flash, ProvisionFile.Name, Hub.Replace("家 2", "新家", StringComparison.Ordinal));
        BootHub(flash).ShouldBe(("新家", Pem, false));
        var other = Pem.Replace("MIIB", "MIIC", StringComparison.Ordinal);
        Copy(flash, "ca.pem", other);
        BootHub(flash).ShouldBe(("新家", other, false));
        flash.Files["provision.a"][100] ^= 4;
        BootHub(flash).ShouldBe(("新家", other, true));
        BootHub(flash).ShouldBe(("新家", other, false));
    }

    [Fact]
    public void A_byte_order_mark_and_every_length_of_UTF_8_are_read_as_the_runtime_reads_them()
    {
        foreach (var text in new[] { "", "a", "é", "家", "😀", "a😀家é\0", "\uFEFF# x", "\uD7FF\uE000\uFFFF" })
        {
            var bytes = Encoding.UTF8.GetBytes("--" + text + "-");
            Utf8.Text(bytes, 2, bytes.Length - 3).ShouldBe(text);
        }

        foreach (var broken in new byte[][] { [0x80], [0xC1, 0x80], [0xE5, 0xAE], [0xF5], [0xF0, 0x9F, 0x98] })
        {
            Utf8.Text(broken, 0, broken.Length).Contains('\uFFFD', StringComparison.Ordinal).ShouldBeTrue();
        }
    }

    private static int CutEverywhere(Action<MemoryFlash> prepare, string? copied, Cut how)
    {
        var points = 0;
        for (var cut = 0; ; cut++)
        {
            var flash = Provisioned();
            prepare(flash);
            if (copied is not null)
            {
                Copy(flash, ProvisionFile.Name, copied);
            }

            if (copied is null && flash.Files.Count == 0)
            {
                return points;
            }

            flash.CutAt = flash.Operations + cut;
            flash.CutMode = how;
            try
            {
                Boot(flash);
                return points;
            }
            catch (PowerCutException)
            {
                points++;
            }

            flash.CutAt = -1;
            var because = $"operation {cut} {how} {copied}";
            var epoch = copied == Second ? 4 : 3;
            Boot(flash).Epoch.ShouldBe(epoch, because);
            Boot(flash).ShouldBe((epoch, false), because);
            (flash.Files.Count, because).ShouldBe((2, because));
        }
    }

    private static int Reads(MemoryFlash flash)
    {
        var before = flash.Reads;
        Boot(flash);
        return flash.Reads - before;
    }

    private static MemoryFlash Provisioned()
    {
        var flash = new MemoryFlash();
        Copy(flash, ProvisionFile.Name, First);
        Boot(flash).ShouldBe((3, false));
        return flash;
    }

    private static (int Epoch, bool WasBad) Boot(MemoryFlash flash)
    {
        var store = BandProvision.StoreOn(flash);
        var band = BandProvision.Load(store);
        band.File.Fault.ShouldBe(ProvisionFault.None, band.File.Where);
        band.Secret.ShouldBe(Enumerable.Range(0, 32).Select(i => (byte)i));
        return (band.LinkEpoch, store.WasBad);
    }

    private static (string Ssid, string Authority, bool WasBad) BootHub(MemoryFlash flash)
    {
        var store = HubProvision.StoreOn(flash);
        var hub = HubProvision.Load(store);
        hub.File.Fault.ShouldBe(ProvisionFault.None, hub.File.Where);
        return (hub.Ssid, hub.Authority, store.WasBad);
    }

    private static void Copy(MemoryFlash flash, string name, string text) =>
        Copy(flash, name, Encoding.UTF8.GetBytes(text));

    private static void Copy(MemoryFlash flash, string name, byte[] data) => flash.Files[name] = data;
}

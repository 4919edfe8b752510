using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.BandProtocol;

/// <summary>Messages of a later program against <see cref="Vectors.Versions"/>.</summary>
public sealed class VersionTests
{
    [Fact]
    public void P60_a_later_programs_message_with_longer_entries_and_more_bytes_reads_as_todays()
    {
        HashSet<string> kinds = [];
        foreach (JsonElement vector in Vectors.Versions.GetProperty("messages").EnumerateArray())
        {
            string kind = Vectors.Text(vector, "kind");
            kinds.Add(kind);
            byte[] now = Vectors.Hex(vector, "now");
            byte[] later = Vectors.Hex(vector, "later");
            LaterProgram.Write(now, CountAt(kind)).ShouldBe(later, kind);
            Vectors.IsValid(kind, now).ShouldBeTrue(kind);
            Vectors.IsValid(kind, later).ShouldBeTrue(kind);
            HubMessage.IsOfUnknownVersion(later, later.Length).ShouldBeFalse(kind);
            Entries(kind, later).ShouldBe(Entries(kind, now), kind);
        }

        kinds.ShouldBe(["envelope", "hello", "receipt", "band", "bands"]);
    }

    [Fact]
    public void P60_a_message_of_the_next_version_is_not_read_and_is_known_as_such()
    {
        foreach (JsonElement vector in Vectors.Versions.GetProperty("messages").EnumerateArray())
        {
            byte[] next = Vectors.Hex(vector, "next");
            LaterProgram.NextVersion(Vectors.Hex(vector, "now")).ShouldBe(next);
            Vectors.IsValid(Vectors.Text(vector, "kind"), next).ShouldBeFalse();
            HubMessage.IsOfUnknownVersion(next, next.Length).ShouldBeTrue();
        }
    }

    [Fact]
    public void A_message_or_entry_that_is_too_short_or_longer_than_a_later_programs_is_not_read()
    {
        foreach (JsonElement vector in Vectors.Versions.GetProperty("messages").EnumerateArray())
        {
            string kind = Vectors.Text(vector, "kind");
            byte[] now = Vectors.Hex(vector, "now");
            Vectors.IsValid(kind, now[..^1]).ShouldBeFalse(kind);
            Vectors.IsValid(kind, [.. now, .. new byte[HubMessage.Room]]).ShouldBeTrue(kind);
            Vectors.IsValid(kind, [.. now, .. new byte[HubMessage.Room + 1]]).ShouldBeFalse(kind);
            if (CountAt(kind) is >= 0 and var at)
            {
                now[at + 1]--;
                Vectors.IsValid(kind, now).ShouldBeFalse(kind);
            }
        }
    }

    [Fact]
    public void P60_both_sides_use_the_highest_version_that_both_know()
    {
        foreach (JsonElement hello in Vectors.Versions.GetProperty("centreHellos").EnumerateArray())
        {
            byte[] data = Vectors.Hex(hello, "hex");
            HubMessage.CommonVersion(data, data.Length)
                .ShouldBe(hello.GetProperty("common").GetInt32(), Vectors.Text(hello, "hex"));
        }

        byte[] own = new byte[HubMessage.CentreHelloSize];
        HubMessage.CommonVersion(own, HubMessage.PutCentreHello(own)).ShouldBe(HubMessage.Version);
    }

    private static int CountAt(string kind) => kind switch
    {
        "envelope" => 16,
        "hello" => -1,
        "band" => HubMessage.BandCountAt,
        _ => HubMessage.CountAt,
    };

    // The bytes of each entry that this program knows.
    private static List<string> Entries(string kind, byte[] data)
    {
        if (CountAt(kind) is not (>= 0 and var at))
        {
            return [Convert.ToHexString(data, 0, HubMessage.HelloSize)];
        }

        int known = kind switch
        {
            "envelope" => Envelope.RecordSize,
            "receipt" => HubMessage.ReceiptSize,
            "band" => HubMessage.BandFrameSize,
            _ => HubMessage.BandEntrySize,
        };
        return [.. Enumerable.Range(0, data[at])
            .Select(i => Convert.ToHexString(data, HubMessage.EntryAt(data, at, i), known))];
    }
}

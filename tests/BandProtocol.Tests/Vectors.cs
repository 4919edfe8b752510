using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.BandProtocol;

/// <summary>The vector files, which a second implementation wrote (vectors/make_vectors.py).</summary>
internal static class Vectors
{
    /// <summary>vectors/frames.json: keys, frames and messages as today's program writes them.</summary>
    public static readonly JsonElement Frames = Read("frames.json");

    /// <summary>vectors/versions.json: messages of a later program. The vectors of one version never change.</summary>
    public static readonly JsonElement Versions = Read("versions.json");

    /// <summary>Link group of the home in <see cref="Frames"/>.</summary>
    public static readonly uint Group = Frames.GetProperty("group").GetUInt32();

    /// <summary>Link epoch of that home.</summary>
    public static readonly int Epoch = Frames.GetProperty("epoch").GetInt32();

    /// <summary>The secret of the band in <see cref="Frames"/>.</summary>
    public static byte[] Secret => Hex(Frames, "secret");

    /// <summary>The keys that this band derives from its secret, group and epoch.</summary>
    public static BandKeys Keys()
    {
        BandKeys keys = new();
        keys.Derive(new HostMac(), Secret, Group, Epoch);
        return keys;
    }

    /// <summary>The property as text.</summary>
    public static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    /// <summary>The bytes that the property gives as hexadecimal digits.</summary>
    public static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(Text(element, name));

    /// <summary>True where the reader of this kind of message takes all the bytes.</summary>
    public static bool IsValid(string kind, byte[] data) => IsValid(kind, data, data.Length);

    /// <summary>True where the reader of this kind of message takes the first <paramref name="count"/> bytes.</summary>
    public static bool IsValid(string kind, byte[] data, int count) => kind switch
    {
        "envelope" => Envelope.IsValid(data, count),
        "hello" => HubMessage.HelloIsValid(data, count),
        "receipt" => HubMessage.ReceiptIsValid(data, count),
        "band" => HubMessage.BandFramesIsValid(data, count),
        _ => HubMessage.BandsIsValid(data, count),
    };

    private static JsonElement Read(string file) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", file))).RootElement;
}

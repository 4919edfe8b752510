using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Family;

/// <summary>
/// Makes the personal links. A token is HMAC-SHA256(key, alarm, contact), 256 bits: a repeated text carries the same
/// link without the token being stored anywhere. The key is 32 random bytes in a file of its own beside the database,
/// so that a copy of the database alone opens no page (docs/adr/0050).
/// </summary>
public sealed class LinkTokens
{
    private const int KeyBytes = 32;
    private readonly byte[] _key;

    /// <summary>Reads the key file of a data folder, or makes it (readable by its owner only).</summary>
    public LinkTokens(string dataDir)
    {
        string path = Path.Combine(dataDir, "family-links.key");
        if (File.Exists(path) && File.ReadAllBytes(path) is { Length: KeyBytes } key)
        {
            _key = key;
            return;
        }
        _key = RandomNumberGenerator.GetBytes(KeyBytes);
        OwnerOnly.Write(path, _key);
    }

    /// <summary>
    /// The token of a contact for an alarm, 43 characters. After a restore the ids of alarms come again in another
    /// incarnation; 0 for links from before these carried it.
    /// </summary>
    public string Token(string centreId, long alarmId, long contactId, uint incarnation)
    {
        byte[] centre = Encoding.UTF8.GetBytes(centreId);
        byte[] message = new byte[16 + centre.Length + (incarnation == 0 ? 0 : 4)];
        BinaryPrimitives.WriteInt64LittleEndian(message, alarmId);
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(8), contactId);
        centre.CopyTo(message, 16);
        if (incarnation != 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(16 + centre.Length), incarnation);
        }
        return Base64Url.EncodeToString(HMACSHA256.HashData(_key, message));
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ElderBand.HubService.Storage;

/// <summary>
/// Seals the secrets of bands in the database with the key of a file that is not in the data folder, so that a copy or
/// a backup of the folder tells none of them (docs/adr/0105). AES-256-GCM; the band's address is bound to it, so that a
/// sealed secret cannot be moved to another band. For any thread.
/// </summary>
public sealed class SecretBox
{
    /// <summary>Length of the key, bytes.</summary>
    public const int KeyBytes = 32;

    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private byte[] _key;

    private SecretBox(byte[] key, bool isNew)
    {
        _key = key;
        IsNew = isNew;
    }

    /// <summary>True where there was no key file: the key is not written yet.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Where the key lies without a word of the operator: beside the data folder, with ".key" added.</summary>
    public static string DefaultFile(string dataDir) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDir)) + ".key";

    /// <summary>Reads the key file, or takes a new key where there is none.</summary>
    /// <exception cref="StartException">The file cannot be used, or lies in the data folder.</exception>
    public static SecretBox Open(string keyFile, string dataDir)
    {
        string path = Path.GetFullPath(keyFile);
        if (path.StartsWith(
            Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDir)) + Path.DirectorySeparatorChar,
            StringComparison.Ordinal))
        {
            throw new StartException(
                $"The key file '{keyFile}' lies in the data folder, and a copy of the folder would tell the secrets. "
                    + "Name another place with --key-file.");
        }
        try
        {
            if (!File.Exists(path))
            {
                return new SecretBox(RandomNumberGenerator.GetBytes(KeyBytes), isNew: true);
            }
            return new SecretBox(Read(path), isNew: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The key file '{keyFile}' cannot be read ({e.Message}).", e);
        }
    }

    /// <summary>
    /// Writes a new key. Where another process has made the file meanwhile, its key is used: nothing is sealed yet.
    /// </summary>
    /// <exception cref="StartException">The file cannot be written.</exception>
    public void Write(string keyFile)
    {
        try
        {
            if (!OwnerOnly.TryWriteNew(keyFile, _key))
            {
                _key = Read(keyFile);
            }
            IsNew = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The key file '{keyFile}' cannot be written ({e.Message}). Name another place with --key-file.", e);
        }
    }

    private static byte[] Read(string keyFile)
    {
        byte[] key = File.ReadAllBytes(keyFile);
        return key.Length == KeyBytes
            ? key
            : throw new StartException(
                $"The key file '{keyFile}' has {key.Length} bytes and must have {KeyBytes}. Put the right one back.");
    }

    /// <summary>A secret as it is stored: nonce, tag, content.</summary>
    public byte[] Seal(byte[] secret, long address)
    {
        byte[] stored = new byte[NonceBytes + TagBytes + secret.Length];
        Span<byte> nonce = stored.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(
            nonce, secret, stored.AsSpan(NonceBytes + TagBytes), stored.AsSpan(NonceBytes, TagBytes), Bound(address));
        return stored;
    }

    /// <summary>The secret again.</summary>
    /// <exception cref="CryptographicException">Another key, another band, or changed bytes.</exception>
    public byte[] Unseal(byte[] stored, long address)
    {
        if (stored.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException("too short for a sealed secret");
        }
        byte[] secret = new byte[stored.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(_key, TagBytes);
        aes.Decrypt(
            stored.AsSpan(0, NonceBytes), stored.AsSpan(NonceBytes + TagBytes),
            stored.AsSpan(NonceBytes, TagBytes), secret, Bound(address));
        return secret;
    }

    /// <summary>The secret again, null where it cannot be read.</summary>
    public byte[]? TryUnseal(byte[] stored, long address)
    {
        try
        {
            return Unseal(stored, address);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static byte[] Bound(long address)
    {
        byte[] bound = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bound, address);
        return bound;
    }
}

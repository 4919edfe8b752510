using System.Security.Cryptography;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Passwords of staff: PBKDF2-HMAC-SHA256, 600,000 rounds (OWASP's figure), stored as "rounds$salt$hash".
/// </summary>
public static class Passwords
{
    private const int Rounds = 600_000;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>Hashes with a new salt.</summary>
    public static string Hash(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, Rounds, HashAlgorithmName.SHA256, HashBytes);
        return $"{Rounds}${Convert.ToHexString(salt)}${Convert.ToHexString(hash)}";
    }

    /// <summary>True where the password is right; takes the same time either way.</summary>
    public static bool Verify(string password, string stored)
    {
        string[] parts = stored.Split('$');
        if (parts.Length != 3 || !int.TryParse(parts[0], out int rounds))
        {
            return false;
        }
        byte[] expected = Convert.FromHexString(parts[2]);
        byte[] actual = Rfc2898DeriveBytes.Pbkdf2(
            password, Convert.FromHexString(parts[1]), rounds, HashAlgorithmName.SHA256, expected.Length);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }
}

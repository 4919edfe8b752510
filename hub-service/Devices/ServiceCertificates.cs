using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Devices;

/// <summary>
/// The service's own CA and server certificate, made at the first start in the data folder: <c>ca.pem</c> is what hubs
/// pin, <c>ca-key.pem</c> and <c>server.pem</c> are secret (mode 600). ECDSA P-256 with SHA-256, which the device's
/// TLS knows.
/// </summary>
public sealed class ServiceCertificates : IDisposable
{
    private const int ServerDays = 397;
    private const int RenewBeforeDays = 30;

    // A hub without a clock starts at its firmware's build date and checks the dates of certificates (house.md), so
    // they begin before any firmware was built.
    private static readonly DateTimeOffset NotBefore = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset CaNotAfter = new(2060, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _serverFile;
    private readonly X509Certificate2 _ca;
    private readonly Lock _gate = new();
    private X509Certificate2 _server;

    private ServiceCertificates(string caFile, string serverFile, X509Certificate2 ca)
    {
        CaFile = caFile;
        _serverFile = serverFile;
        _ca = ca;
        _server = LoadServer(serverFile) is { } stored && IsGood(stored) ? stored : Issue();
    }

    /// <summary>Path of the CA's certificate.</summary>
    public string CaFile { get; }

    /// <summary>The authority's key pair; the caller disposes it.</summary>
    public ECDsa Key() => _ca.GetECDsaPrivateKey()!;

    /// <summary>Loads what is there, makes what is missing.</summary>
    /// <exception cref="StartException">A file is damaged or cannot be read; says what to do.</exception>
    public static ServiceCertificates Open(string dataDir)
    {
        string caFile = Path.Combine(dataDir, "ca.pem");
        string keyFile = Path.Combine(dataDir, "ca-key.pem");
        try
        {
            if (!File.Exists(caFile) && !File.Exists(keyFile))
            {
                using X509Certificate2 made = MakeCa();
                WriteSecret(keyFile, made.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
                WriteSecret(caFile, made.ExportCertificatePem());
            }
            return new ServiceCertificates(
                caFile, Path.Combine(dataDir, "server.pem"), X509Certificate2.CreateFromPemFile(caFile, keyFile));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The certificate files in '{dataDir}' cannot be used ({e.Message}). Put ca.pem and ca-key.pem back "
                    + "from the backup: every hub pins this CA.", e);
        }
    }

    /// <summary>The present server certificate; a new one where it is near its end.</summary>
    public X509Certificate2 Server()
    {
        lock (_gate)
        {
            if (!IsGood(_server))
            {
                _server = Issue(); // the old one may still be in use by handshakes: left to the collector
            }
            return _server;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ca.Dispose();
        _server.Dispose();
    }

    private static X509Certificate2 MakeCa()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            $"CN=ElderBand CA {Environment.MachineName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(NotBefore, CaNotAfter);
    }

    private X509Certificate2 Issue()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Environment.MachineName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                _ca, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName(Environment.MachineName);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(
            _ca, NotBefore, DateTimeOffset.UtcNow.AddDays(ServerDays), RandomNumberGenerator.GetBytes(16));
        using X509Certificate2 certificate = bare.CopyWithPrivateKey(key);
        WriteSecret(_serverFile, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return LoadServer(_serverFile) ?? throw new CryptographicException($"{_serverFile} cannot be read back");
    }

    private bool IsGood(X509Certificate2 certificate) =>
        certificate.NotAfter.ToUniversalTime() > DateTime.UtcNow.AddDays(RenewBeforeDays)
        && certificate.IssuerName.RawData.AsSpan().SequenceEqual(_ca.SubjectName.RawData)
        && certificate.MatchesHostname(Environment.MachineName);

    private static X509Certificate2? LoadServer(string file)
    {
        try
        {
            return File.Exists(file) ? X509Certificate2.CreateFromPemFile(file) : null;
        }
        catch (CryptographicException)
        {
            return null; // damaged: it is made anew, hubs pin the CA only
        }
    }

    private static void WriteSecret(string file, string text) =>
        OwnerOnly.Write(file, System.Text.Encoding.ASCII.GetBytes(text));
}

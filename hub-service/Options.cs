using System.Net;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService;

/// <summary>How the service is started. Ports: 0 = any free one.</summary>
public sealed record ServiceOptions
{
    /// <summary>Folder of the database and the certificates.</summary>
    public string DataDir { get; init; } = "data";

    /// <summary>File of the key that seals the bands' secrets, outside the data folder; null = beside it.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Plain HTTP of the console, on loopback only, as all doors.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>Of the family's pages; null = at the console's.</summary>
    public int? FamilyPort { get; init; }

    /// <summary>Of health and metrics; null = at the console's.</summary>
    public int? OperationsPort { get; init; }

    /// <summary>Of enrolment and traces; null = at the console's.</summary>
    public int? ManagementPort { get; init; }

    /// <summary>Addresses of the proxies whose forwarded headers count.</summary>
    public IReadOnlyList<IPNetwork> Proxies { get; init; } = [];

    /// <summary>The port of a door; null = at the console's.</summary>
    public int? Port(Door door) => door switch
    {
        Door.Family => FamilyPort,
        Door.Operations => OperationsPort,
        Door.Management => ManagementPort,
        _ => HttpPort,
    };

    /// <summary>MQTT over TLS.</summary>
    public int MqttPort { get; init; } = 8883;

    /// <summary>Where MQTT listens: this machine only, until the operator lets the homes' hubs in.</summary>
    public IPAddress MqttAddress { get; init; } = IPAddress.Loopback;

    /// <summary>Where messages to the family are posted; null = nowhere.</summary>
    public Uri? Webhook { get; init; }

    /// <summary>The webhook's template (<see cref="Family.WebhookRequest"/>); null = JSON.</summary>
    public string? WebhookTemplate { get; init; }

    /// <summary>Bearer token that goes with each text; null = none.</summary>
    public string? WebhookToken { get; init; }

    /// <summary>Key that signs each text; null = none.</summary>
    public string? WebhookKey { get; init; }

    /// <summary>Bearer token with which the message gateway reports back; null = it cannot.</summary>
    public string? HookSecret { get; init; }

    /// <summary>
    /// What the family's links begin with, as their phones reach it; null = this machine, for trying out.
    /// </summary>
    public Uri? PublicUrl { get; init; }
}

/// <summary>The words after a command: <c>--name value</c> pairs and flags.</summary>
public sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads the words; only the names given are understood.</summary>
    /// <exception cref="StartException">An unknown name, or a value is missing.</exception>
    public Arguments(IReadOnlyList<string> words, string[] names, string[] flags)
    {
        names = [.. names, "data", "key-file"]; // every command opens the database
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            string name = word.StartsWith("--", StringComparison.Ordinal) ? word[2..] : "";
            if (flags.Contains(name, StringComparer.Ordinal))
            {
                _values[name] = "";
            }
            else if (name is "hook-secret" or "webhook-token" or "webhook-key" or "password")
            {
                throw new StartException(
                    $"--{name} is not taken from the command line, where every user of the machine can read it. "
                        + (name == "password" ? "It is asked." : $"Use --{name}-file FILE or {Variable(name)}."));
            }
            else if (!names.Contains(name, StringComparer.Ordinal))
            {
                string known = string.Join(", ", names.Concat(flags).Select(static n => "--" + n));
                throw new StartException($"'{word}' is not understood here. This command knows: {known}.");
            }
            else if (i + 1 >= words.Count)
            {
                throw new StartException($"--{name} needs a value.");
            }
            else
            {
                _values[name] = words[++i];
            }
        }
    }

    /// <summary>A value or null.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>True where the name was given.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>
    /// A secret from the file that <c>--name-file</c> names, or else from the environment; null where there is none.
    /// </summary>
    /// <exception cref="StartException">The file cannot be read or is empty.</exception>
    public string? Secret(string name) => this[$"{name}-file"] is not null
        ? Text($"{name}-file")!.Trim() is { Length: > 0 } secret
            ? secret : throw new StartException($"The file of --{name}-file is empty.")
        : Environment.GetEnvironmentVariable(Variable(name)) is { Length: > 0 } given ? given.Trim() : null;

    /// <summary>The text of the file that is named; null where none is.</summary>
    /// <exception cref="StartException">The file cannot be read.</exception>
    public string? Text(string name)
    {
        try
        {
            return this[name] is { } file ? File.ReadAllText(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The file of --{name} cannot be read: {e.Message}", e);
        }
    }

    private static string Variable(string name) => $"ELDERBAND_{name.Replace('-', '_').ToUpperInvariant()}";

    /// <summary>A value that must be there.</summary>
    public string Required(string name) =>
        this[name] is { Length: > 0 } value ? value : throw new StartException($"--{name} is missing.");

    /// <summary>An http or https address, or null.</summary>
    public Uri? Address(string name) => this[name] is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address
        : throw new StartException($"--{name} must be an http or https address, not '{text}'.");

    /// <summary>An IP address of this machine.</summary>
    public IPAddress Ip(string name, IPAddress otherwise) => this[name] is not { } text ? otherwise
        : IPAddress.TryParse(text, out IPAddress? address) ? address
        : throw new StartException(
            $"--{name} must be an IP address of this machine, or 0.0.0.0 for all of them, not '{text}'.");

    /// <summary>
    /// Addresses or networks ("10.0.0.0/8") with commas between them; none where the name is not given.
    /// </summary>
    public IReadOnlyList<IPNetwork> Networks(string name) => this[name] is not { } text ? []
        : [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one =>
            IPAddress.TryParse(one, out IPAddress? address)
                ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : IPNetwork.TryParse(one, out IPNetwork network) ? network
            : throw new StartException(
                $"--{name} takes addresses or networks such as 10.0.0.0/8 with commas between them, not '{one}'."))];

    /// <summary>A port, 0 to 65535; null where it is not given.</summary>
    public int? PortOrNull(string name) => this[name] is null ? null : Port(name, 0);

    /// <summary>A port, 0 to 65535.</summary>
    public int Port(string name, int otherwise) => this[name] is not { } text ? otherwise
        : int.TryParse(text, out int port) && port is >= 0 and <= 65535 ? port
        : throw new StartException($"--{name} must be a port from 0 to 65535, not '{text}'.");
}

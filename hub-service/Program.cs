using ElderBand.HubService;
using ElderBand.HubService.Storage;

// Nothing that goes wrong at the start ends in a stack trace: one line that says what to do, and a code other than 0.
try
{
    string command = args.Length == 0 || args[0].StartsWith("--", StringComparison.Ordinal) && args[0] != "--help"
        ? "run" : args[0];
    string[] words = args.Length > 0 && args[0] == command ? args[1..] : args;
    if (command != "run")
    {
        return await Commands.RunAsync(command, words, Console.Out);
    }

    var given = new Arguments(
        words,
        [
            "http-port", "family-port", "operations-port", "management-port", "proxy", "mqtt-port", "mqtt-address",
            "webhook", "webhook-template", "webhook-token-file", "webhook-key-file", "hook-secret-file", "public-url",
        ],
        []);
    var defaults = new ServiceOptions();
    var options = defaults with
    {
        DataDir = given["data"] ?? defaults.DataDir,
        KeyFile = given["key-file"],
        HttpPort = given.Port("http-port", defaults.HttpPort),
        FamilyPort = given.PortOrNull("family-port"),
        OperationsPort = given.PortOrNull("operations-port"),
        ManagementPort = given.PortOrNull("management-port"),
        Proxies = given.Networks("proxy"),
        MqttPort = given.Port("mqtt-port", defaults.MqttPort),
        MqttAddress = given.Ip("mqtt-address", defaults.MqttAddress),
        HookSecret = given.Secret("hook-secret"),
        WebhookTemplate = given.Text("webhook-template"),
        WebhookToken = given.Secret("webhook-token"),
        WebhookKey = given.Secret("webhook-key"),
        Webhook = given.Address("webhook"),
        PublicUrl = given.Address("public-url"),
    };
    await using WebApplication app = Service.Build(options);
    await Service.StartAsync(app);
    (int http, int mqtt) = Service.Ports(app);
    Console.WriteLine(
        $"The centre runs: http://localhost:{http} (this machine only), MQTT over TLS on {options.MqttAddress}:{mqtt}, "
            + $"data in {Path.GetFullPath(options.DataDir)}.");
    await app.WaitForShutdownAsync();
    return 0;
}
catch (StartException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

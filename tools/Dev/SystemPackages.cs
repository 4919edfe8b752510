namespace ElderBand.Dev;

/// <summary>
/// Programs that .NET does not bring: some tests start one, and a bench compares two. A test whose program is missing
/// is skipped and says so.
/// </summary>
internal static class SystemPackages
{
    /// <summary>What the tests need.</summary>
    public static readonly (string Package, string[] Programs)[] OfTests =
    [
        ("chromium",
        [
            "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable",
            "/snap/bin/chromium",
        ]),
        ("mosquitto-clients", ["/usr/bin/mosquitto_pub"]),
        ("spin", ["/usr/bin/spin"]),
        ("gcc", ["/usr/bin/cc"]),
        ("libc6-dev", ["/usr/include/stdio.h"]),
    ];

    /// <summary>The servers that <c>./dev bench ingest</c> compares with the service.</summary>
    public static readonly (string Package, string[] Programs)[] OfIngestBench =
    [
        ("mosquitto", ["/usr/sbin/mosquitto"]),
        ("mosquitto-clients", ["/usr/bin/mosquitto_sub"]),
        ("rabbitmq-server", ["/usr/lib/rabbitmq/bin/rabbitmq-server"]),
        ("util-linux", ["/usr/bin/taskset"]),
    ];

    /// <summary>
    /// Installs what is missing, where this is Debian or Ubuntu and the user is root; else says what to do.
    /// </summary>
    public static void Install(string root, (string Package, string[] Programs)[] needed)
    {
        var missing = needed.Where(static need => !need.Programs.Any(File.Exists)).Select(static need => need.Package)
            .ToArray();
        if (missing.Length == 0)
        {
            return;
        }

        var names = string.Join(" and ", missing);
        if (!File.Exists("/usr/bin/apt-get"))
        {
            Console.WriteLine(
                $"{names} cannot be installed here (no apt-get); what needs them is skipped or fails");
            return;
        }

        if (Environment.UserName != "root")
        {
            Console.WriteLine($"What needs {names} is skipped or fails. To have it:");
            Console.WriteLine(
                "    sudo apt-get update && sudo apt-get install -y --no-install-recommends "
                    + $"{string.Join(' ', missing)}");
            return;
        }

        Console.Write($"installing {names} ... ");
        var said = new List<string>();

        // A fresh machine has no package lists. A failed update is no reason to stop: the lists may be there already.
        AptGet(root, said, "update");
        var code = AptGet(root, said, ["install", "-y", "--no-install-recommends", .. missing]);
        Console.WriteLine(
            code == 0 ? "done" : $"failed ({said.LastOrDefault()}); what needs them is skipped or fails");
    }

    private static int AptGet(string root, List<string> said, params string[] arguments) =>
        Processes.Run(
            "apt-get", arguments, root, said.Add,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["DEBIAN_FRONTEND"] = "noninteractive" });
}

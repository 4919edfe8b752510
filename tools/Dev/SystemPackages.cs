namespace ElderBand.Dev;

/// <summary>
/// Programs that some tests start and that .NET does not bring. A test whose program is missing is skipped and says so.
/// </summary>
internal static class SystemPackages
{
    private static readonly (string Package, string[] Programs)[] Needed =
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

    /// <summary>
    /// Installs what is missing, where this is Debian or Ubuntu and the user is root; else says what to do.
    /// </summary>
    public static void Install(string root)
    {
        var missing = Needed.Where(static need => !need.Programs.Any(File.Exists)).Select(static need => need.Package)
            .ToArray();
        if (missing.Length == 0)
        {
            return;
        }

        var names = string.Join(" and ", missing);
        if (!File.Exists("/usr/bin/apt-get"))
        {
            Console.WriteLine(
                $"{names} cannot be installed here (no apt-get); the tests that need them will be skipped");
            return;
        }

        if (Environment.UserName != "root")
        {
            Console.WriteLine($"The tests that need {names} will be skipped. To run them too:");
            Console.WriteLine(
                "    sudo apt-get update && sudo apt-get install -y --no-install-recommends "
                    + $"{string.Join(' ', missing)}");
            return;
        }

        Console.Write($"installing {names} for the tests ... ");
        var said = new List<string>();

        // A fresh machine has no package lists. A failed update is no reason to stop: the lists may be there already.
        AptGet(root, said, "update");
        var code = AptGet(root, said, ["install", "-y", "--no-install-recommends", .. missing]);
        Console.WriteLine(
            code == 0 ? "done" : $"failed ({said.LastOrDefault()}); the tests that need them will be skipped");
    }

    private static int AptGet(string root, List<string> said, params string[] arguments) =>
        Processes.Run(
            "apt-get", arguments, root, said.Add,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["DEBIAN_FRONTEND"] = "noninteractive" });
}

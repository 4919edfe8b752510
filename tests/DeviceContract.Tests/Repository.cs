namespace ElderBand.Tests.DeviceContract;

internal static class Repository
{
    /// <summary>The folder of ElderBand.sln above the test binaries.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "ElderBand.sln")))
                return folder;
        throw new DirectoryNotFoundException("ElderBand.sln is not above the test binaries.");
    }
}

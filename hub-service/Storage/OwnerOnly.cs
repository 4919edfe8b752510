namespace ElderBand.HubService.Storage;

/// <summary>
/// Files and folders that only the user of the service may read: mode 0600 and 0700. Windows has no modes; there a
/// file inherits the rights of its folder.
/// </summary>
public static class OwnerOnly
{
    private const UnixFileMode Mode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Mode700 = Mode600 | UnixFileMode.UserExecute;

    private static readonly string[] Own = ["*.db*", "*.pem", "*.key", "incarnation*"];

    /// <summary>Makes the folder, or closes one that exists, with the service's files in it.</summary>
    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }
        Directory.CreateDirectory(path, Mode700);
        File.SetUnixFileMode(path, Mode700);
        foreach (string file in Own.SelectMany(pattern => Directory.GetFiles(path, pattern)))
        {
            File.SetUnixFileMode(file, Mode600);
        }
    }

    /// <summary>Writes a file, over one that exists.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content, bool flush = true)
    {
        using FileStream file = Open(path, FileMode.Create);
        file.Write(content);
        if (flush)
        {
            file.Flush(flushToDisk: true);
        }
    }

    /// <summary>
    /// Writes a file that is whole or absent, also after a power cut. False where there is one by then: it is left as
    /// it is.
    /// </summary>
    public static bool TryWriteNew(string path, ReadOnlySpan<byte> content)
    {
        // A name of its own: another process may be making the same file.
        string part = $"{path}.{Environment.ProcessId}-{Guid.NewGuid():n}.new";
        try
        {
            Write(part, content);
            File.Move(part, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>
    /// Makes an empty file where there is none. SQLite gives the log and the index of a database the database's mode.
    /// </summary>
    public static void Make(string path)
    {
        using FileStream file = Open(path, FileMode.OpenOrCreate);
    }

    private static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Mode600;
        }
        return new FileStream(path, options);
    }
}

using System.Collections.Concurrent;

namespace ElderBand.HubService.Storage;

/// <summary>Connections that read one database file, each used by one thread at a time and then kept.</summary>
internal sealed class ReaderPool(Func<Db> open) : IDisposable
{
    private readonly ConcurrentBag<(Db Db, int File)> _free = [];
    private int _file;
    private volatile bool _isOver;

    /// <summary>Runs a query on the caller's thread. A connection whose query fails is closed.</summary>
    public T Read<T>(Func<Db, T> query)
    {
        int file = Volatile.Read(ref _file);
        Db reader = Take(file) ?? open();
        bool good = false;
        try
        {
            T result = query(reader);
            good = true;
            return result;
        }
        finally
        {
            if (good && file == Volatile.Read(ref _file) && !_isOver)
            {
                _free.Add((reader, file));
            }
            else
            {
                reader.Dispose();
            }
        }
    }

    /// <summary>Another file has taken the place of the one that the connections read.</summary>
    public void Renew()
    {
        Interlocked.Increment(ref _file);
        Close();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isOver = true;
        Close();
    }

    private Db? Take(int file)
    {
        while (_free.TryTake(out (Db Db, int File) free))
        {
            if (free.File == file)
            {
                return free.Db;
            }
            free.Db.Dispose();
        }
        return null;
    }

    private void Close()
    {
        while (_free.TryTake(out (Db Db, int File) free))
        {
            free.Db.Dispose();
        }
    }
}

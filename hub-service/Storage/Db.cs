using Microsoft.Data.Sqlite;

namespace ElderBand.HubService.Storage;

/// <summary>
/// One connection with its prepared statements; used by one thread at a time. Parameters are written $1, $2 ... in the
/// SQL and given in that order; null, long, int, bool, string, byte[] and double are understood.
/// </summary>
public sealed class Db : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Statement> _prepared = new(StringComparer.Ordinal);

    /// <summary>
    /// Opens the file; WAL, synchronous=FULL (a commit is on the disk when it returns), foreign keys on.
    /// </summary>
    /// <param name="path">Database file.</param>
    /// <param name="readOnly">A reader: every write on it fails.</param>
    /// <param name="busyTimeoutMs">How long a statement waits for another process's lock.</param>
    /// <param name="create">Makes the file where there is none; without it a file that is gone is an error.</param>
    /// <param name="secrets">Seals secrets; null where the database has none, or lives in memory only.</param>
    public Db(
        string path, bool readOnly = false, int busyTimeoutMs = 1000, bool create = false, SecretBox? secrets = null)
    {
        if (create && path != ":memory:")
        {
            OwnerOnly.Make(path);
        }
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            // The provider's own retry loop counts in seconds and ignores busy_timeout; 1 s is its smallest wait.
            DefaultTimeout = Math.Max(1, busyTimeoutMs / 1000),
        }.ToString());
        try
        {
            _connection.Open();
            _connection.CreateFunction("seal", (byte[]? value, long address) =>
                value is null ? null : secrets?.Seal(value, address) ?? value);
            _connection.CreateFunction("unseal", (byte[]? value, long address) =>
                value is null || secrets is null ? value : secrets.TryUnseal(value, address));
            Run($"PRAGMA busy_timeout={busyTimeoutMs}");
            Run("PRAGMA foreign_keys=ON");
            Run(readOnly ? "PRAGMA query_only=ON" : "PRAGMA journal_mode=WAL");
            Run("PRAGMA synchronous=FULL");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs a statement; returns the number of rows it changed.</summary>
    public int Run(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteNonQuery();

    /// <summary>
    /// A statement for many rows, bound by position. It belongs to this connection and ends with it.
    /// </summary>
    public Statement Prepared(string sql)
    {
        if (!_prepared.TryGetValue(sql, out Statement? statement))
        {
            _prepared[sql] = statement = new Statement(_connection.Handle!, sql);
        }
        return statement;
    }

    /// <summary>
    /// Copies the whole database over another one, with SQLite's own backup: a whole state also while others write.
    /// </summary>
    public void CopyTo(Db other) => _connection.BackupDatabase(other._connection);

    /// <summary>Runs several statements without parameters, not kept prepared.</summary>
    public void Script(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Runs an INSERT; returns the new row's id.</summary>
    public long Insert(string sql, params ReadOnlySpan<object?> values)
    {
        Prepare(sql, values).ExecuteNonQuery();
        return Number("SELECT last_insert_rowid()");
    }

    /// <summary>The first column of the first row as a number; 0 where there is no row or it is null.</summary>
    public long Number(string sql, params ReadOnlySpan<object?> values) =>
        Prepare(sql, values).ExecuteScalar() is long number ? number : 0;

    /// <summary>The first column of the first row, null where there is none.</summary>
    public object? Value(string sql, params ReadOnlySpan<object?> values) =>
        Prepare(sql, values).ExecuteScalar() is { } value and not DBNull ? value : null;

    /// <summary>The first row, or default.</summary>
    public T? One<T>(string sql, Func<Row, T> map, params ReadOnlySpan<object?> values)
    {
        using SqliteDataReader reader = Prepare(sql, values).ExecuteReader();
        return reader.Read() ? map(new Row(reader)) : default;
    }

    /// <summary>All rows.</summary>
    public List<T> All<T>(string sql, Func<Row, T> map, params ReadOnlySpan<object?> values)
    {
        var rows = new List<T>();
        using SqliteDataReader reader = Prepare(sql, values).ExecuteReader();
        while (reader.Read())
        {
            rows.Add(map(new Row(reader)));
        }
        return rows;
    }

    /// <summary>Gives each row as its values, one after the other; a row lives only until the next.</summary>
    public void Each(string sql, int columns, Action<object?[]> take)
    {
        using SqliteDataReader reader = Prepare(sql, []).ExecuteReader();
        object?[] row = new object?[columns];
        while (reader.Read())
        {
            for (int i = 0; i < columns; i++)
            {
                row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            }
            take(row);
        }
    }

    /// <summary>
    /// The first fault that SQLite finds in the pages, null for none or where the time was too short to find one.
    /// </summary>
    public string? Fault(int limitMs)
    {
        var limit = new Timer(
            _ => SQLitePCL.raw.sqlite3_interrupt(_connection.Handle), null, limitMs, Timeout.Infinite);
        try
        {
            return Value("PRAGMA quick_check(1)") is string found and not "ok" ? found.TrimEnd('.') : null;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            return null;
        }
        catch (SqliteException e) when (StoreFile.IsDamage(e))
        {
            return e.Message;
        }
        finally
        {
            // A late interrupt would end the next statement.
            using var ended = new ManualResetEvent(false);
            if (limit.Dispose(ended))
            {
                ended.WaitOne();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SqliteCommand command in _commands.Values)
        {
            command.Dispose();
        }
        foreach (Statement statement in _prepared.Values)
        {
            statement.Dispose();
        }
        _commands.Clear();
        _prepared.Clear();
        _connection.Dispose();
    }

    /// <summary>
    /// True where the disk, the memory or another process kept SQLite from working, so that the same statement may work
    /// later. False for any other error: a constraint, a wrong statement.
    /// </summary>
    public static bool IsTrouble(Exception e) => e is SqliteException
    {
        SqliteErrorCode:
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED or SQLitePCL.raw.SQLITE_NOMEM
        or SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_INTERRUPT or SQLitePCL.raw.SQLITE_IOERR
        or SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_CANTOPEN
        or SQLitePCL.raw.SQLITE_PROTOCOL or SQLitePCL.raw.SQLITE_NOTADB
    };

    private SqliteCommand Prepare(string sql, ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out SqliteCommand? command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (int i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter($"${i + 1}", DBNull.Value));
            }
            _commands.Add(sql, command);
        }
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
        return command;
    }
}

/// <summary>The current row of a query; columns by position.</summary>
public readonly struct Row(SqliteDataReader reader)
{
    /// <summary>A number that is not null.</summary>
    public long Long(int i) => reader.GetInt64(i);

    /// <summary>A number that is not null.</summary>
    public int Int(int i) => reader.GetInt32(i);

    /// <summary>0 or 1.</summary>
    public bool Bool(int i) => reader.GetInt64(i) != 0;

    /// <summary>A number or null.</summary>
    public long? LongOrNull(int i) => reader.IsDBNull(i) ? null : reader.GetInt64(i);

    /// <summary>A number or null.</summary>
    public int? IntOrNull(int i) => reader.IsDBNull(i) ? null : reader.GetInt32(i);

    /// <summary>Text that is not null.</summary>
    public string Text(int i) => reader.GetString(i);

    /// <summary>Text or null.</summary>
    public string? TextOrNull(int i) => reader.IsDBNull(i) ? null : reader.GetString(i);

    /// <summary>
    /// Bytes that are not null. Reading such a column as text first would turn it into text for good.
    /// </summary>
    public byte[] Blob(int i) => (byte[])reader.GetValue(i);

    /// <summary>Bytes, or null.</summary>
    public byte[]? BlobOrNull(int i) => reader.IsDBNull(i) ? null : Blob(i);
}

using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ElderBand.HubService.Storage;

/// <summary>
/// A prepared statement that changes one row at a time, bound by position. The provider's command looks every parameter
/// up by its name, which takes longer than the insert of a measurement.
/// </summary>
public sealed class Statement : IDisposable
{
    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;

    /// <summary>Prepares the SQL.</summary>
    /// <exception cref="SqliteException">The SQL is wrong, or the database refuses.</exception>
    internal Statement(sqlite3 connection, string sql)
    {
        _connection = connection;
        Check(raw.sqlite3_prepare_v2(connection, sql, out _statement));
    }

    /// <summary>Binds a number, null for none, to the parameter with this position, 1 or more.</summary>
    public void Bind(int position, long? value) =>
        Check(value is { } number
            ? raw.sqlite3_bind_int64(_statement, position, number) : raw.sqlite3_bind_null(_statement, position));

    /// <summary>Binds text to the parameter with this position, 1 or more.</summary>
    public void Bind(int position, string value) => Check(raw.sqlite3_bind_text(_statement, position, value));

    /// <summary>Runs the statement; returns the number of rows it changed.</summary>
    /// <exception cref="SqliteException">The database refuses.</exception>
    public int Run()
    {
        int code = raw.sqlite3_step(_statement);
        int changed = raw.sqlite3_changes(_connection);
        raw.sqlite3_reset(_statement); // returns the error of the step again
        Check(code == raw.SQLITE_DONE ? raw.SQLITE_OK : code);
        return changed;
    }

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _connection);
}

namespace ElderBand.HubService.Storage;

/// <summary>
/// Copies all tables of a database to an empty one. Reads each table row by row in its own order and builds the indexes
/// anew, so damage to an index does not reach the copy. VACUUM cannot do this, because it copies the pages of indexes.
/// </summary>
internal static class TableCopy
{
    /// <summary>Copies all tables and builds all indexes.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">A table cannot be read.</exception>
    public static void Run(Db from, Db to)
    {
        List<(string Type, string Name, string Sql)> made = from.All(
            """
            SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'
            ORDER BY rowid
            """,
            static r => (r.Text(0), r.Text(1), r.Text(2)));
        to.Run("PRAGMA foreign_keys=OFF");
        to.Run("BEGIN IMMEDIATE");
        foreach ((string type, string name, string sql) in made)
        {
            if (type == "table")
            {
                to.Script(sql);
                CopyRows(from, to, name);
            }
        }
        foreach ((string type, _, string sql) in made)
        {
            if (type != "table")
            {
                to.Script(sql);
            }
        }
        to.Script($"PRAGMA user_version={from.Number("PRAGMA user_version")}");
        to.Run("COMMIT");
    }

    private static void CopyRows(Db from, Db to, string table)
    {
        int columns = (int)from.Number("SELECT count(*) FROM pragma_table_info($1)", table);
        string values = string.Join(',', Enumerable.Range(1, columns).Select(static i => $"${i}"));
        from.Each(
            $"SELECT * FROM \"{table}\" NOT INDEXED", columns,
            row => to.Run($"INSERT INTO \"{table}\" VALUES ({values})", row));
    }
}

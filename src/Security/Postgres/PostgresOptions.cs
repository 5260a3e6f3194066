using Npgsql;

namespace Avocet.Security.Postgres;

/// <summary>A PostgreSQL database with users.</summary>
public sealed record PostgresOptions
{
    /// <summary>A connection string of Npgsql; empty for no database. It may hold a password: never to be shown.</summary>
    public string Connection { get; init; } = "";

    /// <summary>A file whose first line is the password of the connection; empty for none. It is read for each connection.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>The query for a user's row.</summary>
    public string Query { get; init; } = "";

    /// <summary>The query for a user's access rules; empty for none.</summary>
    public string AclQuery { get; init; } = "";

    /// <summary>Milliseconds that an answer may take.</summary>
    public int TimeoutMilliseconds { get; init; } = 2000;

    /// <summary>Connections to the database at a time.</summary>
    public int ConnectionsMax { get; init; } = 8;

    /// <summary>How long a user's row is remembered after a log-in; 0 for not at all.</summary>
    public int CacheSeconds { get; init; } = 30;

    /// <summary>Whether the database is asked.</summary>
    public bool IsOn => Connection.Length > 0;

    /// <summary>The key that is wrong, and what is wrong with it; null when they are good.</summary>
    public (string Key, string Problem)? FindProblem()
    {
        if (!IsOn) return Query.Length > 0 || AclQuery.Length > 0 || PasswordFile.Length > 0 ? ("connection", "connection is missing") : null;

        // Neither the string nor what Npgsql says of it is shown: there may be a password in it.
        if (FindHost() is null) return ("connection", "connection is no connection string of Npgsql with a Host, such as \"Host=db.example;Database=mqtt;Username=avocet\"");
        if (Query.Length == 0) return ("query", "query is missing");
        if (!Uses(Query, "username")) return ("query", "query has no @username");

        return AclQuery.Length > 0 && !Uses(AclQuery, "username") && !Uses(AclQuery, "clientid") ? ("acl_query", "acl_query has neither @username nor @clientid") : null;
    }

    /// <summary>Whether a query has this parameter.</summary>
    internal static bool Uses(string query, string parameter) => query.Contains($"@{parameter}", StringComparison.OrdinalIgnoreCase);

    /// <summary>Host and port, for the log; null where the connection string is none.</summary>
    internal string? FindHost()
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(Connection);
            return string.IsNullOrEmpty(parts.Host) ? null : $"{parts.Host}:{parts.Port}";
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            return null;
        }
    }
}

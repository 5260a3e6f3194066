using System.Data;
using System.Globalization;
using System.Net;
using Avocet.Broker.Security;
using Avocet.Security.Access;
using Avocet.Security.Passwords;
using Npgsql;
using NpgsqlTypes;

namespace Avocet.Security.Postgres;

/// <summary>Asks the database for users, over a bounded pool of connections that are made anew when the database was gone.</summary>
internal sealed class PostgresUsers : IDisposable
{
    private const int RulesMax = 1000;

    /// <summary>How long a query that took too long may take to end before its connection is closed.</summary>
    private const int CancellationMilliseconds = 500;

    private readonly PostgresOptions _options;
    private readonly NpgsqlDataSource _source;

    public PostgresUsers(PostgresOptions options)
    {
        _options = options;
        var builder = new NpgsqlSlimDataSourceBuilder(options.Connection);
        builder.EnableTransportSecurity();
        var parts = builder.ConnectionStringBuilder;
        // Hashes travel, so beyond this machine not in the clear, unless somebody wants it so.
        if (!parts.ContainsKey("SSL Mode") && !IsLocal(parts.Host!)) parts.SslMode = SslMode.Require;

        parts.MaxPoolSize = options.ConnectionsMax;
        parts.CancellationTimeout = CancellationMilliseconds;
        parts.ApplicationName ??= "avocet";
        if (options.PasswordFile.Length > 0) builder.UsePasswordProvider(_ => ReadPassword(), (_, _) => ValueTask.FromResult(ReadPassword()));

        _source = builder.Build();
    }

    /// <summary>Looks for the user of a CONNECT.</summary>
    /// <exception cref="Exception">The database does not answer, or not so that it is understood: see <see cref="IsFailure"/>.</exception>
    public async Task<PostgresAnswer> FindAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken);
            try
            {
                return await FindOnceAsync(connection, request, cancellationToken);
            }
            catch (NpgsqlException) when (isFirst && connection.State != ConnectionState.Open)
            {
                // The connections of the pool are from before a restart of the database.
                _source.Clear();
            }
        }
    }

    public void Dispose() => _source.Dispose();

    /// <summary>Whether this is what databases do, rather than a mistake of ours.</summary>
    public static bool IsFailure(Exception exception) =>
        exception is NpgsqlException or TimeoutException or IOException or InvalidCastException or InvalidOperationException or NotSupportedException or SecurityFileException;

    /// <summary>A failure in one line.</summary>
    public static string Describe(Exception exception)
    {
        var text = exception is PostgresException error ? $"{error.MessageText} ({error.SqlState})" : exception.Message;
        if (exception.InnerException is { } inner) text = $"{text}: {inner.Message}";
        return text.ReplaceLineEndings(" ").TrimEnd('.');
    }

    private async Task<PostgresAnswer> FindOnceAsync(NpgsqlConnection connection, AuthenticationRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(connection, request, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState.StartsWith("22", StringComparison.Ordinal))
        {
            // Data that does not fit, such as a text that is no number: it is about this user.
            return new PostgresAnswer(null, exception.MessageText);
        }
    }

    private async Task<PostgresAnswer> FindAsync(NpgsqlConnection connection, AuthenticationRequest request, CancellationToken cancellationToken)
    {
        PasswordHash? hash;
        bool mayLogIn, isSuperuser;
        await using (var command = Command(connection, _options.Query, request))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken)) return default;
            if (reader.GetValue(0) is not string text) return new PostgresAnswer(null, "the first column, the hashed password, is no text");
            if (!PasswordHash.TryParse(text, out hash, out var problem)) return new PostgresAnswer(null, problem);

            mayLogIn = ReadFlag(reader, "allowed", true);
            isSuperuser = ReadFlag(reader, "is_superuser", false);
            if (await reader.ReadAsync(cancellationToken)) return new PostgresAnswer(null, "the query gives several rows for this user");
        }

        if (isSuperuser || _options.AclQuery.Length == 0) return new PostgresAnswer(new PostgresUser(hash, mayLogIn, isSuperuser, null));

        var rules = new List<AccessRuleOptions>();
        return await ReadRulesAsync(connection, request, rules, cancellationToken) is { } wrong
            ? new PostgresAnswer(null, wrong)
            : new PostgresAnswer(new PostgresUser(hash, mayLogIn, isSuperuser, ToAuthorizer(rules)));
    }

    /// <summary>Reads the rules in the order of the query. What is wrong; null for nothing, for a rule that is not understood must not become a permission.</summary>
    private async Task<string?> ReadRulesAsync(NpgsqlConnection connection, AuthenticationRequest request, List<AccessRuleOptions> rules, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, _options.AclQuery, request);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (reader.FieldCount < 3) return "acl_query gives fewer than the three columns action, topic and allow";

        while (await reader.ReadAsync(cancellationToken))
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"row {rules.Count + 1} of acl_query");
            if (rules.Count == RulesMax) return $"acl_query gives more than {RulesMax} rows";
            if (reader.GetValue(0) is not string action || reader.GetValue(1) is not string topic) return $"{place}: action and topic are text";

            var rule = new AccessRuleOptions { Origin = place, Action = action, Topic = topic, IsAllow = ToFlag(reader.GetValue(2)) };
            if (rule.Action is not ("publish" or "subscribe" or "all")) return $"{place}: the action is publish, subscribe or all";
            if (rule.FindProblem() is { } problem) return $"{place}: {problem}";

            rules.Add(rule);
        }

        return null;
    }

    /// <summary>The first rule that fits counts, and what none allows is denied, also where there is none at all.</summary>
    private static RulesAuthorizer ToAuthorizer(List<AccessRuleOptions> rules)
    {
        if (rules.Count == 0) rules.Add(new AccessRuleOptions { Origin = "acl_query", Topic = "#", IsAllow = false });

        return new RulesAuthorizer(new AccessRules(new SecurityOptions { Rules = rules }, null, new Dictionary<string, AclFile>(), hasAuthentication: false));
    }

    /// <summary>What clients chose is given as parameters, never as a part of the query.</summary>
    private static NpgsqlCommand Command(NpgsqlConnection connection, string query, AuthenticationRequest request)
    {
        var command = new NpgsqlCommand(query, connection) { CommandTimeout = 0 };
        Add("username", request.UserName);
        Add("clientid", request.ClientId);
        Add("address", AddressOf(request));
        return command;

        void Add(string name, string? value)
        {
            if (PostgresOptions.Uses(query, name)) command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Text) { Value = (object?)value ?? DBNull.Value });
        }
    }

    /// <summary>Null for a Unix socket.</summary>
    internal static string? AddressOf(AuthenticationRequest request) => request.Origin.RemoteEndPoint is IPEndPoint { Address: var address } ? AddressRange.Plain(address).ToString() : null;

    private static bool ReadFlag(NpgsqlDataReader reader, string column, bool otherwise)
    {
        for (var i = 1; i < reader.FieldCount; i++)
        {
            if (reader.GetName(i).Equals(column, StringComparison.OrdinalIgnoreCase)) return ToFlag(reader.GetValue(i));
        }

        return otherwise;
    }

    /// <summary>NULL is no.</summary>
    private static bool ToFlag(object value) => value switch
    {
        bool flag => flag,
        short number => number != 0,
        int number => number != 0,
        DBNull => false,
        _ => throw new InvalidCastException("is_superuser, allowed and the third column of acl_query are boolean or integer"),
    };

    private string ReadPassword() => SecurityFile.ReadText(_options.PasswordFile).Split('\n')[0].TrimEnd('\r');

    private static bool IsLocal(string host) => host.StartsWith('/') || host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}

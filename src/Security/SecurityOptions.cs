using Avocet.Security.Access;
using Avocet.Security.Http;
using Avocet.Security.Login;
using Avocet.Security.Postgres;
using Avocet.Security.Tokens;

namespace Avocet.Security;

/// <summary>Who may connect, and what clients may do.</summary>
public sealed record SecurityOptions
{
    /// <summary>A Mosquitto password file of the listeners that have none of their own; empty for none.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Whether users, groups and roles are kept in the broker's store and managed at run time.</summary>
    public bool HasUserDatabase { get; init; }

    /// <summary>Mosquitto's <c>dynamic-security.json</c>, with which the database begins; empty for none. It turns the database on.</summary>
    public string UsersFile { get; init; } = "";

    /// <summary>A file of users for SCRAM, at all listeners; empty for none.</summary>
    public string ScramFile { get; init; } = "";

    /// <summary>Threads that check passwords; 0 for half the processors.</summary>
    public int PasswordThreads { get; init; }

    /// <summary>How often one may try to log in, and from where.</summary>
    public LoginOptions Login { get; init; } = new();

    /// <summary>Which tokens let clients in.</summary>
    public TokenOptions Token { get; init; } = new();

    /// <summary>A web service that says who may connect.</summary>
    public HttpLoginOptions Http { get; init; } = new();

    /// <summary>A web service that says what connected clients may do.</summary>
    public HttpAccessOptions HttpAccess { get; init; } = new();

    /// <summary>A database with users.</summary>
    public PostgresOptions Postgres { get; init; } = new();

    /// <summary>A Mosquitto access file of the listeners that have none of their own; empty for none.</summary>
    public string AclFile { get; init; } = "";

    /// <summary>Rules that come before those of the access file; the first that fits counts.</summary>
    public IReadOnlyList<AccessRuleOptions> Rules { get; init; } = [];

    /// <summary>User names of administrators, with commas or blanks between them.</summary>
    public string Admins { get; init; } = "";

    /// <summary>Who may read <c>$SYS</c> where no rules say so.</summary>
    public SysAccess Sys { get; init; }

    /// <summary>What is different at single listeners.</summary>
    public IReadOnlyList<ListenerSecurity> Listeners { get; init; } = [];

    /// <summary>Whether there is a database of users.</summary>
    public bool UsesUserDatabase => HasUserDatabase || UsersFile.Length > 0;

    /// <summary>Whether clients of some listener can log in.</summary>
    public bool HasAuthentication => PasswordFile.Length > 0 || ScramFile.Length > 0 || UsesUserDatabase || Token.IsOn || Http.Url.Length > 0 || Postgres.IsOn || Listeners.Any(listener => listener.PasswordFile.Length > 0 || listener.CertificateUser != CertificateName.None);
}

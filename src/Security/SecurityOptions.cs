using Avocet.Security.Access;

namespace Avocet.Security;

/// <summary>Who may connect, and what clients may do.</summary>
public sealed record SecurityOptions
{
    /// <summary>A Mosquitto password file of the listeners that have none of their own; empty for none.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Threads that check passwords; 0 for half the processors.</summary>
    public int PasswordThreads { get; init; }

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

    /// <summary>Whether clients of some listener can log in.</summary>
    public bool HasAuthentication => PasswordFile.Length > 0 || Listeners.Any(listener => listener.PasswordFile.Length > 0);
}

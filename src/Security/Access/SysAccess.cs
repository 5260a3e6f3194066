namespace Avocet.Security.Access;

/// <summary>Who may read <c>$SYS</c> where no rules say so.</summary>
public enum SysAccess
{
    /// <summary>Administrators where clients log in; everybody where nobody does.</summary>
    Auto,

    /// <summary>Administrators.</summary>
    Admins,

    /// <summary>Everybody, as with Mosquitto.</summary>
    All,
}

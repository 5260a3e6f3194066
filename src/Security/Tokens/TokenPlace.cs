namespace Avocet.Security.Tokens;

/// <summary>Where a client puts its token.</summary>
public enum TokenPlace
{
    /// <summary>In the password.</summary>
    Password,

    /// <summary>In the user name.</summary>
    UserName,
}

namespace Avocet.Security.Login;

/// <summary>Which client identifiers a user may have.</summary>
public enum ClientIdBinding
{
    /// <summary>Any.</summary>
    Any,

    /// <summary>The user name.</summary>
    Equal,

    /// <summary>The user name, or one that begins with the user name and <c>-</c>, <c>_</c>, <c>.</c>, <c>:</c> or <c>/</c>.</summary>
    Prefix,
}

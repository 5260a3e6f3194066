namespace Avocet.Security.Access;

/// <summary>What a rule is about.</summary>
[Flags]
internal enum AclAccess
{
    None = 0,

    /// <summary>To receive messages, and to subscribe to what may match some.</summary>
    Read = 1,

    /// <summary>To publish.</summary>
    Write = 2,

    /// <summary>To subscribe to filters within the rule's, and to receive what comes of it.</summary>
    Subscribe = 4,
}

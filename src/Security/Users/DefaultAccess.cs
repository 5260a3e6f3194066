namespace Avocet.Security.Users;

/// <summary>What holds where no entry of a role fits. <c>$CONTROL</c> is never meant by it.</summary>
internal sealed record DefaultAccess(bool Send, bool Receive, bool Subscribe, bool Unsubscribe)
{
    /// <summary>As with Mosquitto, before anybody changes it.</summary>
    public static DefaultAccess Initial { get; } = new(false, true, false, true);
}

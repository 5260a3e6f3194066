using Avocet.Broker.Security;

namespace Avocet.Broker;

/// <summary>What the broker core has to know of the listener a connection came through.</summary>
public sealed record ListenerPolicy
{
    /// <summary>The name in logs, unique among the listeners.</summary>
    public required string Name { get; init; }

    /// <summary>Whether clients that no authenticator knows are let in. When false and there is no authenticator, nobody is.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>
    /// For clients that the program itself brings, and that nobody else can be: who they are is not asked, and these rules hold for them in place of those of the
    /// broker. Null for a listener of others.
    /// </summary>
    public IAuthorizer? OwnRules { get; init; }

    /// <summary>A prefix of all topics of this listener's clients, such as <c>site1/</c>; they do not see it. Empty for none.</summary>
    public string MountPoint { get; init; } = "";

    /// <summary>Connections at a time through this listener; 0 means no limit.</summary>
    public int ConnectionsMax { get; init; }

    /// <summary>New connections a second in the long run, ten seconds' worth at once; 0 means no limit.</summary>
    public int ConnectRateMax { get; init; }

    /// <summary>PUBLISHes a second of all its clients together; 0 means no limit.</summary>
    public int PublishRateMax { get; init; }

    /// <summary>Bytes a second from all its clients together; 0 means no limit.</summary>
    public int ReceiveBytesRateMax { get; init; }
}

using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>What the broker said in its CONNACK.</summary>
public sealed record ServerCapabilities
{
    /// <summary>The version agreed upon.</summary>
    public ProtocolVersion ProtocolVersion { get; init; }

    /// <summary>Whether the broker still had the session.</summary>
    public bool SessionPresent { get; init; }

    /// <summary>The client identifier in use.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>The keep alive in use; zero when it is off.</summary>
    public TimeSpan KeepAlive { get; init; }

    /// <summary>How long the broker keeps the session; null before 5.0.</summary>
    public TimeSpan? SessionExpiry { get; init; }

    /// <summary>QoS 1 and 2 messages that the broker takes at a time without having acknowledged them.</summary>
    public int ReceiveMaximum { get; init; } = Limits.ReceiveMaximumDefault;

    /// <summary>The highest QoS that the broker takes.</summary>
    public Qos MaximumQos { get; init; } = Qos.ExactlyOnce;

    /// <summary>Whether the broker takes retained messages.</summary>
    public bool RetainAvailable { get; init; } = true;

    /// <summary>The largest packet that the broker takes, in bytes.</summary>
    public uint MaximumPacketSize { get; init; } = Limits.PacketSizeMax;

    /// <summary>The Topic Aliases that the broker takes.</summary>
    public int TopicAliasMaximum { get; init; }

    /// <summary>Whether filters may have wildcards.</summary>
    public bool WildcardSubscriptionAvailable { get; init; } = true;

    /// <summary>Whether subscriptions may have identifiers.</summary>
    public bool SubscriptionIdentifiersAvailable { get; init; } = true;

    /// <summary>Whether there are shared subscriptions.</summary>
    public bool SharedSubscriptionAvailable { get; init; } = true;

    /// <summary>What response topics may begin with; null where the broker does not tell.</summary>
    public string? ResponseInformation { get; init; }

    /// <summary>Another server to use; null for none.</summary>
    public string? ServerReference { get; init; }

    /// <summary>The broker's words; null for none.</summary>
    public string? ReasonString { get; init; }

    /// <summary>The User Properties of CONNACK.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}

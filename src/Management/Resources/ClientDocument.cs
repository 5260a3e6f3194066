using Avocet.Broker.Inspection;
using Avocet.Protocol;

namespace Avocet.Management.Resources;

/// <summary>A client that is connected, or whose session waits for it.</summary>
public sealed record ClientDocument
{
    public required string ClientId { get; init; }

    public required bool IsConnected { get; init; }

    public string? UserName { get; init; }

    public string? Address { get; init; }

    public string? Listener { get; init; }

    public string? Transport { get; init; }

    /// <summary>Such as <c>5.0</c>.</summary>
    public string? MqttVersion { get; init; }

    public DateTimeOffset? ConnectedAt { get; init; }

    public DateTimeOffset? LastReceivedAt { get; init; }

    public required int KeepAliveSeconds { get; init; }

    /// <summary>Seconds that the session outlives its connection; 4294967295 for ever.</summary>
    public required uint SessionExpirySeconds { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public required bool IsDurable { get; init; }

    public required int Subscriptions { get; init; }

    public required int Inflight { get; init; }

    public required int InflightMax { get; init; }

    public required long QueuedMessages { get; init; }

    public required long QueuedBytes { get; init; }

    public required long DroppedMessages { get; init; }

    public long? BytesReceived { get; init; }

    public long? BytesSent { get; init; }

    public long? MessagesReceived { get; init; }

    public long? MessagesSent { get; init; }

    public string? WillTopic { get; init; }

    internal static ClientDocument Of(ClientInfo client) => new()
    {
        ClientId = client.ClientId,
        IsConnected = client.IsConnected,
        UserName = client.UserName,
        Address = client.Address,
        Listener = client.Listener,
        Transport = client.Transport,
        MqttVersion = client.Version switch
        {
            ProtocolVersion.V50 => "5.0",
            ProtocolVersion.V311 => "3.1.1",
            ProtocolVersion.V31 => "3.1",
            _ => null,
        },
        ConnectedAt = client.ConnectedAt,
        LastReceivedAt = client.LastReceivedAt,
        KeepAliveSeconds = client.KeepAliveSeconds,
        SessionExpirySeconds = client.SessionExpirySeconds,
        ExpiresAt = client.ExpiresAt,
        IsDurable = client.IsDurable,
        Subscriptions = client.Subscriptions,
        Inflight = client.Inflight,
        InflightMax = client.InflightMax,
        QueuedMessages = client.QueuedMessages,
        QueuedBytes = client.QueuedBytes,
        DroppedMessages = client.Drops.Total,
        BytesReceived = client.Traffic?.BytesReceived,
        BytesSent = client.Traffic?.BytesSent,
        MessagesReceived = client.Traffic?.MessagesReceived,
        MessagesSent = client.Traffic?.MessagesSent,
        WillTopic = client.WillTopic,
    };
}

/// <param name="Items">The clients.</param>
/// <param name="Next">What to give as <c>cursor</c> for those behind; null at the end.</param>
/// <param name="Total">Clients in all.</param>
public sealed record ClientsDocument(IReadOnlyList<ClientDocument> Items, string? Next, int Total);

/// <param name="Inflight">Sent and not acknowledged, the oldest first.</param>
/// <param name="Queued">Waiting, as far as they are in memory.</param>
/// <param name="QueuedTotal">Waiting in all.</param>
public sealed record QueueDocument(IReadOnlyList<MessageDocument> Inflight, IReadOnlyList<MessageDocument> Queued, long QueuedTotal);

/// <summary>A subscription of a client.</summary>
public sealed record SubscriptionDocument(string ClientId, string Filter, int Qos, bool NoLocal, bool RetainAsPublished, uint? SubscriptionId);

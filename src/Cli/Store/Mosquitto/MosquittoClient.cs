using Avocet.Broker.Storage.Records;

namespace Avocet.Cli.Store.Mosquitto;

/// <summary>A client with all that the file says of it.</summary>
internal sealed class MosquittoClient(string clientId, uint expirySeconds, long? expiresAt, ushort lastPacketId)
{
    public string ClientId { get; } = clientId;

    public uint ExpirySeconds { get; } = expirySeconds;

    public long? ExpiresAt { get; } = expiresAt;

    public ushort LastPacketId { get; } = lastPacketId;

    /// <summary>Messages to the client, the oldest first: those in flight, then those that wait.</summary>
    public List<MosquittoDelivery> Outgoing { get; } = [];

    /// <summary>Messages from the client at QoS 2 whose PUBREC was sent, and whose PUBREL has not come.</summary>
    public List<MosquittoDelivery> Incoming { get; } = [];

    public List<(byte[] Filter, SubscriptionRecord Subscription)> Subscriptions { get; } = [];
}

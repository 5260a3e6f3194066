using Avocet.Broker.Routing;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Time;
using Avocet.Protocol;

namespace Avocet.Broker.Wills;

/// <summary>The Will Message of a connection.</summary>
internal sealed record Will
{
    /// <summary>The Will Topic, mount point included.</summary>
    public required byte[] TopicName { get; init; }

    /// <summary>The will properties that are sent: all but Will Delay Interval and Message Expiry Interval, in order. [MQTT-3.1.3-10]</summary>
    public required byte[] Properties { get; init; }

    public required byte[] Payload { get; init; }

    public Qos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Will Delay Interval.</summary>
    public uint DelaySeconds { get; init; }

    /// <summary>Message Expiry Interval, counted from publication; null for never.</summary>
    public uint? ExpirySeconds { get; init; }

    /// <summary>The will that a record holds.</summary>
    public static Will FromRecord(WillRecord record) => new()
    {
        TopicName = record.Message.TopicName,
        Properties = record.Message.Properties,
        Payload = record.Message.Payload,
        Qos = record.Message.Qos,
        Retain = record.Message.Retain,
        DelaySeconds = record.DelaySeconds,
        ExpirySeconds = record.ExpirySeconds,
    };

    public WillRecord ToRecord() => new()
    {
        DelaySeconds = DelaySeconds,
        ExpirySeconds = ExpirySeconds,
        Message = new MessageRecord { TopicName = TopicName, Properties = Properties, Payload = Payload, Qos = Qos, Retain = Retain },
    };

    /// <summary>The message, as published now.</summary>
    public Publication ToPublication(string clientId, long now) => new(TopicName, Properties, Payload)
    {
        Qos = Qos,
        Retain = Retain,
        ExpiresAt = ExpirySeconds is { } seconds ? now + (seconds * 1000L) : Clock.Never,
        PublisherId = clientId,
    };
}

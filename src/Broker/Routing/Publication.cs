using Avocet.Protocol;

namespace Avocet.Broker.Routing;

/// <summary>
/// A message on its way through the broker, still lying in the receive buffer or in a <see cref="Routing.Message"/>. Only a session that has to
/// keep it makes it into a Message, and all of them share that one.
/// </summary>
internal ref struct Publication
{
    private Message? _message;

    public Publication(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload)
    {
        TopicName = topicName;
        Properties = properties;
        Payload = payload;
    }

    public Publication(Message message)
    {
        _message = message;
        TopicName = message.TopicName;
        Properties = message.Properties;
        Payload = message.Payload;
        Qos = message.Qos;
        Retain = message.Retain;
        ExpiresAt = message.ExpiresAt;
        PublisherId = message.PublisherId;
    }

    /// <summary>The Topic Name, mount point included.</summary>
    public ReadOnlySpan<byte> TopicName { get; }

    /// <summary>The properties that are passed on unchanged: all but Topic Alias and Message Expiry Interval.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    public ReadOnlySpan<byte> Payload { get; }

    public Qos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>When it expires, in milliseconds of the clock.</summary>
    public long ExpiresAt { get; init; } = Time.Clock.Never;

    /// <summary>The client identifier of the publisher, or null: what No Local compares.</summary>
    public string? PublisherId { get; init; }

    public readonly int Size => TopicName.Length + Properties.Length + Payload.Length;

    /// <summary>The message to keep.</summary>
    public Message ToMessage() => _message ??= new Message(this);
}

using Avocet.Protocol;

namespace Avocet.Broker.Routing;

/// <summary>
/// A message that outlives the receive buffer: queued, in flight, or retained. Immutable and shared by all sessions that hold it, so that a
/// message to many sessions is stored once; the garbage collector frees it.
/// </summary>
internal sealed class Message
{
    private readonly byte[] _bytes;
    private readonly int _topicLength;
    private readonly int _propertiesLength;

    public Message(in Publication publication)
    {
        _topicLength = publication.TopicName.Length;
        _propertiesLength = publication.Properties.Length;
        _bytes = GC.AllocateUninitializedArray<byte>(_topicLength + _propertiesLength + publication.Payload.Length);
        publication.TopicName.CopyTo(_bytes);
        publication.Properties.CopyTo(_bytes.AsSpan(_topicLength));
        publication.Payload.CopyTo(_bytes.AsSpan(_topicLength + _propertiesLength));
        Qos = publication.Qos;
        Retain = publication.Retain;
        ExpiresAt = publication.ExpiresAt;
        PublisherId = publication.PublisherId;
    }

    /// <summary>The Topic Name, mount point included.</summary>
    public ReadOnlySpan<byte> TopicName => _bytes.AsSpan(0, _topicLength);

    /// <summary>The properties that are passed on unchanged, as they are on the wire.</summary>
    public ReadOnlySpan<byte> Properties => _bytes.AsSpan(_topicLength, _propertiesLength);

    public ReadOnlySpan<byte> Payload => _bytes.AsSpan(_topicLength + _propertiesLength);

    /// <summary>The QoS it was published with.</summary>
    public Qos Qos { get; }

    /// <summary>RETAIN as it was published.</summary>
    public bool Retain { get; }

    /// <summary>When it expires, in milliseconds of the clock; <see cref="Time.Clock.Never"/> for never.</summary>
    public long ExpiresAt { get; }

    /// <summary>The client identifier of the publisher, or null.</summary>
    public string? PublisherId { get; }

    /// <summary>Bytes that count against a queue's limit.</summary>
    public int Size => _bytes.Length;

    /// <summary>The message as something to route or send.</summary>
    public Publication AsPublication() => new(this);
}

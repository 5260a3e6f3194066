using Avocet.Broker.Storage.Records;
using Avocet.Broker.Time;
using Avocet.Protocol;

namespace Avocet.Broker.Routing;

/// <summary>
/// A message that outlives the receive buffer: queued, in flight, or retained. Immutable and shared by all sessions that hold it, so that a
/// message to many sessions is stored once; the garbage collector frees it.
/// </summary>
internal sealed class Message
{
    /// <summary>The <see cref="StoreNumber"/> of a message of which each session has its own copy in the store.</summary>
    public const long NotCounted = -1;

    private readonly byte[] _bytes;
    private readonly int _topicLength;
    private readonly int _propertiesLength;
    private long _batch = long.MaxValue;
    private volatile bool _isFailed;

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

    /// <summary>A message that was stored.</summary>
    /// <param name="record">The message.</param>
    /// <param name="storeNumber">Its <see cref="StoreNumber"/>.</param>
    /// <param name="clock">The clock of its expiry.</param>
    public Message(MessageRecord record, long storeNumber, Clock clock)
        : this(new Publication(record.TopicName, record.Properties, record.Payload)
        {
            Qos = record.Qos,
            Retain = record.Retain,
            ExpiresAt = clock.FromUnix(record.ExpiresAt),
            PublisherId = record.PublisherId,
        })
    {
        StoreNumber = storeNumber;
        Batch = 0;
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

    /// <summary>The batch that stores it for durable sessions; beyond all batches until it is known.</summary>
    public long Batch
    {
        get => Volatile.Read(ref _batch);
        set => Volatile.Write(ref _batch, value);
    }

    /// <summary>Whether it could not be stored and its publisher was told so: no durable session may deliver it from its queue.</summary>
    public bool IsFailed
    {
        get => _isFailed;
        set => _isFailed = value;
    }

    /// <summary>
    /// Its number among the messages that several sessions share in the store; <see cref="NotCounted"/> once it lies in a session's queue; 0 while it was not
    /// written. Belongs to the commits.
    /// </summary>
    public long StoreNumber { get; set; }

    public void Write(RecordWriter writer, Clock clock) =>
        MessageRecord.Write(writer, TopicName, Properties, Payload, Qos, Retain, clock.ToUnix(ExpiresAt), PublisherId);

    /// <summary>The message as something to route or send.</summary>
    public Publication AsPublication() => new(this);
}

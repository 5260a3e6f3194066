using Avocet.Protocol;

namespace Avocet.Broker.Storage.Records;

/// <summary>A message as the store keeps it: the value of <see cref="StoreTable.Messages"/> and <see cref="StoreTable.Retained"/>.</summary>
public sealed record MessageRecord
{
    private const int RetainFlag = 0x04;
    private const int PublisherFlag = 0x08;

    /// <summary>The Topic Name, mount point included.</summary>
    public required byte[] TopicName { get; init; }

    /// <summary>The properties that are passed on, as they are on the wire of 5.0.</summary>
    public required byte[] Properties { get; init; }

    public required byte[] Payload { get; init; }

    /// <summary>The QoS it was published with.</summary>
    public Qos Qos { get; init; }

    /// <summary>RETAIN as it was published.</summary>
    public bool Retain { get; init; }

    /// <summary>When it expires, in milliseconds since 1970 UTC; null for never.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>The client identifier of the publisher, which No Local compares; null when it is not known.</summary>
    public string? PublisherId { get; init; }

    /// <summary>Bytes that count against a queue's limit.</summary>
    public int Size => TopicName.Length + Properties.Length + Payload.Length;

    public void Write(RecordWriter writer) => Write(writer, TopicName, Properties, Payload, Qos, Retain, ExpiresAt, PublisherId);

    /// <summary>Writes the record of a message which is not in this form.</summary>
    public static void Write(
        RecordWriter writer, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload, Qos qos, bool retain, long? expiresAt, string? publisherId)
    {
        writer.WriteByte((byte)((int)qos | (retain ? RetainFlag : 0) | (publisherId is null ? 0 : PublisherFlag)));
        writer.WriteOptional(expiresAt);
        if (publisherId is not null) writer.WriteText(publisherId);

        writer.WriteBytes(topicName);
        writer.WriteBytes(properties);
        writer.WriteRest(payload);
    }

    /// <summary>Reads a record to its end.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static MessageRecord Read(ref RecordReader reader)
    {
        var flags = reader.ReadByte();
        if ((flags & 0x03) == 0x03 || flags > 0x0F) throw reader.Damaged("its flags are impossible");

        var expiresAt = reader.ReadOptional();
        var publisherId = (flags & PublisherFlag) == 0 ? null : reader.ReadText();
        return new MessageRecord
        {
            Qos = (Qos)(flags & 0x03),
            Retain = (flags & RetainFlag) != 0,
            ExpiresAt = expiresAt,
            PublisherId = publisherId,
            TopicName = reader.ReadBytes().ToArray(),
            Properties = reader.ReadBytes().ToArray(),
            Payload = reader.ReadRest().ToArray(),
        };
    }
}

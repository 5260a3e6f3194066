using System.Text;
using System.Text.Unicode;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;

namespace Avocet.Cli.Store;

/// <summary>A message in a line: text where it is text, and every byte of the payload as it was.</summary>
internal sealed record MessageContent
{
    public required string Topic { get; init; }

    public int Qos { get; init; }

    public bool Retain { get; init; }

    public DateTime? ExpiresAt { get; init; }

    /// <summary>The client identifier of the publisher.</summary>
    public string? Publisher { get; init; }

    /// <summary>The payload when it is well-formed UTF-8.</summary>
    public string? Payload { get; init; }

    /// <summary>The payload when it is not; in JSON as base64.</summary>
    public byte[]? PayloadBase64 { get; init; }

    public uint? PayloadFormatIndicator { get; init; }

    public string? ContentType { get; init; }

    public string? ResponseTopic { get; init; }

    public byte[]? CorrelationDataBase64 { get; init; }

    /// <summary>Name and value of each User Property, in their order.</summary>
    public IReadOnlyList<string[]>? UserProperties { get; init; }

    /// <exception cref="StoreException">Topic, properties or time cannot be those of a message.</exception>
    public static MessageContent From(MessageRecord record)
    {
        if (!Utf8.IsValid(record.TopicName) || !StoredProperties.AreValid(record.Properties))
        {
            throw new StoreException(StoreFault.Corrupt, "Topic or properties of the message are not well-formed.");
        }

        var isText = Utf8.IsValid(record.Payload);
        PropertyBlock properties = record.Properties;
        return new MessageContent
        {
            Topic = Encoding.UTF8.GetString(record.TopicName),
            Qos = (int)record.Qos,
            Retain = record.Retain,
            ExpiresAt = StoreTime.ToUtc(record.ExpiresAt),
            Publisher = record.PublisherId,
            Payload = isText ? Encoding.UTF8.GetString(record.Payload) : null,
            PayloadBase64 = isText ? null : record.Payload,
            PayloadFormatIndicator = properties.TryGetInteger(PropertyId.PayloadFormatIndicator, out var indicator) ? indicator : null,
            ContentType = TextOf(properties, PropertyId.ContentType),
            ResponseTopic = TextOf(properties, PropertyId.ResponseTopic),
            CorrelationDataBase64 = properties.TryGetBytes(PropertyId.CorrelationData, out var correlation) ? correlation.ToArray() : null,
            UserProperties = UserPropertiesOf(properties),
        };
    }

    /// <exception cref="ImportException">A field is not what it must be.</exception>
    public MessageRecord ToRecord()
    {
        var topicName = Encoding.UTF8.GetBytes(Topic);
        if (!TopicName.IsValid(topicName)) throw new ImportException("message.topic", $"'{Topic}' is no topic name");
        if (Payload is not null == PayloadBase64 is not null) throw new ImportException("message", "has to have one of payload and payloadBase64");

        var record = new MessageRecord
        {
            TopicName = topicName,
            Properties = EncodeProperties(),
            Payload = PayloadBase64 ?? Encoding.UTF8.GetBytes(Payload!),
            Qos = ImportException.CheckQos("message.qos", Qos),
            Retain = Retain,
            ExpiresAt = StoreTime.FromUtc("message.expiresAt", ExpiresAt),
            PublisherId = Publisher,
        };
        if (!StoredProperties.AreValid(record.Properties)) throw new ImportException("message", "has properties that MQTT does not allow");

        return record;
    }

    private byte[] EncodeProperties()
    {
        try
        {
            var properties = new PropertyBuilder();
            if (PayloadFormatIndicator is { } indicator) properties.Add(PropertyId.PayloadFormatIndicator, indicator);
            if (ContentType is not null) properties.Add(PropertyId.ContentType, ContentType);
            if (ResponseTopic is not null) properties.Add(PropertyId.ResponseTopic, ResponseTopic);
            if (CorrelationDataBase64 is not null) properties.Add(PropertyId.CorrelationData, CorrelationDataBase64);
            foreach (var pair in UserProperties ?? [])
            {
                if (pair is not [{ } name, { } value]) throw new ImportException("message.userProperties", "has an entry that is not a name and a value");

                properties.AddUserProperty(name, value);
            }

            return properties.ToArray();
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException)
        {
            throw new ImportException("message", exception.Message);
        }
    }

    private static string? TextOf(PropertyBlock properties, PropertyId id) =>
        properties.TryGetBytes(id, out var text) ? Encoding.UTF8.GetString(text) : null;

    private static List<string[]>? UserPropertiesOf(PropertyBlock properties)
    {
        List<string[]>? pairs = null;
        foreach (var property in properties)
        {
            if (property.Id != PropertyId.UserProperty) continue;

            (pairs ??= []).Add([Encoding.UTF8.GetString(property.Bytes), Encoding.UTF8.GetString(property.PairValue)]);
        }

        return pairs;
    }
}

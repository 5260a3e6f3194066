using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Avocet.Client.Receiving;
using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>A message to publish, or one that was received. Immutable.</summary>
public sealed class MqttMessage
{
    private MessageProperties? _properties;

    /// <summary>A message whose parts are set one by one.</summary>
    public MqttMessage()
    {
    }

    /// <summary>A message with a text as payload.</summary>
    /// <param name="topic">The Topic Name.</param>
    /// <param name="text">The payload, sent as UTF-8.</param>
    [SetsRequiredMembers]
    public MqttMessage(string topic, string text)
        : this(topic, Encoding.UTF8.GetBytes(text))
    {
    }

    /// <summary>A message.</summary>
    /// <param name="topic">The Topic Name.</param>
    /// <param name="payload">The payload; it must not change until it is acknowledged.</param>
    [SetsRequiredMembers]
    public MqttMessage(string topic, ReadOnlyMemory<byte> payload)
    {
        Topic = topic;
        Payload = payload;
    }

    /// <summary>The Topic Name.</summary>
    public required string Topic { get; init; }

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The payload read as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Payload.Span);

    /// <summary>The Quality of Service: of a received message, that with which the broker sent it.</summary>
    public Qos Qos { get; init; }

    /// <summary>To publish: the broker keeps it for later subscribers. Received: it was kept.</summary>
    public bool Retain { get; init; }

    /// <summary>Received: the broker may have sent it before.</summary>
    public bool Dup { get; internal init; }

    /// <summary>What kind of payload it is, such as <c>application/json</c>. 5.0 only.</summary>
    public string? ContentType
    {
        get => _properties?.ContentType;
        init => Properties.ContentType = value;
    }

    /// <summary>Whether the payload is said to be UTF-8 text. 5.0 only.</summary>
    public bool IsUtf8
    {
        get => _properties?.IsUtf8 ?? false;
        init => Properties.IsUtf8 = value;
    }

    /// <summary>Where the answer is to go. 5.0 only.</summary>
    public string? ResponseTopic
    {
        get => _properties?.ResponseTopic;
        init => Properties.ResponseTopic = value;
    }

    /// <summary>What tells the asker which question an answer belongs to; null for none. 5.0 only.</summary>
    public ReadOnlyMemory<byte>? CorrelationData
    {
        get => _properties?.CorrelationData;
        init => Properties.CorrelationData = value;
    }

    /// <summary>After this time it is of no use any more; null for never. Counted in whole seconds. 5.0 only.</summary>
    public TimeSpan? MessageExpiry
    {
        get => _properties?.MessageExpiry;
        init => Properties.MessageExpiry = value;
    }

    /// <summary>User Properties in their order. 5.0 only.</summary>
    public IReadOnlyList<UserProperty> UserProperties
    {
        get => _properties?.UserProperties ?? [];
        init => Properties.UserProperties = value;
    }

    /// <summary>Received: the Subscription Identifiers, which this client chooses itself. 5.0 only.</summary>
    public IReadOnlyList<int> SubscriptionIds => _properties?.SubscriptionIds ?? [];

    internal MessageProperties? PropertiesOrNull
    {
        get => _properties;
        init => _properties = value;
    }

    /// <summary>Whom to tell that the message is handled; null where nothing is to be acknowledged.</summary>
    internal Delivery? Delivery { get; init; }

    private MessageProperties Properties => _properties ??= new MessageProperties();

    /// <summary>Reads the payload as JSON.</summary>
    /// <typeparam name="T">The type, known to a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</typeparam>
    /// <param name="type">Its description, such as <c>MyContext.Default.Reading</c>.</param>
    /// <exception cref="JsonException">The payload is not such JSON.</exception>
    public T? Read<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Payload.Span, type);

    /// <summary>
    /// Acknowledges the message, for subscriptions with <see cref="AcknowledgeMode.Manual"/>; elsewhere, and at QoS 0, it does nothing.
    /// PUBACKs go in the order of the messages, so one that is not acknowledged holds back those behind it.
    /// </summary>
    public void Acknowledge() => Delivery?.Complete(ReasonCode.Success);

    internal MqttMessage WithResponse(string responseTopic, ReadOnlyMemory<byte> correlationData)
    {
        var properties = (_properties ?? new MessageProperties()).With(UserProperties);
        properties.ResponseTopic = responseTopic;
        properties.CorrelationData = correlationData;
        return new MqttMessage(Topic, Payload) { Qos = Qos, Retain = Retain, PropertiesOrNull = properties };
    }

    internal MqttMessage WithUserProperties(IReadOnlyList<UserProperty> properties) => new(Topic, Payload)
    {
        Qos = Qos,
        Retain = Retain,
        PropertiesOrNull = (_properties ?? new MessageProperties()).With(properties),
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Topic} ({Payload.Length} bytes, QoS {(int)Qos}{(Retain ? ", retained" : "")})";
}

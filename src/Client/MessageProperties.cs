using System.Text;
using Avocet.Protocol.Properties;

namespace Avocet.Client;

/// <summary>The properties of a message, apart from it because most messages have none.</summary>
internal sealed class MessageProperties
{
    public string? ContentType { get; set; }

    public bool IsUtf8 { get; set; }

    public string? ResponseTopic { get; set; }

    public ReadOnlyMemory<byte>? CorrelationData { get; set; }

    public TimeSpan? MessageExpiry { get; set; }

    public IReadOnlyList<UserProperty> UserProperties { get; set; } = [];

    public IReadOnlyList<int> SubscriptionIds { get; set; } = [];

    /// <summary>Reads what a received PUBLISH has; null when that is nothing.</summary>
    public static MessageProperties? Read(PropertyBlock block)
    {
        if (block.IsEmpty) return null;

        MessageProperties? result = null;
        List<UserProperty>? userProperties = null;
        List<int>? subscriptionIds = null;
        foreach (var property in block)
        {
            // It is used up by then, and most messages from brokers with aliases have nothing else.
            if (property.Id == PropertyId.TopicAlias) continue;

            result ??= new MessageProperties();
            switch (property.Id)
            {
                case PropertyId.ContentType: result.ContentType = Encoding.UTF8.GetString(property.Bytes); break;
                case PropertyId.PayloadFormatIndicator: result.IsUtf8 = property.Integer == 1; break;
                case PropertyId.ResponseTopic: result.ResponseTopic = Encoding.UTF8.GetString(property.Bytes); break;
                case PropertyId.CorrelationData: result.CorrelationData = property.Bytes.ToArray(); break;
                case PropertyId.MessageExpiryInterval: result.MessageExpiry = TimeSpan.FromSeconds(property.Integer); break;
                case PropertyId.UserProperty: (userProperties ??= []).Add(ReadPair(property)); break;
                case PropertyId.SubscriptionIdentifier: (subscriptionIds ??= []).Add((int)property.Integer); break;
            }
        }

        if (userProperties is not null) result!.UserProperties = userProperties;
        if (subscriptionIds is not null) result!.SubscriptionIds = subscriptionIds;
        return result;
    }

    /// <summary>Reads the User Properties of any packet.</summary>
    public static IReadOnlyList<UserProperty> ReadUserProperties(PropertyBlock block)
    {
        List<UserProperty>? pairs = null;
        foreach (var property in block)
        {
            if (property.Id == PropertyId.UserProperty) (pairs ??= []).Add(ReadPair(property));
        }

        return pairs ?? (IReadOnlyList<UserProperty>)[];
    }

    /// <summary>Reads one string of any packet; null when it has none.</summary>
    public static string? ReadString(PropertyBlock block, PropertyId id) => block.TryGetBytes(id, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;

    public MessageProperties With(IReadOnlyList<UserProperty> userProperties)
    {
        var copy = (MessageProperties)MemberwiseClone();
        copy.UserProperties = userProperties;
        return copy;
    }

    /// <param name="properties">Where to add them.</param>
    /// <param name="expirySeconds">What is left of the Message Expiry Interval; null for none.</param>
    public void Write(PropertyBuilder properties, uint? expirySeconds)
    {
        if (IsUtf8) properties.Add(PropertyId.PayloadFormatIndicator, 1);
        if (expirySeconds is { } seconds) properties.Add(PropertyId.MessageExpiryInterval, seconds);
        if (ContentType is not null) properties.Add(PropertyId.ContentType, ContentType);
        if (ResponseTopic is not null) properties.Add(PropertyId.ResponseTopic, ResponseTopic);
        if (CorrelationData is { } correlation) properties.Add(PropertyId.CorrelationData, correlation.Span);
        Write(UserProperties, properties);
    }

    public static void Write(IReadOnlyList<UserProperty> userProperties, PropertyBuilder properties)
    {
        foreach (var pair in userProperties) properties.AddUserProperty(pair.Name, pair.Value);
    }

    private static UserProperty ReadPair(Property property) => new(Encoding.UTF8.GetString(property.Bytes), Encoding.UTF8.GetString(property.PairValue));
}

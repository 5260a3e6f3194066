namespace Avocet.Protocol.Properties;

/// <summary>How the value of a property is encoded.</summary>
public enum PropertyType : byte
{
    Unknown,
    Byte,
    UInt16,
    UInt32,
    VarInt,
    Utf8String,
    BinaryData,
    StringPair,
}

/// <summary>The table of properties: types, and which packet may carry which.</summary>
public static class PropertyTable
{
    private const int IdMax = (int)PropertyId.SharedSubscriptionAvailable;

    /// <summary>The type of a property; <see cref="PropertyType.Unknown"/> for an identifier that the specification does not have.</summary>
    public static PropertyType TypeOf(PropertyId id) => id switch
    {
        PropertyId.PayloadFormatIndicator or PropertyId.RequestProblemInformation or PropertyId.RequestResponseInformation or PropertyId.MaximumQos
            or PropertyId.RetainAvailable or PropertyId.WildcardSubscriptionAvailable or PropertyId.SubscriptionIdentifierAvailable
            or PropertyId.SharedSubscriptionAvailable => PropertyType.Byte,
        PropertyId.ServerKeepAlive or PropertyId.ReceiveMaximum or PropertyId.TopicAliasMaximum or PropertyId.TopicAlias => PropertyType.UInt16,
        PropertyId.MessageExpiryInterval or PropertyId.SessionExpiryInterval or PropertyId.WillDelayInterval or PropertyId.MaximumPacketSize
            => PropertyType.UInt32,
        PropertyId.SubscriptionIdentifier => PropertyType.VarInt,
        PropertyId.ContentType or PropertyId.ResponseTopic or PropertyId.AssignedClientIdentifier or PropertyId.AuthenticationMethod
            or PropertyId.ResponseInformation or PropertyId.ServerReference or PropertyId.ReasonString => PropertyType.Utf8String,
        PropertyId.CorrelationData or PropertyId.AuthenticationData => PropertyType.BinaryData,
        PropertyId.UserProperty => PropertyType.StringPair,
        _ => PropertyType.Unknown,
    };

    /// <summary>Whether a property may stand in this packet.</summary>
    internal static bool Allows(PropertyOwner owner, PropertyId id) => (int)id <= IdMax && (AllowedIn(owner) & (1UL << (int)id)) != 0;

    private static ulong AllowedIn(PropertyOwner owner) => owner switch
    {
        PropertyOwner.Connect => Connect,
        PropertyOwner.Will => Will,
        PropertyOwner.Connack => Connack,
        PropertyOwner.Publish => Publish,
        PropertyOwner.Acknowledgement => Acknowledgement,
        PropertyOwner.Subscribe => Subscribe,
        PropertyOwner.Unsubscribe => Unsubscribe,
        PropertyOwner.Disconnect => Disconnect,
        PropertyOwner.Auth => Auth,
        _ => 0,
    };

    private const ulong UserProperty = 1UL << (int)PropertyId.UserProperty;

    private const ulong Acknowledgement = UserProperty | 1UL << (int)PropertyId.ReasonString;

    private const ulong Unsubscribe = UserProperty;

    private const ulong Subscribe = UserProperty | 1UL << (int)PropertyId.SubscriptionIdentifier;

    private const ulong Disconnect = Acknowledgement | 1UL << (int)PropertyId.SessionExpiryInterval | 1UL << (int)PropertyId.ServerReference;

    private const ulong Auth = Acknowledgement | 1UL << (int)PropertyId.AuthenticationMethod | 1UL << (int)PropertyId.AuthenticationData;

    private const ulong Message = UserProperty | 1UL << (int)PropertyId.PayloadFormatIndicator | 1UL << (int)PropertyId.MessageExpiryInterval
        | 1UL << (int)PropertyId.ContentType | 1UL << (int)PropertyId.ResponseTopic | 1UL << (int)PropertyId.CorrelationData;

    private const ulong Publish = Message | 1UL << (int)PropertyId.SubscriptionIdentifier | 1UL << (int)PropertyId.TopicAlias;

    private const ulong Will = Message | 1UL << (int)PropertyId.WillDelayInterval;

    private const ulong Connect = UserProperty | 1UL << (int)PropertyId.SessionExpiryInterval | 1UL << (int)PropertyId.AuthenticationMethod
        | 1UL << (int)PropertyId.AuthenticationData | 1UL << (int)PropertyId.RequestProblemInformation | 1UL << (int)PropertyId.RequestResponseInformation
        | 1UL << (int)PropertyId.ReceiveMaximum | 1UL << (int)PropertyId.TopicAliasMaximum | 1UL << (int)PropertyId.MaximumPacketSize;

    private const ulong Connack = Acknowledgement | 1UL << (int)PropertyId.SessionExpiryInterval | 1UL << (int)PropertyId.AssignedClientIdentifier
        | 1UL << (int)PropertyId.ServerKeepAlive | 1UL << (int)PropertyId.AuthenticationMethod | 1UL << (int)PropertyId.AuthenticationData
        | 1UL << (int)PropertyId.ResponseInformation | 1UL << (int)PropertyId.ServerReference | 1UL << (int)PropertyId.ReceiveMaximum
        | 1UL << (int)PropertyId.TopicAliasMaximum | 1UL << (int)PropertyId.MaximumQos | 1UL << (int)PropertyId.RetainAvailable
        | 1UL << (int)PropertyId.MaximumPacketSize | 1UL << (int)PropertyId.WildcardSubscriptionAvailable
        | 1UL << (int)PropertyId.SubscriptionIdentifierAvailable | 1UL << (int)PropertyId.SharedSubscriptionAvailable;
}

/// <summary>What a property block belongs to.</summary>
internal enum PropertyOwner
{
    Connect,
    Will,
    Connack,
    Publish,
    Acknowledgement,
    Subscribe,
    Unsubscribe,
    Disconnect,
    Auth,
}

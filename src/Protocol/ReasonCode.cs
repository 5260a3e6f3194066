namespace Avocet.Protocol;

/// <summary>The Reason Codes of MQTT 5.0. Below 0x80: success; 0x80 and above: failure.</summary>
public enum ReasonCode : byte
{
    /// <summary>Also Normal disconnection and Granted QoS 0.</summary>
    Success = 0x00,
    GrantedQos1 = 0x01,
    GrantedQos2 = 0x02,
    DisconnectWithWillMessage = 0x04,
    NoMatchingSubscribers = 0x10,
    NoSubscriptionExisted = 0x11,
    ContinueAuthentication = 0x18,
    Reauthenticate = 0x19,
    UnspecifiedError = 0x80,
    MalformedPacket = 0x81,
    ProtocolError = 0x82,
    ImplementationSpecificError = 0x83,
    UnsupportedProtocolVersion = 0x84,
    ClientIdentifierNotValid = 0x85,
    BadUserNameOrPassword = 0x86,
    NotAuthorized = 0x87,
    ServerUnavailable = 0x88,
    ServerBusy = 0x89,
    Banned = 0x8A,
    ServerShuttingDown = 0x8B,
    BadAuthenticationMethod = 0x8C,
    KeepAliveTimeout = 0x8D,
    SessionTakenOver = 0x8E,
    TopicFilterInvalid = 0x8F,
    TopicNameInvalid = 0x90,
    PacketIdentifierInUse = 0x91,
    PacketIdentifierNotFound = 0x92,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
    MessageRateTooHigh = 0x96,
    QuotaExceeded = 0x97,
    AdministrativeAction = 0x98,
    PayloadFormatInvalid = 0x99,
    RetainNotSupported = 0x9A,
    QosNotSupported = 0x9B,
    UseAnotherServer = 0x9C,
    ServerMoved = 0x9D,
    SharedSubscriptionsNotSupported = 0x9E,
    ConnectionRateExceeded = 0x9F,
    MaximumConnectTime = 0xA0,
    SubscriptionIdentifiersNotSupported = 0xA1,
    WildcardSubscriptionsNotSupported = 0xA2,
}

/// <summary>What can be said of a reason code.</summary>
public static class ReasonCodes
{
    /// <summary>True for 0x80 and above.</summary>
    public static bool IsError(this ReasonCode reason) => (byte)reason >= 0x80;

    /// <summary>The code as the specification writes it, for logs: <c>0x8E Session taken over</c>.</summary>
    public static string Describe(this ReasonCode reason) => $"0x{(byte)reason:X2} {(Enum.IsDefined(reason) ? Words(reason) : "unknown")}";

    /// <summary>
    /// The CONNACK return code of MQTT 3.1 and 3.1.1 which comes nearest; null where none fits and the connection is closed without
    /// CONNACK [3.1.1 MQTT-3.2.2-6].
    /// </summary>
    public static byte? ToConnectReturnCode(this ReasonCode reason) => reason switch
    {
        ReasonCode.Success => 0,
        ReasonCode.UnsupportedProtocolVersion => 1,
        ReasonCode.ClientIdentifierNotValid => 2,
        ReasonCode.ServerUnavailable or ReasonCode.ServerBusy or ReasonCode.ServerShuttingDown or ReasonCode.QuotaExceeded
            or ReasonCode.ConnectionRateExceeded or ReasonCode.UseAnotherServer or ReasonCode.ServerMoved => 3,
        ReasonCode.BadUserNameOrPassword => 4,
        ReasonCode.NotAuthorized or ReasonCode.Banned or ReasonCode.BadAuthenticationMethod => 5,
        _ => null,
    };

    private static string Words(ReasonCode reason)
    {
        var name = reason.ToString();
        var words = new System.Text.StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && words.Length > 0) words.Append(' ').Append(char.ToLowerInvariant(letter));
            else words.Append(letter);
        }

        return words.Replace("qos1", "QoS 1").Replace("qos2", "QoS 2").Replace("Qos", "QoS").ToString();
    }
}

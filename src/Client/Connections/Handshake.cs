using System.Buffers;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Client.Connections;

/// <summary>What a connection begins with.</summary>
/// <param name="ClientId">The client identifier; empty to let the broker choose.</param>
/// <param name="UserName">Null for none.</param>
/// <param name="Password">Null for none.</param>
/// <param name="IsCleanStart">Whether a new session begins.</param>
internal sealed record ConnectRequest(string ClientId, string? UserName, string? Password, bool IsCleanStart);

/// <summary>CONNECT, AUTH as often as it takes, CONNACK.</summary>
internal static class Handshake
{
    /// <exception cref="MqttConnectException">The broker refuses, or does not keep to the protocol.</exception>
    public static async Task<ServerCapabilities> RunAsync(Link link, MqttClientOptions options, ConnectRequest request, CancellationToken cancellationToken)
    {
        var exchange = link.IsV5 ? options.Authentication?.Begin() : null;
        WriteConnect(link, options, request, exchange);
        link.FlushNow();
        while (true)
        {
            var packet = await ReadAsync(link, options, cancellationToken).ConfigureAwait(false);
            if (packet.Header.Type == PacketType.Connack) return Accept(link, options, request, exchange, packet);
            if (packet.Header.Type != PacketType.Auth || exchange is null) throw Fault($"the broker answers CONNECT with {packet.Header.Type.ToString().ToUpperInvariant()}");

            var answer = await exchange.NextAsync(ReadAuth(packet, options.Authentication!.Method), cancellationToken).ConfigureAwait(false);
            WriteAuth(link, ReasonCode.ContinueAuthentication, options.Authentication.Method, answer);
            link.FlushNow();
        }
    }

    /// <summary>Writes an AUTH. [MQTT-4.12.0-3] [MQTT-4.12.0-5]</summary>
    public static void WriteAuth(Link link, ReasonCode reason, string method, ReadOnlyMemory<byte> data)
    {
        var properties = new PropertyBuilder().Add(PropertyId.AuthenticationMethod, method);
        if (!data.IsEmpty) properties.Add(PropertyId.AuthenticationData, data.Span);
        var packet = new AuthPacket { Reason = reason, Properties = properties.Encoded };
        lock (link.Gate) packet.Encode(link.Reserve(packet.GetEncodedSize()));
    }

    private static void WriteConnect(Link link, MqttClientOptions options, ConnectRequest request, EnhancedAuthenticationExchange? exchange)
    {
        var will = options.Will;
        var properties = link.IsV5 ? ConnectProperties(options, exchange) : default;
        var willProperties = link.IsV5 && will is not null ? WillProperties(will) : default;
        var packet = new ConnectPacket
        {
            Version = link.Version,
            CleanStart = request.IsCleanStart,
            KeepAliveSeconds = (ushort)options.KeepAlive.TotalSeconds,
            Properties = properties,
            ClientId = Encoding.UTF8.GetBytes(request.ClientId),
            HasWill = will is not null,
            WillQos = will?.Qos ?? default,
            WillRetain = will?.Retain ?? false,
            WillProperties = willProperties,
            WillTopic = will is null ? default : Encoding.UTF8.GetBytes(will.Topic),
            WillPayload = will is null ? default : will.Payload.Span,
            HasUserName = request.UserName is not null,
            UserName = Encoding.UTF8.GetBytes(request.UserName ?? ""),
            HasPassword = request.Password is not null,
            Password = Encoding.UTF8.GetBytes(request.Password ?? ""),
        };
        lock (link.Gate) packet.Encode(link.Reserve(packet.GetEncodedSize()));
    }

    private static ReadOnlySpan<byte> ConnectProperties(MqttClientOptions options, EnhancedAuthenticationExchange? exchange)
    {
        var properties = new PropertyBuilder();
        var expiry = Math.Min(Math.Ceiling(options.SessionExpiry.TotalSeconds), Limits.SessionNeverExpires);
        if (expiry > 0) properties.Add(PropertyId.SessionExpiryInterval, (uint)expiry);
        if (options.ReceiveMaximum != Limits.ReceiveMaximumDefault) properties.Add(PropertyId.ReceiveMaximum, (uint)options.ReceiveMaximum);
        if (options.MaximumPacketSize < Limits.PacketSizeMax) properties.Add(PropertyId.MaximumPacketSize, (uint)options.MaximumPacketSize);
        if (options.TopicAliasMaximum > 0) properties.Add(PropertyId.TopicAliasMaximum, (uint)options.TopicAliasMaximum);
        if (options.RequestsResponseInformation) properties.Add(PropertyId.RequestResponseInformation, 1);
        if (exchange is not null)
        {
            properties.Add(PropertyId.AuthenticationMethod, options.Authentication!.Method);
            var data = exchange.GetInitialData();
            if (!data.IsEmpty) properties.Add(PropertyId.AuthenticationData, data.Span);
        }

        MessageProperties.Write([.. options.UserProperties], properties);
        return properties.Encoded;
    }

    private static ReadOnlySpan<byte> WillProperties(Will will)
    {
        var properties = new PropertyBuilder();
        if (will.Delay > TimeSpan.Zero) properties.Add(PropertyId.WillDelayInterval, (uint)Math.Min(will.Delay.TotalSeconds, uint.MaxValue));
        var message = new MessageProperties
        {
            ContentType = will.ContentType,
            IsUtf8 = will.IsUtf8,
            ResponseTopic = will.ResponseTopic,
            CorrelationData = will.CorrelationData,
            UserProperties = will.UserProperties,
        };
        message.Write(properties, will.MessageExpiry is { } expiry ? (uint)Math.Clamp(expiry.TotalSeconds, 0, uint.MaxValue) : null);
        return properties.Encoded;
    }

    private static async Task<(FixedHeader Header, byte[] Body)> ReadAsync(Link link, MqttClientOptions options, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await link.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCanceled) throw link.Error ?? new MqttConnectException("The connection was given up.");
            if (TryTake(result.Buffer, options.MaximumPacketSize, out var packet, out var end))
            {
                // What follows is the read loop's, which finds it at once because it counts as not looked at.
                link.Input.AdvanceTo(end);
                return packet;
            }

            link.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted) throw new ClosedBeforeConnackException("The broker closed the connection without answering CONNECT. Check that the port speaks MQTT, and the broker's log.");
        }
    }

    private static bool TryTake(ReadOnlySequence<byte> buffer, int packetSizeMax, out (FixedHeader Header, byte[] Body) packet, out SequencePosition end)
    {
        var reader = new PacketReader(buffer);
        try
        {
            var status = reader.TryRead(out var header, out var body);
            if (status == DecodeStatus.Malformed || header.PacketSize > packetSizeMax) throw Fault("the broker's answer is no MQTT packet");

            packet = (header, body.ToArray());
            end = reader.Consumed;
            return status == DecodeStatus.Done;
        }
        finally
        {
            reader.Dispose();
        }
    }

    private static byte[] ReadAuth((FixedHeader Header, byte[] Body) packet, string method)
    {
        if (!AuthPacket.TryDecode(packet.Header, packet.Body, ProtocolVersion.V50, out var auth, out var error)) throw Fault(error.ToString());
        if (auth.Reason != ReasonCode.ContinueAuthentication) throw Fault($"the broker's AUTH has reason {auth.Reason.Describe()}");
        if (MessageProperties.ReadString(auth.Properties, PropertyId.AuthenticationMethod) != method) throw Fault("the broker's AUTH has another Authentication Method [MQTT-4.12.0-5]");

        return auth.Properties.TryGetBytes(PropertyId.AuthenticationData, out var data) ? data.ToArray() : [];
    }

    private static ServerCapabilities Accept(
        Link link, MqttClientOptions options, ConnectRequest request, EnhancedAuthenticationExchange? exchange, (FixedHeader Header, byte[] Body) packet)
    {
        // A broker that does not know 5.0 answers in the form of 3.x.
        if (link.IsV5 && packet.Header.RemainingLength == 2 && packet.Body[1] != 0) throw Refusal(FromReturnCode(packet.Body[1]), default);
        if (!ConnackPacket.TryDecode(packet.Header, packet.Body, link.Version, out var connack, out var error)) throw Fault(error.ToString());
        if (connack.Code != 0) throw Refusal(link.IsV5 ? (ReasonCode)connack.Code : FromReturnCode(connack.Code), connack.Properties);

        // [MQTT-3.2.2-4] [3.1.1 MQTT-3.2.2-1]
        if (connack.SessionPresent && request.IsCleanStart) throw Fault("the broker says Session Present 1, although a new session was asked for [MQTT-3.2.2-4]");

        var properties = connack.Properties;
        exchange?.Complete(properties.TryGetBytes(PropertyId.AuthenticationData, out var data) ? data.ToArray() : default(ReadOnlyMemory<byte>));
        var clientId = MessageProperties.ReadString(properties, PropertyId.AssignedClientIdentifier) ?? request.ClientId;
        return ReadCapabilities(properties, link, options, clientId, connack.SessionPresent);
    }

    private static ServerCapabilities ReadCapabilities(PropertyBlock properties, Link link, MqttClientOptions options, string clientId, bool isSessionPresent)
    {
        uint Read(PropertyBlock block, PropertyId id, uint absent) => block.TryGetInteger(id, out var value) ? value : absent;

        // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
        var keepAlive = Read(properties, PropertyId.ServerKeepAlive, (uint)(ushort)options.KeepAlive.TotalSeconds);
        var expiry = Read(properties, PropertyId.SessionExpiryInterval, (uint)Math.Min(Math.Ceiling(options.SessionExpiry.TotalSeconds), Limits.SessionNeverExpires));
        return new ServerCapabilities
        {
            ProtocolVersion = link.Version,
            SessionPresent = isSessionPresent,
            ClientId = clientId,
            KeepAlive = TimeSpan.FromSeconds(keepAlive),
            SessionExpiry = link.IsV5 ? TimeSpan.FromSeconds(expiry) : null,
            ReceiveMaximum = (int)Read(properties, PropertyId.ReceiveMaximum, Limits.ReceiveMaximumDefault),
            MaximumQos = (Qos)Read(properties, PropertyId.MaximumQos, (uint)Qos.ExactlyOnce),
            RetainAvailable = Read(properties, PropertyId.RetainAvailable, 1) == 1,
            MaximumPacketSize = Read(properties, PropertyId.MaximumPacketSize, Limits.PacketSizeMax),
            TopicAliasMaximum = (int)Read(properties, PropertyId.TopicAliasMaximum, 0),
            WildcardSubscriptionAvailable = Read(properties, PropertyId.WildcardSubscriptionAvailable, 1) == 1,
            SubscriptionIdentifiersAvailable = Read(properties, PropertyId.SubscriptionIdentifierAvailable, 1) == 1,
            SharedSubscriptionAvailable = Read(properties, PropertyId.SharedSubscriptionAvailable, 1) == 1,
            ResponseInformation = MessageProperties.ReadString(properties, PropertyId.ResponseInformation),
            ServerReference = MessageProperties.ReadString(properties, PropertyId.ServerReference),
            ReasonString = MessageProperties.ReadString(properties, PropertyId.ReasonString),
            UserProperties = MessageProperties.ReadUserProperties(properties),
        };
    }

    private static MqttConnectException Refusal(ReasonCode reason, PropertyBlock properties)
    {
        var words = MessageProperties.ReadString(properties, PropertyId.ReasonString);
        var server = MessageProperties.ReadString(properties, PropertyId.ServerReference);
        var hint = reason switch
        {
            ReasonCode.BadUserNameOrPassword or ReasonCode.NotAuthorized => " Check user name and password.",
            ReasonCode.UseAnotherServer or ReasonCode.ServerMoved when server is not null => $" Use {server}.",
            _ => "",
        };
        return new MqttConnectException($"The broker refuses the client: {reason.Describe()}{(words is null ? "" : $": {words}")}.{hint}")
        {
            Reason = reason,
            ReasonString = words,
            UserProperties = MessageProperties.ReadUserProperties(properties),
        };
    }

    private static ReasonCode FromReturnCode(byte code) => code switch
    {
        1 => ReasonCode.UnsupportedProtocolVersion,
        2 => ReasonCode.ClientIdentifierNotValid,
        3 => ReasonCode.ServerUnavailable,
        4 => ReasonCode.BadUserNameOrPassword,
        5 => ReasonCode.NotAuthorized,
        _ => ReasonCode.UnspecifiedError,
    };

    private static MqttConnectException Fault(string what) => new($"The broker does not keep to MQTT: {what}.") { Reason = ReasonCode.ProtocolError };
}

/// <summary>The broker closed before CONNACK: perhaps it does not know the version.</summary>
internal sealed class ClosedBeforeConnackException(string message) : IOException(message);

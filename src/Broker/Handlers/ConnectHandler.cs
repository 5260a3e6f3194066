using System.Text.Unicode;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Security;
using Avocet.Broker.Sessions;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker.Handlers;

/// <summary>CONNECT: refusals first, then authentication, then the session.</summary>
internal static class ConnectHandler
{
    private const string NoWill = "the client may not publish to its will topic";

    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (connection.Version != ProtocolVersion.None)
        {
            connection.Fail(PacketType.Connect, ReasonCode.ProtocolError, "MQTT-3.1.0-2", "CONNECT", "came twice");
            return;
        }

        if (!ConnectPacket.TryDecode(header, body, out var packet, out var error))
        {
            Log.PacketRefused(connection.Context.Logger, connection.Name, connection.Address, "CONNECT", error);
            connection.Version = packet.Version;
            Refuse(connection, error.Reason, $"CONNECT refused: {error}", Limits.PacketSizeMax);
            return;
        }

        connection.Version = packet.Version;
        connection.Writer.MountPointLength = global::System.Text.Encoding.UTF8.GetByteCount(connection.Origin.Listener.MountPoint);
        var request = new ConnectRequest(connection, packet);
        connection.Writer.SetClient(packet.Version, request.PacketSizeMax, request.TopicAliasMaximum);
        if (FindRefusal(connection, packet, out var reason, out var detail))
        {
            Refuse(connection, request, reason, detail);
            return;
        }

        connection.WantsProblemInformation = request.WantsProblemInformation;
        if (connection.Origin.Listener.OwnRules is not null) Conclude(connection, request, AuthenticationResult.Accept);
        else if (request.AuthenticationMethod is { } method) BeginEnhanced(connection, request, method);
        else if (connection.Context.Authentication.IsNeeded) AwaitAuthentication(connection, request);
        else Conclude(connection, request, new AuthenticationResult(false, Authentication.Anonymous(connection.Origin.Listener)));
    }

    /// <summary>Accepts or refuses, once it is known who the client is.</summary>
    public static void Conclude(Connection connection, ConnectRequest request, AuthenticationResult result)
    {
        if (connection.IsToEnd) return;

        var reason = result.Reason;
        if (result.ClientId is { } clientId) request.ClientId = clientId;

        var identity = new ClientIdentity(request.ClientId, result.UserName ?? request.UserName, connection.Origin) { Rules = result.Rules, IsSuperuser = result.IsSuperuser };
        connection.Access = connection.Context.Authorization.AccessOf(identity);
        if (reason == ReasonCode.Success && request.Will is { } will && !Authorization.MayPublish(connection.Access, will.TopicName, will.Qos, will.Retain))
        {
            Refuse(connection, request, ReasonCode.NotAuthorized, NoWill);
            return;
        }

        if (reason.IsError())
        {
            Refuse(connection, request, reason, "authentication failed");
            return;
        }

        if (request.Will is not null && connection.Access is { Remote: not null }) AwaitWillAnswer(connection, request, result, identity);
        else LetIn(connection, request, result, identity);
    }

    /// <summary>What remains once it is known who the client is, and that he may have his will.</summary>
    private static void LetIn(Connection connection, ConnectRequest request, AuthenticationResult result, ClientIdentity identity)
    {
        // A client that cannot take its CONNACK cannot be let in. [MQTT-3.1.2-24]
        if (request.PacketSizeMax < Limits.PacketSizeMax && ConnackBuilder.Accept(request, false, connection.Context.Options).Length > request.PacketSizeMax)
        {
            Refuse(connection, request, ReasonCode.PacketTooLarge, $"CONNACK does not fit into the client's Maximum Packet Size of {request.PacketSizeMax} bytes");
            return;
        }

        connection.Identity = identity;
        if (!connection.Context.Users.TryAdd(connection, connection.Context.Sessions.FindConnection(request.ClientId)))
        {
            Refuse(connection, request, ReasonCode.QuotaExceeded, "the limit of connections of this user is reached");
            return;
        }

        if (connection.Context.ConnectLimits.FindRefusal(identity, out var detail) is var refusal && refusal.IsError())
        {
            Refuse(connection, request, refusal, detail);
            return;
        }

        connection.SetValidUntil(result.ValidUntil);
        var opened = connection.Context.Sessions.TryOpen(connection, request, out var former);
        if (opened == OpenResult.Opened) Begin(connection, request);
        else AwaitOpening(connection, request, opened, former);
    }

    // Methods of their own, for a lambda's captures are allocated at the beginning of its method, whether it is reached or not.
    private static void AwaitAuthentication(Connection connection, ConnectRequest request) => connection.Await(() => AuthenticateAsync(connection, request));

    private static void AwaitWillAnswer(Connection connection, ConnectRequest request, AuthenticationResult result, ClientIdentity identity) =>
        connection.Await(() => AskForWillAsync(connection, request, result, identity));

    private static void AwaitOpening(Connection connection, ConnectRequest request, OpenResult result, Connection? former) =>
        connection.Await(() => OpenAsync(connection, request, result, former));

    /// <summary>Waits for what keeps the session from being opened, and tries again.</summary>
    private static async Task OpenAsync(Connection connection, ConnectRequest request, OpenResult result, Connection? former)
    {
        var context = connection.Context;
        var deadline = context.Clock.Now + (context.Options.ConnectTimeoutSeconds * 1000L);
        while (result != OpenResult.Opened)
        {
            try
            {
                var obstacle = result == OpenResult.TakenByAnother ? TakeOverAsync(former!) : WhenEndKeptAsync(context, request.ClientId);
                await obstacle.WaitAsync(TimeSpan.FromMilliseconds(Math.Max(0, deadline - context.Clock.Now)), context.TimeProvider);
            }
            catch (TimeoutException)
            {
                var (reason, detail) = result == OpenResult.TakenByAnother
                    ? (ReasonCode.ServerBusy, "the former connection of this client identifier has not ended yet")
                    : (ReasonCode.ServerUnavailable, "the server cannot store the end of the former session now");
                Refuse(connection, request, reason, detail);
                return;
            }

            if (connection.IsToEnd) return;

            result = context.Sessions.TryOpen(connection, request, out former);
            if (result == OpenResult.Opened) Begin(connection, request);
        }
    }

    /// <summary>Ends the connection which has the session [MQTT-3.1.4-3], and waits until it has left it.</summary>
    private static Task TakeOverAsync(Connection former)
    {
        former.TakeOver();
        return former.WhenLeftAsync();
    }

    private static Task WhenEndKeptAsync(BrokerContext context, string clientId)
    {
        var kept = context.Sessions.WhenEndKeptAsync(clientId);
        context.Commits!.Kick();
        return kept;
    }

    private static void Begin(Connection connection, ConnectRequest request)
    {
        connection.Context.Statistics.Add(Counter.ConnectionsAccepted);
        connection.StartKeepAlive(request.KeepAliveSeconds);
        connection.Batch.Add(connection.Writer);
        ConnectionEvents.AddConnected(connection);
        if (!connection.Context.Logger.IsEnabled(LogLevel.Information)) return;

        Log.Connected(
            connection.Context.Logger,
            connection.Name,
            connection.Address,
            connection.Origin.Listener.Name,
            request.Version.Describe(),
            request.CleanStart,
            request.SessionExpirySeconds == Limits.SessionNeverExpires ? "never" : $"{request.SessionExpirySeconds} s",
            request.KeepAliveSeconds,
            connection.Identity!.UserName is { } userName ? PrintableText.Of(userName) : "(none)");
    }

    private static async Task AskForWillAsync(Connection connection, ConnectRequest request, AuthenticationResult result, ClientIdentity identity)
    {
        var (will, remote) = (request.Will!, connection.Access!.Remote!);
        await remote.AskAsync([remote.Publish(will.TopicName, will.Qos, will.Retain)], connection.GetStepToken());
        if (connection.IsToEnd) return;

        var answer = remote.FindPublish(will.TopicName, will.Qos, will.Retain);
        remote.Done();
        if (answer == RemoteAnswer.Yes) LetIn(connection, request, result, identity);
        else if (answer == RemoteAnswer.No) Refuse(connection, request, ReasonCode.NotAuthorized, NoWill);
        else Refuse(connection, request, ReasonCode.ServerUnavailable, RemoteAccess.UnavailableText);
    }

    private static bool FindRefusal(Connection connection, in ConnectPacket packet, out ReasonCode reason, out string detail)
    {
        var options = connection.Context.Options;
        (reason, detail) = (ReasonCode.Success, "");
        if (connection.IsOverLimit)
        {
            (reason, detail) = (ReasonCode.QuotaExceeded, "the limit of connections is reached");
        }
        else if (connection.Context.Memory is { Level: >= MemoryLevel.Tight } && !MayMakeRoom(connection.Context, packet))
        {
            (reason, detail) = (ReasonCode.ServerBusy, "the server is short of memory");
        }
        else if (packet.ClientId.IsEmpty && packet.Version != ProtocolVersion.V50 && (packet.Version == ProtocolVersion.V31 || !packet.CleanStart))
        {
            // [3.1.1 MQTT-3.1.3-8] In 3.1 an empty client identifier is never allowed.
            (reason, detail) = (ReasonCode.ClientIdentifierNotValid, "an empty client identifier needs Clean Session 1 and MQTT 3.1.1 or later");
        }
        else if (packet.ClientId.Length > options.ClientIdBytesMax)
        {
            (reason, detail) = (ReasonCode.ClientIdentifierNotValid, $"the client identifier has {packet.ClientId.Length} bytes; at most {options.ClientIdBytesMax} are accepted");
        }
        else if (packet.HasWill)
        {
            FindWillRefusal(options, connection.Writer.MountPointLength, packet, out reason, out detail);
        }

        return reason.IsError();
    }

    /// <summary>What waits for a session may be what takes the memory, and its client is the one to fetch it.</summary>
    private static bool MayMakeRoom(BrokerContext context, in ConnectPacket packet) =>
        !packet.CleanStart && context.Sessions.Has(global::System.Text.Encoding.UTF8.GetString(packet.ClientId));

    private static void FindWillRefusal(BrokerOptions options, int mountPointLength, in ConnectPacket packet, out ReasonCode reason, out string detail)
    {
        (reason, detail) = (ReasonCode.Success, "");
        if (packet.WillQos > options.MaximumQos)
        {
            (reason, detail) = (ReasonCode.QosNotSupported, $"the will has QoS {(int)packet.WillQos}; at most {(int)options.MaximumQos} is supported"); // [MQTT-3.2.2-12]
        }
        else if (packet.WillRetain && !options.RetainAvailable)
        {
            (reason, detail) = (ReasonCode.RetainNotSupported, "retained messages are turned off"); // [MQTT-3.2.2-13]
        }
        else if (TopicName.CountLevels(packet.WillTopic) > options.TopicLevelsMax)
        {
            (reason, detail) = (ReasonCode.TopicNameInvalid, $"the will topic has more than {options.TopicLevelsMax} levels");
        }
        else if (packet.WillTopic.Length > options.TopicBytesMax)
        {
            (reason, detail) = (ReasonCode.TopicNameInvalid, $"the will topic has more than {options.TopicBytesMax} bytes");
        }
        else if (mountPointLength + packet.WillTopic.Length > Limits.StringSizeMax)
        {
            (reason, detail) = (ReasonCode.TopicNameInvalid, "the will topic is too long with the mount point of this listener");
        }
        else if (packet.WillProperties.TryGetInteger(PropertyId.PayloadFormatIndicator, out var isText) && isText == 1 && !Utf8.IsValid(packet.WillPayload))
        {
            (reason, detail) = (ReasonCode.PayloadFormatInvalid, "the will payload is not UTF-8, which its Payload Format Indicator says");
        }
    }

    private static async Task AuthenticateAsync(Connection connection, ConnectRequest request)
    {
        // The connect time-out bounds the wait: it ends the connection and cancels this.
        var result = await connection.Context.Authentication.AuthenticateAsync(ToAuthenticationRequest(connection, request), connection.GetStepToken());
        Conclude(connection, request, result);
    }

    private static void BeginEnhanced(Connection connection, ConnectRequest request, string method)
    {
        if (connection.Context.Authentication.FindMechanism(method) is not { } mechanism)
        {
            Refuse(connection, request, ReasonCode.BadAuthenticationMethod, "the Authentication Method is not supported"); // [MQTT-4.12.0-1]
            return;
        }

        var enhanced = new EnhancedAuthentication(connection, request, mechanism, ToAuthenticationRequest(connection, request));
        connection.Enhanced = enhanced;
        connection.Await(() => enhanced.BeginAsync(request.AuthenticationData));
    }

    private static AuthenticationRequest ToAuthenticationRequest(Connection connection, ConnectRequest request) => new()
    {
        ClientId = request.ClientId,
        UserName = request.UserName,
        Password = request.Password is { } password ? password.AsMemory() : default(ReadOnlyMemory<byte>?),
        Origin = connection.Origin,
    };

    /// <summary>Answers with CONNACK where the version allows, and ends the connection. [MQTT-3.2.2-7]</summary>
    public static void Refuse(Connection connection, ReasonCode reason, string detail, int packetSizeMax) => Refuse(connection, new Ending(EndingCause.Refused, reason, detail), packetSizeMax);

    private static void Refuse(Connection connection, ConnectRequest request, ReasonCode reason, string detail) =>
        Refuse(connection, new Ending(EndingCause.Refused, reason, detail) { ClientId = request.ClientId }, request.PacketSizeMax);

    private static void Refuse(Connection connection, Ending ending, int packetSizeMax)
    {
        // A version that is not supported is answered in the form which every client knows. [3.1.1 MQTT-3.1.2-2]
        var connack = ConnackBuilder.Refuse(connection.Version, ending.Reason, ending.Detail, packetSizeMax);
        if (connack is not null)
        {
            connection.Writer.Write(connack, Statistics.SentCounterOf(PacketType.Connack));
            connection.Batch.Add(connection.Writer);
        }

        connection.End(ending);
    }
}

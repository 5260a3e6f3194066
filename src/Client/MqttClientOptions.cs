using System.IO.Pipelines;
using System.Net;
using Avocet.Client.Transports;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Avocet.Client;

/// <summary>The settings of a client. They are read when it is made; later changes have no effect.</summary>
public sealed class MqttClientOptions
{
    /// <summary>
    /// Where the broker is: <c>mqtt://host:1883</c>, <c>mqtts://host:8883</c>, <c>ws://host/mqtt</c>, <c>wss://host/mqtt</c>, or <c>unix:///path</c>. User name
    /// and password may be part of it: <c>mqtt://user:password@host</c>.
    /// </summary>
    public Uri? Server { get; set; }

    /// <summary>The client identifier; null for a random one that stays the same as long as the client lives.</summary>
    public string? ClientId { get; set; }

    /// <summary>The user name; null for the URI's, or none.</summary>
    public string? UserName { get; set; }

    /// <summary>The password; null for the URI's, or none.</summary>
    public string? Password { get; set; }

    /// <summary>The version to begin with, 5.0 or 3.1.1.</summary>
    public ProtocolVersion ProtocolVersion { get; set; } = ProtocolVersion.V50;

    /// <summary>Whether 3.1.1 is tried when the broker refuses 5.0.</summary>
    public bool FallsBackTo311 { get; set; } = true;

    /// <summary>
    /// Whether the first connection begins a new session. Set false, with a <see cref="ClientId"/>, to go on with the session of an earlier run. A
    /// reconnection of the same client always goes on with its session; in 3.1.1 only where this is false, for there a session with a clean start ends with
    /// its connection.
    /// </summary>
    public bool CleanStart { get; set; } = true;

    /// <summary>How long the broker keeps the session without connection. 5.0 only.</summary>
    public TimeSpan SessionExpiry { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A lost connection is found within this time. Zero turns that off.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>QoS 1 and 2 messages that the broker may send without having them acknowledged.</summary>
    public int ReceiveMaximum { get; set; } = 1024;

    /// <summary>The largest packet that the broker may send, in bytes.</summary>
    public int MaximumPacketSize { get; set; } = 16 * 1024 * 1024;

    /// <summary>Topic Aliases that the broker may use. 5.0 only.</summary>
    public int TopicAliasMaximum { get; set; } = 64;

    /// <summary>Whether the client uses Topic Aliases itself, as far as the broker allows. 5.0 only.</summary>
    public bool UsesTopicAliases { get; set; } = true;

    /// <summary>What the broker publishes when the client goes without a goodbye; null for nothing.</summary>
    public Will? Will { get; set; }

    /// <summary>User Properties of CONNECT. 5.0 only.</summary>
    public IList<UserProperty> UserProperties { get; } = [];

    /// <summary>Whether the broker is asked for the beginning of response topics. 5.0 only.</summary>
    public bool RequestsResponseInformation { get; set; }

    /// <summary>SCRAM-SHA-256 or another mechanism; null for user name and password only. 5.0 only.</summary>
    public EnhancedAuthentication? Authentication { get; set; }

    /// <summary>QoS 1 and 2 messages to the broker that are under way at a time, 1 to 65535; the broker may allow fewer.</summary>
    public int InFlightMax { get; set; } = ushort.MaxValue;

    /// <summary>The local address to connect from, which chooses the network; null for the system's choice.</summary>
    public IPAddress? LocalAddress { get; set; }

    /// <summary>A SOCKS 5 proxy to go through: <c>socks5h://user:password@host:1080</c>; null for none. It resolves the broker's name.</summary>
    public Uri? Proxy { get; set; }

    /// <summary>For <c>mqtts://</c> and <c>wss://</c>.</summary>
    public TlsOptions Tls { get; } = new();

    /// <summary>Further headers of the WebSocket handshake.</summary>
    public IDictionary<string, string> WebSocketHeaders { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Time for one attempt: name, connection, TLS, WebSocket, authentication, CONNACK.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>When the broker acknowledges nothing of what waits for it in this time, the connection is taken for broken.</summary>
    public TimeSpan AcknowledgementTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time for an orderly end: what waits is sent and acknowledged, DISCONNECT is sent.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether a lost connection is made anew.</summary>
    public bool Reconnects { get; set; } = true;

    /// <summary>The longest pause before the first reconnection; it doubles each time. The pause is random between zero and this (full jitter).</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between reconnections.</summary>
    public TimeSpan ReconnectDelayMax { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Where messages wait until they are sent and acknowledged.</summary>
    public Outbox Outbox { get; set; } = Outbox.InMemory();

    /// <summary>
    /// How long a QoS 1 or 2 message of an earlier subscription of the session waits for somebody to subscribe, before it is acknowledged and dropped.
    /// </summary>
    public TimeSpan UnclaimedMessageTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the W3C trace context goes with messages as User Properties <c>traceparent</c> and <c>tracestate</c>. 5.0 only.</summary>
    public bool PropagatesTraceContext { get; set; } = true;

    /// <summary>Where to log.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>
    /// Opens the byte stream to the broker instead of <see cref="Server"/>: for tests in memory, tunnels, and what else a stream goes through. The client
    /// completes both pipes at the end, and disposes the transport where that is <see cref="IAsyncDisposable"/>.
    /// </summary>
    public Func<CancellationToken, ValueTask<IDuplexPipe>>? TransportFactory { get; set; }

    /// <summary>Where flushes run; a test that wants one thread sets the inline one.</summary>
    internal PipeScheduler Scheduler { get; set; } = PipeScheduler.ThreadPool;

    /// <summary>The source of randomness for the pauses; a test sets its own.</summary>
    internal Random Random { get; set; } = Random.Shared;

    /// <exception cref="ArgumentException">A value cannot be.</exception>
    internal void Validate()
    {
        if (Server is null && TransportFactory is null) throw new ArgumentException("There is no server. Set Server, such as mqtt://localhost:1883.");
        if (ProtocolVersion is not (ProtocolVersion.V50 or ProtocolVersion.V311)) throw new ArgumentException($"ProtocolVersion {ProtocolVersion} is not supported. Use V50 or V311.");
        Check(ReceiveMaximum is >= 1 and <= ushort.MaxValue, nameof(ReceiveMaximum), ReceiveMaximum, "1 to 65535");
        Check(InFlightMax is >= 1 and <= ushort.MaxValue, nameof(InFlightMax), InFlightMax, "1 to 65535");
        if (Proxy is not null) Socks5.Check(Proxy);
        Check(MaximumPacketSize is >= 128 and <= Limits.PacketSizeMax, nameof(MaximumPacketSize), MaximumPacketSize, $"128 to {Limits.PacketSizeMax}");
        Check(TopicAliasMaximum is >= 0 and <= ushort.MaxValue, nameof(TopicAliasMaximum), TopicAliasMaximum, "0 to 65535");
        Check(KeepAlive >= TimeSpan.Zero && KeepAlive.TotalSeconds <= ushort.MaxValue, nameof(KeepAlive), KeepAlive, "0 to 65535 s");
        Check(SessionExpiry >= TimeSpan.Zero, nameof(SessionExpiry), SessionExpiry, "0 or more");
        Check(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout), ConnectTimeout, "more than 0");
        Check(AcknowledgementTimeout > TimeSpan.Zero, nameof(AcknowledgementTimeout), AcknowledgementTimeout, "more than 0");
        Check(ShutdownTimeout >= TimeSpan.Zero, nameof(ShutdownTimeout), ShutdownTimeout, "0 or more");
        Check(ReconnectDelay >= TimeSpan.Zero && ReconnectDelay <= ReconnectDelayMax, nameof(ReconnectDelay), ReconnectDelay, "0 to ReconnectDelayMax");
        if (Outbox.IsKept && string.IsNullOrEmpty(ClientId)) throw new ArgumentException("The outbox is kept, but without a client identifier its session cannot be found again. Set ClientId.");
        if (ClientId is { Length: 0 } && !CleanStart) throw new ArgumentException("ClientId is empty, so the session of an earlier run cannot be found. Set ClientId, or CleanStart = true.");
    }

    private static void Check(bool isValid, string name, object value, string allowed)
    {
        if (!isValid) throw new ArgumentException($"{name} is {value}; allowed is {allowed}.");
    }
}

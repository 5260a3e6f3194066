using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Avocet.Broker;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using KestrelListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Avocet.Server.Transports;

/// <summary>One listener: what it is made of, from the socket up to the broker.</summary>
internal sealed class ListenerEndpoint
{
    private readonly MqttBroker _broker;
    private readonly ListenerPolicy _policy;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private KestrelListenOptions? _kestrel;

    public ListenerEndpoint(
        ListenerOptions options,
        ListenerPolicy policy,
        ServerCertificates? certificates,
        MqttBroker broker,
        TimeProvider timeProvider,
        ILogger logger)
    {
        Options = options;
        Certificates = certificates;
        _policy = policy;
        _broker = broker;
        _timeProvider = timeProvider;
        _logger = logger;
        EndPoint = MakeEndPoint(options);
    }

    public ListenerOptions Options { get; }

    /// <summary>Null without TLS.</summary>
    public ServerCertificates? Certificates { get; }

    /// <summary>What bounds the TLS handshakes at a time; null for no bound.</summary>
    public SemaphoreSlim? Handshakes { get; init; }

    public bool AllowsAnonymous => _policy.AllowAnonymous;

    /// <summary>What to bind to.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>Where it listens, once it does: with the real port.</summary>
    public EndPoint BoundEndPoint
    {
        get => _kestrel?.EndPoint ?? field ?? EndPoint;
        set;
    }

    /// <summary>Adds the layers of this listener to Kestrel: PROXY header, TLS, then MQTT or HTTP.</summary>
    public void AddTo(KestrelServerOptions server)
    {
        server.Listen(EndPoint, kestrel =>
        {
            _kestrel = kestrel;
            kestrel.Protocols = HttpProtocols.Http1;
            kestrel.Use(next => connection =>
            {
                connection.Features.Set(this);
                return next(connection);
            });
            if (Options.ProxyProtocol)
            {
                var proxy = new ProxyProtocol(Options.Name, _timeProvider, _logger);
                kestrel.Use(next => connection => proxy.HandleAsync(connection, next));
            }

            if (Certificates is not null)
            {
                var tls = new TlsTransport(Options.Name, Certificates, Handshakes, _timeProvider, _logger);
                kestrel.Use(next => connection => tls.HandleAsync(connection, next));
            }

            // Kestrel puts HTTP at the end by itself, for WebSocket.
            if (!Options.IsWebSocket) kestrel.Run(RunAsync);
        });
    }

    public ConnectionOrigin OriginOf(EndPoint? remote, X509Certificate2? clientCertificate = null) => new()
    {
        Listener = _policy,
        RemoteEndPoint = Unmapped(remote),
        Transport = Options.TransportName,
        ClientCertificate = clientCertificate,
    };

    public ConnectionOrigin OriginOf(PeerAddress peer) => new() { Listener = _policy, Peer = peer, Transport = Options.TransportName };

    /// <summary>A socket for all addresses gives IPv4 clients as ::ffff:192.0.2.1; people know them by the plain address.</summary>
    public static IPEndPoint? Unmapped(EndPoint? remote) => remote switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port),
        IPEndPoint plain => plain,
        _ => null,
    };

    private async Task RunAsync(ConnectionContext connection)
    {
        await _broker.RunConnectionAsync(connection.Transport, OriginOf(connection.RemoteEndPoint, connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate));
        ClosingDeadline.Begin(Options.Name, connection.Features, connection, _logger);
    }

    private static EndPoint MakeEndPoint(ListenerOptions options)
    {
        if (options.Transport == ListenerTransport.Unix) return new UnixDomainSocketEndPoint(System.IO.Path.GetFullPath(options.Path));
        if (ListenerOptions.TryParseAddress(options.Address, out var address)) return new IPEndPoint(address, options.EffectivePort.ToBind);

        throw new ServerStartException($"listener '{options.Name}' not started: '{options.Address}' is no IP address.");
    }
}

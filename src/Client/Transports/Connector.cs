using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Avocet.Client.Transports;

/// <summary>Opens the byte stream that a URI names.</summary>
internal static class Connector
{
    private const int PortPlain = 1883, PortTls = 8883;

    /// <exception cref="ArgumentException">The URI names nothing that can be opened.</exception>
    public static void Check(Uri server)
    {
        if (!server.IsAbsoluteUri || !IsKnown(server.Scheme))
        {
            throw new ArgumentException($"'{server.OriginalString}' is no address of a broker. Use mqtt://host, mqtts://host, ws://host/mqtt, wss://host/mqtt or unix:///path.");
        }

        if (server.Scheme == "unix" ? server.AbsolutePath.Length < 2 : server.Host.Length == 0) throw new ArgumentException($"'{server.OriginalString}' names no {(server.Scheme == "unix" ? "path" : "host")}.");
    }

    /// <exception cref="MqttConnectException">There is no way to the server.</exception>
    public static async ValueTask<IDuplexPipe> OpenAsync(MqttClientOptions options, CancellationToken cancellationToken)
    {
        if (options.TransportFactory is { } factory) return await factory(cancellationToken).ConfigureAwait(false);

        var server = options.Server!;
        try
        {
            return new StreamTransport(await OpenStreamAsync(server, options, cancellationToken).ConfigureAwait(false));
        }
        catch (SocketException exception)
        {
            throw new MqttConnectException($"{Describe(server)} cannot be reached: {exception.Message}. Check the address, and whether the broker listens there.", exception);
        }
        catch (AuthenticationException exception)
        {
            throw new MqttConnectException($"{Describe(server)}: no TLS: {(exception.InnerException ?? exception).Message} Check the certificates, and that the port speaks TLS.", exception);
        }
        catch (WebSocketException exception)
        {
            throw new MqttConnectException($"{Describe(server)}: no WebSocket: {(exception.InnerException ?? exception).Message}", exception);
        }
        catch (IOException exception)
        {
            throw new MqttConnectException($"{Describe(server)}: the connection broke: {exception.Message}", exception);
        }
    }

    /// <summary>The address for messages: without user name and password.</summary>
    public static string Describe(Uri? server) => server is null ? "the transport" : server.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped).TrimEnd('/');

    private static bool IsKnown(string scheme) => scheme is "mqtt" or "tcp" or "mqtts" or "ssl" or "tls" or "ws" or "wss" or "unix";

    private static async ValueTask<Stream> OpenStreamAsync(Uri server, MqttClientOptions options, CancellationToken cancellationToken) => server.Scheme switch
    {
        "ws" or "wss" => await OpenWebSocketAsync(server, options, cancellationToken).ConfigureAwait(false),
        "unix" => await OpenUnixAsync(Uri.UnescapeDataString(server.AbsolutePath), cancellationToken).ConfigureAwait(false),
        "mqtts" or "ssl" or "tls" => await OpenTlsAsync(server, options, cancellationToken).ConfigureAwait(false),
        _ => await OpenTcpAsync(server.IdnHost, server.Port > 0 ? server.Port : PortPlain, options, cancellationToken).ConfigureAwait(false),
    };

    private static async ValueTask<Stream> OpenTcpAsync(string host, int port, MqttClientOptions options, CancellationToken cancellationToken)
    {
        var (firstHost, firstPort) = options.Proxy is { } named ? (named.IdnHost, named.Port > 0 ? named.Port : Socks5.PortDefault) : (host, port);
        var local = options.LocalAddress;
        var socket = local is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            if (local is not null) Bind(socket, local);
            await socket.ConnectAsync(firstHost, firstPort, cancellationToken).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (options.Proxy is { } proxy) await Socks5.ConnectAsync(stream, proxy, host, port, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Bind(Socket socket, IPAddress local)
    {
        try
        {
            socket.Bind(new IPEndPoint(local, 0));
        }
        catch (SocketException exception)
        {
            throw new MqttConnectException($"Cannot connect from {local}: {exception.Message}. It is to be an address of this machine.", exception);
        }
    }

    private static async ValueTask<Stream> OpenUnixAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async ValueTask<Stream> OpenTlsAsync(Uri server, MqttClientOptions options, CancellationToken cancellationToken)
    {
        var tcp = await OpenTcpAsync(server.IdnHost, server.Port > 0 ? server.Port : PortTls, options, cancellationToken).ConfigureAwait(false);
        var tls = new SslStream(tcp, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(AuthenticationOptions(server, options.Tls), cancellationToken).ConfigureAwait(false);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static SslClientAuthenticationOptions AuthenticationOptions(Uri server, TlsOptions options)
    {
        var authentication = new SslClientAuthenticationOptions
        {
            TargetHost = options.ServerName ?? server.IdnHost,
            EnabledSslProtocols = options.Protocols,
            CertificateRevocationCheckMode = options.RevocationMode,
            RemoteCertificateValidationCallback = options.ServerCertificateValidation,
        };
        if (options.ClientCertificate is { } certificate) authentication.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, options.ClientCertificateChain, offline: true);
        if (options.ApplicationProtocols.Count > 0) authentication.ApplicationProtocols = [.. options.ApplicationProtocols.Select(protocol => new SslApplicationProtocol(protocol))];
        // On Windows .NET says itself that it cannot.
#pragma warning disable CA1416
        if (options.CipherSuites.Count > 0) authentication.CipherSuitesPolicy = new CipherSuitesPolicy(options.CipherSuites);
#pragma warning restore CA1416
        if (options.CertificateAuthorities.Count > 0)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = options.RevocationMode };
            policy.CustomTrustStore.AddRange(options.CertificateAuthorities);
            authentication.CertificateChainPolicy = policy;
        }

        return authentication;
    }

    private static async ValueTask<Stream> OpenWebSocketAsync(Uri server, MqttClientOptions options, CancellationToken cancellationToken)
    {
        var webSocket = new ClientWebSocket();
        try
        {
            // [MQTT-6.0.0-3]
            webSocket.Options.AddSubProtocol("mqtt");
            webSocket.Options.KeepAliveInterval = TimeSpan.Zero;
            foreach (var (name, value) in options.WebSocketHeaders) webSocket.Options.SetRequestHeader(name, value);

            using var handler = new SocketsHttpHandler { SslOptions = AuthenticationOptions(server, options.Tls) };
            if (options.Proxy is not null || options.LocalAddress is not null)
            {
                handler.UseProxy = false;
                handler.ConnectCallback = (context, token) => OpenTcpAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, options, token);
            }

            // ALPN here is HTTP's.
            handler.SslOptions.ApplicationProtocols = null;
            using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
            await webSocket.ConnectAsync(WithoutUser(server), invoker, cancellationToken).ConfigureAwait(false);
            return new BinaryWebSocketStream(webSocket);
        }
        catch
        {
            webSocket.Dispose();
            throw;
        }
    }

    private static Uri WithoutUser(Uri server) => server.UserInfo.Length == 0 ? server : new Uri(server.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped));
}

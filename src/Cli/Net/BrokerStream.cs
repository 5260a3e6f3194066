using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Avocet.Cli.Bench;

namespace Avocet.Cli.Net;

/// <summary>A connection to a broker before any packet, and how long each step of it took.</summary>
internal sealed class BrokerStream : IAsyncDisposable
{
    private BrokerStream(Stream stream) => Stream = stream;

    public Stream Stream { get; private set; }

    public IPEndPoint EndPoint { get; private init; } = new(IPAddress.None, 0);

    public TimeSpan ResolveTime { get; private init; }

    public TimeSpan ConnectTime { get; private init; }

    public TimeSpan? TlsTime { get; private set; }

    public TimeSpan? WebSocketTime { get; private set; }

    /// <summary>Protocol, cipher and the name of the certificate.</summary>
    public string? TlsDescription { get; private set; }

    /// <exception cref="CommandException">A step failed.</exception>
    public static async Task<BrokerStream> OpenAsync(BrokerUrl url, TlsTrust trust, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(url, cancellationToken);
        try
        {
            if (url.IsTls) await connection.AuthenticateAsync(url, trust, cancellationToken);
            if (url.IsWebSocket) await connection.UpgradeAsync(url, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Stream.DisposeAsync();

    private static async Task<BrokerStream> ConnectAsync(BrokerUrl url, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(url.Host, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new CommandException($"The host '{url.Host}' is not known: {exception.Message.TrimEnd('.')}. Is the name right?");
        }

        var resolved = watch.Elapsed;
        SocketException? failure = null;
        foreach (var address in addresses)
        {
            watch.Restart();
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, url.Port), cancellationToken);
                return new BrokerStream(new NetworkStream(socket, ownsSocket: true))
                {
                    EndPoint = new IPEndPoint(address, url.Port),
                    ResolveTime = resolved,
                    ConnectTime = watch.Elapsed,
                };
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                failure = exception;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        var reason = failure?.Message.TrimEnd('.') ?? "it has no address";
        throw new CommandException($"Cannot connect to {url}: {reason}. {Connect.AdviceFor(failure?.SocketErrorCode ?? SocketError.HostNotFound)}");
    }

    private async Task AuthenticateAsync(BrokerUrl url, TlsTrust trust, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var tls = new SslStream(Stream, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(trust.OptionsFor(url.Host), cancellationToken);
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            await tls.DisposeAsync();
            var reason = (exception.InnerException ?? exception).Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new CommandException($"TLS with {url} failed: {reason}. Give the broker's authority with --cafile, or check that the port speaks TLS.");
        }

        TlsTime = watch.Elapsed;
        var name = (tls.RemoteCertificate as X509Certificate2)?.GetNameInfo(X509NameType.DnsName, forIssuer: false);
        TlsDescription = $"{tls.SslProtocol}, {tls.NegotiatedCipherSuite}{(name is null ? "" : $", {name}")}";
        Stream = tls;
    }

    private async Task UpgradeAsync(BrokerUrl url, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, _) => ValueTask.FromResult(Stream) };
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        try
        {
            // The stream has done TLS already.
            await socket.ConnectAsync(new UriBuilder("ws", url.Host, url.Port, url.Path).Uri, invoker, cancellationToken);
        }
        catch (Exception exception) when (exception is WebSocketException or HttpRequestException)
        {
            socket.Dispose();
            throw new CommandException($"No WebSocket at {url}: {exception.Message.TrimEnd('.')}. Brokers often have it under the path /mqtt.");
        }

        WebSocketTime = watch.Elapsed;
        Stream = WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true);
    }
}

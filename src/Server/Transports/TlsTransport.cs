using System.Buffers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Transports;

/// <summary>Puts TLS between a connection and what comes after.</summary>
internal sealed class TlsTransport(string listener, ServerCertificates certificates, SemaphoreSlim? handshakes, TimeProvider timeProvider, ILogger logger)
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    public async Task HandleAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var inner = connection.Transport;
        var stream = new PipeStream(inner) { ContinuesInPool = true };
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        if (await HandshakeAsync(tls, connection.ConnectionClosed) is { } failure)
        {
            Log.HandshakeFailed(logger, listener, connection.RemoteEndPoint, failure);
            return;
        }

        stream.ContinuesInPool = false;
        var pipe = new StreamPipe(tls, connection.Features.Get<IMemoryPoolFeature>()?.MemoryPool ?? MemoryPool<byte>.Shared);
        connection.Transport = pipe;
        connection.Features.Set<ITlsConnectionFeature>(new TlsConnection { ClientCertificate = tls.RemoteCertificate as X509Certificate2 });
        try
        {
            await next(connection);
            await CloseAsync(tls, connection);
        }
        finally
        {
            pipe.Complete();
            connection.Transport = inner;
        }
    }

    /// <summary>Null when it succeeded, or why not.</summary>
    private async Task<string?> HandshakeAsync(SslStream tls, CancellationToken closed)
    {
        using var timeout = new CancellationTokenSource(HandshakeTimeout, timeProvider);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, closed);
        var isCounted = false;
        try
        {
            await tls.AuthenticateAsServerAsync((_, hello, _, token) => SelectAsync(hello.ServerName, token), null, cancellation.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return closed.IsCancellationRequested ? "the client closed the connection." : $"not done within {HandshakeTimeout.TotalSeconds} s.";
        }
        catch (Exception exception)
            when (exception is AuthenticationException or IOException or ConnectionAbortedException or InvalidOperationException)
        {
            return Reason(exception);
        }
        finally
        {
            if (isCounted) handshakes!.Release();
        }

        // Only whoever has sent his hello takes a place, so that connections which say nothing keep nobody out.
        async ValueTask<SslServerAuthenticationOptions> SelectAsync(string serverName, CancellationToken token)
        {
            if (handshakes is not null)
            {
                await handshakes.WaitAsync(token);
                isCounted = true;
            }

            return certificates.Select(serverName);
        }
    }

    /// <summary>Says goodbye, so that the client can tell an end from a cut. Kestrel bounds the time: see <see cref="ClosingDeadline"/>.</summary>
    private static async Task CloseAsync(SslStream tls, ConnectionContext connection)
    {
        if (connection.ConnectionClosed.IsCancellationRequested) return;

        try
        {
            await tls.ShutdownAsync();
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or InvalidOperationException)
        {
            // The client was quicker; there is nobody left to tell.
        }
    }

    /// <summary>The innermost reason: the outer ones say "see inner exception".</summary>
    private static string Reason(Exception exception)
    {
        while (exception.InnerException is { } inner) exception = inner;
        return exception.Message.ReplaceLineEndings(" ").TrimEnd('.') + ".";
    }

    /// <summary>Tells the HTTP layer that the connection is encrypted.</summary>
    private sealed class TlsConnection : ITlsConnectionFeature
    {
        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }
}

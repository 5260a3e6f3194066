using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Transports;

/// <summary>Takes the PROXY header off the front of a connection and gives the connection its client's address.</summary>
internal sealed class ProxyProtocol(string listener, TimeProvider timeProvider, ILogger logger)
{
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Goes on with the connection when the header is good, and ends it otherwise.</summary>
    public async Task HandleAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using var timeout = new CancellationTokenSource(HeaderTimeout, timeProvider);
        string? refusal;
        try
        {
            refusal = await ReadHeaderAsync(connection, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            refusal = $"no whole header within {HeaderTimeout.TotalSeconds} s";
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            refusal = "the connection broke";
        }

        if (refusal is null)
        {
            await next(connection);
            return;
        }

        Log.ProxyHeaderRefused(logger, listener, connection.RemoteEndPoint, refusal);
    }

    /// <summary>Null when a header was read, or why not.</summary>
    private static async Task<string?> ReadHeaderAsync(ConnectionContext connection, CancellationToken cancellationToken)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var status = ProxyHeader.TryRead(result.Buffer, out var consumed, out var source);
            switch (status)
            {
                case ProxyHeaderStatus.Done:
                    input.AdvanceTo(result.Buffer.GetPosition(consumed));
                    if (source is not null) connection.RemoteEndPoint = Unmapped(source);
                    return null;
                case ProxyHeaderStatus.Malformed:
                    input.AdvanceTo(result.Buffer.End);
                    return "it does not begin with a well-formed header of version 1 or 2";
                default:
                    input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    if (result.IsCompleted) return "it ended within the header";
                    break;
            }
        }
    }

    private static IPEndPoint Unmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}

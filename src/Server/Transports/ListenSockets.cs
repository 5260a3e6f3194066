using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Avocet.Server.Transports;

/// <summary>Makes the bound sockets of the listeners, and says in a sentence why one cannot be had.</summary>
internal sealed class ListenSockets(IEnumerable<ListenerEndpoint> endpoints)
{
    private readonly Dictionary<EndPoint, ListenerEndpoint> _endpoints =
        endpoints.ToDictionary(endpoint => endpoint.EndPoint, endpoint => endpoint, (IEqualityComparer<EndPoint>)ReferenceEqualityComparer.Instance);

    /// <summary>For <see cref="SocketTransportOptions.CreateBoundListenSocket"/>.</summary>
    public Socket Bind(EndPoint endPoint)
    {
        var listener = _endpoints[endPoint].Options;
        try
        {
            return endPoint is UnixDomainSocketEndPoint unix
                ? BindUnix(unix, listener)
                : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }
        catch (SocketException exception)
        {
            throw new ServerStartException($"listener '{listener.Name}' not started: {Reason(exception, listener)}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ServerStartException($"listener '{listener.Name}' not started: {exception.Message}", exception);
        }
    }

    /// <summary>Lets a bound socket accept.</summary>
    public static void Listen(Socket socket, ListenerEndpoint endpoint, int backlog)
    {
        try
        {
            // Accepted sockets inherit it.
            if (socket.AddressFamily != AddressFamily.Unix) socket.NoDelay = true;

            // Whoever accepts takes all that wait, and must not wait for more.
            socket.Blocking = false;
            socket.Listen(backlog);
        }
        catch (SocketException exception)
        {
            throw new ServerStartException($"listener '{endpoint.Options.Name}' not started: {Reason(exception, endpoint.Options)}", exception);
        }
    }

    private static Socket BindUnix(UnixDomainSocketEndPoint endPoint, ListenerOptions listener)
    {
        RemoveIfStale(endPoint, listener.Path);
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        // Before it listens nobody can connect, so nobody slips in under the default permissions.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(listener.Path, (UnixFileMode)Convert.ToInt32(listener.Permissions, 8));
        return socket;
    }

    /// <summary>A killed process leaves its socket file behind. It goes only when it is a socket and nobody answers there.</summary>
    private static void RemoveIfStale(UnixDomainSocketEndPoint endPoint, string path)
    {
        if (!File.Exists(path)) return;
        if (!IsSocket(path)) throw new IOException($"{path} exists and is no socket. Remove it, or choose another path.");

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
        }
    }

    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return false;
        }
        catch (IOException)
        {
            // The one kind of file that open() refuses, with ENXIO.
            return true;
        }
    }

    private static string Reason(SocketException exception, ListenerOptions listener)
    {
        var place = listener.Transport == ListenerTransport.Unix
            ? listener.Path
            : string.Create(CultureInfo.InvariantCulture, $"{listener.Address} port {listener.EffectivePort}");
        var option = listener.Transport switch
        {
            ListenerTransport.Tcp => ", or choose another port with --port",
            ListenerTransport.Ws => ", or choose another port with --ws-port",
            ListenerTransport.Unix => ", or choose another path",
            _ => ", or choose another port",
        };
        return exception.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => $"{place} is in use by another program. Stop that one{option}.",
            SocketError.AccessDenied => $"no permission for {place}. Ports below 1024 take root or CAP_NET_BIND_SERVICE{option}.",
            SocketError.AddressNotAvailable => $"this machine has no address {listener.Address}.",
            _ => $"{place}: {exception.Message}.",
        };
    }
}

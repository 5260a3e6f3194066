using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Avocet.Client.Transports;

/// <summary>
/// Asks a SOCKS 5 proxy for a connection (RFC 1928), with user name and password where it wants them (RFC 1929). The proxy resolves the name. .NET has this for
/// HTTP only.
/// </summary>
internal static class Socks5
{
    public const int PortDefault = 1080;

    private const byte Version = 5, LoginVersion = 1;
    private const byte MethodNone = 0, MethodPassword = 2;
    private const byte CommandConnect = 1;
    private const byte AddressV4 = 1, AddressName = 3, AddressV6 = 4;
    private const int TextSizeMax = 255;

    /// <exception cref="ArgumentException">It is no proxy that can be used.</exception>
    public static void Check(Uri proxy)
    {
        if (!proxy.IsAbsoluteUri || proxy.Scheme is not ("socks5" or "socks5h") || proxy.Host.Length == 0)
        {
            throw new ArgumentException($"'{proxy.OriginalString}' is no SOCKS 5 proxy. Use socks5h://host:1080, with user:password@ in front of the host where it asks for them.");
        }
    }

    /// <exception cref="MqttConnectException">The proxy refuses, or is none.</exception>
    public static async ValueTask ConnectAsync(Stream stream, Uri proxy, string host, int port, CancellationToken cancellationToken)
    {
        var user = proxy.UserInfo.Length == 0 ? null : proxy.UserInfo.Split(':', 2);
        var buffer = new byte[3 + TextSizeMax + TextSizeMax];

        await stream.WriteAsync(user is null ? [Version, 1, MethodNone] : new byte[] { Version, 2, MethodNone, MethodPassword }, cancellationToken).ConfigureAwait(false);
        var method = await ReadAsync(2).ConfigureAwait(false);
        if (method.Span[0] != Version) throw Failed("it does not speak SOCKS 5");

        var chosen = method.Span[1];
        if (chosen == MethodPassword && user is not null) await LogInAsync(user).ConfigureAwait(false);
        else if (chosen != MethodNone) throw Failed(user is null ? "it wants a user name and a password; give them in its URL" : "it takes none of the ways to log in");

        await stream.WriteAsync(Request(host, port), cancellationToken).ConfigureAwait(false);
        var answer = await ReadAsync(4).ConfigureAwait(false);
        if (answer.Span[1] != 0) throw Failed(ProblemOf(answer.Span[1]));

        // The address that it connects from, which nobody needs, and a port.
        var rest = answer.Span[3] switch
        {
            AddressV4 => 4,
            AddressV6 => 16,
            AddressName => (await ReadAsync(1).ConfigureAwait(false)).Span[0],
            _ => throw Failed("its answer makes no sense"),
        };
        await ReadAsync(rest + 2).ConfigureAwait(false);

        async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int count)
        {
            await stream.ReadExactlyAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            return buffer.AsMemory(0, count);
        }

        async ValueTask LogInAsync(string[] words)
        {
            await stream.WriteAsync((byte[])[LoginVersion, .. Text(words[0]), .. Text(words.Length > 1 ? words[1] : "")], cancellationToken).ConfigureAwait(false);
            if ((await ReadAsync(2).ConfigureAwait(false)).Span[1] != 0) throw Failed("it does not accept the user name and the password");
        }

        byte[] Text(string word)
        {
            var bytes = Encoding.UTF8.GetBytes(Uri.UnescapeDataString(word));
            return bytes.Length <= TextSizeMax ? [(byte)bytes.Length, .. bytes] : throw Failed($"a user name or password of {bytes.Length} bytes is too long for it; {TextSizeMax} are allowed");
        }

        MqttConnectException Failed(string problem) => new($"The proxy {proxy.Host} gives no connection to {host}:{port}: {problem}.");
    }

    private static byte[] Request(string host, int port)
    {
        byte[] address;
        if (IPAddress.TryParse(host, out var ip)) address = [ip.AddressFamily == AddressFamily.InterNetworkV6 ? AddressV6 : AddressV4, .. ip.GetAddressBytes()];
        else address = [AddressName, (byte)host.Length, .. Encoding.ASCII.GetBytes(host)];

        byte[] request = [Version, CommandConnect, 0, .. address, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(request.Length - 2), (ushort)port);
        return request;
    }

    private static string ProblemOf(byte reply) => reply switch
    {
        2 => "its rules do not allow it",
        3 => "the network cannot be reached",
        4 => "the host cannot be reached, or its name is not known",
        5 => "nobody listens there",
        6 => "it took too long",
        8 => "it does not know this kind of address",
        _ => $"it failed (reply {reply})",
    };
}

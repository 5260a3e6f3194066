using System.Net.Sockets;
using System.Text;

namespace Avocet.Server.Tests.Support;

/// <summary>The socket of a service manager: what is told arrives as datagrams.</summary>
internal sealed class NotifySocket : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    /// <param name="name">A path; or, with @ in front, a name that is in no file system.</param>
    public NotifySocket(string name)
    {
        Name = name;
        _socket.Bind(new UnixDomainSocketEndPoint(name[0] == '@' ? $"\0{name[1..]}" : name));
    }

    /// <summary>What NOTIFY_SOCKET has to be.</summary>
    public string Name { get; }

    public static string AbstractName() => $"@avocet-test-{Guid.NewGuid():N}";

    public bool IsEmpty => _socket.Available == 0;

    /// <summary>The assignments of the next datagram.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var buffer = new byte[4096];
        var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, deadline.Token);
        return Encoding.UTF8.GetString(buffer, 0, length).Split('\n').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public void Dispose()
    {
        _socket.Dispose();
        if (Name[0] != '@') File.Delete(Name);
    }
}

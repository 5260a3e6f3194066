using System.Net;
using System.Security.Authentication;
using Avocet.Security;

namespace Avocet.Server;

/// <summary>One place where clients connect.</summary>
public sealed record ListenerOptions
{
    /// <summary>The name in logs, unique among the listeners.</summary>
    public required string Name { get; init; }

    public ListenerTransport Transport { get; init; } = ListenerTransport.Tcp;

    /// <summary>An IP address, <c>localhost</c>, or <c>*</c> for all addresses of the machine.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Null for the usual port of the transport: tcp 1883, tls 8883, ws 8083, wss 8084.</summary>
    public ListenPort? Port { get; init; }

    /// <summary>The path of the WebSocket URL or of the Unix socket.</summary>
    public string Path { get; init; } = "";

    /// <summary>Octal permissions of the Unix socket file, such as 0660.</summary>
    public string Permissions { get; init; } = "0660";

    /// <summary>Null: allowed where only this machine can connect and no authenticator is set up.</summary>
    public bool? AllowAnonymous { get; init; }

    /// <summary>A prefix of all topics of this listener's clients; they do not see it.</summary>
    public string MountPoint { get; init; } = "";

    /// <summary>Connections at a time through this listener; 0 means no limit.</summary>
    public int ConnectionsMax { get; init; }

    /// <summary>New connections a second in the long run, ten seconds' worth at once; 0 means no limit.</summary>
    public int ConnectRateMax { get; init; }

    /// <summary>PUBLISHes a second of all clients together; 0 means no limit.</summary>
    public int PublishRateMax { get; init; }

    /// <summary>Bytes a second from all clients together; 0 means no limit.</summary>
    public int ReceiveBytesRateMax { get; init; }

    /// <summary>Whether every connection begins with a PROXY protocol header, version 1 or 2.</summary>
    public bool ProxyProtocol { get; init; }

    /// <summary>The oldest TLS version accepted: Tls12 or Tls13.</summary>
    public SslProtocols TlsVersionMin { get; init; } = SslProtocols.Tls12;

    /// <summary>Whether WebSocket clients must offer the subprotocol <c>mqtt</c> or <c>mqttv3.1</c>.</summary>
    public bool SubprotocolRequired { get; init; } = true;

    /// <summary>Certificates of this listener, chosen by SNI, the first for clients without; empty for those in <see cref="ServerOptions"/>.</summary>
    public IReadOnlyList<CertificateOptions> Certificates { get; init; } = [];

    /// <summary>The password file of this listener; empty for the common one.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>The access file of this listener; empty for the common one.</summary>
    public string AclFile { get; init; } = "";

    /// <summary>Whether clients have to show a certificate.</summary>
    public ClientCertificateMode ClientCertificate { get; init; }

    /// <summary>PEM files of the authorities whose client certificates are accepted: a file, or a folder of files.</summary>
    public string ClientCaFile { get; init; } = "";

    /// <summary>A file of revocation lists, PEM or DER; empty for none.</summary>
    public string ClientCrlFile { get; init; } = "";

    /// <summary>What of a client certificate is the user name.</summary>
    public CertificateName CertificateUser { get; init; }

    /// <summary>What of a client certificate is the client identifier.</summary>
    public CertificateName CertificateClientId { get; init; }

    /// <summary>Whether connections are encrypted.</summary>
    public bool IsTls => Transport is ListenerTransport.Tls or ListenerTransport.Wss;

    /// <summary>Whether MQTT travels in WebSocket frames.</summary>
    public bool IsWebSocket => Transport is ListenerTransport.Ws or ListenerTransport.Wss;

    /// <summary>Whether the listener is configured not to be opened.</summary>
    public bool IsOff => Transport != ListenerTransport.Unix && EffectivePort.IsOff;

    /// <summary>The transport's word in configuration, logs and <c>ConnectionOrigin</c>.</summary>
    public string TransportName => NameOf(Transport);

    internal ListenerSecurity Security => new()
    {
        Listener = Name,
        PasswordFile = PasswordFile,
        AclFile = AclFile,
        CertificateUser = CertificateUser,
        CertificateClientId = CertificateClientId,
    };

    internal ListenPort EffectivePort => Port ?? DefaultPort(Transport);

    internal string EffectivePath => Path.Length > 0 || Transport == ListenerTransport.Unix ? Path : "/mqtt";

    /// <summary>Whether only this machine can connect.</summary>
    internal bool IsLocalOnly =>
        Transport == ListenerTransport.Unix || (TryParseAddress(Address, out var address) && IPAddress.IsLoopback(address));

    internal static string NameOf(ListenerTransport transport) => transport switch
    {
        ListenerTransport.Tcp => "tcp",
        ListenerTransport.Tls => "tls",
        ListenerTransport.Ws => "ws",
        ListenerTransport.Wss => "wss",
        _ => "unix",
    };

    internal static ListenPort DefaultPort(ListenerTransport transport) => transport switch
    {
        ListenerTransport.Tcp => ListenPort.Of(1883),
        ListenerTransport.Tls => ListenPort.Of(8883),
        ListenerTransport.Ws => ListenPort.Of(8083),
        ListenerTransport.Wss => ListenPort.Of(8084),
        _ => ListenPort.Off,
    };

    internal static bool TryParseAddress(string text, out IPAddress address)
    {
        switch (text)
        {
            case "*":
                address = System.Net.Sockets.Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
                return true;
            case "localhost":
                address = IPAddress.Loopback;
                return true;
            default:
                // IPAddress also takes "1" and "0x7f.1", which nobody means as an address.
                address = IPAddress.None;
                if (!text.Contains(':') && text.Count(c => c == '.') != 3) return false;
                if (!IPAddress.TryParse(text, out var parsed)) return false;

                address = parsed;
                return true;
        }
    }
}

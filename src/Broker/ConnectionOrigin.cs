using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Avocet.Broker;

/// <summary>Where a connection came from.</summary>
public sealed record ConnectionOrigin
{
    public required ListenerPolicy Listener { get; init; }

    /// <summary>The client's address; the one the PROXY protocol tells where that is on. Null for a Unix socket and in tests.</summary>
    public IPEndPoint? RemoteEndPoint
    {
        get => Peer.ToEndPoint();
        init => Peer = PeerAddress.Of(value);
    }

    /// <summary>The same as a value, without an object for each connection.</summary>
    public PeerAddress Peer { get; init; }

    /// <summary><c>tcp</c>, <c>tls</c>, <c>ws</c>, <c>wss</c> or <c>unix</c>.</summary>
    public string Transport { get; init; } = "tcp";

    /// <summary>The certificate the client presented in the TLS handshake.</summary>
    public X509Certificate2? ClientCertificate { get; init; }
}

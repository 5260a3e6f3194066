namespace Avocet.Server;

/// <summary>How a listener carries MQTT.</summary>
public enum ListenerTransport
{
    /// <summary>MQTT over TCP.</summary>
    Tcp,

    /// <summary>MQTT over TLS.</summary>
    Tls,

    /// <summary>MQTT over WebSocket.</summary>
    Ws,

    /// <summary>MQTT over WebSocket over TLS.</summary>
    Wss,

    /// <summary>MQTT over a Unix domain socket.</summary>
    Unix,
}

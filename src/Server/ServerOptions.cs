using Avocet.Broker;
using Avocet.Security;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>How log lines look.</summary>
public enum LogFormat
{
    /// <summary>For people: time, level, message.</summary>
    Text,

    /// <summary>For machines: one JSON object a line.</summary>
    Json,
}

/// <summary>The settings of a server.</summary>
public sealed record ServerOptions
{
    /// <summary>The folder of the server's files, sessions and messages among them; empty to keep everything in memory only.</summary>
    public string DataFolder { get; init; } = "avocet-data";

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>Seconds from the signal to stop until the process has ended. 1 to 3,600.</summary>
    public int ShutdownTimeoutSeconds { get; init; } = 10;

    /// <summary>Bytes of memory of the process; 0 means no limit. See <see cref="BrokerServices.MemoryShareInUse"/> for what happens as it nears.</summary>
    public long MemoryBytesMax { get; init; }

    /// <summary>TLS handshakes at a time over all listeners; 0 means no limit. More wait.</summary>
    public int TlsHandshakesMax { get; init; } = 1000;

    public BrokerOptions Broker { get; init; } = new();

    /// <summary>Console, API and metrics.</summary>
    public ConsoleOptions Console { get; init; } = new();

    /// <summary>Who may connect and what clients may do. What single listeners have of their own is in <see cref="Listeners"/>.</summary>
    public SecurityOptions Security { get; init; } = new();

    public IReadOnlyList<ListenerOptions> Listeners { get; init; } = DefaultListeners;

    /// <summary>Certificates of the TLS listeners that have none of their own.</summary>
    public IReadOnlyList<CertificateOptions> Certificates { get; init; } = [];

    /// <summary><see cref="Security"/> with what the listeners have of their own.</summary>
    internal SecurityOptions EffectiveSecurity => Security with { Listeners = [.. Listeners.Select(listener => listener.Security)] };

    /// <summary>What listens when nothing is configured: this machine only.</summary>
    public static IReadOnlyList<ListenerOptions> DefaultListeners { get; } =
    [
        new ListenerOptions { Name = "tcp", Transport = ListenerTransport.Tcp },
        new ListenerOptions { Name = "ws", Transport = ListenerTransport.Ws },
    ];
}

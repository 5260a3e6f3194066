using System.Globalization;

namespace Avocet.Cli.Net;

/// <summary>Where a broker is, and as whom to connect: <c>mqtt://user:password@host:port</c>.</summary>
internal sealed record BrokerUrl
{
    private const int PortDefault = 1883, TlsPortDefault = 8883, WebSocketPortDefault = 80, SecureWebSocketPortDefault = 443;

    public required string Scheme { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    /// <summary>Without the slash it begins with: the topic of mosquitto's URLs, or a WebSocket's path.</summary>
    public string Path { get; init; } = "";

    public bool IsTls => Scheme is "mqtts" or "wss";

    public bool IsWebSocket => Scheme is "ws" or "wss";

    /// <exception cref="CommandException">It is no such URL.</exception>
    public static BrokerUrl Parse(string text)
    {
        // "home.local:1883" is a URL of the scheme home.local to .NET, so what has no scheme gets one first.
        var full = text.Contains("://", StringComparison.Ordinal) ? text : "mqtt://" + text;
        if (!Uri.TryCreate(full, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || PortOf(uri.Scheme) is not { } port)
        {
            throw new CommandException($"'{text}' is no broker's URL; it reads mqtt://host:port, or mqtts, ws, wss.");
        }

        var user = uri.UserInfo.Length == 0 ? [] : uri.UserInfo.Split(':', 2);
        return new BrokerUrl
        {
            Scheme = uri.Scheme,
            Host = uri.DnsSafeHost,
            // Of ws and http, .NET itself knows the port.
            Port = uri.Port > 0 ? uri.Port : port,
            UserName = user.Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Path = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')) + uri.Fragment,
        };
    }

    /// <summary>Without user and password, so that it may be shown.</summary>
    public override string ToString()
    {
        var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{host}:{Port}{(IsWebSocket ? "/" + Path : "")}");
    }

    private static int? PortOf(string scheme) => scheme switch
    {
        "mqtt" => PortDefault,
        "mqtts" => TlsPortDefault,
        "ws" => WebSocketPortDefault,
        "wss" => SecureWebSocketPortDefault,
        _ => null,
    };
}

using System.Net;

namespace Avocet.Server;

/// <summary>A listener that listens.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Transport">How it carries MQTT.</param>
/// <param name="EndPoint">An <see cref="IPEndPoint"/> with the real port, or the Unix socket.</param>
public sealed record BoundListener(string Name, ListenerTransport Transport, EndPoint EndPoint);

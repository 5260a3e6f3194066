using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using Avocet.Broker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebSockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Avocet.Server.Transports;

/// <summary>Answers HTTP on the WebSocket listeners: upgrades to MQTT, and a helpful word to everything else.</summary>
internal sealed class WebSocketEndpoint : IHttpApplication<HttpContext>
{
    private const string Mqtt = "mqtt";
    private const string MqttV31 = "mqttv3.1";

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly MqttBroker _broker;
    private readonly ILogger _logger;
    private readonly WebSocketMiddleware _pipeline;

    public WebSocketEndpoint(MqttBroker broker, ILoggerFactory loggerFactory, ILogger logger)
    {
        _broker = broker;
        _logger = logger;
        // MQTT has a keep alive of its own; pings would only wake idle devices.
        var options = Options.Create(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        _pipeline = new WebSocketMiddleware(HandleAsync, options, loggerFactory);
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public Task ProcessRequestAsync(HttpContext context) => _pipeline.Invoke(context);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    private Task HandleAsync(HttpContext context)
    {
        var endpoint = context.Features.GetRequiredFeature<ListenerEndpoint>();
        var path = endpoint.Options.EffectivePath;
        if (context.Request.Path != path)
        {
            return RefuseAsync(context, endpoint, StatusCodes.Status404NotFound, $"MQTT over WebSocket is at the path {path} here.");
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.Connection = "Upgrade";
            return RefuseAsync(
                context, endpoint, StatusCodes.Status426UpgradeRequired, "This is an MQTT broker: connect with an MQTT client over WebSocket.");
        }

        var offered = context.WebSockets.WebSocketRequestedProtocols;
        var subprotocol = offered.Contains(Mqtt) ? Mqtt : offered.Contains(MqttV31) ? MqttV31 : null;
        if (subprotocol is null && endpoint.Options.SubprotocolRequired)
        {
            return RefuseAsync(
                context,
                endpoint,
                StatusCodes.Status400BadRequest,
                "The client must offer the WebSocket subprotocol 'mqtt' (header Sec-WebSocket-Protocol). [MQTT-6.0.0-3]");
        }

        return RunAsync(context, endpoint, subprotocol);
    }

    private async Task RunAsync(HttpContext context, ListenerEndpoint endpoint, string? subprotocol)
    {
        // The subprotocol that is chosen is returned. [MQTT-6.0.0-4]
        using var webSocket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = subprotocol });
        var pipe = new WebSocketPipe(webSocket, context.Features.Get<IMemoryPoolFeature>()?.MemoryPool ?? MemoryPool<byte>.Shared);
        var receiving = pipe.ReceiveAsync();
        try
        {
            await _broker.RunConnectionAsync(pipe, endpoint.OriginOf(RemoteEndPoint(context), context.Connection.ClientCertificate));
        }
        finally
        {
            ClosingDeadline.Begin(endpoint.Options.Name, context.Features, null, _logger);
            pipe.Complete();
        }

        if (pipe.SawTextFrame) Log.TextFrame(_logger, endpoint.Options.Name, RemoteEndPoint(context));
        await CloseAsync(webSocket, pipe.SawTextFrame ? WebSocketCloseStatus.InvalidMessageType : WebSocketCloseStatus.NormalClosure);
        webSocket.Abort();
        await receiving;
    }

    private static async Task CloseAsync(WebSocket webSocket, WebSocketCloseStatus status)
    {
        if (webSocket.State is not (WebSocketState.Open or WebSocketState.CloseReceived)) return;

        using var timeout = new CancellationTokenSource(CloseTimeout);
        try
        {
            await webSocket.CloseOutputAsync(status, null, timeout.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // The client was quicker or does not read; the connection ends next.
        }
    }

    private Task RefuseAsync(HttpContext context, ListenerEndpoint endpoint, int status, string reason)
    {
        Log.WebSocketRefused(_logger, endpoint.Options.Name, RemoteEndPoint(context), status, reason);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason + "\n");
    }

    private static IPEndPoint? RemoteEndPoint(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address
            ? ListenerEndpoint.Unmapped(new IPEndPoint(address, context.Connection.RemotePort))
            : null;
}

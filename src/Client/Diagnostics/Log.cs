using Microsoft.Extensions.Logging;

namespace Avocet.Client.Diagnostics;

/// <summary>The client's log lines, with event ids 3000 to 3999. Never a payload, never a password.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information, "Connected: {ClientId} to {Server}, {Version}, session {Session}, keep alive {KeepAliveSeconds} s")]
    public static partial void Connected(ILogger logger, string clientId, string server, string version, string session, double keepAliveSeconds);

    [LoggerMessage(3001, LogLevel.Warning, "Disconnected: {ClientId} from {Server}: {Cause}")]
    public static partial void Disconnected(ILogger logger, string clientId, string server, string cause);

    [LoggerMessage(3002, LogLevel.Warning, "Not connected: {ClientId} to {Server}: {Cause} Attempt {Attempt}, the next in {RetrySeconds:0.0} s.")]
    public static partial void NotConnected(ILogger logger, string clientId, string server, string cause, int attempt, double retrySeconds);

    [LoggerMessage(3003, LogLevel.Information, "Closed: {ClientId}: {Cause}")]
    public static partial void Closed(ILogger logger, string clientId, string cause);

    [LoggerMessage(3004, LogLevel.Information, "{Server} does not speak MQTT 5.0; going on with MQTT 3.1.1")]
    public static partial void FallsBack(ILogger logger, string server);

    [LoggerMessage(3010, LogLevel.Warning, "Message to '{Topic}' refused by the broker: {Reason}. Nobody waited for its acknowledgement.")]
    public static partial void PublishRefused(ILogger logger, string topic, string reason);

    [LoggerMessage(3011, LogLevel.Warning, "{Problem} Nobody waited for its acknowledgement.")]
    public static partial void PublishNotSent(ILogger logger, string problem);

    [LoggerMessage(3012, LogLevel.Information, "The outbox has {Count} messages of an earlier run; they are sent now")]
    public static partial void OutboxRestored(ILogger logger, int count);

    [LoggerMessage(3013, LogLevel.Error, "The outbox cannot be written: {Problem} Messages are sent, but would not survive a restart. Check the disk.")]
    public static partial void OutboxFailed(ILogger logger, string problem);

    [LoggerMessage(3014, LogLevel.Warning, "{Count} messages were not acknowledged within {Seconds:0.#} s of closing")]
    public static partial void NotDrained(ILogger logger, int count, double seconds);

    [LoggerMessage(3020, LogLevel.Warning, "The buffer of '{Filter}' is full with {BufferMessages} messages: {Policy}. Later drops are counted only.")]
    public static partial void BufferFull(ILogger logger, string filter, int bufferMessages, OverflowPolicy policy);

    [LoggerMessage(3021, LogLevel.Warning, "{Count} messages dropped that nobody subscribed to in time, the first to '{Topic}'. Unsubscribe from what is not used any more.")]
    public static partial void Unclaimed(ILogger logger, int count, string topic);

    [LoggerMessage(3022, LogLevel.Error, "The handler of '{Filter}' failed for a message to '{Topic}'")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string filter, string topic);

    [LoggerMessage(3023, LogLevel.Debug, "The handler of '{Filter}' gets no more messages")]
    public static partial void HandlerEnded(ILogger logger, string filter);

    [LoggerMessage(3024, LogLevel.Error, "An observer of the connection's state failed")]
    public static partial void ObserverFailed(ILogger logger, Exception exception);
}

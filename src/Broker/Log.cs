using Avocet.Broker.Connections;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker;

/// <summary>The broker's log lines, with event ids 1000 to 1999. Never a payload, never a password.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "Connected: {ClientId} from {Address} on listener '{Listener}', {Version}, clean start {CleanStart}, session expiry {SessionExpiry}, keep alive {KeepAliveSeconds} s, user {UserName}")]
    public static partial void Connected(
        ILogger logger, string clientId, string address, string listener, string version, bool cleanStart, string sessionExpiry, int keepAliveSeconds, string? userName);

    [LoggerMessage(1001, LogLevel.Information, "Disconnected: {ClientId} from {Address}: {Cause}: {Summary}")]
    public static partial void Disconnected(ILogger logger, string clientId, string address, EndingCause cause, string summary);

    [LoggerMessage(1002, LogLevel.Information, "Refused: {Address} on listener '{Listener}': {Summary}")]
    public static partial void Refused(ILogger logger, string address, string listener, string summary);

    [LoggerMessage(1003, LogLevel.Warning, "Packet refused: {ClientId} from {Address}: {PacketType}: {Error}")]
    public static partial void PacketRefused(ILogger logger, string clientId, string address, string packetType, DecodeError error);

    [LoggerMessage(1004, LogLevel.Information, "PUBLISH refused: {ClientId}: {Reason}: {Detail}")]
    public static partial void PublishRefused(ILogger logger, string clientId, string reason, string detail);

    [LoggerMessage(1005, LogLevel.Information, "SUBSCRIBE refused: {ClientId}: topic filter '{Filter}': {Reason}")]
    public static partial void FilterRefused(ILogger logger, string clientId, string filter, string reason);

    [LoggerMessage(1006, LogLevel.Error, "Internal error: the connection of {ClientId} ends because of a fault in the broker. Please report it.")]
    public static partial void ConnectionFailed(ILogger logger, Exception exception, string clientId);

    [LoggerMessage(1008, LogLevel.Error, "The store in {Location} cannot be written: {Problem} Until it can, messages that it would have to keep are refused; everything else goes on.")]
    public static partial void StoreFailed(ILogger logger, string location, string problem);

    [LoggerMessage(1044, LogLevel.Critical, "A commit to the store failed in a way nobody expected. Messages that it would have to keep are refused until the broker is restarted; what was acknowledged is kept. Report it, please.")]
    public static partial void CommitBroken(ILogger logger, Exception exception);

    [LoggerMessage(1009, LogLevel.Warning, "The store in {Location} can be written again. Nothing that was acknowledged is missing.")]
    public static partial void StoreRecovered(ILogger logger, string location);

    [LoggerMessage(1010, LogLevel.Error, "The queue of {ClientId} cannot be read: {Problem} It is tried again a few times, and when the client connects the next time.")]
    public static partial void QueueNotRead(ILogger logger, string clientId, string problem);

    [LoggerMessage(1011, LogLevel.Information, "Loaded from {Location} in {Milliseconds} ms: {Sessions} sessions with {Subscriptions} subscriptions and {Queued} queued messages, {Retained} retained messages.")]
    public static partial void StoreLoaded(ILogger logger, string location, long milliseconds, int sessions, long subscriptions, long queued, long retained);

    [LoggerMessage(1012, LogLevel.Error, "Not everything is in the store {Location}: it could not be written before the end: {Problem}")]
    public static partial void StoreNotFinished(ILogger logger, string location, string problem);

    [LoggerMessage(1015, LogLevel.Error, "Work at a deadline failed in a way nobody expected; everything else goes on. Report it, please.")]
    public static partial void TimerFailed(ILogger logger, Exception exception);

    [LoggerMessage(1014, LogLevel.Warning, "The queue of a session that has ended cannot be read, so that it takes space a while longer: {Problem}")]
    public static partial void SweepFailed(ILogger logger, string problem);

    [LoggerMessage(1013, LogLevel.Error, "The references to stored messages could not be counted, so that messages which are not needed stay in the store: {Problem}")]
    public static partial void RecountFailed(ILogger logger, string problem);

    [LoggerMessage(1040, LogLevel.Warning, "Memory is short: {Percent:0} % of the limit is in use. New connections are refused, from 90 % on QoS 0 is dropped, from 95 % on all publications are refused. Raise limits.memory_bytes_max or the container's limit, or lower those of queues and sessions.")]
    public static partial void MemoryTight(ILogger logger, double percent);

    [LoggerMessage(1043, LogLevel.Error, "Out of memory: the connection of {Client} ends. Raise the limit of the process or container, or lower those of queues and sessions.")]
    public static partial void OutOfMemory(ILogger logger, string client);

    [LoggerMessage(1042, LogLevel.Warning, "Client '{Client}' connects again and again, and is kept out for up to {Seconds} s. Two clients may have the same client identifier.")]
    public static partial void ClientFlaps(ILogger logger, string client, int seconds);

    [LoggerMessage(1044, LogLevel.Warning, "What went over the wire so far today and this month is not known: {Problem}")]
    public static partial void BandwidthNotRead(ILogger logger, string problem);

    [LoggerMessage(1041, LogLevel.Information, "Memory is no longer short: {Percent:0} % of the limit is in use.")]
    public static partial void MemoryFree(ILogger logger, double percent);

    [LoggerMessage(1007, LogLevel.Warning, "Stopping: {Count} connections did not end within {Seconds} s and are cut.")]
    public static partial void NotDrained(ILogger logger, int count, double seconds);
}

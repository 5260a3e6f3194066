using System.Net;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>What the server writes to its log. Event ids 2000 to 2999 are the server's and keep their meaning.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "Avocet {Version} speaks MQTT 5.0, 3.1.1 and 3.1. Process {ProcessId}, .NET {Runtime}.")]
    public static partial void Starting(ILogger logger, string version, int processId, Version runtime);

    [LoggerMessage(2001, LogLevel.Information, "Configuration: {Source}. 'avocet config show' prints every value and where it comes from.")]
    public static partial void ConfigurationSource(ILogger logger, string source);

    [LoggerMessage(2013, LogLevel.Warning, "{Note}")]
    public static partial void ConfigurationNoted(ILogger logger, string note);

    [LoggerMessage(2002, LogLevel.Information, "Data is kept in {Location}. What is acknowledged survives {Survives} (durability = \"{Durability}\").")]
    public static partial void DataKept(ILogger logger, string location, string survives, string durability);

    [LoggerMessage(2008, LogLevel.Information, "Data is kept in memory only: the end of this process forgets sessions and retained messages.")]
    public static partial void DataInMemory(ILogger logger);

    [LoggerMessage(2003, LogLevel.Information, "Listener '{Listener}' on {Address}, {Admission}.")]
    public static partial void Listening(ILogger logger, string listener, string address, string admission);

    [LoggerMessage(2004, LogLevel.Information, "Try:  {Command}")]
    public static partial void TrySubscribe(ILogger logger, string command);

    [LoggerMessage(2005, LogLevel.Information, "Try:  {Command}")]
    public static partial void TryPublish(ILogger logger, string command);

    [LoggerMessage(2006, LogLevel.Information, "Ready.")]
    public static partial void Ready(ILogger logger);

    [LoggerMessage(2007, LogLevel.Warning, "Listener '{Listener}' lets nobody in: allow_anonymous is false and there is no authenticator.")]
    public static partial void NobodyMayConnect(ILogger logger, string listener);

    [LoggerMessage(2009, LogLevel.Critical, "A commit to the store failed in a way nobody expected. Report it, please; a restart of the broker helps for now.")]
    public static partial void StoreWorkFailed(ILogger logger, Exception exception);

    [LoggerMessage(2052, LogLevel.Warning, "Whether certificates, passwords and rules have changed could not be looked at; it is tried again: {Problem}")]
    public static partial void FilesNotChecked(ILogger logger, string problem);

    [LoggerMessage(2010, LogLevel.Information, "Stopping on {Signal}: no new connections; clients have {Seconds} s to end.")]
    public static partial void Stopping(ILogger logger, string signal, int seconds);

    [LoggerMessage(2011, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(2012, LogLevel.Warning, "Not all connections ended within {Seconds} s; those left are cut.")]
    public static partial void StopTimedOut(ILogger logger, int seconds);

    [LoggerMessage(2020, LogLevel.Information, "SIGHUP: reading the configuration again.")]
    public static partial void Reloading(ILogger logger);

    [LoggerMessage(2021, LogLevel.Error, "Configuration not reloaded, the old one stays: {Error}")]
    public static partial void ReloadFailed(ILogger logger, string error);

    [LoggerMessage(2022, LogLevel.Information, "Changed without a restart: {Setting}.")]
    public static partial void SettingReloaded(ILogger logger, string setting);

    [LoggerMessage(2023, LogLevel.Warning, "Changed, but waits for a restart: {Setting}.")]
    public static partial void SettingWaitsForRestart(ILogger logger, string setting);

    [LoggerMessage(2024, LogLevel.Information, "Configuration reloaded: {Applied} applied, {Waiting} waiting for a restart.")]
    public static partial void Reloaded(ILogger logger, int applied, int waiting);

    [LoggerMessage(2030, LogLevel.Information, "Listener '{Listener}': certificate {File} for {Subject}, valid until {NotAfter:yyyy-MM-dd}.")]
    public static partial void CertificateLoaded(ILogger logger, string listener, string file, string subject, DateTime notAfter);

    [LoggerMessage(2031, LogLevel.Error, "Listener '{Listener}' keeps its old certificates: {Reason}")]
    public static partial void CertificateKept(ILogger logger, string listener, string reason);

    [LoggerMessage(2032, LogLevel.Warning, "Listener '{Listener}': certificate {File} expired on {NotAfter:yyyy-MM-dd}. Renew it; it is read again by itself.")]
    public static partial void CertificateExpired(ILogger logger, string listener, string file, DateTime notAfter);

    [LoggerMessage(2033, LogLevel.Warning, "Listener '{Listener}': {Reason}.")]
    public static partial void ClientCertificateRefused(ILogger logger, string listener, string reason);

    [LoggerMessage(2040, LogLevel.Information, "Listener '{Listener}': TLS handshake with {RemoteEndPoint} failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, string listener, EndPoint? remoteEndPoint, string reason);

    [LoggerMessage(2041, LogLevel.Information, "Listener '{Listener}': connection from {RemoteEndPoint} closed, no PROXY header: {Reason}.")]
    public static partial void ProxyHeaderRefused(ILogger logger, string listener, EndPoint? remoteEndPoint, string reason);

    [LoggerMessage(2042, LogLevel.Information, "Listener '{Listener}': WebSocket request from {RemoteEndPoint} refused with {Status}: {Reason}")]
    public static partial void WebSocketRefused(ILogger logger, string listener, EndPoint? remoteEndPoint, int status, string reason);

    [LoggerMessage(2043, LogLevel.Information, "Listener '{Listener}': {RemoteEndPoint} sent a text frame; MQTT travels in binary ones. Closed. [MQTT-6.0.0-1]")]
    public static partial void TextFrame(ILogger logger, string listener, EndPoint? remoteEndPoint);

    [LoggerMessage(2044, LogLevel.Debug, "Listener '{Listener}': connection from {RemoteEndPoint} did not take its last bytes within {Seconds} s; cut.")]
    public static partial void CloseTimedOut(ILogger logger, string listener, EndPoint? remoteEndPoint, int seconds);

    [LoggerMessage(2045, LogLevel.Error, "Listener '{Listener}' cannot accept more connections now and tries again each second: {Reason}. Raise the limit of open files (ulimit -n, LimitNOFILE).")]
    public static partial void AcceptFailed(ILogger logger, string listener, string reason);

    [LoggerMessage(2046, LogLevel.Error, "A connection failed in a way nobody expected; the others go on. Report it, please.")]
    public static partial void LoopFailed(ILogger logger, Exception exception);

    [LoggerMessage(2047, LogLevel.Warning, "{Count} connections had not ended when they were cut.")]
    public static partial void ConnectionsLeft(ILogger logger, int count);

    [LoggerMessage(2048, LogLevel.Warning, "The broker runs without its console: {Reason}")]
    public static partial void ConsoleLeftOut(ILogger logger, string reason);

    [LoggerMessage(2050, LogLevel.Warning, "The service manager does not hear of this process: {Reason}.")]
    public static partial void NotNotified(ILogger logger, string reason);

    [LoggerMessage(2051, LogLevel.Critical, "A thread that serves sockets does not answer; after {Seconds} s of this the service manager starts the broker anew. Report it, please.")]
    public static partial void Stalled(ILogger logger, double seconds);
}

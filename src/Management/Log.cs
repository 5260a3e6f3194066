using Microsoft.Extensions.Logging;

namespace Avocet.Management;

/// <summary>What the management listener writes to the log. Event ids 5000 to 5999 are its own and keep their meaning.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Information, "Console: {Url} (API below /api/v1).")]
    public static partial void Listening(ILogger logger, string url);

    [LoggerMessage(5011, LogLevel.Information, "Console: this build has no pages, for there was no Node.js 20 or later with npm where it was made. The API works.")]
    public static partial void NoPages(ILogger logger);

    /// <summary>At whatever level is still written: without it nobody gets in.</summary>
    [LoggerMessage(EventId = 5001, Message = "Console: nobody can log in yet. Within {Minutes} minutes, make the first user at {Link}")]
    public static partial void SetupLink(ILogger logger, LogLevel level, double minutes, string link);

    [LoggerMessage(5002, LogLevel.Warning, "Console: {Address} can be reached from other machines without TLS; passwords and keys can be read on the way. Set console.tls, or put a proxy with TLS in front.")]
    public static partial void NotEncrypted(ILogger logger, string address);

    [LoggerMessage(5003, LogLevel.Error, "A request to the console failed in a way nobody expected: {Method} {Path}. Report it, please.")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(5004, LogLevel.Warning, "When an API key was last used is not kept: {Problem}")]
    public static partial void LastUseNotKept(ILogger logger, string problem);

    [LoggerMessage(5005, LogLevel.Error, "Users and keys of the console stay as they were: {Problem}")]
    public static partial void AccountsNotRead(ILogger logger, string problem);

    [LoggerMessage(5006, LogLevel.Error, "The audit log is not written, and what was done is only here: {Who} from {Address}: {Action} {Subject}. {Problem}")]
    public static partial void AuditNotWritten(ILogger logger, string who, string address, string action, string subject, string problem);

    [LoggerMessage(5007, LogLevel.Information, "Console: {Who} from {Address}: {Action} {Subject}")]
    public static partial void Audited(ILogger logger, string who, string address, string action, string subject);

    [LoggerMessage(5008, LogLevel.Debug, "A message of the simulated home to {Topic} was lost: {Problem}")]
    public static partial void SimulatedMessageLost(ILogger logger, string topic, string problem);

    [LoggerMessage(5009, LogLevel.Warning, "A retained message of the simulated home stays until it expires: {Topic}: {Problem}")]
    public static partial void SimulatedMessageStays(ILogger logger, string topic, string problem);

    [LoggerMessage(5010, LogLevel.Warning, "What the simulated home left was not removed within {Seconds} s; retained messages expire by themselves, {Minutes} minutes after its time.")]
    public static partial void SimulationNotCleared(ILogger logger, double seconds, double minutes);
}

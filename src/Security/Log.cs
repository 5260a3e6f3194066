using Microsoft.Extensions.Logging;

namespace Avocet.Security;

/// <summary>What access control writes to its log. Event ids 4000 to 4999 are its own and keep their meaning. Never a password, nor a hash.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "Passwords: {File} has {Count} users.")]
    public static partial void PasswordsLoaded(ILogger logger, string file, int count);

    [LoggerMessage(4001, LogLevel.Error, "Passwords not read again, the old ones stay: {Reason}")]
    public static partial void PasswordsKept(ILogger logger, string reason);

    [LoggerMessage(4002, LogLevel.Warning, "Passwords: {Count} users of {File} have a hash that is quick to guess. 'avocet passwd set' gives a password a strong one.")]
    public static partial void PasswordsWeak(ILogger logger, string file, int count);

    [LoggerMessage(4003, LogLevel.Warning, "Log-in refused as busy: {Count} passwords wait to be checked already. The client may try again.")]
    public static partial void HashingQueueFull(ILogger logger, int count);

    [LoggerMessage(4004, LogLevel.Warning, "Address {Address} failed to log in {Failures} times and is banned for {Seconds} s.")]
    public static partial void AddressBanned(ILogger logger, string address, int failures, int seconds);

    [LoggerMessage(4005, LogLevel.Warning, "Log-in as user '{User}' failed {Failures} times and is not possible for {Seconds} s.")]
    public static partial void UserBanned(ILogger logger, string user, int failures, int seconds);

    [LoggerMessage(4006, LogLevel.Information, "Listener '{Listener}': a client certificate has no {Field}, which is to be the {Use}; refused.")]
    public static partial void CertificateNameless(ILogger logger, string listener, string field, string use);

    [LoggerMessage(4007, LogLevel.Error, "Keys of tokens not read from {Url}, those known stay: {Reason}")]
    public static partial void KeySetKept(ILogger logger, string url, string reason);

    [LoggerMessage(4008, LogLevel.Error, "What has to be asked of {Url} is refused until it answers: {Reason}.")]
    public static partial void HttpFailed(ILogger logger, Uri url, string reason);

    [LoggerMessage(4009, LogLevel.Information, "{Url} answers again.")]
    public static partial void HttpWorks(ILogger logger, Uri url);

    [LoggerMessage(4010, LogLevel.Information, "Access rules: {File} has {Count} rules.")]
    public static partial void RulesLoaded(ILogger logger, string file, int count);

    [LoggerMessage(4011, LogLevel.Error, "Access rules not read again, the old ones stay: {Reason}")]
    public static partial void RulesKept(ILogger logger, string reason);

    [LoggerMessage(4012, LogLevel.Warning, "There were no access rules when the server started, so the first ones wait for a restart.")]
    public static partial void FirstRulesWait(ILogger logger);

    [LoggerMessage(4020, LogLevel.Error, "Log-in refused, and so is every one that has to ask PostgreSQL at {Place}, until it answers: {Reason}.")]
    public static partial void PostgresFailed(ILogger logger, string place, string reason);

    [LoggerMessage(4021, LogLevel.Information, "PostgreSQL at {Place} answers again: clients can log in.")]
    public static partial void PostgresWorks(ILogger logger, string place);

    [LoggerMessage(4022, LogLevel.Error, "Log-in as user '{User}' refused: {Reason}. Correct the row in the database, or the query of postgres_login.")]
    public static partial void PostgresRowWrong(ILogger logger, string user, string reason);

    [LoggerMessage(4030, LogLevel.Information, "Users: the database has {Users} users, {Groups} groups and {Roles} roles.")]
    public static partial void UsersLoaded(ILogger logger, int users, int groups, int roles);

    [LoggerMessage(4031, LogLevel.Information, "Users: {Users} users, {Groups} groups and {Roles} roles were taken from {File}, which is not read again: from now on the store has them.")]
    public static partial void UsersImported(ILogger logger, string file, int users, int groups, int roles);

    [LoggerMessage(4032, LogLevel.Information, "Users: they are in the store already; {File} was not read.")]
    public static partial void UsersFileUnread(ILogger logger, string file);

    [LoggerMessage(4033, LogLevel.Warning, "Users: there were none, so that there is now one, '{User}', who manages the others. Its password is in {File}: give it another one, then delete the file.")]
    public static partial void FirstUserCreated(ILogger logger, string user, string file);

    [LoggerMessage(4034, LogLevel.Information, "Users: '{User}' (client '{Client}') did {Command} {About}.")]
    public static partial void UserCommandDone(ILogger logger, string user, string client, string command, string about);

    [LoggerMessage(4035, LogLevel.Information, "Users: '{User}' (client '{Client}') was refused {Command} {About}: {Error}.")]
    public static partial void UserCommandFailed(ILogger logger, string user, string client, string command, string about, string error);
}

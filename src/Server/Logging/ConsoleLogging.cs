using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Logging;

/// <summary>The log on standard output.</summary>
public static class ConsoleLogging
{
    /// <summary>A factory whose disposal writes out what is queued.</summary>
    public static ILoggerFactory Create(LogFormat format, LogLevelSwitch levelSwitch) =>
        LoggerFactory.Create(builder =>
        {
            builder.SetMinimumLevel(LogLevel.Trace).AddFilter(levelSwitch.Allows);
            // Made by the container, so that it is disposed with it.
            builder.Services.AddSingleton<ILoggerProvider>(_ => new LogWriter(format == LogFormat.Json ? new JsonLogFormatter() : new TextLogFormatter(), Console.OpenStandardOutput()));
        });
}

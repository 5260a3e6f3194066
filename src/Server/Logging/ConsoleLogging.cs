using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Avocet.Server.Logging;

/// <summary>The log on standard output.</summary>
public static class ConsoleLogging
{
    private const int QueueLinesMax = 16_384;

    /// <summary>A factory whose disposal writes out what is queued.</summary>
    public static ILoggerFactory Create(LogFormat format, LogLevelSwitch levelSwitch) =>
        LoggerFactory.Create(builder => builder
            .SetMinimumLevel(LogLevel.Trace)
            .AddFilter(levelSwitch.Allows)
            .AddConsoleFormatter<TextLogFormatter, ConsoleFormatterOptions>()
            .AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>()
            .AddConsole(options =>
            {
                options.FormatterName = format == LogFormat.Json ? JsonLogFormatter.FormatterName : TextLogFormatter.FormatterName;
                // A connection's thread must not wait for a slow terminal or pipe; the console says how many lines it left out.
                options.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
                options.MaxQueueLength = QueueLinesMax;
            }));
}

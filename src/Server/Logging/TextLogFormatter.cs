using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Avocet.Server.Logging;

/// <summary>Log lines for people: time, level, message.</summary>
internal sealed class TextLogFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "avocet-text";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write(Word(logEntry.LogLevel));
        textWriter.Write(' ');
        WriteOnOneLine(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));
        textWriter.Write('\n');
        if (logEntry.Exception is { } exception) textWriter.WriteLine(exception.ToString());
    }

    /// <summary>Client identifiers and the like are a stranger's text: a line break or terminal escape in one must not forge log lines.</summary>
    private static void WriteOnOneLine(TextWriter writer, string message)
    {
        if (!message.AsSpan().ContainsAnyInRange('\0', '\u001f') && !message.AsSpan().ContainsAnyInRange('\u007f', '\u009f'))
        {
            writer.Write(message);
            return;
        }

        foreach (var c in message)
        {
            if (char.IsControl(c)) writer.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"));
            else writer.Write(c);
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace  ",
        LogLevel.Debug => "debug  ",
        LogLevel.Information => "info   ",
        LogLevel.Warning => "warning",
        _ => "error  ",
    };
}

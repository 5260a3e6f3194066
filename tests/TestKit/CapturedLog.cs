using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Avocet.TestKit;

/// <summary>One line that the broker logged.</summary>
public sealed record LogEntry(LogLevel Level, EventId Event, string Message, Exception? Exception);

/// <summary>Keeps what the broker logs.</summary>
public sealed class CapturedLog : ILoggerFactory
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public IEnumerable<LogEntry> Errors => _entries.Where(entry => entry.Level >= LogLevel.Error);

    public ILogger CreateLogger(string categoryName) => new Logger(_entries);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The log is only captured.");

    public void Dispose()
    {
        // Nothing is held; the entries stay readable.
    }

    private sealed class Logger(ConcurrentQueue<LogEntry> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            entries.Enqueue(new LogEntry(logLevel, eventId, formatter(state, exception), exception));
        }
    }
}

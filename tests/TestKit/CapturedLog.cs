using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Avocet.TestKit;

/// <summary>One line that the broker logged.</summary>
public sealed record LogEntry(LogLevel Level, EventId Event, string Message, Exception? Exception);

/// <summary>Keeps what the broker logs.</summary>
public sealed class CapturedLog : ILoggerFactory
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    private readonly ConcurrentQueue<LogEntry> _entries = new();
    private volatile TaskCompletionSource _more = NewSignal();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public IEnumerable<LogEntry> Errors => _entries.Where(entry => entry.Level >= LogLevel.Error);

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    /// <summary>Waits until such a line is logged, or was already; fails after 15 s.</summary>
    public async Task WaitForAsync(int eventId, string text = "")
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            // Taken before the look, so that no line in between is missed.
            var more = _more.Task;
            if (_entries.Any(entry => entry.Event.Id == eventId && entry.Message.Contains(text, StringComparison.Ordinal))) return;

            try
            {
                await more.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Event {eventId} with \"{text}\" was not logged within {Deadline.TotalSeconds} s.");
            }
        }
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The log is only captured.");

    public void Dispose()
    {
        // Nothing is held; the entries stay readable.
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Add(LogEntry entry)
    {
        _entries.Enqueue(entry);
        Interlocked.Exchange(ref _more, NewSignal()).TrySetResult();
    }

    private sealed class Logger(CapturedLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            log.Add(new LogEntry(logLevel, eventId, formatter(state, exception), exception));
        }
    }
}

using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Avocet.Server.Logging;

/// <summary>
/// Writes log lines to a stream, from a thread of its own. A line that comes alone is written at once; when many come, they are gathered for some milliseconds
/// and written together: a system call and a wake-up for each would cost more than the connects and disconnects that they tell of. Whoever logs never
/// waits: what does not fit into the queue is left out, and how many lines that were is said. Disposal writes what is queued.
/// </summary>
internal sealed class LogWriter : ILoggerProvider
{
    private const int QueuedCharactersMax = 4 * 1024 * 1024;

    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(20);

    private readonly object _gate = new();
    private readonly ConsoleFormatter _formatter;
    private readonly Stream _output;
    private readonly Thread _thread;
    private StringBuilder _queued = new();
    private StringBuilder _writing = new();
    private long _leftOut;
    private bool _isIdle;
    private bool _isEnding;

    public LogWriter(ConsoleFormatter formatter, Stream output)
    {
        _formatter = formatter;
        _output = output;
        _thread = new Thread(Run) { Name = "Avocet log", IsBackground = true };
        _thread.Start();
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Add(StringBuilder lines)
    {
        lock (_gate)
        {
            if (_queued.Length + lines.Length > QueuedCharactersMax)
            {
                _leftOut++;
                return;
            }

            _queued.Append(lines);
            if (_isIdle) Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (TryTake(out var leftOut))
        {
            if (leftOut > 0) _writing.Append(CultureInfo.InvariantCulture, $"{leftOut} log lines were left out here: the output does not take them as fast as they come.\n");

            try
            {
                _output.Write(Encoding.UTF8.GetBytes(_writing.ToString()));
                _output.Flush();
            }
            catch (IOException)
            {
                // Whoever read the log is gone; the broker goes on.
            }

            _writing.Clear();
        }
    }

    /// <summary>Waits for lines; false when there are none and it is the end.</summary>
    private bool TryTake(out long leftOut)
    {
        lock (_gate)
        {
            // Whoever logs now does not wake this thread.
            if (!_isEnding) Monitor.Wait(_gate, GatherTime);
            while (_queued.Length == 0 && !_isEnding)
            {
                _isIdle = true;
                Monitor.Wait(_gate);
                _isIdle = false;
            }

            (_writing, _queued) = (_queued, _writing);
            (leftOut, _leftOut) = (_leftOut, 0);
            return _writing.Length > 0;
        }
    }

    private sealed class Logger(LogWriter writer, string category) : ILogger
    {
        [ThreadStatic]
        private static StringWriter? _line;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = _line ??= new StringWriter(CultureInfo.InvariantCulture);
            writer._formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), null, line);
            writer.Add(line.GetStringBuilder());
            line.GetStringBuilder().Clear();
        }
    }
}

using Microsoft.Extensions.Logging;

namespace Avocet.Simulation.Machine;

/// <summary>
/// What the broker logs. How a connection ended is taken from here: where an end and a takeover meet, only the broker knows which came first. What
/// must follow from it is then checked.
/// </summary>
internal sealed class MachineLog(Action<LogLevel, int, string> onLine) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The log is only captured.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        onLine(logLevel, eventId.Id, exception is null ? formatter(state, null) : $"{formatter(state, null)} {exception}");
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}

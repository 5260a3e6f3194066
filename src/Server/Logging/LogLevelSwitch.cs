using Microsoft.Extensions.Logging;

namespace Avocet.Server.Logging;

/// <summary>The least severe level that is written. May change while the server runs.</summary>
public sealed class LogLevelSwitch(LogLevel minimum)
{
    private volatile LogLevel _minimum = minimum;

    public LogLevel Minimum
    {
        get => _minimum;
        set => _minimum = value;
    }

    /// <summary>Whether a line is written. The web server's own lines tell an operator little: below warnings they come only with trace.</summary>
    public bool Allows(string? category, LogLevel level)
    {
        if (level < _minimum) return false;

        var isOurs = category is null || category.StartsWith("Avocet", StringComparison.Ordinal);
        return isOurs || level >= LogLevel.Warning || _minimum == LogLevel.Trace;
    }
}

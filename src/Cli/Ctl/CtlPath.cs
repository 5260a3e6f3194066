using System.Globalization;

namespace Avocet.Cli.Ctl;

/// <summary>A path with its query.</summary>
internal readonly record struct CtlPath(string Text)
{
    public CtlPath With(string name, string? value) => value is null ? this : new CtlPath($"{Text}{(Text.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{name}={Uri.EscapeDataString(value)}");

    public CtlPath With(string name, long value) => With(name, value.ToString(CultureInfo.InvariantCulture));
}

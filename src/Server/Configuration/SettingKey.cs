using System.Globalization;

namespace Avocet.Server.Configuration;

/// <summary>The kinds of values.</summary>
internal enum SettingKind
{
    Integer,
    Boolean,
    Text,
    Choice,
    Port,
    Address,
    File,
    Secret,
    Permissions,
}

/// <summary>One key of the configuration: what it means and what it may be. Parsing, errors, listings and the reference page come of it.</summary>
internal abstract class SettingKey
{
    public required string Name { get; init; }

    public required SettingKind Kind { get; init; }

    public required string Summary { get; init; }

    /// <summary>The default as TOML, or words where it depends on something.</summary>
    public required string DefaultText { get; init; }

    /// <summary>Whether SIGHUP applies a change; otherwise it takes a restart.</summary>
    public bool IsReloadable { get; init; }

    public long Minimum { get; init; }

    public long Maximum { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The allowed values in words.</summary>
    public string Allowed => Kind switch
    {
        SettingKind.Integer => string.Create(CultureInfo.InvariantCulture, $"a whole number from {Minimum} to {Maximum}"),
        SettingKind.Boolean => "true or false",
        SettingKind.Choice => "one of " + string.Join(", ", Choices.Select(choice => $"\"{choice}\"")),
        SettingKind.Port => "a port from 1 to 65535, 0 for off, or \"auto\" for any free port",
        SettingKind.Address => "an IP address, \"localhost\", or \"*\" for all addresses",
        SettingKind.File => "a path",
        SettingKind.Permissions => "octal permissions such as \"0660\"",
        _ => "text",
    };

    /// <summary>Takes a value as TOML has it: a long, bool or string.</summary>
    public bool TryAccept(object raw, out object value)
    {
        value = raw;
        switch (Kind)
        {
            case SettingKind.Integer:
                return raw is long number && number >= Minimum && number <= Maximum;
            case SettingKind.Boolean:
                return raw is bool;
            case SettingKind.Choice:
                return raw is string choice && Choices.Contains(choice, StringComparer.Ordinal);
            case SettingKind.Port:
                return TryAcceptPort(raw, out value);
            case SettingKind.Address:
                return raw is string address && ListenerOptions.TryParseAddress(address, out _);
            case SettingKind.Permissions:
                return raw is string { Length: >= 3 and <= 4 } digits && digits.All(digit => digit is >= '0' and <= '7');
            default:
                return raw is string;
        }
    }

    /// <summary>Takes a value from the environment or the command line, where everything is text.</summary>
    public bool TryAcceptText(string text, out object value)
    {
        object raw = text;
        if (Kind is SettingKind.Integer or SettingKind.Port
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            raw = number;
        }
        else if (Kind == SettingKind.Boolean && text is "true" or "false")
        {
            raw = text == "true";
        }

        return TryAccept(raw, out value);
    }

    private static bool TryAcceptPort(object raw, out object value)
    {
        value = raw;
        if (raw is "auto")
        {
            value = ListenPort.Auto;
            return true;
        }

        if (raw is not long number || number is < 0 or > 65_535) return false;

        value = ListenPort.Of((int)number);
        return true;
    }
}

/// <summary>A key which sets a property of <typeparamref name="TOptions"/>.</summary>
internal sealed class SettingKey<TOptions> : SettingKey
{
    public required Func<TOptions, object, TOptions> With { get; init; }
}

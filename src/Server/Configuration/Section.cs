using System.Globalization;

namespace Avocet.Server.Configuration;

/// <summary>A table of the configuration file: its keys, and the tables below it.</summary>
internal abstract class Section
{
    private readonly List<SettingKey> _keys = [];

    /// <summary>The dotted name, such as <c>listener.certificate</c>; empty for the top of the file.</summary>
    public required string Path { get; init; }

    public required string Summary { get; init; }

    /// <summary>Whether there may be several, written <c>[[listener]]</c>.</summary>
    public bool IsArray { get; init; }

    public IReadOnlyList<Section> Sections { get; init; } = [];

    public IReadOnlyList<SettingKey> Keys => _keys;

    /// <summary>The last part of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The heading as in the file.</summary>
    public string Heading => IsArray ? $"[[{Path}]]" : $"[{Path}]";

    public SettingKey? FindKey(string name) => _keys.Find(key => key.Name == name);

    public Section? FindSection(string name) => Sections.FirstOrDefault(section => section.Name == name);

    public string PathOf(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    protected void AddKey(SettingKey key) => _keys.Add(key);
}

/// <summary>A section that fills a <typeparamref name="TOptions"/>, whose initial values are the defaults.</summary>
internal sealed class Section<TOptions>(TOptions defaults) : Section
{
    public Section<TOptions> Integer(
        string name, long minimum, long maximum, Func<TOptions, long> read, Func<TOptions, long, TOptions> with, string summary, bool reloadable = false)
    {
        AddKey(new SettingKey<TOptions>
        {
            Name = name,
            Kind = SettingKind.Integer,
            Minimum = minimum,
            Maximum = maximum,
            Summary = summary,
            DefaultText = read(defaults).ToString(CultureInfo.InvariantCulture),
            IsReloadable = reloadable,
            With = (options, value) => with(options, (long)value),
        });
        return this;
    }

    public Section<TOptions> Boolean(
        string name, Func<TOptions, bool> read, Func<TOptions, bool, TOptions> with, string summary, string? defaultText = null, bool reloadable = false)
    {
        AddKey(new SettingKey<TOptions>
        {
            Name = name,
            Kind = SettingKind.Boolean,
            Summary = summary,
            DefaultText = defaultText ?? (read(defaults) ? "true" : "false"),
            IsReloadable = reloadable,
            With = (options, value) => with(options, (bool)value),
        });
        return this;
    }

    public Section<TOptions> Choice<TChoice>(
        string name,
        IReadOnlyList<(string Word, TChoice Value)> choices,
        Func<TOptions, TChoice> read,
        Func<TOptions, TChoice, TOptions> with,
        string summary,
        string? defaultText = null,
        bool reloadable = false)
    {
        AddKey(new SettingKey<TOptions>
        {
            Name = name,
            Kind = SettingKind.Choice,
            Choices = [.. choices.Select(choice => choice.Word)],
            Summary = summary,
            DefaultText = defaultText ?? $"\"{choices.First(choice => Equals(choice.Value, read(defaults))).Word}\"",
            IsReloadable = reloadable,
            With = (options, value) => with(options, choices.First(choice => choice.Word == (string)value).Value),
        });
        return this;
    }

    public Section<TOptions> Text(
        string name,
        SettingKind kind,
        Func<TOptions, string> read,
        Func<TOptions, string, TOptions> with,
        string summary,
        string? defaultText = null,
        bool reloadable = false)
    {
        AddKey(new SettingKey<TOptions>
        {
            Name = name,
            Kind = kind,
            Summary = summary,
            DefaultText = defaultText ?? $"\"{read(defaults)}\"",
            IsReloadable = reloadable,
            With = (options, value) => with(options, (string)value),
        });
        return this;
    }

    public Section<TOptions> Port(string name, Func<TOptions, ListenPort, TOptions> with, string summary, string defaultText)
    {
        AddKey(new SettingKey<TOptions>
        {
            Name = name,
            Kind = SettingKind.Port,
            Summary = summary,
            DefaultText = defaultText,
            With = (options, value) => with(options, (ListenPort)value),
        });
        return this;
    }

    /// <summary>The options with all settings of the table applied.</summary>
    public static TOptions Bind(SettingTable table, TOptions options)
    {
        foreach (var setting in table.Settings)
        {
            options = ((SettingKey<TOptions>)setting.Key).With(options, setting.Value);
        }

        return options;
    }
}

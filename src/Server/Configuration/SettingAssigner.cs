namespace Avocet.Server.Configuration;

/// <summary>Puts values into tables and says what is wrong with those that do not fit.</summary>
internal sealed class SettingAssigner(List<ConfigurationError> errors)
{
    public void Report(Origin origin, string message) => errors.Add(new ConfigurationError(origin, message));

    /// <summary>Sets a key to a value as TOML has it.</summary>
    public void Assign(SettingTable table, string name, object raw, string rawText, Origin origin)
    {
        if (FindKey(table.Section, name, origin) is not { } key) return;

        if (key.TryAccept(raw, out var value)) Set(table, key, value, origin);
        else ReportValue(table.Section, key, rawText, origin);
    }

    /// <summary>Sets a key to a value given as text.</summary>
    public void AssignText(SettingTable table, string name, string text, Origin origin)
    {
        if (FindKey(table.Section, name, origin) is not { } key) return;

        if (key.TryAcceptText(text, out var value)) Set(table, key, value, origin);
        else ReportValue(table.Section, key, $"\"{text}\"", origin);
    }

    /// <summary>A section below another, or null after reporting that there is none.</summary>
    public Section? FindSection(Section parent, string name, Origin origin)
    {
        if (parent.FindSection(name) is { } section) return section;

        var path = parent.PathOf(name);
        if (parent.FindKey(name) is not null)
        {
            Report(origin, $"'{path}' is a key, not a section.");
        }
        else if (parent.Sections.Count == 0)
        {
            Report(origin, $"there is no section [{path}]; {parent.Heading} has none below it.");
        }
        else
        {
            var nearest = NearestName.Find(name, parent.Sections.Select(child => child.Name));
            var hint = nearest is null
                ? "the sections are " + string.Join(", ", parent.Sections.Select(child => child.Heading))
                : "the nearest is " + parent.FindSection(nearest)!.Heading;
            Report(origin, $"there is no section [{path}]; {hint}.");
        }

        return null;
    }

    private static void Set(SettingTable table, SettingKey key, object value, Origin origin)
    {
        // A path in a file starts from the folder of that file, wherever the server was started.
        if (key.Kind == SettingKind.File && value is string { Length: > 0 } path) value = Path.Combine(origin.BaseFolder, path);
        table.Set(key, value, origin);
    }

    private SettingKey? FindKey(Section section, string name, Origin origin)
    {
        if (section.FindKey(name) is { } key) return key;

        var path = section.PathOf(name);
        if (section.FindSection(name) is { } child)
        {
            Report(origin, $"'{path}' is a section, not a key; write {child.Heading}.");
            return null;
        }

        Report(origin, $"there is no key '{path}'; {Hint(section, name)}.");
        return null;
    }

    private static string Hint(Section section, string name)
    {
        var names = section.Keys.Select(key => key.Name).ToList();
        if (NearestName.Find(name, names) is { } nearest) return $"the nearest is '{section.PathOf(nearest)}'";

        var elsewhere = ConfigurationKeys.AllSections.SelectMany(other => other.Keys.Select(key => (other, key)));
        foreach (var (other, key) in elsewhere)
        {
            if (key.Name == name) return $"it belongs to {other.Heading}: '{other.PathOf(name)}'";
        }

        return $"the keys here are {string.Join(", ", names)}";
    }

    private void ReportValue(Section section, SettingKey key, string rawText, Origin origin)
    {
        var shown = key.Kind == SettingKind.Secret ? "" : $" = {rawText}";
        var nearest = key.Kind == SettingKind.Choice ? NearestName.Find(rawText.Trim('"'), key.Choices) : null;
        var hint = nearest is null ? "" : $"; the nearest is \"{nearest}\"";
        Report(origin, $"{section.PathOf(key.Name)}{shown}: allowed is {key.Allowed}{hint}.");
    }
}

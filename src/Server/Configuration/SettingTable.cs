namespace Avocet.Server.Configuration;

/// <summary>A value that was set, and by whom.</summary>
internal sealed record Setting(SettingKey Key, object Value, Origin Origin);

/// <summary>The settings of one section, or of one item of an array such as <c>[[listener]]</c>.</summary>
internal sealed class SettingTable(Section section, Origin origin)
{
    private readonly Dictionary<string, Setting> _settings = [];
    private readonly Dictionary<Section, List<SettingTable>> _tables = [];

    public Section Section => section;

    /// <summary>Where the table began.</summary>
    public Origin Origin => origin;

    /// <summary>In the order of the section's keys.</summary>
    public IEnumerable<Setting> Settings => section.Keys.Where(key => _settings.ContainsKey(key.Name)).Select(key => _settings[key.Name]);

    public void Set(SettingKey key, object value, Origin settingOrigin) => _settings[key.Name] = new Setting(key, value, settingOrigin);

    public Setting? Find(string key) => _settings.GetValueOrDefault(key);

    public string? FindText(string key) => _settings.GetValueOrDefault(key)?.Value as string;

    /// <summary>The origin of a key, or of the table when the key is not set.</summary>
    public Origin OriginOf(string key) => Find(key)?.Origin ?? origin;

    public IReadOnlyList<SettingTable> Items(Section array) => _tables.TryGetValue(array, out var items) ? items : [];

    public SettingTable AddItem(Section array, Origin itemOrigin)
    {
        var item = new SettingTable(array, itemOrigin);
        if (!_tables.TryGetValue(array, out var items)) _tables[array] = items = [];

        items.Add(item);
        return item;
    }

    /// <summary>The one table of a section that is no array.</summary>
    public SettingTable Table(Section child) =>
        _tables.TryGetValue(child, out var items) ? items[0] : AddItem(child, origin);
}

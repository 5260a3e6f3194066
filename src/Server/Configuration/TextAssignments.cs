using System.Globalization;
using System.Text.RegularExpressions;

namespace Avocet.Server.Configuration;

/// <summary>Reads settings given one by one as text: environment variables and <c>--set key=value</c>.</summary>
internal sealed partial class TextAssignments(SettingAssigner assigner)
{
    public const string Prefix = "AVOCET_";

    /// <summary>Names the configuration file; not a key.</summary>
    public const string FileVariable = "AVOCET_CONFIG";

    /// <summary>What the tools read of the same environment; no keys.</summary>
    private static readonly string[] ToolVariables = ["AVOCET_API_KEY", "AVOCET_CLI_CONFIG", "AVOCET_MQTT_PASSWORD", "AVOCET_PROFILE"];

    public void ReadEnvironment(SettingTable root, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var (variable, text) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!variable.StartsWith(Prefix, StringComparison.Ordinal) || variable == FileVariable || ToolVariables.Contains(variable) || ServiceLink().IsMatch(variable)) continue;

            // AVOCET_LIMITS__PACKET_SIZE_MAX is limits.packet_size_max: one underscore is part of a name, two are the dot.
            var names = variable[Prefix.Length..].ToLowerInvariant().Split("__");
            Assign(root, names, text, new Origin(variable));
        }
    }

    /// <summary>Reads <c>limits.packet_size_max=1048576</c>.</summary>
    public void ReadSet(SettingTable root, string assignment)
    {
        var origin = new Origin("--set");
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            assigner.Report(origin, $"'{assignment}' is no key=value, such as limits.packet_size_max=1048576.");
            return;
        }

        Assign(root, assignment[..equals].Trim().Split('.'), assignment[(equals + 1)..].Trim().Trim('"'), origin);
    }

    private void Assign(SettingTable root, string[] names, string text, Origin origin)
    {
        var table = root;
        var index = 0;
        while (index < names.Length - 1)
        {
            if (assigner.FindSection(table.Section, names[index], origin) is not { } section) return;

            index++;
            if (!section.IsArray)
            {
                table = table.Table(section);
                continue;
            }

            if (index >= names.Length - 1)
            {
                var item = section.FindKey("name") is null ? "0" : "NAME";
                assigner.Report(origin, $"there may be several {section.Heading}; say which: {section.Path}.{item}.{names[^1]}.");
                return;
            }

            if (Item(table, section, names[index], origin) is not { } entered) return;

            table = entered;
            index++;
        }

        assigner.AssignText(table, names[^1], text, origin);
    }

    /// <summary>Finds or adds the item that is meant: by its name, or by its number from 0 where items have no names.</summary>
    private SettingTable? Item(SettingTable table, Section array, string name, Origin origin)
    {
        var items = table.Items(array);
        if (array.FindKey("name") is { } nameKey)
        {
            // Environment variables know neither '-' nor lower case.
            var existing = items.FirstOrDefault(item => Same(item.FindText("name"), name));
            if (existing is not null) return existing;

            var added = table.AddItem(array, origin);
            added.Set(nameKey, name, origin);
            return added;
        }

        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= items.Count)
        {
            return number < items.Count ? items[number] : table.AddItem(array, origin);
        }

        assigner.Report(origin, $"'{name}' is not the number of a {array.Heading}; the next one is {items.Count}.");
        return null;
    }

    private static bool Same(string? left, string right) =>
        left is not null && string.Equals(left.Replace('-', '_'), right.Replace('-', '_'), StringComparison.OrdinalIgnoreCase);

    /// <summary>Kubernetes and Docker tell of services named "avocet" by variables such as AVOCET_PORT_1883_TCP; they are not meant for us.</summary>
    [GeneratedRegex(@"^AVOCET(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_.+)?)?)$")]
    private static partial Regex ServiceLink();
}

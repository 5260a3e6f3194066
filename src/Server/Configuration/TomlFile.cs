using System.Globalization;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Avocet.Server.Configuration;

/// <summary>Reads a configuration file into tables, each value with its line.</summary>
internal sealed class TomlFile(string path, SettingAssigner assigner)
{
    private readonly string _folder = Path.GetDirectoryName(path) ?? "";

    public void Read(SettingTable root)
    {
        if (ReadText() is not { } text) return;

        var document = SyntaxParser.Parse(text, path, true);
        foreach (var diagnostic in document.Diagnostics)
        {
            if (diagnostic.Kind != DiagnosticMessageKind.Error) continue;

            // One is enough: what follows a syntax error is mostly its echo.
            assigner.Report(OriginAt(diagnostic.Span), $"not valid TOML: {diagnostic.Message.TrimEnd('.')}.");
            return;
        }

        foreach (var keyValue in document.KeyValues) Assign(root, Names(keyValue.Key!), keyValue.Value!, OriginOf(keyValue));

        foreach (var table in document.Tables)
        {
            if (Open(root, table) is not { } target) continue;

            foreach (var keyValue in table.Items) Assign(target, Names(keyValue.Key!), keyValue.Value!, OriginOf(keyValue));
        }
    }

    private string? ReadText()
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            assigner.Report(new Origin(path), $"cannot be read: {exception.Message}");
            return null;
        }
    }

    /// <summary>The table a heading begins; null after reporting that there is none.</summary>
    private SettingTable? Open(SettingTable root, TableSyntaxBase heading)
    {
        var origin = OriginOf(heading);
        var names = Names(heading.Name!);
        var table = root;
        for (var i = 0; i < names.Count; i++)
        {
            if (assigner.FindSection(table.Section, names[i], origin) is not { } section) return null;

            var isLast = i == names.Count - 1;
            if (isLast && heading is TableArraySyntax != section.IsArray)
            {
                assigner.Report(origin, $"write {section.Heading} here: there {(section.IsArray ? "may be several" : "is only one")}.");
                return null;
            }

            if (isLast && section.IsArray) return table.AddItem(section, origin);
            if (Enter(table, section, origin) is not { } entered) return null;

            table = entered;
        }

        return table;
    }

    private SettingTable? Enter(SettingTable table, Section section, Origin origin)
    {
        if (!section.IsArray) return table.Table(section);
        if (table.Items(section) is { Count: > 0 } items) return items[^1];

        assigner.Report(origin, $"there is no {section.Heading} above this.");
        return null;
    }

    private void Assign(SettingTable table, List<string> names, ValueSyntax value, Origin origin)
    {
        for (var i = 0; i < names.Count - 1; i++)
        {
            if (assigner.FindSection(table.Section, names[i], origin) is not { } section) return;
            if (Enter(table, section, origin) is not { } entered) return;

            table = entered;
        }

        var name = names[^1];
        if (table.Section.FindSection(name) is { } child && TryReadTables(table, child, value, origin)) return;

        assigner.Assign(table, name, Raw(value), value.ToString().Trim(), origin);
    }

    /// <summary>Reads <c>limits = { … }</c> and <c>certificate = [{ … }, { … }]</c>.</summary>
    private bool TryReadTables(SettingTable table, Section section, ValueSyntax value, Origin origin)
    {
        switch (value)
        {
            case InlineTableSyntax inline when !section.IsArray:
                ReadInline(table.Table(section), inline);
                return true;
            case ArraySyntax array when section.IsArray && array.Items.All(item => item.Value is InlineTableSyntax):
                foreach (var item in array.Items) ReadInline(table.AddItem(section, origin), (InlineTableSyntax)item.Value!);
                return true;
            default:
                return false;
        }
    }

    private void ReadInline(SettingTable table, InlineTableSyntax inline)
    {
        foreach (var item in inline.Items)
        {
            Assign(table, Names(item.KeyValue!.Key!), item.KeyValue.Value!, OriginOf(item.KeyValue));
        }
    }

    private static object Raw(ValueSyntax value) => value switch
    {
        IntegerValueSyntax integer => integer.Value,
        BooleanValueSyntax boolean => boolean.Value,
        StringValueSyntax text => text.Value ?? "",
        // Floats, dates and arrays fit no key; the assigner says so with the text of the value.
        _ => value,
    };

    private static List<string> Names(KeySyntax key)
    {
        var names = new List<string> { Name(key.Key!) };
        foreach (var dotted in key.DotKeys) names.Add(Name(dotted.Key!));
        return names;
    }

    private static string Name(BareKeyOrStringValueSyntax key) => key switch
    {
        BareKeySyntax bare => bare.Key!.Text ?? "",
        StringValueSyntax text => text.Value ?? "",
        _ => key.ToString(),
    };

    private Origin OriginOf(SyntaxNode node) => OriginAt(node.Span);

    private Origin OriginAt(SourceSpan span) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}:{span.Start.Line + 1}")) { BaseFolder = _folder };
}

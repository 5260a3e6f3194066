using System.Globalization;
using System.Text.Json;

namespace Avocet.Cli.Ctl;

/// <summary>Shows answers of the API to people: objects as lines, lists as tables.</summary>
internal static class CtlOutput
{
    private const int ColumnWidthMax = 60;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    public static void WriteJson(TextWriter output, JsonElement answer)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented)) answer.WriteTo(writer);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }

    /// <summary>Shows an answer; of the objects of a list those columns that are named, or all.</summary>
    public static void Write(TextWriter output, JsonElement answer, IReadOnlyList<string>? columns = null)
    {
        if (answer.ValueKind == JsonValueKind.Array) WriteTable(output, [.. answer.EnumerateArray()], columns);
        else if (answer.TryGetProperty("items", out var items)) WritePage(output, answer, [.. items.EnumerateArray()], columns);
        else WriteLines(output, answer);
    }

    /// <summary>Client identifiers and the like are a stranger's text: an escape in one must not move the cursor of a terminal.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>A time as people read it, by UTC.</summary>
    public static string TimeOf(JsonElement time, string format = "yyyy-MM-dd HH:mm:ss'Z'") => time.GetDateTimeOffset().ToUniversalTime().ToString(format, CultureInfo.InvariantCulture);

    private static void WriteLines(TextWriter output, JsonElement answer)
    {
        var lines = Flatten(answer, "").ToList();
        var width = lines.Select(line => line.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var (name, value) in lines) output.WriteLine($"{name.PadRight(width)}  {(IsEmptyList(value) ? "none" : TextOf(name, value))}".TrimEnd());
    }

    private static void WritePage(TextWriter output, JsonElement answer, IReadOnlyList<JsonElement> items, IReadOnlyList<string>? columns)
    {
        WriteTable(output, items, columns);
        if (!answer.TryGetProperty("next", out var next) || next.ValueKind == JsonValueKind.Null) return;

        var total = answer.TryGetProperty("total", out var known) ? $" of {known.GetInt64()}" : "";
        output.WriteLine($"These are the first {items.Count}{total}.");
    }

    private static void WriteTable(TextWriter output, IReadOnlyList<JsonElement> items, IReadOnlyList<string>? chosen)
    {
        if (items.Count == 0)
        {
            output.WriteLine("none");
            return;
        }

        var rows = items.Select(item => Flatten(item, "").ToDictionary(cell => cell.Name, cell => cell.Value)).ToList();
        var columns = (chosen ?? ColumnsOf(rows)).Select(name => new Column(name, rows)).ToList();
        output.WriteLine(Join(columns, column => column.Name));
        for (var row = 0; row < rows.Count; row++) output.WriteLine(Join(columns, column => column.Cells[row]));
    }

    /// <summary>Those of all rows, each behind the one that it stands behind in its row: what is unknown is left out of a row.</summary>
    private static List<string> ColumnsOf(List<Dictionary<string, JsonElement>> rows)
    {
        var columns = new List<string>();
        foreach (var row in rows)
        {
            var place = 0;
            foreach (var name in row.Keys)
            {
                var known = columns.IndexOf(name);
                if (known < 0) columns.Insert(place++, name);
                else place = known + 1;
            }
        }

        return columns;
    }

    private static string Join(List<Column> columns, Func<Column, string> cellOf) => string.Join("  ", columns.Select(column => column.Pad(cellOf(column)))).TrimEnd();

    private static IEnumerable<(string Name, JsonElement Value)> Flatten(JsonElement element, string prefix)
    {
        foreach (var property in element.EnumerateObject())
        {
            var name = prefix + property.Name;
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var inner in Flatten(property.Value, name + ".")) yield return inner;
            }
            else
            {
                yield return (name, property.Value);
            }
        }
    }

    private static bool IsEmptyList(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;

    private static string TextOf(string name, JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String when IsTime(name, value) => TimeOf(value),
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Array => string.Join("; ", value.EnumerateArray().Select(item => TextOf(name, item))),
            JsonValueKind.Object => string.Join(", ", Flatten(value, "").Select(cell => $"{cell.Name}: {TextOf(cell.Name, cell.Value)}")),
            JsonValueKind.Null => "",
            _ => value.GetRawText(),
        };
        return Printable(text);
    }

    /// <summary>By its name: a topic or payload may look like a time, and is shown as it is.</summary>
    private static bool IsTime(string name, JsonElement value)
    {
        var last = name[(name.LastIndexOf('.') + 1)..];
        return (last is "time" or "until" or "not_before" or "not_after" || last.EndsWith("_at", StringComparison.Ordinal)) && value.TryGetDateTimeOffset(out _);
    }

    /// <summary>A column of a table, as wide as its widest cell; numbers stand at its right.</summary>
    private sealed class Column
    {
        private readonly int _width;
        private readonly bool _isNumber;

        public Column(string name, List<Dictionary<string, JsonElement>> rows)
        {
            Name = name;
            Cells = rows.ConvertAll(row => row.TryGetValue(name, out var value) ? TextOf(name, value) : "");
            _width = Math.Min(ColumnWidthMax, Cells.Select(cell => cell.Length).Append(name.Length).Max());
            _isNumber = rows.TrueForAll(row => !row.TryGetValue(name, out var value) || value.ValueKind is JsonValueKind.Number or JsonValueKind.Null);
        }

        public string Name { get; }

        public List<string> Cells { get; }

        public string Pad(string cell) => _isNumber ? cell.PadLeft(_width) : cell.PadRight(_width);
    }
}

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

    public static void Write(TextWriter output, JsonElement answer)
    {
        if (answer.ValueKind == JsonValueKind.Array) WriteTable(output, [.. answer.EnumerateArray()]);
        else if (answer.TryGetProperty("items", out var items)) WriteTable(output, [.. items.EnumerateArray()]);
        else WriteLines(output, answer);
    }

    /// <summary>Client identifiers and the like are a stranger's text: an escape in one must not move the cursor of a terminal.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private static void WriteLines(TextWriter output, JsonElement answer)
    {
        var lines = Flatten(answer, "").ToList();
        var width = lines.Select(line => line.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var (name, value) in lines) output.WriteLine($"{name.PadRight(width)}  {value}");
    }

    private static void WriteTable(TextWriter output, IReadOnlyList<JsonElement> items)
    {
        var rows = items.Select(item => Flatten(item, "").ToDictionary(cell => cell.Name, cell => cell.Value)).ToList();
        var columns = rows.SelectMany(row => row.Keys).Distinct().ToList();
        if (columns.Count == 0)
        {
            output.WriteLine("none");
            return;
        }

        var widths = columns.ConvertAll(column => Math.Min(ColumnWidthMax, rows.Select(row => row.GetValueOrDefault(column, "").Length).Append(column.Length).Max()));
        output.WriteLine(Join(columns, widths));
        foreach (var row in rows) output.WriteLine(Join([.. columns.Select(column => row.GetValueOrDefault(column, ""))], widths));
    }

    private static string Join(IReadOnlyList<string> cells, List<int> widths) => string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd();

    private static IEnumerable<(string Name, string Value)> Flatten(JsonElement element, string prefix)
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
                yield return (name, TextOf(property.Value));
            }
        }
    }

    private static string TextOf(JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Array => string.Join("; ", value.EnumerateArray().Select(item => item.ToString())),
            _ => value.GetRawText(),
        };
        return Printable(text);
    }
}

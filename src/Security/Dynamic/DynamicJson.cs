using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Avocet.Security.Dynamic;

/// <summary>Reads members of JSON objects as Mosquitto does: names in any case, and what has another type counts as missing.</summary>
internal static class DynamicJson
{
    public static JsonNode? Find(this JsonObject o, string name)
    {
        foreach (var (key, value) in o)
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase)) return value;
        }

        return null;
    }

    public static string? Text(this JsonObject o, string name) => o.Find(name) is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    public static int Number(this JsonObject o, string name, int otherwise) =>
        o.Find(name) is JsonValue value && value.GetValueKind() == JsonValueKind.Number && int.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    public static bool? Boolean(this JsonObject o, string name) => o.Find(name)?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The objects of an array; none where there is no array.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonObject o, string name) => (o.Find(name) as JsonArray)?.OfType<JsonObject>() ?? [];
}

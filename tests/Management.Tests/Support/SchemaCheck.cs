using System.Text.Json;
using Xunit;

namespace Avocet.Management.Tests.Support;

/// <summary>Whether a document fits the part of JSON Schema that the OpenAPI document uses; more in the document than the schema names does not fit.</summary>
internal static class SchemaCheck
{
    public static void Check(JsonElement document, JsonElement schema, JsonElement value, string place)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            var name = reference.GetString()!.Split('/')[^1];
            Check(document, document.GetProperty("components").GetProperty("schemas").GetProperty(name), value, place);
            return;
        }

        if (schema.TryGetProperty("oneOf", out var choices))
        {
            var meant = choices.EnumerateArray().First(choice => IsNull(choice) == (value.ValueKind == JsonValueKind.Null));
            if (value.ValueKind != JsonValueKind.Null) Check(document, meant, value, place);
            return;
        }

        if (schema.TryGetProperty("enum", out var allowed))
        {
            Assert.True(allowed.EnumerateArray().Any(one => one.ToString() == value.ToString()), $"{place} is {value}, which the document does not know.");
            return;
        }

        CheckType(schema, value, place);
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray()) Check(document, schema.GetProperty("items"), item, place + "[]");
        }

        if (value.ValueKind == JsonValueKind.Object) CheckObject(document, schema, value, place);
    }

    private static void CheckObject(JsonElement document, JsonElement schema, JsonElement value, string place)
    {
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray())
            {
                // What is null is left out of answers.
                var isNullable = schema.GetProperty("properties").GetProperty(name.GetString()!) is var property && (IsNullable(property) || property.TryGetProperty("oneOf", out _));
                Assert.True(isNullable || value.TryGetProperty(name.GetString()!, out _), $"{place} has no {name}.");
            }
        }

        var hasProperties = schema.TryGetProperty("properties", out var properties);
        foreach (var member in value.EnumerateObject())
        {
            if (hasProperties && properties.TryGetProperty(member.Name, out var known)) Check(document, known, member.Value, $"{place}.{member.Name}");
            else if (schema.TryGetProperty("additionalProperties", out var others)) Check(document, others, member.Value, $"{place}.{member.Name}");
            else Assert.Fail($"{place} has {member.Name}, which the document does not know.");
        }
    }

    private static void CheckType(JsonElement schema, JsonElement value, string place)
    {
        if (!schema.TryGetProperty("type", out var type)) return;

        var names = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()!).ToList() : [type.GetString()!];
        var fits = value.ValueKind switch
        {
            JsonValueKind.Object => names.Contains("object"),
            JsonValueKind.Array => names.Contains("array"),
            JsonValueKind.String => names.Contains("string"),
            JsonValueKind.Number => names.Contains("number") || names.Contains("integer"),
            JsonValueKind.Null => names.Contains("null"),
            _ => names.Contains("boolean"),
        };
        Assert.True(fits, $"{place} is {value.ValueKind}, and the document says {string.Join(" or ", names)}.");
    }

    private static bool IsNull(JsonElement schema) => schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "null";

    private static bool IsNullable(JsonElement schema) => schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(one => one.GetString() == "null");
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Avocet.Cli.Store;

/// <summary>Reads and writes lines without reflection.</summary>
[JsonSerializable(typeof(StoreLine))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class StoreLineContext : JsonSerializerContext
{
    /// <summary>The context to use.</summary>
    public static StoreLineContext Lines { get; } = new(new JsonSerializerOptions
    {
        // Text stays readable; the file is no part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowOutOfOrderMetadataProperties = true,
    });
}

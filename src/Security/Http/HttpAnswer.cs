using System.Text.Json;
using System.Text.Json.Serialization;

namespace Avocet.Security.Http;

/// <summary>What the web service answers.</summary>
internal sealed record HttpAnswer(
    [property: JsonPropertyName("result")] string? Result,
    [property: JsonPropertyName("username")] string? UserName,
    [property: JsonPropertyName("expire_at")] long? ExpireAt,
    [property: JsonPropertyName("acl")] JsonElement? Acl);

using System.Text.Json.Serialization;

namespace Avocet.Security.Http;

/// <summary>What the web service is asked when a connected client wants something.</summary>
internal sealed record HttpAccessQuestion(
    [property: JsonPropertyName("action")] string Action,
    [property: JsonPropertyName("topic")] string Topic,
    [property: JsonPropertyName("qos")] int Qos,
    [property: JsonPropertyName("retain")] bool Retain,
    [property: JsonPropertyName("clientid")] string ClientId,
    [property: JsonPropertyName("username")] string? UserName,
    [property: JsonPropertyName("address")] string? Address,
    [property: JsonPropertyName("listener")] string Listener);

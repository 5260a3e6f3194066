using System.Text.Json.Serialization;

namespace Avocet.Security.Http;

/// <summary>What the web service is asked. The password is in it: the service is to be reached over TLS, or on this machine.</summary>
internal sealed record HttpQuestion(
    [property: JsonPropertyName("clientid")] string ClientId,
    [property: JsonPropertyName("username")] string? UserName,
    [property: JsonPropertyName("password")] string? Password,
    [property: JsonPropertyName("address")] string? Address,
    [property: JsonPropertyName("listener")] string Listener);

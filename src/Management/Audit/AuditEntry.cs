using System.Text.Json.Serialization;

namespace Avocet.Management.Audit;

/// <summary>One change, or one attempt to get in.</summary>
public sealed record AuditEntry
{
    /// <summary>Goes up by one with each entry.</summary>
    public required long Id { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The user, <c>key:NAME</c>, or <c>local</c>.</summary>
    public required string Who { get; init; }

    /// <summary>The address the request came from.</summary>
    public required string Address { get; init; }

    /// <summary>What was done, such as <c>user.create</c>.</summary>
    public required string Action { get; init; }

    /// <summary>To what.</summary>
    public required string Subject { get; init; }

    /// <summary>As it was, without secrets.</summary>
    public IReadOnlyDictionary<string, string>? Before { get; init; }

    /// <summary>As it is now, without secrets.</summary>
    public IReadOnlyDictionary<string, string>? After { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditEntry))]
internal sealed partial class AuditJson : JsonSerializerContext;

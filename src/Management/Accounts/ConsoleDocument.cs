using System.Text.Json.Serialization;

namespace Avocet.Management.Accounts;

/// <summary>What <c>console.json</c> holds.</summary>
internal sealed record ConsoleDocument
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public IReadOnlyList<ConsoleUser> Users { get; init; } = [];

    public IReadOnlyList<ApiKey> Keys { get; init; } = [];
}

/// <summary>Somebody who logs in.</summary>
internal sealed record ConsoleUser
{
    public required string Name { get; init; }

    public required Role Role { get; init; }

    /// <summary>argon2id, as in a password file.</summary>
    public required string PasswordHash { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Goes up with each change; what an ETag is made of.</summary>
    public required long Revision { get; init; }
}

/// <summary>A key for programs. The key itself is shown once and not kept.</summary>
internal sealed record ApiKey
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required Scope Scope { get; init; }

    /// <summary>SHA-256 of the key: of 256 random bits, so that guessing is no way.</summary>
    public required string Hash { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConsoleDocument))]
internal sealed partial class ConsoleJson : JsonSerializerContext;

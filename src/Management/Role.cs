using System.Text.Json.Serialization;

namespace Avocet.Management;

/// <summary>What a caller may do. Each may do what those before it may.</summary>
[JsonConverter(typeof(WordConverter<Scope>))]
public enum Scope
{
    /// <summary>Look at everything but secrets.</summary>
    [JsonStringEnumMemberName("read")]
    Read = 1,

    /// <summary>Also disconnect clients, publish, and the like.</summary>
    [JsonStringEnumMemberName("operate")]
    Operate = 2,

    /// <summary>Also users, keys, the configuration and the audit log.</summary>
    [JsonStringEnumMemberName("admin")]
    Admin = 3,
}

/// <summary>What a user of the console is; each role has the <see cref="Scope"/> of the same number.</summary>
[JsonConverter(typeof(WordConverter<Role>))]
public enum Role
{
    [JsonStringEnumMemberName("viewer")]
    Viewer = Scope.Read,

    [JsonStringEnumMemberName("operator")]
    Operator = Scope.Operate,

    [JsonStringEnumMemberName("admin")]
    Admin = Scope.Admin,
}

/// <summary>Enums as their words, and never as the numbers behind them.</summary>
internal sealed class WordConverter<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;

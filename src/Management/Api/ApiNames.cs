using System.Text.Json;

namespace Avocet.Management.Api;

/// <summary>Words of the API for values.</summary>
internal static class ApiNames
{
    public static string Of(Scope scope) => scope switch
    {
        Scope.Read => "read",
        Scope.Operate => "operate",
        _ => "admin",
    };

    public static string Of(Role role) => role switch
    {
        Role.Viewer => "viewer",
        Role.Operator => "operator",
        _ => "admin",
    };

    /// <summary>A name of C# as it stands in documents.</summary>
    public static string Of(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Avocet.Security.Users;

/// <summary>How users, groups and roles are read and written as JSON. Names count whatever their case, as with Mosquitto.</summary>
[JsonSerializable(typeof(UsersFileRecord))]
[JsonSerializable(typeof(SettingsRecord))]
[JsonSerializable(typeof(RequestRecord))]
internal sealed partial class UserJson : JsonSerializerContext
{
    public static UserJson Compact { get; } = Create(isIndented: false);

    public static UserJson Indented { get; } = Create(isIndented: true);

    private static UserJson Create(bool isIndented) => new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNameCaseInsensitive = true,
        WriteIndented = isIndented,
        // Nothing here goes into HTML, and names should stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

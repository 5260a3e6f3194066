using System.Text.Json;

namespace Avocet.Security.Users;

/// <summary>What has become of a command.</summary>
/// <param name="Error">Why not, in Mosquitto's words where it has some; null for done.</param>
/// <param name="Data">Writes the members of the answer's data; null for none.</param>
/// <param name="IsChange">Whether it changed something, so that it fails when that cannot be kept.</param>
internal readonly record struct CommandAnswer(string? Error, Action<Utf8JsonWriter>? Data = null, bool IsChange = false)
{
    public static CommandAnswer Done { get; } = new(null, null, IsChange: true);

    public static CommandAnswer Failed(string error) => new(error);

    public static CommandAnswer With(Action<Utf8JsonWriter> data) => new(null, data);
}

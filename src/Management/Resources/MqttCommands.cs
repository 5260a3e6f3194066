using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Resources;

/// <summary>Sends the commands of dynamic security that <c>avocet users</c>, <c>groups</c> and <c>roles</c> send, too, so that both have the same rules.</summary>
internal static class MqttCommands
{
    private const string Topic = "$CONTROL/dynamic-security/v1";

    /// <summary>Carries out a command; its data, if it has any.</summary>
    /// <exception cref="ApiException">It was refused, or this broker has no users of its own.</exception>
    public static async Task<JsonElement> RunAsync(HttpContext context, ManagementContext management, JsonObject command)
    {
        var request = new JsonObject { ["commands"] = new JsonArray(command) };
        var answer = await management.Sources.Broker.ControlAsync(Topic, Encoding.UTF8.GetBytes(request.ToJsonString()), $"console {Caller.Of(context).Name}", context.RequestAborted)
            ?? throw new ApiException(Problem.Conflict("This broker keeps no MQTT users in its store. Turn that on with users = true in [login]; see docs/security.md."));
        var response = JsonDocument.Parse(answer).RootElement.GetProperty("responses")[0];
        if (response.TryGetProperty("error", out var error)) throw new ApiException(ProblemOf(error.GetString() ?? ""));

        return response.TryGetProperty("data", out var data) ? data : default;
    }

    /// <summary>One part of a list, by Mosquitto's count and offset.</summary>
    public static async Task<Page<T>> ListAsync<T>(HttpContext context, ManagementContext management, string command, string member, Func<JsonElement, T> read, string? cursor, int? limit)
    {
        var offset = 0;
        if (Paging.Decode(cursor) is { } key && !int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out offset)) throw new ApiException(Problem.BadRequest("cursor is none of ours; leave it out to begin anew."));

        var count = Paging.CheckLimit(limit);
        var data = await RunAsync(context, management, new JsonObject { ["command"] = command, ["verbose"] = true, ["count"] = count, ["offset"] = offset });
        var items = data.GetProperty(member).EnumerateArray().Select(read).ToList();
        var total = data.TryGetProperty("totalCount", out var known) ? known.GetInt32() : offset + items.Count;
        return new Page<T>(items, offset + items.Count < total && items.Count > 0 ? Paging.Encode((offset + items.Count).ToString(CultureInfo.InvariantCulture)) : null);
    }

    /// <summary>A name in a path, where a slash comes escaped.</summary>
    public static string NameOf(string path) => path.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    public static string? TextOf(JsonElement element, string member) => element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    public static bool FlagOf(JsonElement element, string member, bool otherwise) =>
        element.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : otherwise;

    public static IReadOnlyList<MqttMembership> MembersOf(JsonElement element, string list, string name) => element.TryGetProperty(list, out var members)
        ? [.. members.EnumerateArray().Select(member => new MqttMembership(member.GetProperty(name).GetString() ?? "", member.TryGetProperty("priority", out var priority) ? priority.GetInt32() : null))]
        : [];

    public static JsonArray? ToJson(IReadOnlyList<MqttMembership>? members, string name)
    {
        if (members is null) return null;

        var array = new JsonArray();
        foreach (var member in members)
        {
            var one = new JsonObject { [name] = member.Name };
            if (member.Priority is { } priority) one["priority"] = priority;
            array.Add((JsonNode)one);
        }

        return array;
    }

    /// <summary>Sets what is given.</summary>
    public static void Set(JsonObject command, string name, JsonNode? value)
    {
        if (value is not null) command[name] = value;
    }

    private static Problem ProblemOf(string error)
    {
        var detail = error.TrimEnd('.') + ".";
        if (error.EndsWith("not found", StringComparison.Ordinal) || error.EndsWith("does not exist", StringComparison.Ordinal)) return Problem.NotFound(detail);
        if (error.EndsWith("already exists", StringComparison.Ordinal) || error.Contains("no more can be kept", StringComparison.Ordinal)) return Problem.Conflict(detail);
        if (error.StartsWith("Not kept", StringComparison.Ordinal) || error.Contains("busy", StringComparison.Ordinal) || error.StartsWith("The store", StringComparison.Ordinal)) return new Problem(StatusCodes.Status503ServiceUnavailable, "Not done", detail);

        return Problem.BadRequest(detail);
    }
}

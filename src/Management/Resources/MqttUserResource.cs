using System.Text.Json;
using System.Text.Json.Nodes;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>Users, groups and roles of MQTT clients, as far as they are in the broker's own store.</summary>
internal static class MqttUserResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/mqtt/users", ListUsersAsync).Needs(Scope.Admin).Produces<Page<MqttUserDocument>>().WithTags("MQTT users").WithSummary("Users who connect with MQTT");
        api.MapPost("/mqtt/users", (MqttUserChange request, HttpContext context, [FromServices] ManagementContext management) => ChangeUserAsync("createClient", request.Name, request, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Add a user");
        api.MapPatch("/mqtt/users/{name}", (string name, MqttUserChange request, HttpContext context, [FromServices] ManagementContext management) => ChangeUserAsync("modifyClient", MqttCommands.NameOf(name), request, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Change a user; with another password or when disabled its connections end");
        api.MapDelete("/mqtt/users/{name}", (string name, HttpContext context, [FromServices] ManagementContext management) => DeleteAsync("deleteClient", "username", "mqtt.user", name, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Delete a user; its connections end");

        api.MapGet("/mqtt/groups", ListGroupsAsync).Needs(Scope.Admin).Produces<Page<MqttGroupDocument>>().WithTags("MQTT users").WithSummary("Groups of users");
        api.MapPost("/mqtt/groups", (MqttGroupChange request, HttpContext context, [FromServices] ManagementContext management) => ChangeGroupAsync("createGroup", request.Name, request, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Add a group");
        api.MapPatch("/mqtt/groups/{name}", (string name, MqttGroupChange request, HttpContext context, [FromServices] ManagementContext management) => ChangeGroupAsync("modifyGroup", MqttCommands.NameOf(name), request, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Change a group");
        api.MapDelete("/mqtt/groups/{name}", (string name, HttpContext context, [FromServices] ManagementContext management) => DeleteAsync("deleteGroup", "groupname", "mqtt.group", name, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Delete a group");

        api.MapGet("/mqtt/roles", ListRolesAsync).Needs(Scope.Admin).Produces<Page<MqttRoleDocument>>().WithTags("MQTT users").WithSummary("Roles with their entries");
        api.MapPost("/mqtt/roles", (MqttRoleChange request, HttpContext context, [FromServices] ManagementContext management) => ChangeRoleAsync("createRole", request.Name, request, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Add a role");
        api.MapPatch("/mqtt/roles/{name}", (string name, MqttRoleChange request, HttpContext context, [FromServices] ManagementContext management) => ChangeRoleAsync("modifyRole", MqttCommands.NameOf(name), request, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Change a role");
        api.MapDelete("/mqtt/roles/{name}", (string name, HttpContext context, [FromServices] ManagementContext management) => DeleteAsync("deleteRole", "rolename", "mqtt.role", name, context, management))
            .Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("MQTT users").WithSummary("Delete a role");
    }

    private static async Task<IResult> ListUsersAsync(string? cursor, int? limit, HttpContext context, [FromServices] ManagementContext management) =>
        TypedResults.Ok(await MqttCommands.ListAsync(context, management, "listClients", "clients", ReadUser, cursor, limit));

    private static async Task<IResult> ListGroupsAsync(string? cursor, int? limit, HttpContext context, [FromServices] ManagementContext management) =>
        TypedResults.Ok(await MqttCommands.ListAsync(context, management, "listGroups", "groups", ReadGroup, cursor, limit));

    private static async Task<IResult> ListRolesAsync(string? cursor, int? limit, HttpContext context, [FromServices] ManagementContext management) =>
        TypedResults.Ok(await MqttCommands.ListAsync(context, management, "listRoles", "roles", ReadRole, cursor, limit));

    private static Task<IResult> ChangeUserAsync(string name, string? user, MqttUserChange request, HttpContext context, ManagementContext management)
    {
        var command = Begin(name, "username", user, request.TextName, request.TextDescription);
        MqttCommands.Set(command, "password", request.Password);
        MqttCommands.Set(command, "clientid", request.ClientId);
        MqttCommands.Set(command, "disabled", request.Disabled);
        MqttCommands.Set(command, "roles", MqttCommands.ToJson(request.Roles, "rolename"));
        MqttCommands.Set(command, "groups", MqttCommands.ToJson(request.Groups, "groupname"));
        return ChangeAsync(command, name == "createClient" ? "mqtt.user.create" : "mqtt.user.change", user, context, management);
    }

    private static async Task<IResult> ChangeGroupAsync(string name, string? group, MqttGroupChange request, HttpContext context, ManagementContext management)
    {
        var command = Begin(name, "groupname", group, request.TextName, request.TextDescription);
        MqttCommands.Set(command, "roles", MqttCommands.ToJson(request.Roles, "rolename"));
        var members = MqttCommands.ToJson(request.Users, "username");
        if (name == "modifyGroup")
        {
            MqttCommands.Set(command, "clients", members);
            return await ChangeAsync(command, "mqtt.group.change", group, context, management);
        }

        await MqttCommands.RunAsync(context, management, command);
        if (members is not null) await FillAsync(group!, members, context, management);
        management.Note(context, "mqtt.group.create", group!);
        return TypedResults.NoContent();
    }

    /// <summary>A new group has no users; one that cannot have those that were asked for is none.</summary>
    private static async Task FillAsync(string group, JsonArray members, HttpContext context, ManagementContext management)
    {
        try
        {
            await MqttCommands.RunAsync(context, management, new JsonObject { ["command"] = "modifyGroup", ["groupname"] = group, ["clients"] = members });
        }
        catch (ApiException)
        {
            await MqttCommands.RunAsync(context, management, new JsonObject { ["command"] = "deleteGroup", ["groupname"] = group });
            throw;
        }
    }

    private static Task<IResult> ChangeRoleAsync(string name, string? role, MqttRoleChange request, HttpContext context, ManagementContext management)
    {
        var command = Begin(name, "rolename", role, request.TextName, request.TextDescription);
        MqttCommands.Set(command, "allowwildcardsubs", request.AllowWildcardSubs);
        if (request.Acls is { } acls)
        {
            var array = new JsonArray();
            foreach (var acl in acls) array.Add((JsonNode)new JsonObject { ["acltype"] = acl.Type, ["topic"] = acl.Topic, ["allow"] = acl.Allow, ["priority"] = acl.Priority });

            command["acls"] = array;
        }

        return ChangeAsync(command, name == "createRole" ? "mqtt.role.create" : "mqtt.role.change", role, context, management);
    }

    private static Task<IResult> DeleteAsync(string command, string member, string action, string path, HttpContext context, ManagementContext management)
    {
        var name = MqttCommands.NameOf(path);
        return ChangeAsync(new JsonObject { ["command"] = command, [member] = name }, action + ".delete", name, context, management);
    }

    private static async Task<IResult> ChangeAsync(JsonObject command, string action, string? name, HttpContext context, ManagementContext management)
    {
        await MqttCommands.RunAsync(context, management, command);
        management.Note(context, action, name ?? "");
        return TypedResults.NoContent();
    }

    private static JsonObject Begin(string command, string member, string? name, string? textName, string? textDescription)
    {
        if (string.IsNullOrEmpty(name)) throw new ApiException(Problem.BadRequest("name is missing."));

        var begun = new JsonObject { ["command"] = command, [member] = name };
        MqttCommands.Set(begun, "textname", textName);
        MqttCommands.Set(begun, "textdescription", textDescription);
        return begun;
    }

    private static MqttUserDocument ReadUser(JsonElement user) => new()
    {
        Name = MqttCommands.TextOf(user, "username") ?? "",
        ClientId = MqttCommands.TextOf(user, "clientid"),
        TextName = MqttCommands.TextOf(user, "textname"),
        TextDescription = MqttCommands.TextOf(user, "textdescription"),
        Disabled = MqttCommands.FlagOf(user, "disabled", otherwise: false),
        Roles = MqttCommands.MembersOf(user, "roles", "rolename"),
        Groups = MqttCommands.MembersOf(user, "groups", "groupname"),
        Connections = user.TryGetProperty("connections", out var connections) ? [.. connections.EnumerateArray().Select(connection => MqttCommands.TextOf(connection, "address") ?? "")] : [],
    };

    private static MqttGroupDocument ReadGroup(JsonElement group) => new()
    {
        Name = MqttCommands.TextOf(group, "groupname") ?? "",
        TextName = MqttCommands.TextOf(group, "textname"),
        TextDescription = MqttCommands.TextOf(group, "textdescription"),
        Roles = MqttCommands.MembersOf(group, "roles", "rolename"),
        Users = MqttCommands.MembersOf(group, "clients", "username"),
    };

    private static MqttRoleDocument ReadRole(JsonElement role) => new()
    {
        Name = MqttCommands.TextOf(role, "rolename") ?? "",
        TextName = MqttCommands.TextOf(role, "textname"),
        TextDescription = MqttCommands.TextOf(role, "textdescription"),
        AllowWildcardSubs = MqttCommands.FlagOf(role, "allowwildcardsubs", otherwise: true),
        Acls = role.TryGetProperty("acls", out var acls)
            ? [.. acls.EnumerateArray().Select(acl => new MqttAcl(MqttCommands.TextOf(acl, "acltype") ?? "", MqttCommands.TextOf(acl, "topic") ?? "", MqttCommands.FlagOf(acl, "allow", otherwise: false), acl.TryGetProperty("priority", out var priority) ? priority.GetInt32() : 0))]
            : [],
    };
}

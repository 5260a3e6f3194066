using System.Text.Json.Nodes;

namespace Avocet.Security.Dynamic;

/// <summary>Clients, groups and roles as JSON, in answers and in the file.</summary>
internal static class DynamicView
{
    /// <param name="client">The client, without its password.</param>
    /// <param name="model">For its groups; null leaves them out.</param>
    public static JsonObject Of(DynamicClient client, DynamicModel? model)
    {
        var view = new JsonObject { ["username"] = client.Name };
        if (client.ClientId.Length > 0) view["clientid"] = client.ClientId;
        AddTexts(view, client);
        if (client.IsDisabled) view["disabled"] = true;
        view["roles"] = Members(client.Roles, "rolename");
        if (model is not null) view["groups"] = Members(model.GroupsOf(client.Name).Select(pair => new Membership(pair.Group.Name, pair.Priority)), "groupname");
        return view;
    }

    public static JsonObject Of(DynamicGroup group)
    {
        var view = new JsonObject { ["groupname"] = group.Name };
        AddTexts(view, group);
        view["clients"] = Members(group.Clients, "username");
        view["roles"] = Members(group.Roles, "rolename");
        return view;
    }

    public static JsonObject Of(DynamicRole role)
    {
        var view = new JsonObject { ["rolename"] = role.Name };
        AddTexts(view, role);
        view["allowwildcardsubs"] = role.AllowsWildcards;
        view["acls"] = new JsonArray([.. role.Acls.Select(acl => (JsonNode)new JsonObject
        {
            ["acltype"] = acl.TypeName,
            ["topic"] = acl.Topic,
            ["priority"] = acl.Priority,
            ["allow"] = acl.IsAllowed,
        })]);
        return view;
    }

    private static JsonArray Members(IEnumerable<Membership> members, string name) =>
        new([.. members.OrderByDescending(member => member.Priority).Select(member =>
        {
            var view = new JsonObject { [name] = member.Name };
            if (member.Priority != -1) view["priority"] = member.Priority;
            return (JsonNode)view;
        })]);

    private static void AddTexts(JsonObject view, DynamicEntry entry)
    {
        if (entry.TextName.Length > 0) view["textname"] = entry.TextName;
        if (entry.TextDescription.Length > 0) view["textdescription"] = entry.TextDescription;
    }
}

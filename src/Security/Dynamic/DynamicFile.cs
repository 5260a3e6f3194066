using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Avocet.Security.Passwords;

namespace Avocet.Security.Dynamic;

/// <summary>Mosquitto's <c>dynamic-security.json</c>, read and written, so that one file serves both brokers.</summary>
internal static class DynamicFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, TypeInfoResolver = System.Text.Json.Serialization.Metadata.JsonTypeInfoResolver.Combine() };

    /// <exception cref="SecurityFileException">It cannot be read, or is not of this form; the message says where.</exception>
    public static DynamicModel Read(string path)
    {
        try
        {
            if (JsonNode.Parse(SecurityFile.ReadText(path)) is JsonObject root) return Read(path, root);
        }
        catch (JsonException exception)
        {
            throw new SecurityFileException($"{path}: line {exception.LineNumber + 1}: no valid JSON.", exception);
        }

        throw new SecurityFileException($"{path}: no JSON object.");
    }

    public static string Write(DynamicModel model)
    {
        var root = new JsonObject
        {
            ["defaultACLAccess"] = new JsonObject
            {
                ["publishClientSend"] = model.Default.Send,
                ["publishClientReceive"] = model.Default.Receive,
                ["subscribe"] = model.Default.Subscribe,
                ["unsubscribe"] = model.Default.Unsubscribe,
            },
            ["clients"] = new JsonArray([.. model.Clients.Values.Select(client => (JsonNode)WriteClient(client))]),
            ["groups"] = new JsonArray([.. model.Groups.Values.Select(group => (JsonNode)DynamicView.Of(group))]),
            ["roles"] = new JsonArray([.. model.Roles.Values.Select(role => (JsonNode)DynamicView.Of(role))]),
        };
        if (model.AnonymousGroup.Length > 0) root["anonymousGroup"] = model.AnonymousGroup;
        return root.ToJsonString(Indented);
    }

    private static DynamicModel Read(string path, JsonObject root)
    {
        var model = new DynamicModel { AnonymousGroup = root.Text("anonymousGroup") ?? "" };
        if (root.Find("defaultACLAccess") is JsonObject access)
        {
            model.Default.Send = access.Boolean("publishClientSend") ?? model.Default.Send;
            model.Default.Receive = access.Boolean("publishClientReceive") ?? model.Default.Receive;
            model.Default.Subscribe = access.Boolean("subscribe") ?? model.Default.Subscribe;
            model.Default.Unsubscribe = access.Boolean("unsubscribe") ?? model.Default.Unsubscribe;
        }

        foreach (var item in root.Objects("roles")) ReadRole(path, item, model);
        foreach (var item in root.Objects("groups")) ReadGroup(path, item, model);
        foreach (var item in root.Objects("clients")) ReadClient(path, item, model);
        return model;
    }

    private static void ReadRole(string path, JsonObject item, DynamicModel model)
    {
        var role = new DynamicRole(NameOf(path, item, "rolename")) { AllowsWildcards = item.Boolean("allowwildcardsubs") ?? true };
        ReadTexts(item, role);
        foreach (var entry in item.Objects("acls"))
        {
            var topic = entry.Text("topic") ?? "";
            if (DynamicAcl.TypeOf(entry.Text("acltype")) is not { } type) throw new SecurityFileException($"{path}: role '{role.Name}': acltype \"{entry.Text("acltype")}\" is not known.");
            if (DynamicAcl.Create(type, topic, entry.Number("priority", 0), entry.Boolean("allow") ?? false, out var problem) is not { } acl)
            {
                throw new SecurityFileException($"{path}: role '{role.Name}': topic \"{topic}\": {problem}.");
            }

            role.Acls.Add(acl);
        }

        model.Roles[role.Name] = role;
    }

    private static void ReadGroup(string path, JsonObject item, DynamicModel model)
    {
        var group = new DynamicGroup(NameOf(path, item, "groupname"));
        ReadTexts(item, group);
        group.Roles.AddRange(ReadMembers(item, "roles", "rolename"));
        group.Clients.AddRange(ReadMembers(item, "clients", "username"));
        model.Groups[group.Name] = group;
    }

    private static void ReadClient(string path, JsonObject item, DynamicModel model)
    {
        var client = new DynamicClient(NameOf(path, item, "username")) { ClientId = item.Text("clientid") ?? "", IsDisabled = item.Boolean("disabled") ?? false };
        ReadTexts(item, client);
        client.Roles.AddRange(ReadMembers(item, "roles", "rolename"));
        var encoded = item.Text("encoded_password");
        if (encoded is null && item.Text("password") is { } hash && item.Text("salt") is { } salt)
        {
            encoded = string.Create(CultureInfo.InvariantCulture, $"$7${item.Number("iterations", 101)}${salt}${hash}");
        }

        if (encoded is not null)
        {
            if (!PasswordHash.TryParse(encoded, out var password, out var problem)) throw new SecurityFileException($"{path}: client '{client.Name}': {problem}.");

            client.Password = password;
        }

        model.Clients[client.Name] = client;
        // Some versions write the groups of a client, too.
        foreach (var member in ReadMembers(item, "groups", "groupname"))
        {
            if (model.Groups.TryGetValue(member.Name, out var group) && !group.Clients.Exists(known => known.Name == client.Name)) group.Clients.Add(member with { Name = client.Name });
        }
    }

    private static JsonObject WriteClient(DynamicClient client)
    {
        var item = DynamicView.Of(client, null);
        if (client.Password is null) return item;

        // The older form where it can be, for Mosquitto 2.0 reads no other.
        var text = client.Password.ToString();
        if (text.Split('$') is ["", "7", var iterations, var salt, var hash])
        {
            item["password"] = hash;
            item["salt"] = salt;
            item["iterations"] = int.Parse(iterations, CultureInfo.InvariantCulture);
        }
        else
        {
            item["encoded_password"] = text;
        }

        return item;
    }

    private static void ReadTexts(JsonObject item, DynamicEntry entry)
    {
        entry.TextName = item.Text("textname") ?? "";
        entry.TextDescription = item.Text("textdescription") ?? "";
    }

    private static IEnumerable<Membership> ReadMembers(JsonObject item, string array, string name) =>
        item.Objects(array).Where(member => member.Text(name) is not null).Select(member => new Membership(member.Text(name)!, member.Number("priority", -1)));

    private static string NameOf(string path, JsonObject item, string name) =>
        item.Text(name) is { Length: > 0 } text ? text : throw new SecurityFileException($"{path}: an entry without \"{name}\".");
}

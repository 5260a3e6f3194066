using System.Text;
using System.Text.Json.Nodes;
using Avocet.Security.Passwords;

namespace Avocet.Security.Dynamic;

/// <summary>The commands of Mosquitto's dynamic security, with its words for what goes wrong. One of these serves one message.</summary>
internal sealed class DynamicCommands
{
    /// <summary>What a batch of commands may say of itself is bounded by the size of its packet; this bounds the names.</summary>
    private const int NameSizeMax = 1000;

    private readonly DynamicModel _model;
    private readonly IReadOnlyList<JsonObject?> _commands;
    private readonly Dictionary<JsonObject, PasswordHash> _hashes = [];

    /// <summary>Hashes the passwords, which takes its time; the model is not looked at yet.</summary>
    public DynamicCommands(DynamicModel model, IReadOnlyList<JsonObject?> commands)
    {
        _model = model;
        _commands = commands;
        foreach (var command in commands)
        {
            // In the form that Mosquitto 2.0 reads from its file, too.
            if (command?.Text("password") is { Length: > 0 } password) _hashes[command] = PasswordHash.Create(PasswordAlgorithm.Pbkdf2Sha512, Encoding.UTF8.GetBytes(password));
        }
    }

    /// <summary>Whether something has to be written.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>Users whose connections are to end.</summary>
    public HashSet<string> Leaving { get; } = new(StringComparer.Ordinal);

    /// <summary>Carries out the commands in their order; the response of each.</summary>
    public List<JsonObject> Execute() => [.. _commands.Select(Execute)];

    private JsonObject Execute(JsonObject? command)
    {
        if (command?.Text("command") is not { Length: > 0 } name) return new JsonObject { ["command"] = "Unknown command", ["error"] = "Missing command" };

        var response = new JsonObject { ["command"] = name };
        if (command.Text("correlationData") is { } correlation) response["correlationData"] = correlation;

        var answer = Run(name.ToUpperInvariant(), command);
        if (answer.Error is { } error) response["error"] = error;
        if (answer.Data is { } data) response["data"] = data;
        IsChanged |= answer is { IsChange: true, Error: null };
        return response;
    }

    private Outcome Run(string name, JsonObject command) => name switch
    {
        "SETDEFAULTACLACCESS" => SetDefault(command),
        "GETDEFAULTACLACCESS" => GetDefault(),
        "CREATECLIENT" => CreateClient(command),
        "DELETECLIENT" => DeleteClient(command),
        "GETCLIENT" => WithClient(command, client => Found("client", DynamicView.Of(client, _model))),
        "LISTCLIENTS" => List(command, "clients", _model.Clients, client => DynamicView.Of(client, _model)),
        "MODIFYCLIENT" => WithClient(command, client => ModifyClient(client, command)),
        "SETCLIENTPASSWORD" => WithClient(command, client => SetPassword(client, command)),
        "SETCLIENTID" => WithClient(command, client => SetClientId(client, command)),
        "ENABLECLIENT" => WithClient(command, client => SetDisabled(client, false)),
        "DISABLECLIENT" => WithClient(command, client => SetDisabled(client, true)),
        "ADDCLIENTROLE" => WithClient(command, client => AddRole(client, command)),
        "REMOVECLIENTROLE" => WithClient(command, client => RemoveRole(client, command)),
        _ => RunGroupsAndRoles(name, command),
    };

    private Outcome RunGroupsAndRoles(string name, JsonObject command) => name switch
    {
        "CREATEGROUP" => CreateGroup(command),
        "DELETEGROUP" => WithGroup(command, DeleteGroup),
        "GETGROUP" => WithGroup(command, group => Found("group", DynamicView.Of(group))),
        "LISTGROUPS" => List(command, "groups", _model.Groups, DynamicView.Of),
        "MODIFYGROUP" => WithGroup(command, group => ModifyGroup(group, command)),
        "ADDGROUPCLIENT" => WithGroup(command, group => WithClient(command, client => AddMember(group.Clients, client.Name, command, "Client is already in this group"))),
        "REMOVEGROUPCLIENT" => WithGroup(command, group => WithClient(command, client => RemoveMember(group.Clients, client.Name))),
        "ADDGROUPROLE" => WithGroup(command, group => AddRole(group, command)),
        "REMOVEGROUPROLE" => WithGroup(command, group => RemoveRole(group, command)),
        "SETANONYMOUSGROUP" => WithGroup(command, SetAnonymous),
        "GETANONYMOUSGROUP" => Found("group", _model.AnonymousGroup.Length > 0 ? new JsonObject { ["groupname"] = _model.AnonymousGroup } : []),
        "CREATEROLE" => CreateRole(command),
        "DELETEROLE" => WithRole(command, DeleteRole),
        "GETROLE" => WithRole(command, role => Found("role", DynamicView.Of(role))),
        "LISTROLES" => List(command, "roles", _model.Roles, DynamicView.Of),
        "MODIFYROLE" => WithRole(command, role => ModifyRole(role, command)),
        "ADDROLEACL" => WithRole(command, role => AddAcl(role, command)),
        "REMOVEROLEACL" => WithRole(command, role => RemoveAcl(role, command)),
        _ => Outcome.Failed("Unknown command"),
    };

    private Outcome SetDefault(JsonObject command)
    {
        if (command.Find("acls") is not JsonArray) return Outcome.Failed("Missing/invalid acls array");

        foreach (var item in command.Objects("acls"))
        {
            if (item.Boolean("allow") is not { } allow) continue;

            switch (item.Text("acltype")?.ToUpperInvariant())
            {
                case "PUBLISHCLIENTSEND":
                    _model.Default.Send = allow;
                    break;
                case "PUBLISHCLIENTRECEIVE":
                    _model.Default.Receive = allow;
                    break;
                case "SUBSCRIBE":
                    _model.Default.Subscribe = allow;
                    break;
                case "UNSUBSCRIBE":
                    _model.Default.Unsubscribe = allow;
                    break;
            }
        }

        return Outcome.Changed;
    }

    private Outcome GetDefault()
    {
        var access = _model.Default;
        return Found("acls", new JsonArray(Entry("publishClientSend", access.Send), Entry("publishClientReceive", access.Receive), Entry("subscribe", access.Subscribe), Entry("unsubscribe", access.Unsubscribe)));

        static JsonObject Entry(string type, bool allow) => new() { ["acltype"] = type, ["allow"] = allow };
    }

    private Outcome CreateClient(JsonObject command)
    {
        if (!TryGetName(command, "username", out var name)) return Outcome.Failed("Invalid/missing username");
        if (_model.Clients.ContainsKey(name)) return Outcome.Failed("Client already exists");

        var client = new DynamicClient(name) { ClientId = command.Text("clientid") ?? "" };
        SetTexts(client, command);
        if (SetRoles(client, command) is { } roleProblem) return Outcome.Failed(roleProblem);

        var groups = command.Objects("groups").Select(item => new Membership(item.Text("groupname") ?? "", item.Number("priority", -1))).ToList();
        if (groups.Exists(group => !_model.Groups.ContainsKey(group.Name))) return Outcome.Failed("Group not found");
        client.Password = _hashes.GetValueOrDefault(command);

        _model.Clients[name] = client;
        foreach (var group in groups) _model.Groups[group.Name].Clients.Add(group with { Name = name });
        return Outcome.Changed;
    }

    private Outcome DeleteClient(JsonObject command) => WithClient(command, client =>
    {
        _model.Clients.Remove(client.Name);
        foreach (var group in _model.Groups.Values) group.Clients.RemoveAll(member => member.Name == client.Name);

        Leaving.Add(client.Name);
        return Outcome.Changed;
    });

    private Outcome ModifyClient(DynamicClient client, JsonObject command)
    {
        var memberships = command.Objects("groups").Select(item => new Membership(item.Text("groupname") ?? "", item.Number("priority", -1))).ToList();
        if (memberships.Exists(group => !_model.Groups.ContainsKey(group.Name))) return Outcome.Failed("Group not found");
        if (command.Find("roles") is JsonArray && SetRoles(client, command) is { } problem) return Outcome.Failed(problem);

        SetTexts(client, command);
        if (command.Text("clientid") is { } clientId) client.ClientId = clientId;
        if (_hashes.ContainsKey(command)) SetPassword(client, command);
        if (command.Find("groups") is not JsonArray) return Outcome.Changed;

        foreach (var group in _model.Groups.Values) group.Clients.RemoveAll(member => member.Name == client.Name);
        foreach (var group in memberships) _model.Groups[group.Name].Clients.Add(group with { Name = client.Name });
        return Outcome.Changed;
    }

    private Outcome SetPassword(DynamicClient client, JsonObject command)
    {
        if (!_hashes.TryGetValue(command, out var hash)) return Outcome.Failed("Invalid/missing password");

        client.Password = hash;
        Leaving.Add(client.Name);
        return Outcome.Changed;
    }

    private Outcome SetClientId(DynamicClient client, JsonObject command)
    {
        client.ClientId = command.Text("clientid") ?? "";
        if (client.ClientId.Length > 0) Leaving.Add(client.Name);
        return Outcome.Changed;
    }

    private Outcome SetDisabled(DynamicClient client, bool isDisabled)
    {
        client.IsDisabled = isDisabled;
        if (isDisabled) Leaving.Add(client.Name);
        return Outcome.Changed;
    }

    private Outcome CreateGroup(JsonObject command)
    {
        if (!TryGetName(command, "groupname", out var name)) return Outcome.Failed("Invalid/missing groupname");
        if (_model.Groups.ContainsKey(name)) return Outcome.Failed("Group already exists");

        var group = new DynamicGroup(name);
        SetTexts(group, command);
        if (SetRoles(group, command) is { } problem) return Outcome.Failed(problem);

        _model.Groups[name] = group;
        return Outcome.Changed;
    }

    private Outcome DeleteGroup(DynamicGroup group)
    {
        _model.Groups.Remove(group.Name);
        if (_model.AnonymousGroup == group.Name) _model.AnonymousGroup = "";
        return Outcome.Changed;
    }

    private Outcome ModifyGroup(DynamicGroup group, JsonObject command)
    {
        var clients = command.Objects("clients").Select(item => new Membership(item.Text("username") ?? "", item.Number("priority", -1))).ToList();
        if (clients.Exists(client => !_model.Clients.ContainsKey(client.Name))) return Outcome.Failed("Client not found");
        if (command.Find("roles") is JsonArray && SetRoles(group, command) is { } problem) return Outcome.Failed(problem);

        SetTexts(group, command);
        if (command.Find("clients") is not JsonArray) return Outcome.Changed;

        group.Clients.Clear();
        group.Clients.AddRange(clients);
        return Outcome.Changed;
    }

    private Outcome SetAnonymous(DynamicGroup group)
    {
        _model.AnonymousGroup = group.Name;
        return Outcome.Changed;
    }

    private Outcome CreateRole(JsonObject command)
    {
        if (!TryGetName(command, "rolename", out var name)) return Outcome.Failed("Invalid/missing rolename");
        if (_model.Roles.ContainsKey(name)) return Outcome.Failed("Role already exists");

        var role = new DynamicRole(name);
        var outcome = ModifyRole(role, command);
        if (outcome.Error is null) _model.Roles[name] = role;
        return outcome;
    }

    private static Outcome ModifyRole(DynamicRole role, JsonObject command)
    {
        if (command.Find("acls") is JsonArray)
        {
            var acls = new List<DynamicAcl>();
            foreach (var item in command.Objects("acls"))
            {
                if (ReadAcl(item, out var problem) is not { } acl) return Outcome.Failed(problem);

                acls.Add(acl);
            }

            role.Acls.Clear();
            role.Acls.AddRange(acls);
        }

        SetTexts(role, command);
        role.AllowsWildcards = command.Boolean("allowwildcardsubs") ?? role.AllowsWildcards;
        return Outcome.Changed;
    }

    private Outcome DeleteRole(DynamicRole role)
    {
        _model.Roles.Remove(role.Name);
        foreach (var client in _model.Clients.Values) client.Roles.RemoveAll(member => member.Name == role.Name);
        foreach (var group in _model.Groups.Values) group.Roles.RemoveAll(member => member.Name == role.Name);
        return Outcome.Changed;
    }

    private static Outcome AddAcl(DynamicRole role, JsonObject command)
    {
        if (ReadAcl(command, out var problem) is not { } acl) return Outcome.Failed(problem);
        if (role.Acls.Exists(known => known.Type == acl.Type && known.Topic == acl.Topic)) return Outcome.Failed("ACL with this topic already exists");

        role.Acls.Add(acl);
        return Outcome.Changed;
    }

    private static Outcome RemoveAcl(DynamicRole role, JsonObject command)
    {
        var type = DynamicAcl.TypeOf(command.Text("acltype"));
        if (type is null) return Outcome.Failed("Invalid/missing acltype");

        return role.Acls.RemoveAll(acl => acl.Type == type && acl.Topic == command.Text("topic")) > 0 ? Outcome.Changed : Outcome.Failed("ACL not found");
    }

    private static DynamicAcl? ReadAcl(JsonObject item, out string problem)
    {
        problem = "Invalid/missing acltype";
        if (DynamicAcl.TypeOf(item.Text("acltype")) is not { } type) return null;

        var acl = DynamicAcl.Create(type, item.Text("topic") ?? "", item.Number("priority", 0), item.Boolean("allow") ?? false, out _);
        problem = "Invalid/missing topic";
        return acl;
    }

    private Outcome AddRole(RoleHolder holder, JsonObject command) =>
        WithRole(command, role => AddMember(holder.Roles, role.Name, command, "Role already has this"));

    private Outcome RemoveRole(RoleHolder holder, JsonObject command) => WithRole(command, role => RemoveMember(holder.Roles, role.Name));

    private static Outcome AddMember(List<Membership> members, string name, JsonObject command, string problem)
    {
        if (members.Exists(member => member.Name == name)) return Outcome.Failed(problem);

        members.Add(new Membership(name, command.Number("priority", -1)));
        return Outcome.Changed;
    }

    private static Outcome RemoveMember(List<Membership> members, string name)
    {
        members.RemoveAll(member => member.Name == name);
        return Outcome.Changed;
    }

    /// <summary>Null, or what is wrong; then nothing has changed.</summary>
    private string? SetRoles(RoleHolder holder, JsonObject command)
    {
        var roles = command.Objects("roles").Select(item => new Membership(item.Text("rolename") ?? "", item.Number("priority", -1))).ToList();
        if (roles.Exists(role => !_model.Roles.ContainsKey(role.Name))) return "Role not found";

        holder.Roles.Clear();
        holder.Roles.AddRange(roles);
        return null;
    }

    private static void SetTexts(DynamicEntry entry, JsonObject command)
    {
        entry.TextName = command.Text("textname") ?? entry.TextName;
        entry.TextDescription = command.Text("textdescription") ?? entry.TextDescription;
    }

    private static Outcome List<TEntry>(JsonObject command, string name, SortedDictionary<string, TEntry> entries, Func<TEntry, JsonObject> view)
    {
        var isVerbose = command.Boolean("verbose") ?? false;
        var count = command.Number("count", -1);
        var page = entries.Skip(Math.Max(0, command.Number("offset", 0)));
        if (count > 0) page = page.Take(count);

        var list = new JsonArray([.. page.Select(pair => isVerbose ? view(pair.Value) : (JsonNode)JsonValue.Create(pair.Key)!)]);
        return new Outcome(Data: new JsonObject { ["totalCount"] = entries.Count, [name] = list });
    }

    private Outcome WithClient(JsonObject command, Func<DynamicClient, Outcome> then) =>
        !TryGetName(command, "username", out var name) ? Outcome.Failed("Invalid/missing username") : _model.Clients.TryGetValue(name, out var client) ? then(client) : Outcome.Failed("Client not found");

    private Outcome WithGroup(JsonObject command, Func<DynamicGroup, Outcome> then) =>
        !TryGetName(command, "groupname", out var name) ? Outcome.Failed("Invalid/missing groupname") : _model.Groups.TryGetValue(name, out var group) ? then(group) : Outcome.Failed("Group not found");

    private Outcome WithRole(JsonObject command, Func<DynamicRole, Outcome> then) =>
        !TryGetName(command, "rolename", out var name) ? Outcome.Failed("Invalid/missing rolename") : _model.Roles.TryGetValue(name, out var role) ? then(role) : Outcome.Failed("Role not found");

    private static bool TryGetName(JsonObject command, string key, out string name)
    {
        name = command.Text(key) ?? "";
        return name.Length is > 0 and <= NameSizeMax;
    }

    private static Outcome Found(string name, JsonNode data) => new(Data: new JsonObject { [name] = data });

    /// <summary>What a command comes to.</summary>
    private readonly record struct Outcome(string? Error = null, JsonObject? Data = null, bool IsChange = false)
    {
        public static Outcome Changed => new(IsChange: true);

        public static Outcome Failed(string error) => new(Error: error);
    }
}

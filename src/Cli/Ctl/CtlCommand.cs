using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Avocet.Cli.Ctl;

/// <summary><c>avocet ctl</c>: what the console and the API do, from the shell.</summary>
internal sealed class CtlCommand
{
    public const string Examples = """
        avocet ctl overview                                 what the broker of this machine counts
        avocet ctl explain home/door --subscriber panel     why the panel does not get it
        avocet ctl events -f                                what is refused and dropped, as it happens
        avocet ctl topics silent                            sensors that have stopped
        avocet ctl messages watch 'home/#'                  messages as they come
        avocet ctl simulate start --minutes 10              a simulated home inside the broker
        avocet ctl clients list --sort queued_messages --descending
        avocet ctl clients disconnect sensor7
        avocet ctl publish home/door open -q 1 -r
        avocet ctl keys create grafana --scope read         prints the key, this once
        avocet ctl audit --who anna
        avocet ctl config reload --data /var/lib/avocet
        avocet ctl overview --json --url https://broker:18083 --api-key-file key
        """;

    private readonly CtlOptions _options = new();

    public Command Create()
    {
        var look = new CtlLookCommands(Add, Write, _options.WantsJson);
        var topics = new CtlTopicCommands(Add, Write, _options.WantsJson);
        var watch = new CtlWatchCommands(Add, Write, _options.WantsJson);
        var clients = new Command("clients", "Clients of the broker.")
        {
            CreateForClient("disconnect", "End a client's connection; its session stays.", "/api/v1/clients/disconnect"),
            CreateForClient("clear-queue", "Remove what waits for a client; what is in flight stays.", "/api/v1/clients/queue/clear"),
        };
        foreach (var one in look.CreateForClients()) clients.Add(one);

        var command = new Command("ctl", "Look after a running broker: figures, clients, users, keys, configuration; on this machine or another.")
        {
            Get("health", "Whether the broker takes clients and messages, and if not, why; exit code 1 then.", RunHealthAsync),
            Get("overview", "What the broker counts.", "/api/v1/overview"),
            Get("version", "Which version runs.", "/api/v1/version"),
            Get("listeners", "Where clients connect.", "/api/v1/listeners"),
            Get("store", "How the store fares.", "/api/v1/store"),
            clients,
            new Command("sessions", "Sessions of clients.") { CreateForClient("end", "End a client's session with its subscriptions and queue, and its connection, too.", "/api/v1/sessions/end") },
            look.CreateEvents(),
            look.CreateExplain(),
            look.CreateRetained(),
            topics.CreateTopics(),
            topics.CreateMessages(),
            watch.CreateTrace(),
            watch.CreateBandwidth(),
            watch.CreateBans(),
            CreateSimulate(),
            CreatePublish(),
            new Command("users", "Users of the console.") { Get("list", "All users.", "/api/v1/users?limit=1000"), CreateUserAdd(), CreateUserRole(), CreateUserPassword(), CreateDelete("user", "/api/v1/users/") },
            new Command("keys", "API keys.") { Get("list", "All keys, without the keys themselves.", "/api/v1/api-keys?limit=1000"), CreateKey(), CreateDelete("key's id", "/api/v1/api-keys/") },
            CreateAudit(),
            new Command("config", "The running broker's configuration.")
            {
                Get("show", "Every value in effect and where it comes from; without secrets.", "/api/v1/configuration"),
                Get("reload", "Read the configuration again, as SIGHUP does.", (parsed, client, token) => SendAsync(parsed, client, HttpMethod.Post, "/api/v1/configuration/reload", null, token)),
            },
        };
        _options.AddTo(command);
        return command;
    }

    private Command CreateForClient(string name, string description, string path)
    {
        var id = new Argument<string>("client-id") { Description = "The client identifier." };
        return Add(new Command(name, description) { id }, (parsed, client, token) => SendAsync(parsed, client, HttpMethod.Post, path, new JsonObject { ["client_id"] = parsed.GetValue(id) }, token));
    }

    private Command CreatePublish()
    {
        var topic = new Argument<string>("topic") { Description = "The topic." };
        var payload = new Argument<string?>("payload") { Description = "The payload as text; without one an empty message.", Arity = ArgumentArity.ZeroOrOne };
        var qos = new Option<int>("--qos", "-q") { Description = "0, 1 or 2.", HelpName = "qos" };
        var retain = new Option<bool>("--retain", "-r") { Description = "Keep it as the topic's retained message." };
        return Add(new Command("publish", "Publish a message; done when the broker has kept it.") { topic, payload, qos, retain }, (parsed, client, token) =>
        {
            var body = new JsonObject { ["topic"] = parsed.GetValue(topic), ["payload"] = parsed.GetValue(payload) ?? "", ["qos"] = parsed.GetValue(qos), ["retain"] = parsed.GetValue(retain) };
            return SendAsync(parsed, client, HttpMethod.Post, "/api/v1/publish", body, token);
        });
    }

    private Command CreateSimulate()
    {
        var clients = new Option<int>("--clients") { Description = "Devices (default 20, at most 100).", HelpName = "count", DefaultValueFactory = _ => 20 };
        var minutes = new Option<int>("--minutes") { Description = "For how long (default 30, at most 120).", HelpName = "minutes", DefaultValueFactory = _ => 30 };
        var start = Add(new Command("start", "Start it. It needs no listener and no password.") { clients, minutes }, (parsed, client, token) =>
            SendAsync(parsed, client, HttpMethod.Post, "/api/v1/simulation", new JsonObject { ["clients"] = parsed.GetValue(clients), ["minutes"] = parsed.GetValue(minutes) }, token));
        return new Command("simulate", "A simulated smart home inside the broker.")
        {
            start,
            Get("show", "Whether it runs, and until when.", "/api/v1/simulation"),
            Get("stop", "End it; what it retained is removed.", (parsed, client, token) => SendAsync(parsed, client, HttpMethod.Delete, "/api/v1/simulation", null, token)),
        };
    }

    private Command CreateUserAdd()
    {
        var (name, role) = (NameArgument(), RoleOption());
        return Add(new Command("add", "Add a user. The password is asked for, or read from standard input.") { name, role }, (parsed, client, token) =>
        {
            var body = new JsonObject { ["name"] = parsed.GetValue(name), ["role"] = parsed.GetValue(role), ["password"] = PasswordInput.ReadNew(parsed) };
            return SendAsync(parsed, client, HttpMethod.Post, "/api/v1/users", body, token);
        });
    }

    private Command CreateUserRole()
    {
        var name = NameArgument();
        var role = new Argument<string>("role") { Description = "admin, operator or viewer." };
        role.AcceptOnlyFromAmong("admin", "operator", "viewer");
        return Add(new Command("role", "Give a user another role.") { name, role }, (parsed, client, token) =>
            SendAsync(parsed, client, HttpMethod.Patch, PathOf("/api/v1/users/", parsed.GetValue(name)!), new JsonObject { ["role"] = parsed.GetValue(role) }, token));
    }

    private Command CreateUserPassword()
    {
        var name = NameArgument();
        return Add(new Command("password", "Give a user another password.") { name }, (parsed, client, token) =>
            SendAsync(parsed, client, HttpMethod.Patch, PathOf("/api/v1/users/", parsed.GetValue(name)!), new JsonObject { ["password"] = PasswordInput.ReadNew(parsed) }, token));
    }

    private Command CreateKey()
    {
        var name = new Argument<string>("name") { Description = "What the key is for." };
        var scope = new Option<string>("--scope") { Description = "read (default), operate or admin.", HelpName = "scope", DefaultValueFactory = _ => "read" };
        scope.AcceptOnlyFromAmong("read", "operate", "admin");
        var days = new Option<int?>("--days") { Description = "After how many days it ends; without it never.", HelpName = "days" };
        return Add(new Command("create", "Make a key, and print it this once.") { name, scope, days }, (parsed, client, token) =>
        {
            var body = new JsonObject { ["name"] = parsed.GetValue(name), ["scope"] = parsed.GetValue(scope), ["days"] = parsed.GetValue(days) };
            return SendAsync(parsed, client, HttpMethod.Post, "/api/v1/api-keys", body, token);
        });
    }

    private Command CreateDelete(string what, string path)
    {
        var name = new Argument<string>("name") { Description = $"The {what}." };
        return Add(new Command("delete", "Delete it; it ends at once.") { name }, (parsed, client, token) =>
            SendAsync(parsed, client, HttpMethod.Delete, PathOf(path, parsed.GetValue(name)!), null, token));
    }

    private Command CreateAudit()
    {
        var who = new Option<string?>("--who") { Description = "Only what this user or key did.", HelpName = "who" };
        var action = new Option<string?>("--action") { Description = "Only this, such as user.create, or user for all about users.", HelpName = "action" };
        var count = new Option<int>("--count", "-n") { Description = "Entries (default 100, at most 1000).", HelpName = "count", DefaultValueFactory = _ => 100 };
        return Add(new Command("audit", "Who changed what, newest first.") { who, action, count }, (parsed, client, token) =>
        {
            var path = FormattableString.Invariant($"/api/v1/audit?limit={parsed.GetValue(count)}");
            if (parsed.GetValue(who) is { } name) path += "&who=" + Uri.EscapeDataString(name);
            if (parsed.GetValue(action) is { } word) path += "&action=" + Uri.EscapeDataString(word);
            return SendAsync(parsed, client, HttpMethod.Get, path, null, token);
        });
    }

    private async Task<int> RunHealthAsync(ParseResult parsed, CtlClient client, CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync(HttpMethod.Get, "/health/ready", null, cancellationToken, isProblemTold: false);
        Write(parsed, answer);
        return answer is { } health && health.TryGetProperty("status", out var status) && status.GetString() == "ok" ? 0 : 1;
    }

    private async Task<int> SendAsync(ParseResult parsed, CtlClient client, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        Write(parsed, await client.SendAsync(method, path, body, cancellationToken));
        return 0;
    }

    private void Write(ParseResult parsed, JsonElement? answer)
    {
        if (answer is not { } document) return;

        if (_options.WantsJson(parsed)) CtlOutput.WriteJson(parsed.InvocationConfiguration.Output, document);
        else CtlOutput.Write(parsed.InvocationConfiguration.Output, document);
    }

    private Command Get(string name, string description, string path) =>
        Get(name, description, (parsed, client, token) => SendAsync(parsed, client, HttpMethod.Get, path, null, token));

    private Command Get(string name, string description, Func<ParseResult, CtlClient, CancellationToken, Task<int>> run) => Add(new Command(name, description), run);

    private Command Add(Command command, Func<ParseResult, CtlClient, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                using var client = _options.Open(parsed);
                return await run(parsed, client, cancellationToken);
            }
            catch (Exception exception) when (exception is CommandException or Security.SecurityFileException)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync($"avocet: {exception.Message}");
                return 1;
            }
        });
        return command;
    }

    private static string PathOf(string path, string name) => path + Uri.EscapeDataString(name);

    private static Argument<string> NameArgument() => new("user") { Description = "The user." };

    private static Option<string> RoleOption()
    {
        var role = new Option<string>("--role") { Description = "viewer (default), operator or admin.", HelpName = "role", DefaultValueFactory = _ => "viewer" };
        role.AcceptOnlyFromAmong("admin", "operator", "viewer");
        return role;
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Access;
using Avocet.Security.Passwords;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Dynamic;

/// <summary>
/// Users, groups and roles that are managed at run time, as Mosquitto's dynamic security has them: it lets users in, says what they may do, and answers the
/// commands that are published to <see cref="ControlTopic"/>. Each change is written to its file and counts at once.
/// </summary>
internal sealed class DynamicSecurity : IAuthenticator, IAuthorizer
{
    public const string ControlTopic = "$CONTROL/dynamic-security/v1";
    public const string ResponseTopic = ControlTopic + "/response";

    /// <summary>Clients whose entries lie ready; with more they are found anew.</summary>
    private const int CompiledMax = 10_000;

    /// <summary>Held by who changes something, first and for as long as it takes; the other only for a moment.</summary>
    private readonly Lock _changeGate = new();
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly HashingThreads _hashing;
    private readonly ILogger _logger;
    private readonly Dictionary<string, DynamicRights> _compiled = new(StringComparer.Ordinal);
    private DynamicModel _model;
    private DynamicRights? _anonymous;
    private FileStamp _stamp;
    private int _version;

    /// <exception cref="SecurityFileException">The file cannot be used.</exception>
    public DynamicSecurity(string path, HashingThreads hashing, ILogger logger)
    {
        _path = path;
        _hashing = hashing;
        _logger = logger;
        _stamp = FileStamp.Of(path);
        _model = DynamicFile.Read(path);
        Log.DynamicLoaded(logger, path, _model.Clients.Count, _model.Groups.Count, _model.Roles.Count);
    }

    public int? Version => Volatile.Read(ref _version);

    public bool ChecksDelivery => true;

    /// <summary>Told which users may not stay connected: their password has changed, or they are disabled or gone.</summary>
    public Action<Func<string, bool>>? OnChanged { get; set; }

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        if (request.UserName is not { } userName) return AuthenticationResult.Next;

        PasswordHash hash;
        bool isKnown;
        bool mayConnect;
        lock (_gate)
        {
            isKnown = _model.Clients.TryGetValue(userName, out var client);
            mayConnect = client is { IsDisabled: false, Password: not null } && (client.ClientId.Length == 0 || client.ClientId == request.ClientId);
            hash = client?.Password ?? PasswordHash.Unknown(_model.Clients.Values.FirstOrDefault(other => other.Password is not null)?.Password);
        }

        if (request.Password is not { } password) return isKnown ? AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword) : AuthenticationResult.Next;
        if (await _hashing.VerifyAsync(hash, password, cancellationToken) is not { } isRight)
        {
            Log.HashingQueueFull(_logger, HashingThreads.QueueMax);
            return AuthenticationResult.Deny(ReasonCode.ServerBusy);
        }

        if (!isKnown) return AuthenticationResult.Next;

        return isRight && mayConnect ? AuthenticationResult.Accept : AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
    }

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => RightsOf(client.UserName).MaySend(topicName, Subject.Of(client));

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => RightsOf(client.UserName).MaySubscribe(topicFilter, Subject.Of(client));

    public bool MayReceive(ClientIdentity client, ReadOnlySpan<byte> topicName) => RightsOf(client.UserName).MayReceive(topicName, Subject.Of(client));

    /// <summary>Carries out commands; the answer, or null where the topic is another. Not on a thread of connections: passwords are hashed, and the file is written.</summary>
    public ControlAnswer? Answer(string topicName, ReadOnlySpan<byte> payload)
    {
        if (topicName != ControlTopic) return null;

        JsonNode? root;
        try
        {
            root = JsonNode.Parse(payload);
        }
        catch (JsonException)
        {
            root = null;
        }

        var leaving = new HashSet<string>(StringComparer.Ordinal);
        var responses = new JsonArray();
        if ((root as JsonObject)?.Find("commands") is not JsonArray commands)
        {
            responses.Add((JsonNode)new JsonObject { ["command"] = "Unknown command", ["error"] = "Payload not valid JSON" });
        }
        else
        {
            leaving = Execute(commands, responses);
        }

        var answer = Encoding.UTF8.GetBytes(new JsonObject { ["responses"] = responses }.ToJsonString());
        return new ControlAnswer(ResponseTopic, answer) { After = leaving.Count == 0 ? null : () => OnChanged?.Invoke(leaving.Contains) };
    }

    /// <summary>Reads the file again when another program wrote it. With a mistake in it what was stays.</summary>
    public void ReloadIfChanged()
    {
        HashSet<string> leaving;
        lock (_changeGate)
        {
            var stamp = FileStamp.Of(_path);
            if (stamp == _stamp) return;

            _stamp = stamp;
            DynamicModel model;
            try
            {
                model = DynamicFile.Read(_path);
            }
            catch (SecurityFileException exception)
            {
                Log.DynamicKept(_logger, exception.Message);
                return;
            }

            leaving = [.. _model.Clients.Values.Where(client => MustLeave(client, model)).Select(client => client.Name)];
            lock (_gate)
            {
                _model = model;
                Changed();
            }

            Log.DynamicLoaded(_logger, _path, model.Clients.Count, model.Groups.Count, model.Roles.Count);
        }

        if (leaving.Count > 0) OnChanged?.Invoke(leaving.Contains);
    }

    private static bool MustLeave(DynamicClient before, DynamicModel model) =>
        !model.Clients.TryGetValue(before.Name, out var now) || now.IsDisabled || now.Password?.ToString() != before.Password?.ToString();

    private HashSet<string> Execute(JsonArray commands, JsonArray responses)
    {
        lock (_changeGate)
        {
            // Neither hashes nor the disk may hold up the messages that ask for rights meanwhile.
            var run = new DynamicCommands(_model, [.. commands.Select(item => item as JsonObject)]);
            string? text = null;
            lock (_gate)
            {
                foreach (var response in run.Execute()) responses.Add((JsonNode)response);

                if (run.IsChanged)
                {
                    Changed();
                    text = DynamicFile.Write(_model);
                }
            }

            if (text is not null) Save(text);

            return run.Leaving;
        }
    }

    /// <summary>From now on it counts, for all clients that are connected too.</summary>
    private void Changed()
    {
        _compiled.Clear();
        _anonymous = null;
        Interlocked.Increment(ref _version);
    }

    private void Save(string text)
    {
        try
        {
            SecurityFile.Replace(_path, text);
            _stamp = FileStamp.Of(_path);
        }
        catch (SecurityFileException exception)
        {
            Log.DynamicNotSaved(_logger, exception.Message);
        }
    }

    private DynamicRights RightsOf(string? userName)
    {
        lock (_gate)
        {
            if (userName is null) return _anonymous ??= new DynamicRights(_model.RolesOf(null), _model.Default);
            if (_compiled.TryGetValue(userName, out var rights)) return rights;
            if (_compiled.Count >= CompiledMax) _compiled.Clear();

            return _compiled[userName] = new DynamicRights(_model.RolesOf(userName), _model.Default);
        }
    }
}

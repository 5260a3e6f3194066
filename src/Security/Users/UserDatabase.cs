using System.Collections.Concurrent;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.Security.Access;
using Avocet.Security.Passwords;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Users;

/// <summary>
/// Users, groups and roles that are managed at run time, with the model of Mosquitto's dynamic security: it lets users in, says what they may do, and carries out
/// the commands that are published to <see cref="ControlTopic"/>. What it holds is in the broker's store, or in memory where the broker has none.
/// </summary>
internal sealed class UserDatabase : IAuthenticator, IAuthorizer, IDisposable
{
    public const string ControlTopic = "$CONTROL/dynamic-security/v1";
    public const string ResponseTopic = ControlTopic + "/response";

    /// <summary>Users whose rights lie ready; those of more are put together each time.</summary>
    private const int ReadyMax = 10_000;

    /// <summary>How long a change waits for the ones before it, and then for the store.</summary>
    private static readonly TimeSpan ChangeTimeMax = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _changes = new(1);
    private readonly HashingThreads _hashing;
    private readonly bool _isSysGuarded;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private volatile Present _present = new(UserModel.Empty);
    private MqttBroker? _broker;
    private int _version;

    /// <param name="hashing">Checks and hashes passwords.</param>
    /// <param name="isSysGuarded">Whether <c>$SYS</c> is for those only who have an entry for it.</param>
    /// <param name="timeProvider">The time.</param>
    /// <param name="logger">The log.</param>
    public UserDatabase(HashingThreads hashing, bool isSysGuarded, TimeProvider timeProvider, ILogger logger)
    {
        _hashing = hashing;
        _isSysGuarded = isSysGuarded;
        _timeProvider = timeProvider;
        _logger = logger;
    }

    public int? Version => Volatile.Read(ref _version);

    public bool ChecksDelivery => true;

    public UserModel Model => _present.Model;

    /// <summary>Takes what the store of a broker holds, or begins a database there. Before the first connection.</summary>
    /// <param name="broker">The broker, whose store is ready.</param>
    /// <param name="begin">Makes the first users, where there are none.</param>
    /// <exception cref="StoreException">The store cannot be read or written.</exception>
    public async Task LoadAsync(MqttBroker broker, Func<UserModel> begin)
    {
        _broker = broker;
        var model = broker.Store is { } store ? UserStore.Load(store) : null;
        if (model is null)
        {
            model = begin();
            var (changes, undo) = (new StoreBatch(), new StoreBatch());
            UserStore.WriteNew(model, changes, undo);
            if (await broker.KeepAsync(changes, undo) is { } failure) throw failure;
        }

        Take(model);
        Log.UsersLoaded(_logger, model.Users.Count, model.Groups.Count, model.Roles.Count);
    }

    /// <summary>Whether a client that was let in, here or elsewhere, may be this user.</summary>
    public bool Admits(string userName, string clientId) =>
        !_present.Model.Users.TryGetValue(userName, out var user) || (!user.IsDisabled && (user.ClientId.Length == 0 || user.ClientId == clientId));

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        if (request.UserName is not { } userName) return AuthenticationResult.Next;

        var present = _present;
        var user = present.Model.Users.GetValueOrDefault(userName);
        var hash = user?.Password ?? present.UnknownHash;
        if (request.Password is not { } password) return user?.Password is null ? AuthenticationResult.Next : AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
        if (await _hashing.VerifyAsync(hash, password, cancellationToken) is not { } isRight)
        {
            Log.HashingQueueFull(_logger, HashingThreads.QueueMax);
            return AuthenticationResult.Deny(ReasonCode.ServerBusy);
        }

        // Who has no password here may prove elsewhere who he is.
        if (user?.Password is null) return AuthenticationResult.Next;

        return isRight && Admits(userName, request.ClientId) ? AuthenticationResult.Accept : AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
    }

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => May(client, UserWish.Send, topicName);

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => May(client, UserWish.Subscribe, topicFilter);

    public bool MayUnsubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter) => May(client, UserWish.Unsubscribe, topicFilter);

    public bool MayReceive(ClientIdentity client, ReadOnlySpan<byte> topicName) => May(client, UserWish.Receive, topicName);

    public string? Explain(ClientIdentity client, ReadOnlySpan<byte> topic, AccessWish wish)
    {
        var kind = wish.Kind switch
        {
            AccessKind.Publish => UserWish.Send,
            AccessKind.Subscribe => UserWish.Subscribe,
            _ => UserWish.Receive,
        };
        return _present.RightsOf(client.UserName, _isSysGuarded).Explain(kind, topic, Subject.Of(client)).Text;
    }

    /// <summary>Carries out commands; null where the topic is another one. That the client may was asked before.</summary>
    public async Task<ControlAnswer?> AnswerAsync(ClientIdentity client, string topicName, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (topicName != ControlTopic) return null;

        // The thread of a connection must not be held up by a long list.
        await Task.Yield();
        var request = UserRequest.Parse(payload);
        await request.HashAsync(_hashing, cancellationToken);
        if (!await _changes.WaitAsync(ChangeTimeMax, cancellationToken)) return Answer(request.Fail("The server is busy with other changes; try again later"), null);

        try
        {
            // It goes on where nobody waits for it any more, and ends the turn.
            return await ExecuteAsync(client, request).WaitAsync(ChangeTimeMax, _timeProvider, cancellationToken);
        }
        catch (TimeoutException)
        {
            return Answer(request.Fail("The store does not answer; whether the change will be kept is not known yet"), null);
        }
    }

    public void Dispose() => _changes.Dispose();

    private static ControlAnswer Answer(byte[] answer, Action? after) => new(ResponseTopic, answer) { After = after };

    private async Task<ControlAnswer> ExecuteAsync(ClientIdentity client, UserRequest request)
    {
        try
        {
            var before = Model;
            var edit = new UserEdit(before);
            var answers = request.Execute(edit, FindConnections);
            string? failure = null;
            if (!ReferenceEquals(edit.Model, before))
            {
                var (changes, undo) = (new StoreBatch(), new StoreBatch());
                UserStore.Write(before, edit.Model, edit, changes, undo);
                if (changes.Count > 0 && await _broker!.KeepAsync(changes, undo) is { } problem) failure = $"Not kept: {problem.Message}";
                else Take(edit.Model);
            }

            Report(client, request, answers, failure);
            if (failure is not null || edit.Leaving.Count == 0) return Answer(request.Write(answers, failure), null);

            // The one who asks gets his answer first.
            Disconnect(other => !ReferenceEquals(other, client) && other.UserName is { } name && edit.Leaving.Contains(name));
            var after = client.UserName is { } own && edit.Leaving.Contains(own) ? () => Disconnect(other => ReferenceEquals(other, client)) : (Action?)null;
            return Answer(request.Write(answers, null), after);
        }
        finally
        {
            _changes.Release();
        }
    }

    private void Disconnect(Func<ClientIdentity, bool> isMeant) =>
        _broker!.DisconnectClients(isMeant, ReasonCode.NotAuthorized, "the user is gone or disabled, or has another password or client identifier");

    /// <summary>From now on it counts, for all clients that are connected too.</summary>
    private void Take(UserModel model)
    {
        _present = new Present(model);
        Interlocked.Increment(ref _version);
    }

    private void Report(ClientIdentity client, UserRequest request, List<CommandAnswer> answers, string? failure)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            var record = request.Commands[i].Record;
            var about = string.Join(", ", new[] { record.UserName, record.GroupName, record.RoleName }.Where(name => name is not null).Select(name => $"'{Printable(name!)}'"));
            var error = answers[i].Error ?? (answers[i].IsChange ? failure : null);
            if (error is not null) Log.UserCommandFailed(_logger, Printable(client.UserName ?? ""), Printable(client.ClientId), Printable(record.Command ?? ""), about, error);
            else if (answers[i].IsChange) Log.UserCommandDone(_logger, Printable(client.UserName ?? ""), Printable(client.ClientId), Printable(record.Command ?? ""), about);
        }
    }

    private ILookup<string, ClientIdentity> FindConnections(Func<string, bool> isMeant) =>
        _broker!.GetClients(client => client.UserName is { } name && isMeant(name)).ToLookup(client => client.UserName!, StringComparer.Ordinal);

    private bool May(ClientIdentity client, UserWish wish, ReadOnlySpan<byte> topic) => _present.RightsOf(client.UserName, _isSysGuarded).May(wish, topic, Subject.Of(client));

    private static string Printable(string name) => string.Concat(name.Take(100).Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>The database as it is now, with what follows from it.</summary>
    private sealed class Present(UserModel model)
    {
        private readonly ConcurrentDictionary<string, UserRights> _ready = new(StringComparer.Ordinal);
        private readonly Lazy<PasswordHash> _unknown = new(() => PasswordHash.Unknown(model.Users.Values.FirstOrDefault(user => user.Password is not null)?.Password));
        private UserRights? _anonymous;
        private int _readyCount;

        public UserModel Model => model;

        /// <summary>A hash that no password has, which takes as long as the others.</summary>
        public PasswordHash UnknownHash => _unknown.Value;

        public UserRights RightsOf(string? userName, bool isSysGuarded)
        {
            if (userName is null) return _anonymous ??= new UserRights(model, null, isSysGuarded);
            if (_ready.TryGetValue(userName, out var rights)) return rights;

            rights = new UserRights(model, userName, isSysGuarded);
            if (Volatile.Read(ref _readyCount) < ReadyMax && _ready.TryAdd(userName, rights)) Interlocked.Increment(ref _readyCount);
            return rights;
        }
    }
}

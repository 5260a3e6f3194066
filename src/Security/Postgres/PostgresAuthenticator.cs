using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Login;
using Avocet.Security.Passwords;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Postgres;

/// <summary>
/// Lets in the users of a database. Clients without a user name, and users it does not know, are for the next authenticator. Whatever keeps the database from
/// answering keeps its clients out: 0x88 Server unavailable, so that they try again.
/// </summary>
internal sealed class PostgresAuthenticator : IAuthenticator, IDisposable
{
    private readonly PostgresOptions _options;
    private readonly HashingThreads _hashing;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly PostgresUsers _users;
    private readonly Turns _turns;
    private readonly AnswerCache<PostgresUser> _cache;
    private readonly Outage _outage;
    private readonly Outage _wrongRows;
    private readonly string _place;
    private readonly bool _dependsOnClientId;
    private readonly bool _dependsOnAddress;
    private volatile PasswordHash _unknown = PasswordHash.Unknown(null);

    public PostgresAuthenticator(PostgresOptions options, HashingThreads hashing, TimeProvider timeProvider, ILogger logger)
    {
        _options = options;
        _hashing = hashing;
        _timeProvider = timeProvider;
        _logger = logger;
        _users = new PostgresUsers(options);
        _turns = new Turns(options.ConnectionsMax);
        _cache = new AnswerCache<PostgresUser>(TimeSpan.FromSeconds(options.CacheSeconds), timeProvider);
        _outage = new Outage(timeProvider);
        _wrongRows = new Outage(timeProvider);
        _place = options.FindHost() ?? "";
        var queries = options.Query + options.AclQuery;
        _dependsOnClientId = PostgresOptions.Uses(queries, "clientid");
        _dependsOnAddress = PostgresOptions.Uses(queries, "address");
    }

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        if (request.UserName is null) return AuthenticationResult.Next;
        if (request.Password is not { } password) return AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);

        var key = KeyOf(request);
        if (_cache.TryGet(key, out var known))
        {
            // A wrong password is looked at again with what is in the database now: it may be a new one.
            var isKnownRight = await _hashing.VerifyAsync(known.Hash, password, cancellationToken);
            if (isKnownRight != false) return Judge(known, isKnownRight);
        }

        if (!await _turns.TryEnterAsync(cancellationToken)) return AuthenticationResult.Deny(ReasonCode.ServerBusy);

        // A client that goes does not end the query, and so its connection to the database: it is bounded anyway.
        if (await AskAsync(request).WaitAsync(cancellationToken) is not { } answer) return AuthenticationResult.Deny(ReasonCode.ServerUnavailable);

        if (answer.User is not { } user)
        {
            // It takes as long as with a user who is there.
            await _hashing.VerifyAsync(_unknown, password, cancellationToken);
            return AuthenticationResult.Next;
        }

        if (user.Hash.Algorithm != _unknown.Algorithm || user.Hash.Cost != _unknown.Cost) _unknown = PasswordHash.Unknown(user.Hash);

        var isRight = known is not null && known.Hash.ToString() == user.Hash.ToString() ? false : await _hashing.VerifyAsync(user.Hash, password, cancellationToken);
        if (isRight == true) _cache.Add(key, user);

        return Judge(user, isRight);
    }

    public void Dispose()
    {
        _users.Dispose();
        _turns.Dispose();
    }

    /// <summary>Asks, and gives the turn back. Null when there is no answer that lets anybody in.</summary>
    private async Task<PostgresAnswer?> AskAsync(AuthenticationRequest request)
    {
        using var time = new CancellationTokenSource(TimeSpan.FromMilliseconds(_options.TimeoutMilliseconds), _timeProvider);
        try
        {
            var answer = await _users.FindAsync(request, time.Token);
            if (_outage.End()) Log.PostgresWorks(_logger, _place);
            if (answer.Problem is null) return answer;

            _wrongRows.End();
            if (_wrongRows.Begin()) Log.PostgresRowWrong(_logger, LoginGuard.Printable(request.UserName!), answer.Problem);
        }
        catch (Exception exception) when (time.IsCancellationRequested && (exception is OperationCanceledException || PostgresUsers.IsFailure(exception)))
        {
            Fail($"no answer within {_options.TimeoutMilliseconds} ms");
        }
        catch (Exception exception) when (PostgresUsers.IsFailure(exception))
        {
            Fail(PostgresUsers.Describe(exception));
        }
        finally
        {
            _turns.Leave();
        }

        return null;
    }

    private void Fail(string reason)
    {
        if (_outage.Begin()) Log.PostgresFailed(_logger, _place, reason);
    }

    private AuthenticationResult Judge(PostgresUser user, bool? isRight)
    {
        if (isRight is not { } isKnown)
        {
            Log.HashingQueueFull(_logger, HashingThreads.QueueMax);
            return AuthenticationResult.Deny(ReasonCode.ServerBusy);
        }

        if (!isKnown) return AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);

        return user.MayLogIn ? AuthenticationResult.Accept with { IsSuperuser = user.IsSuperuser, Rules = user.Rules } : AuthenticationResult.Deny(ReasonCode.NotAuthorized);
    }

    /// <summary>What the answer depends on. No name has a NUL in it.</summary>
    private string KeyOf(AuthenticationRequest request) =>
        $"{request.UserName}\0{(_dependsOnClientId ? request.ClientId : "")}\0{(_dependsOnAddress ? PostgresUsers.AddressOf(request) : "")}";
}

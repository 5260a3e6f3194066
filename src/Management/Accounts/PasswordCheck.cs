using System.Net;
using System.Text;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Security.Login;
using Avocet.Security.Passwords;
using Microsoft.Extensions.Logging;

namespace Avocet.Management.Accounts;

/// <summary>What became of a log-in.</summary>
internal enum LoginResult
{
    Success,
    Wrong,

    /// <summary>Too many failures, or too many at a time: later again.</summary>
    TooMany,
}

/// <summary>Checks passwords, and slows down and shuts out who guesses: the same way as for clients of the broker.</summary>
internal sealed class PasswordCheck : IDisposable
{
    private static readonly ListenerPolicy Listener = new() { Name = "console" };

    private readonly AccountStore _accounts;
    private readonly LoginGuard _guard;
    private readonly HashingThreads _hashing = new(1);
    private int _underWay;
    private int _heldBack;

    public PasswordCheck(AccountStore accounts, TimeProvider timeProvider, ILogger logger)
    {
        _accounts = accounts;
        _guard = new LoginGuard(new LoginOptions(), [], timeProvider, logger);
    }

    /// <summary>Answers that are held back at present.</summary>
    public int HeldBack => Volatile.Read(ref _heldBack);

    public async Task<LoginResult> CheckAsync(string name, string password, IPEndPoint? remote, CancellationToken cancellationToken)
    {
        try
        {
            // Answers to failures are held back; who waits for his must not keep everybody else out of the API.
            if (Interlocked.Increment(ref _underWay) > ManagementLimits.LoginsMax) return LoginResult.TooMany;

            var request = new AuthenticationRequest { ClientId = "", UserName = name, Origin = new ConnectionOrigin { Listener = Listener, RemoteEndPoint = remote } };
            if (_guard.FindRefusal(request) is not null) return LoginResult.TooMany;

            var user = _accounts.FindUser(name);
            var hash = PasswordHash.Unknown(null);
            if (user is not null && PasswordHash.TryParse(user.PasswordHash, out var parsed, out _)) hash = parsed;
            // A user that is not there takes as long.
            if (await _hashing.VerifyAsync(hash, Encoding.UTF8.GetBytes(password), cancellationToken) is not { } isRight) return LoginResult.TooMany;

            if (isRight && user is not null)
            {
                _guard.Succeed(request, name);
                return LoginResult.Success;
            }

            await HoldBackAsync(request, name, cancellationToken);
            return LoginResult.Wrong;
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    public void Dispose() => _hashing.Dispose();

    private async Task HoldBackAsync(AuthenticationRequest request, string name, CancellationToken cancellationToken)
    {
        var held = _guard.FailAsync(request, name, cancellationToken);
        // Only once its timer is set: a test that sees it may move the clock.
        Interlocked.Increment(ref _heldBack);
        try
        {
            await held;
        }
        finally
        {
            Interlocked.Decrement(ref _heldBack);
        }
    }
}

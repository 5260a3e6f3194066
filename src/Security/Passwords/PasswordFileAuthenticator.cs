using Avocet.Broker.Security;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Passwords;

/// <summary>Lets in the users of a password file. Clients without a user name, and users it does not know, are for the next authenticator.</summary>
internal sealed class PasswordFileAuthenticator : IAuthenticator
{
    private readonly HashingThreads _hashing;
    private readonly ILogger _logger;
    private volatile PasswordFile _file;
    private FileStamp _stamp;

    /// <exception cref="SecurityFileException">The file cannot be used.</exception>
    public PasswordFileAuthenticator(string path, HashingThreads hashing, ILogger logger)
    {
        Path = path;
        _hashing = hashing;
        _logger = logger;
        _stamp = FileStamp.Of(path);
        _file = PasswordFile.Read(path);
        Report(_file);
    }

    public string Path { get; }

    /// <summary>Told which users' passwords have changed or gone, so that their connections end.</summary>
    public Action<Func<string, bool>>? OnChanged { get; set; }

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        if (request.UserName is not { } userName) return AuthenticationResult.Next;
        if (request.Password is not { } password) return AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);

        var hash = _file.HashOf(userName, out var isKnown);
        if (await _hashing.VerifyAsync(hash, password, cancellationToken) is not { } isRight)
        {
            Log.HashingQueueFull(_logger, HashingThreads.QueueMax);
            return AuthenticationResult.Deny(ReasonCode.ServerBusy);
        }

        if (!isKnown) return AuthenticationResult.Next;

        return isRight ? AuthenticationResult.Accept : AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
    }

    /// <summary>Reads the file again when it was written. With a wrong line the old passwords stay.</summary>
    public void ReloadIfChanged()
    {
        var stamp = FileStamp.Of(Path);
        if (stamp == _stamp) return;

        _stamp = stamp;
        Reload();
    }

    /// <summary>Reads the file again. With a wrong line the old passwords stay.</summary>
    public void Reload()
    {
        var old = _file;
        try
        {
            _file = PasswordFile.Read(Path);
        }
        catch (SecurityFileException exception)
        {
            Log.PasswordsKept(_logger, exception.Message);
            return;
        }

        Report(_file);
        OnChanged?.Invoke(userName => IsChanged(old, _file, userName));
    }

    private static bool IsChanged(PasswordFile old, PasswordFile present, string userName)
    {
        var before = old.HashOf(userName, out var wasKnown);
        var after = present.HashOf(userName, out var isKnown);
        return wasKnown && (!isKnown || before.ToString() != after.ToString());
    }

    private void Report(PasswordFile file)
    {
        Log.PasswordsLoaded(_logger, Path, file.Count);
        if (file.Weak > 0) Log.PasswordsWeak(_logger, Path, file.Weak);
    }
}

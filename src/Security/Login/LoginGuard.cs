using System.Net;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Login;

/// <summary>
/// Stands before the authenticators: refuses addresses that may not connect or have failed too often, asks the authenticators in their order, and holds back
/// the answer to a failure.
/// </summary>
internal sealed class LoginGuard : IAuthenticator
{
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(5);

    private readonly LoginOptions _options;
    private readonly IReadOnlyList<IAuthenticator> _authenticators;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly FailureLog<IPNetwork> _addresses;
    private readonly FailureLog<string> _users;
    private readonly IReadOnlyList<AddressRange> _allowed;
    private readonly IReadOnlyList<AddressRange> _denied;

    /// <summary>Whether a user with a client identifier may be let in, whoever has proved that it is him.</summary>
    public Func<string, string, bool> Admits { get; init; } = static (_, _) => true;

    public LoginGuard(LoginOptions options, IReadOnlyList<IAuthenticator> authenticators, TimeProvider timeProvider, ILogger logger)
    {
        _options = options;
        _authenticators = authenticators;
        _timeProvider = timeProvider;
        _logger = logger;
        var time = TimeSpan.FromSeconds(options.BanSeconds);
        _addresses = new FailureLog<IPNetwork>(options.FailuresMax, time, timeProvider);
        _users = new FailureLog<string>(options.UserFailuresMax, time, timeProvider);
        _allowed = AddressRange.ParseList(options.AllowFrom, out _);
        _denied = AddressRange.ParseList(options.DenyFrom, out _);
    }

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        // Before a password is looked at, so that a banned address costs nothing, and learns nothing.
        if (FindRefusal(request) is { } refusal) return AuthenticationResult.Deny(refusal);

        var result = await AskAsync(request, cancellationToken);
        if (result.IsNext && request.UserName is not null) result = AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
        if (result.Reason is ReasonCode.BadUserNameOrPassword or ReasonCode.NotAuthorized) await FailAsync(request, request.UserName, cancellationToken);
        if (result.IsNext || result.Reason != ReasonCode.Success) return result;

        return Succeed(request, result.UserName ?? request.UserName, result.ClientId) is { } unfit ? AuthenticationResult.Deny(unfit) : result;
    }

    /// <summary>Why this address or user is not even asked for a password; null when it is.</summary>
    public ReasonCode? FindRefusal(AuthenticationRequest request)
    {
        if (AddressOf(request) is { } address && !MayConnect(address)) return ReasonCode.NotAuthorized;

        var isBanned = (PlaceOf(request) is { } place && _addresses.IsBanned(place)) || (request.UserName is { } name && _users.IsBanned(name));
        return isBanned ? ReasonCode.Banned : null;
    }

    /// <summary>A log-in was right. The reason when the client identifier does not fit the user.</summary>
    public ReasonCode? Succeed(AuthenticationRequest request, string? userName, string? clientId = null)
    {
        if (PlaceOf(request) is { } place) _addresses.Clear(place);
        if (userName is null) return null;

        _users.Clear(userName);
        if (!IsBound(clientId ?? request.ClientId, userName)) return ReasonCode.ClientIdentifierNotValid;

        return Admits(userName, clientId ?? request.ClientId) ? null : ReasonCode.NotAuthorized;
    }

    /// <summary>Counts a failed log-in, and holds back its answer.</summary>
    public async ValueTask FailAsync(AuthenticationRequest request, string? userName, CancellationToken cancellationToken)
    {
        var place = PlaceOf(request);
        var failures = place is { } known ? _addresses.Add(known) : 1;
        if (_options.FailuresMax > 0 && failures == _options.FailuresMax) Log.AddressBanned(_logger, $"{place}", failures, _options.BanSeconds);
        if (userName is not null && _options.UserFailuresMax > 0 && _users.Add(userName) == _options.UserFailuresMax)
        {
            Log.UserBanned(_logger, Printable(userName), _options.UserFailuresMax, _options.BanSeconds);
        }

        var delay = TimeSpan.FromMilliseconds((double)_options.DelayMilliseconds * failures);
        if (delay > TimeSpan.Zero) await Task.Delay(delay < DelayMax ? delay : DelayMax, _timeProvider, cancellationToken);
    }

    private async ValueTask<AuthenticationResult> AskAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        foreach (var authenticator in _authenticators)
        {
            var result = await authenticator.AuthenticateAsync(request, cancellationToken);
            if (!result.IsNext) return result;
        }

        return AuthenticationResult.Next;
    }

    private bool MayConnect(IPAddress address) =>
        !_denied.Any(range => range.Contains(address)) && (_allowed.Count == 0 || _allowed.Any(range => range.Contains(address)));

    private bool IsBound(string clientId, string userName)
    {
        if (_options.ClientId == ClientIdBinding.Any || clientId == userName) return true;

        return _options.ClientId == ClientIdBinding.Prefix && clientId.Length > userName.Length
            && clientId.StartsWith(userName, StringComparison.Ordinal) && "-_.:/".Contains(clientId[userName.Length]);
    }

    private static IPAddress? AddressOf(AuthenticationRequest request) => (request.Origin.RemoteEndPoint as IPEndPoint)?.Address;

    /// <summary>Who shares a prefix is taken for one; null for a Unix socket.</summary>
    private IPNetwork? PlaceOf(AuthenticationRequest request)
    {
        if (AddressOf(request) is not { } address) return null;

        var plain = AddressRange.Plain(address);
        return AddressRange.Prefix(plain, plain.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? _options.Ipv4Prefix : _options.Ipv6Prefix);
    }

    /// <summary>A name that a client chose, for the log.</summary>
    internal static string Printable(string name) => string.Concat(name.Take(100).Select(c => char.IsControl(c) ? '?' : c));
}

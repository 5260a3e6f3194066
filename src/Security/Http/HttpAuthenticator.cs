using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Tokens;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Http;

/// <summary>
/// Asks a web service. It says yes, no, or that it does not know the client. Whatever else happens (no answer in time, an error, an answer that is not
/// understood) keeps the client out: 0x88 Server unavailable, so that it tries again.
/// </summary>
internal sealed class HttpAuthenticator : IAuthenticator, IDisposable
{
    private readonly HttpService _service;
    private readonly TimeProvider _timeProvider;
    private readonly AnswerCache<AuthenticationResult> _cache;
    private readonly byte[] _cacheKey = RandomNumberGenerator.GetBytes(32);

    /// <exception cref="SecurityFileException">The file of the token cannot be read.</exception>
    public HttpAuthenticator(HttpLoginOptions options, TimeProvider timeProvider, ILogger logger, HttpMessageHandler? handler = null)
    {
        _timeProvider = timeProvider;
        _service = new HttpService(options, timeProvider, logger, handler);
        _cache = new AnswerCache<AuthenticationResult>(TimeSpan.FromSeconds(options.CacheSeconds), timeProvider);
    }

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        var question = new HttpQuestion(
            request.ClientId,
            request.UserName,
            request.Password is { } password ? Encoding.UTF8.GetString(password.Span) : null,
            (request.Origin.RemoteEndPoint as IPEndPoint)?.Address.ToString(),
            request.Origin.Listener.Name);
        var body = JsonSerializer.SerializeToUtf8Bytes(question, HttpJson.Default.HttpQuestion);
        var key = Convert.ToBase64String(HMACSHA256.HashData(_cacheKey, body));
        if (_cache.TryGet(key, out var known)) return known;

        var reply = await _service.AskAsync(body, cancellationToken);
        var result = reply.Kind switch
        {
            HttpReplyKind.Busy => AuthenticationResult.Deny(ReasonCode.ServerBusy),
            HttpReplyKind.Failed => AuthenticationResult.Deny(ReasonCode.ServerUnavailable),
            HttpReplyKind.Empty => AuthenticationResult.Accept,
            _ => Judge(reply.Text!),
        };
        if (result.Reason is not (ReasonCode.ServerBusy or ReasonCode.ServerUnavailable)) _service.Succeed();
        if (result is { IsNext: false, Reason: ReasonCode.Success }) _cache.Add(key, result);
        return result;
    }

    public void Dispose() => _service.Dispose();

    private AuthenticationResult Judge(byte[] text)
    {
        try
        {
            return Judge(JsonSerializer.Deserialize(text, HttpJson.Default.HttpAnswer));
        }
        catch (JsonException)
        {
            return Fail("its answer is not the JSON that is wanted");
        }
    }

    private AuthenticationResult Judge(HttpAnswer? answer)
    {
        switch (answer?.Result)
        {
            case "allow":
                break;
            case "deny":
                return AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
            case "ignore":
                return AuthenticationResult.Next;
            default:
                return Fail("its answer has no \"result\" of allow, deny or ignore");
        }

        TokenRules? rules = null;
        if (answer.Acl is { ValueKind: not JsonValueKind.Null } acl && (rules = TokenRules.Parse(acl)) is null) return Fail("its \"acl\" is not understood");

        DateTimeOffset? end = null;
        if (answer.ExpireAt is { } seconds)
        {
            if (seconds is < 0 or > 253_402_300_799) return Fail("its \"expire_at\" is no time in seconds since 1970");

            end = DateTimeOffset.FromUnixTimeSeconds(seconds);
            if (end <= _timeProvider.GetUtcNow()) return AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
        }

        return AuthenticationResult.Accept with { UserName = answer.UserName, ValidUntil = end, Rules = rules };
    }

    private AuthenticationResult Fail(string reason)
    {
        _service.Fail(reason);
        return AuthenticationResult.Deny(ReasonCode.ServerUnavailable);
    }
}

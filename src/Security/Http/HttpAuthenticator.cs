using System.Net;
using System.Net.Http.Headers;
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
    private const int AnswerSizeMax = 64 * 1024;

    private readonly HttpLoginOptions _options;
    private readonly HttpClient _client;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Turns _turns;
    private readonly Outage _outage;
    private readonly AnswerCache<AuthenticationResult> _cache;
    private readonly byte[] _cacheKey = RandomNumberGenerator.GetBytes(32);

    /// <exception cref="SecurityFileException">The file of the token cannot be read.</exception>
    public HttpAuthenticator(HttpLoginOptions options, TimeProvider timeProvider, ILogger logger, HttpMessageHandler? handler = null)
    {
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        _turns = new Turns(options.RequestsMax);
        _outage = new Outage(timeProvider);
        _cache = new AnswerCache<AuthenticationResult>(TimeSpan.FromSeconds(options.CacheSeconds), timeProvider);
        // A redirection could send passwords elsewhere.
        _client = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = options.RequestsMax })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerSizeMax,
        };
        if (options.TokenFile.Length > 0) _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SecurityFile.ReadText(options.TokenFile).Trim());
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

        if (!await _turns.TryEnterAsync(cancellationToken)) return AuthenticationResult.Deny(ReasonCode.ServerBusy);

        try
        {
            var result = await AskAsync(body, cancellationToken);
            if (result is { IsNext: false, Reason: ReasonCode.Success }) _cache.Add(key, result);
            return result;
        }
        finally
        {
            _turns.Leave();
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _turns.Dispose();
    }

    private async Task<AuthenticationResult> AskAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(TimeSpan.FromMilliseconds(_options.TimeoutMilliseconds), _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var response = await _client.PostAsync(new Uri(_options.Url), content, either.Token);
            if (response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.OK)) return Fail($"it answers with status {(int)response.StatusCode}");

            var text = await response.Content.ReadAsByteArrayAsync(either.Token);
            var result = response.StatusCode == HttpStatusCode.NoContent ? AuthenticationResult.Accept : Judge(JsonSerializer.Deserialize(text, HttpJson.Default.HttpAnswer));
            if (result.Reason != ReasonCode.ServerUnavailable && _outage.End()) Log.HttpLoginWorks(_logger, _options.Url);
            return result;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail($"it does not answer within {_options.TimeoutMilliseconds} ms");
        }
        catch (HttpRequestException exception)
        {
            return Fail(exception.Message);
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
        if (_outage.Begin()) Log.HttpLoginFailed(_logger, _options.Url, reason);
        return AuthenticationResult.Deny(ReasonCode.ServerUnavailable);
    }
}
